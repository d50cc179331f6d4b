"""Asks the person at the terminal about one approval: shows its card and takes a key. Only a key is a yes."""

import shutil
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any

from channels.db import database_sync_to_async as in_database
from django.contrib.auth.models import User

from chat import deciding
from chat.access import find_approval, may_decide
from chat.actions import approvals
from chat.errors import Conflict, PortalError
from chat.management.terminal import words
from chat.management.terminal.keys import Gone, Keyboard
from chat.management.terminal.screen import Screen
from chat.models import Approval

_KEYS = {
    "y": "y approve",
    "n": "n reject",
    "e": "e edit in the portal",
    "v": "v all of it",
    "q": "q leave it waiting",
}


class Reply(Enum):
    """What came of a question at the terminal; a decision is in the journal."""

    SETTLED = "settled"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Asked:
    """`told`: the data of `approval_requested`; `offered`: the keys that this person has."""

    approval: Approval
    told: dict[str, Any]
    offered: str
    address: str


class Questions:
    """One after another, to one person."""

    def __init__(self, user: User, screen: Screen, keyboard: Keyboard, address: str) -> None:
        """`address`: the portal's."""
        self._user, self._screen, self._keyboard, self._portal = user, screen, keyboard, address

    async def ask(self, told: dict[str, Any]) -> Reply:
        """Until it is decided, here or by somebody else, or the person leaves it waiting."""
        try:
            asked = await in_database(self._read)(told)
            cut = self._show(asked)
            while True:
                keys = asked.offered.replace("v", "v" if cut else "")
                question = f"{words.BAR} {' · '.join(_KEYS[key] for key in keys)} ? "
                key = await self._keyboard.key(partial(self._screen.ask, question))
                reply = await self._obey(asked, key, keys)
                if reply is not None:
                    return reply
        except Gone:
            return Reply.LEFT

    def _read(self, told: dict[str, Any]) -> Asked:
        approval = find_approval(self._user, told["approval_id"])
        own = approval.tool_call.run.message.author_id == self._user.pk
        mine = may_decide(self._user, approval)
        yes = mine and not (approval.second_person and own)
        offered = ("y" if yes else "") + ("ne" if mine else "") + "vq"
        return Asked(approval, told, offered, self._portal + told["url"])

    def _show(self, asked: Asked, *, whole: bool = False) -> bool:
        """Whether there is more than was shown."""
        told = asked.told
        if whole:
            told = told | {"plan": approvals.shown(asked.approval, whole=True)}
        rows, cut = words.card(told, asked.address, shutil.get_terminal_size().columns, whole=whole)
        self._screen.say("\n".join(rows))
        return cut

    async def _obey(self, asked: Asked, key: str, keys: str) -> Reply | None:
        """None: it is still to be decided."""
        self._screen.say(words.line(key) if key.isprintable() else "")
        if not key or key not in keys:
            self._screen.say("Nothing was decided: press one of the keys.")
            return None
        match key:
            case "y":
                return await self._decide(asked, "approve")
            case "n":
                return await self._decide(asked, "reject")
            case "e":
                self._screen.say(f"Edit it at {asked.address}#edit and come back: it is asked anew here too.")
            case "v":
                self._show(asked, whole=True)
            case "q":
                return Reply.LEFT
        return None

    async def _decide(self, asked: Asked, decision: str) -> Reply | None:
        typed = reason = ""
        name = asked.approval.type_name
        if decision == "approve" and name:
            typed = await self._line(f"Type {words.line(name)} to approve it: ")
        elif decision == "reject":
            reason = await self._line("Why? The agent is told (Enter: nothing): ")
        try:
            user = await in_database(User.objects.get)(pk=self._user.pk)  # anew: their rights may have gone
            await deciding.look(user, asked.approval.pk, decision)
            await in_database(approvals.decide)(user, asked.approval.pk, decision, reason, typed=typed)
        except Conflict as fault:  # somebody else was first, or it is asked anew
            self._screen.say(words.line(str(fault), 400))
        except PortalError as fault:
            self._screen.say(words.line(str(fault), 400))
            return None
        return Reply.SETTLED

    async def _line(self, question: str) -> str:
        return await self._keyboard.line(partial(self._screen.ask, f"{words.BAR} {question}"))
