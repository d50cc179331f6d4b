"""`ask "list all pods"`: one run in the terminal, streamed, through the same core, gate and journal as the browser."""

import asyncio
import sys
from typing import Any

from asgiref.sync import async_to_sync
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chat import doorbell, journal, launch
from chat.actions import approvals, messages, people
from chat.audit import door
from chat.errors import PortalError
from chat.web.frames import Frame
from chat.web.watch import Watch
from tools import clusters
from tools.kube.errors import KubeError

POLL = 1.0


class Command(BaseCommand):
    help = "Asks the agent one question and streams the answer. Without a terminal every change is rejected."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("question")
        parser.add_argument("--user", default="", help="Whose rights it has (default: the first administrator).")
        parser.add_argument("--cluster", default="", help="Which cluster (default: the first registered one).")

    @door.through("terminal")
    def handle(self, *args: Any, **options: Any) -> None:
        user = self._person(options["user"])
        try:
            if not clusters.names():
                clusters.register_at_start()
            outcome = async_to_sync(self._ask)(user, options["question"], options["cluster"])
        except (PortalError, KubeError) as fault:
            raise CommandError(str(fault)) from fault
        if outcome != "done":
            raise CommandError(f"The run ended: {outcome}.")

    def _person(self, name: str) -> User:
        if not name:
            return people.first_administrator("")[0]
        found = User.objects.filter(username=name, is_active=True).first()
        if found is None:
            raise CommandError(f"There is no active person called {name!r}: make one with create_user.")
        return found

    async def _ask(self, user: User, question: str, cluster: str) -> str:
        launch.begin()
        try:
            send = database_sync_to_async(messages.send)
            accepted = await send(user, question, cluster=cluster, way=messages.Way("terminal"))
            return await self._follow(user, accepted.conversation_id, accepted.seq)
        finally:
            await launch.end()

    async def _follow(self, user: User, conversation_id: str, seq: int) -> str:
        watch = Watch(seq)
        async with doorbell.Ear(conversation_id) as ear:
            while True:
                for event in await database_sync_to_async(journal.since)(conversation_id, watch.seq):
                    for frame in watch.event(event.frame()):
                        await self._show(user, frame)
                    if event.type == "complete":
                        return str(event.data["outcome"])
                await self._listen(ear, watch)

    async def _listen(self, ear: doorbell.Ear, watch: Watch) -> None:
        """Shows what is being said until the journal grows, or until it is time to look by oneself."""
        try:
            async with asyncio.timeout(POLL):
                while (message := await ear.hear())["type"] == "conversation.whisper":
                    frame = watch.delta(message["frame"])
                    if frame is not None and frame["type"] == "text":
                        self._write(frame["data"]["text"])
        except TimeoutError:
            return

    async def _show(self, user: User, frame: Frame) -> None:
        data = frame["data"]
        match frame["type"]:
            case "text":
                self._write(data["text"])
            case "text_end":
                self._write("\n\n")
            case "tool_call_start":
                self._write(f"· {data['intent']} on {data['cluster']} …\n")
            case "tool_call_end":
                told = data["result"].partition("\n")[0][:100]
                self._write(f"  {data['status']} in {data['duration_ms']} ms: {told}\n")
            case "notice":
                self._write(f"! {data['text']}\n")
            case "error":
                self._write(f"! {data['error']}\n")
            case "approval_requested":
                await self._decide(user, data)

    async def _decide(self, user: User, data: dict[str, Any]) -> None:
        """Only a key pressed at a terminal is a yes."""
        self._write(f"\n? {data['summary']}  [{data['effect']}]\n  {data['arguments']}\n")
        yes = sys.stdin.isatty() and await database_sync_to_async(self._key)() == "y"
        decision, reason = (
            ("approve", "") if yes else ("reject", "" if sys.stdin.isatty() else "Nobody was at the terminal.")
        )
        await database_sync_to_async(approvals.decide)(user, data["approval_id"], decision, reason)

    def _key(self) -> str:
        self._write("  Do it? [y/N] ")
        return sys.stdin.readline().strip().lower()

    def _write(self, words: str) -> None:
        self.stdout.write(words, ending="")
        self.stdout.flush()
