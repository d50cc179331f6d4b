"""`python -m tests.faults.checker FOLDER`: judges one folder of journals."""

import sys
from pathlib import Path

from tests.faults.checker import History, judge

if __name__ == "__main__":
    verdicts = judge(History.of(Path(sys.argv[1])))
    sys.stdout.write("\n".join(map(str, verdicts)) + "\n")
    sys.exit(any(not each.holds for each in verdicts))
