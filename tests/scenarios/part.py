"""One scenario being played: its people, what they say and decide, and what the agent is told."""

import asyncio
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User

from chat.actions import tokens
from tests.chat.rest.test_rest import Api
from tests.conftest import in_database
from tests.scenarios.place import Place
from tests.scenarios.scenario import Call, Scenario

PATIENCE = 200.0  # seconds for the answers to one message


@dataclass
class Part:
    """One scenario being played, by an author who asks and an approver who decides. faults: what did not hold."""

    scenario: Scenario
    place: Place
    author: User
    approver: User
    conversation: str = ""
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    def words(self, number: int) -> str:
        return f"{self.place.ns}/{number}: {self.scenario.asks[number].words}"

    def wish(self, call: Call) -> dict[str, Any]:
        return {"wish": call.tool, "arguments": filled(call.arguments, self.place)}

    def may_change(self, what: str) -> bool:
        return what in filled(list(self.scenario.changes), self.place)

    async def prepare(self) -> None:
        await self.place.__aenter__()
        await self.scenario.setup(self.place)
        assert not await self.scenario.verify(self.place), "nothing is broken after its setup"

    async def perform(self) -> None:
        for number, asked in enumerate(self.scenario.asks):
            done = await self._answered(self.words(number))
            self.place.answers += [call["result"] for call in done["tool_calls"]]
            assert done["outcome"] == "done", f"the run ended as {done['outcome']}: {done['message'][-300:]}"
            for wanted, made in zip(asked.calls, done["tool_calls"], strict=True):
                _compare(wanted, made)
        began = time.monotonic()
        await self.place.until(self.scenario.verify, f"all is well; the agent heard {self.place.answers[-2:]}")
        self.seconds = time.monotonic() - began

    async def _answered(self, words: str) -> dict[str, Any]:
        """Asks, and approves what is asked for, until the answer is complete."""
        asking, deciding = [Api(await in_database(tokens.create, user)) for user in (self.author, self.approver)]
        message = {"message": words, "id": str(uuid.uuid4())}
        if self.conversation:
            message["conversation_id"] = self.conversation
        async with asyncio.timeout(PATIENCE):
            while (answer := await asking.post("/api/chat/message", message)).status_code == 202:
                name = answer.json()["approval_id"]
                decided = await deciding.post(f"/api/v1/approvals/{name}/decision", {"decision": "approve"})
                assert decided.status_code in (200, 409), decided.content  # 409: it was asked for anew meanwhile
        assert answer.status_code == 200, answer.content
        done: dict[str, Any] = answer.json()
        self.conversation = done["conversation_id"]
        return done


def _compare(wanted: Call, made: Mapping[str, Any]) -> None:
    heard = f"{made['tool_name']} answered: {made['result']}"
    assert made["status"] == ("failed" if wanted.fails else "completed"), heard
    for words in (*wanted.says, wanted.fails):
        assert words in made["result"], f"no {words!r}: {heard}"


def filled(value: Any, place: Place) -> Any:
    if isinstance(value, str):
        return value.replace("{ns}", place.ns).replace("{node}", place.ground.node)
    if isinstance(value, dict):
        return {key: filled(part, place) for key, part in value.items()}
    return [filled(part, place) for part in value] if isinstance(value, list) else value
