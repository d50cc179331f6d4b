"""`create_token USER`: prints a new access token, and nothing else."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chat.actions import tokens
from chat.audit import door
from chat.errors import PortalError
from chat.models.access_token import Scope


class Command(BaseCommand):
    help = "Prints a new access token for a person. It is shown this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user")
        parser.add_argument(
            "--scope",
            choices=[scope.value for scope in Scope],
            default="",
            help="Default: the widest the role has, short of admin.",
        )
        parser.add_argument("--days", type=int, default=90, help="Days until it expires (90).")

    @door.through("terminal")
    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active person called {options['user']!r}: make one with create_user.")
        try:
            self.stdout.write(tokens.create(user, scope=options["scope"], days=options["days"]))
        except PortalError as fault:
            raise CommandError(str(fault)) from fault
