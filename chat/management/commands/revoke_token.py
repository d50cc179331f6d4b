"""`revoke_token USER [BEGINNING]`: takes access tokens back; their sockets end, and runs begun go no further."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chat.actions import tokens
from chat.models import AccessToken


class Command(BaseCommand):
    help = "Revokes a person's access tokens that begin like this, or all of them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user")
        parser.add_argument("prefix", nargs="?", default="", help="the first characters of the token; none: all")

    def handle(self, *, user: str, prefix: str, **_: Any) -> None:
        found = AccessToken.objects.filter(user__username=user, revoked_at=None)
        revoked = [token for token in found if prefix.startswith(token.prefix) or token.prefix.startswith(prefix)]
        if not revoked:
            raise CommandError(f"{user!r} has no access token that begins like this. The audit lists all of them.")
        for token in revoked:
            tokens.revoke(token)
        self.stdout.write(f"{len(revoked)} revoked.")
