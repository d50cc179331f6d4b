"""Faults that people really make, and the test of the rig that must notice each.

`python -m tests.simulation.mutants [words of a name]` tries them. Each is a change of a few words in one file, made in
a copy of the tree. If the source has moved and the words are not there exactly once, that is an error: a mutant that is
not applied proves nothing.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KILLED = "tests/simulation/test_crash_points.py::test_killed_at_every_boundary"
FROZEN = "tests/simulation/test_crash_points.py::test_frozen_after_every_write_and_awake_again_when_all_is_over"
RIVALS = "tests/simulation/test_rivals.py"
AT_ONCE = 2
TRIES = 4


@dataclass(frozen=True)
class Mutant:
    """`old` stands in `file` exactly once and becomes `new`; `test` must fail then."""

    name: str
    file: str
    old: str
    new: str
    test: str


MUTANTS = (
    Mutant(
        "no epoch in the lease: a process that was given up still writes",
        "chat/actions/held.py",
        "WHERE id = %s AND lease_epoch = %s AND status = %s",
        "WHERE id = %s AND %s >= 0 AND %s <> ''",
        f"{FROZEN}[read]",
    ),
    Mutant(
        "the bell rings before the commit",
        "chat/journal.py",
        "transaction.on_commit(partial(doorbell.ring, data.conversation_id, seq))",
        "doorbell.ring(data.conversation_id, seq)",
        f"{KILLED}[text]",
    ),
    Mutant(
        "an event outside the transaction of its row",
        "chat/actions/calls.py",
        "    journal.append(ended, run=run)\n",
        "    transaction.on_commit(lambda: _apart(ended, run))\n\n\n"
        "def _apart(ended: ToolCallEnd, run: Run) -> None:\n    with transaction.atomic():\n"
        "        journal.append(ended, run=run)\n",
        f"{KILLED}[read]",
    ),
    Mutant(
        "a claim that does not look whether the run is still free",
        "chat/actions/leases.py",
        "seen.filter(Q(status=RunStatus.QUEUED) | _LEFT).update(",
        "Run.objects.filter(pk=run.pk).update(",
        f"{RIVALS}::test_between_a_look_and_a_claim_another_process_may_claim",
    ),
    Mutant(
        "the lease is never renewed",
        "chat/actions/leases.py",
        "mine.update(lease_until=Now() + LEASE)",
        "mine.count()",
        f"{RIVALS}::test_a_process_that_lives_keeps_its_run",
    ),
    Mutant(
        "a takeover does not look for an unfinished change",
        "chat/tool_calls.py",
        "if call.unanswered:",
        "if False:",
        "tests/faults/test_kill.py::test_a_change_on_the_wire_is_unknown_and_not_sent_again",
    ),
    Mutant(
        "an approval is not used up",
        "chat/actions/calls.py",
        "        ).update(consumed_at=timezone.now())\n",
        "        ).count()\n",
        f"{KILLED}[change approved]",
    ),
    Mutant(
        "the end of a run is written whoever holds it",
        "chat/actions/runs.py",
        "        run = hold(claim)\n        if error:",
        "        run = Run.objects.get(pk=claim.run_id)\n        if error:",
        f"{FROZEN}[text]",
    ),
    Mutant(
        "a message that was steered is answered once more",
        "chat/actions/queue.py",
        "    runs.conclude(run, RunStatus.DONE)\n    return message.text",
        "    Run.objects.filter(pk=run.pk).update(steered=False)\n    return message.text",
        f"{KILLED}[steered]",
    ),
    Mutant(
        "what was steered is not for the model",
        "chat/transcript.py",
        'telling.hear(event.data["text"])',
        "telling.close()",
        f"{KILLED}[steered]",
    ),
    Mutant(
        "a change is announced and leaves whenever its process wakes",
        "tools/kube/departure.py",
        "if guard.clock() > until:",
        "if False:",
        f"{FROZEN}[change approved]",
    ),
    Mutant(
        "whoever comes back is told one event twice",
        "chat/journal.py",
        "filter(seq__gt=Slot(",
        "filter(seq__gte=Slot(",
        f"{KILLED}[text]",
    ),
    Mutant(
        "what was set aside for a run that ended is never settled",
        "chat/actions/runs.py",
        "paid = reservations.settle_left(run)",
        "paid: list[Reservation] = []",
        f"{KILLED}[paid for and stopped]",
    ),
    Mutant(
        "a call is set aside in a transaction of its own, apart from its pots",
        "chat/actions/reservations.py",
        "        wanted.save(force_insert=True)\n        return wanted\n",
        "    wanted.save(force_insert=True)\n    return wanted\n",
        f"{KILLED}[paid for]",
    ),
)  # fmt: skip

# Changes nothing: if a copy of the tree fails by itself, nothing is caught.
HARMLESS = Mutant("harmless", "chat/journal.py", "import uuid\n", "import uuid\n", f"{KILLED}[text]")


def applied(mutant: Mutant, source: str) -> str:
    """Raises ValueError when the source is not what the mutant was made for."""
    if source.count(mutant.old) != 1:
        raise ValueError(
            f'"{mutant.name}": its old text stands {source.count(mutant.old)} times in {mutant.file}, not once. '
            "The source has moved: make the mutant anew."
        )
    return source.replace(mutant.old, mutant.new)


def caught(mutant: Mutant, tries: int = TRIES) -> tuple[bool, str]:
    """As one try after another: a process is frozen in the one bad moment by chance."""
    for _ in range(tries):
        found, told = _tried(mutant)
        if found:
            break
    return found, told


def _tried(mutant: Mutant) -> tuple[bool, str]:
    """Whether its test fails in a copy of the tree with the fault in it, and the end of what it printed.

    Only a failed test counts: a copy that does not even start has caught nothing.
    """
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        tree = Path(folder)
        for name in ("chat", "k8smcp", "tools", "tests", "templates", "static"):
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", "manage.py"):
            shutil.copy(ROOT / name, tree / name)
        file = tree / mutant.file
        file.write_text(applied(mutant, file.read_text(encoding="utf-8")), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "--tb=line", mutant.test],
            cwd=tree, capture_output=True, text=True, env=_environment(tree), check=False,
        )  # fmt: skip
    return done.returncode == 1, "\n".join([*done.stdout.splitlines(), *done.stderr.splitlines()][-12:])


def _environment(tree: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("K8SMCP_", "DJANGO_", "PYTEST_"))}
    return kept | {"SIMULATION": "whole", "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}


def main(names: Sequence[str]) -> int:
    chosen = [each for each in MUTANTS if not names or any(name in each.name for name in names)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(zip(chosen, pool.map(caught, chosen), strict=True))
    for mutant, (found, told) in results:
        sys.stdout.write(f"{'caught' if found else 'MISSED'}  {mutant.name}\n" + ("" if found else told + "\n"))
    return sum(not found for _, (found, _) in results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
