"""`ask "list all pods"`: one run in the terminal, streamed, through the same core, gate and journal as the browser."""

import asyncio
import contextvars
import errno
import logging
import os
import sys
import uuid
from typing import Any

from channels.db import database_sync_to_async as in_database
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chat import access, launch, origin
from chat.actions import messages
from chat.actions.messages import Accepted
from chat.audit import door
from chat.errors import BadInput, PortalError
from chat.management.terminal import keys, screen
from chat.management.terminal.endings import Code, Ending
from chat.management.terminal.session import Audience, Session
from tools import clusters
from tools.demo.process import DemoClusterFailed
from tools.kube.errors import KubeError

DOOR = "terminal"
_ENDS = "Ends with 0 done, 1 failed, 2 refused, 3 stopped, 4 waits for an approval, 130 left."


class Command(BaseCommand):
    help = f"Asks the agent and streams the answer. Only a key pressed at the terminal approves a change. {_ENDS}"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("question")
        parser.add_argument(
            "--as", "--user", dest="person", default="", help="Whose rights it has (default: the only administrator)."
        )
        parser.add_argument("--cluster", default="", help="Which cluster (default: the first registered one).")
        parser.add_argument("--conversation", metavar="ID", default="", help="Goes on with this conversation.")
        parser.add_argument("--json", action="store_true", help="One frame a line, as on the socket; asks nobody.")
        parser.add_argument("--non-interactive", action="store_true", help="Asks nobody, also at a terminal.")

    def handle(self, *args: Any, **options: Any) -> None:
        logging.getLogger().setLevel(logging.WARNING)  # the rest is for whoever reads a server's log
        try:
            user = _person(options["person"])
            with door.through(DOOR, user.get_username), asyncio.Runner() as runner:
                ending = runner.run(self._ask(user, options))
        except (PortalError, KubeError, DemoClusterFailed) as fault:
            raise CommandError(str(fault), returncode=Code.REFUSED) from fault
        except KeyboardInterrupt:
            sys.exit(Code.LEFT)
        except OSError as fault:
            if fault.errno not in (errno.EPIPE, errno.EIO):
                raise  # of these two: whoever read has gone, and the run goes on without a reader
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(Code.LEFT)
        if ending.code is not Code.DONE:
            raise CommandError(ending.sentence, returncode=ending.code)

    async def _ask(self, user: User, options: dict[str, Any]) -> Ending:
        accepted = await in_database(_send)(user, options)
        try:
            if settings.K8SMCP_INPROCESS_RUNNER:  # outside of this request: what a runner does has no door
                contextvars.Context().run(launch.begin, only=accepted.run_id)
            session = Session(self._audience(user, options), accepted)
            return await session.follow()
        finally:
            await launch.end()

    def _audience(self, user: User, options: dict[str, Any]) -> Audience:
        shown = screen.Lines(self.stdout) if options["json"] else screen.Words(self.stdout)
        alone = options["json"] or options["non_interactive"] or not keys.at_hand(sys.stdin, sys.stdout)
        keyboard = None if alone else keys.Keyboard(sys.stdin.fileno())
        return Audience(user, shown, keyboard, origin.own_address())


def _send(user: User, options: dict[str, Any]) -> Accepted:
    if not clusters.names():
        clusters.register_at_start()
    clusters.wake_demo()
    conversation = _conversation(user, options["conversation"], options["cluster"])
    way = messages.Way(DOOR)
    return messages.send(user, options["question"], conversation_id=conversation, cluster=options["cluster"], way=way)


def _person(name: str) -> User:
    """Without a name the only administrator there is. Of several nobody guesses: each has a name in the audit."""
    active = User.objects.filter(is_active=True)
    if name:
        found = active.filter(username=name).first()
        if found is None:
            raise BadInput(f"There is no active person called {name!r}: make one with create_user.")
        return found
    administrators = [user for user in active.order_by("pk") if access.Right.ADMINISTER in access.rights(user)]
    if len(administrators) != 1:
        how_many = f"{len(administrators)} administrators" if administrators else "no administrator"
        raise BadInput(f"There is {how_many} here: say with --as whose rights the run is to have.")
    return administrators[0]


def _conversation(user: User, text: str, cluster: str) -> uuid.UUID | None:
    """One that is there: a slip of the pen begins no new one."""
    if not text:
        return None
    found = access.find(user, text)
    if cluster and cluster != found.cluster:
        raise BadInput(
            f"The conversation is about cluster {found.cluster!r}: leave --cluster out, or begin another one."
        )
    return found.pk
