"""The long mode: `python -m tests.faults --seeds 20 --hours 1` rehearses every fault seed after seed.

It ends after that many seeds or hours, whichever comes first; the exit code is 1 when a seed failed, and its last line
names the seeds that did. `--rounds`: rolling restarts a seed.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.faults", description="Rehearse faults for long")
    words.add_argument("--first", type=int, default=1, help="the first seed")
    words.add_argument("--seeds", type=int, default=20)
    words.add_argument("--hours", type=float, default=1.0)
    words.add_argument("--rounds", type=int, default=20, help="rolling restarts of all processes")
    given = words.parse_args()
    until = time.monotonic() + given.hours * 3600
    bad: list[int] = []
    done = 0
    for seed in range(given.first, given.first + given.seeds):
        if time.monotonic() >= until:
            break
        done += 1
        if not _rehearse(seed, given.rounds):
            bad.append(seed)
    sys.stdout.write(f"{done} seeds, failed: {', '.join(map(str, bad)) or 'none'}\n")
    return 1 if bad or not done else 0


def _rehearse(seed: int, rounds: int) -> bool:
    sys.stdout.write(f"seed {seed}\n")
    sys.stdout.flush()
    environment = os.environ | {"K8SMCP_FAULT_SEED": str(seed), "K8SMCP_FAULT_ROUNDS": str(rounds)}
    command = [sys.executable, "-m", "pytest", "tests/faults"]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
