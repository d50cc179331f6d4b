"""`audit_verify`: checks every row of the audit, names the first bad one, and ends with 1 when there is one."""

import json
import sys
import time
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from chat import audit
from chat.audit import anchors, door, verify
from chat.audit.verify import Verified

LONGEST_REASON = 500


class Command(BaseCommand):
    help = (
        "Checks the audit's chain of rows, its head and this machine's anchors. Ends with 0 when all is well, else 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Say it as one JSON object.")
        parser.add_argument(
            "--accept",
            metavar="REASON",
            default="",
            help="Take the chain as it stands, such as after a restore: what was anchored before no longer counts.",
        )

    @door.through("terminal")
    def handle(self, *args: Any, **options: Any) -> None:
        began = time.perf_counter()
        result = verify.verify()
        if options["accept"]:
            result = self._accepted(result, options["accept"][:LONGEST_REASON])
        verify.keep(result)
        took = time.perf_counter() - began
        self.stdout.write(_as_json(result, took) if options["json"] else _in_words(result, took))
        if result.problem is not None:
            sys.exit(1)

    def _accepted(self, result: Verified, reason: str) -> Verified:
        """Only what the anchors say can be accepted: rows that are bad stay bad."""
        found = result.problem.sentence if result.problem is not None else ""
        with transaction.atomic():
            audit.record("audit.accepted", actor="", request={"reason": reason, "found": found}, outcome=found)
        try:
            anchors.accept(reason)
        except OSError as fault:
            raise CommandError(f"The anchor cannot be written ({fault.strerror}): see to K8SMCP_HOME.") from fault
        return verify.verify()


def _as_json(result: Verified, took: float) -> str:
    return json.dumps({"ok": result.problem is None, **asdict(result), "seconds": round(took, 3)})


def _in_words(result: Verified, took: float) -> str:
    problem = result.problem
    if problem is None:
        told = f"All is well: {result.rows:,} rows, up to row {result.seq}, {result.anchors} anchors, {took:.1f} s."
    else:
        told = f"{problem.sentence} Good before it: {result.rows:,} rows."
    return "\n".join([told, *result.notes])
