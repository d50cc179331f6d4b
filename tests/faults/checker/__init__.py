"""The checker: reads journals, and nothing else, and decides what was promised.

    python -m tests.faults.checker FOLDER        one line an invariant; exit code 1 when one does not hold

The folder has what the rig wrote: client-*.jsonl, cluster.jsonl, model.jsonl, faults.jsonl, and of the database at the
end events.jsonl, runs.jsonl and calls.jsonl. A journal that is not there is no excuse: what needs it does not hold.
"""

from tests.faults.checker.history import History
from tests.faults.checker.verdicts import INVARIANTS, Verdict, judge

__all__ = ["INVARIANTS", "History", "Verdict", "judge"]
