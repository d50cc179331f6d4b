"""`audit_export`: the audit's rows as JSON lines on standard output, oldest first."""

import uuid
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chat.audit import door, export


class Command(BaseCommand):
    help = "Writes the audit as JSON lines. Times are ISO 8601; without an offset they are UTC."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="since", default="", help="Rows from this time on, for example 2026-11-26.")
        parser.add_argument("--until", default="", help="Rows before this time.")
        parser.add_argument("--conversation", default="", help="Rows of this conversation alone.")

    @door.through("terminal")
    def handle(self, *args: Any, **options: Any) -> None:
        since, until = _time("--from", options["since"]), _time("--until", options["until"])
        conversation = _conversation(options["conversation"])
        export.note("", since=since, until=until, conversation=conversation)
        for line in export.lines(export.rows(since=since, until=until, conversation_id=conversation)):
            self.stdout.write(line)


def _time(name: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as fault:
        raise CommandError(f"{name} is {text!r}: it accepts a time such as 2026-11-26 or 2026-11-26T14:00Z.") from fault
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _conversation(text: str) -> str:
    try:
        return str(uuid.UUID(text)) if text else ""
    except ValueError as fault:
        raise CommandError(f"--conversation is {text!r}: it accepts the id of one, as in its address.") from fault
