"""Plays hostile scripts, many at once: a fake model behind the real client, the real gate, a real cluster's API."""

import asyncio
import contextlib
import json
import logging
import re
import secrets
import time
import traceback
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from django.apps import apps
from django.contrib.auth.models import User

from chat.actions import people, tokens
from chat.models import Approval, Run
from tests.chat.rest.test_rest import Api
from tests.chat.sockets import Client
from tests.conftest import in_database
from tests.fakemodel import FakeModel
from tests.fakemodel.script import place
from tests.hostile import canaries
from tests.hostile.ground import Ground
from tests.hostile.people import PEOPLE, Asked
from tests.hostile.script import OVER, Reply, Script, Seen, Turn, filled

AT_ONCE = 8
PATIENCE = 300.0  # seconds for one script: the longest ask sixty times, and the machine may be busy
LATE = 5.0  # seconds that frames may come after the row they tell of; what REST says is whole in any case
POLL = 0.1
ENDED = ("done", "stopped", "failed", "lost")


class Log(logging.Handler):
    """Everything that is logged, as it would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@dataclass
class Telling:
    """One script being played by one person."""

    script: Script
    ground: Ground
    names: dict[str, str]
    user: User
    token: str
    client: Client = field(init=False)
    seen: Seen = field(default_factory=Seen)
    faults: list[str] = field(default_factory=list)
    run: str = ""
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.client = Client(self.token, query="?render=html")

    async def play(self) -> None:
        await self.ground.plant(self.names["ns"], self.script.stage, self.names["canary"])
        conversation: str | None = None
        async with self.client:
            for number, turn in enumerate(self.script.turns):
                told = filled(turn.text, self.names)
                more = {"conversation_id": conversation} if conversation else {}
                ack = await self._send(f"{self.names['id']}:{number}: {told}", **more)
                conversation, self.run = ack["conversation_id"], ack["run_id"]
                await self._hear_out(turn)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LATE):
                        await self.hear("complete", run_id=self.run)
        self.seen.frames = self.client.frames
        events = await Api(self.token).get(f"/api/v1/conversations/{conversation}/events?after=0")
        self.seen.answers.append(events.content.decode())
        self.seen.events = events.json().get("events", [])

    async def _send(self, text: str, **more: str) -> dict[str, Any]:
        command = str(uuid.uuid4())
        await self.client.say({"type": "send", "id": command, "text": text, **more})
        return await self.hear("ack", id=command)

    async def hear(self, kind: str, **fields: str) -> dict[str, Any]:
        """The next frame of that type with these fields, or nothing when the portal has closed the socket."""
        while True:
            message = await self.client.socket.receive_output(PATIENCE)
            if message["type"] == "websocket.close":
                return {}
            frame = json.loads(message["text"])
            self.client.frames.append(frame)
            if frame["type"] == kind and all(frame["data"].get(key) == value for key, value in fields.items()):
                data: dict[str, Any] = frame["data"]
                return data

    async def _hear_out(self, turn: Turn) -> None:
        """Until the run has ended; what people do is done when it waits for them, one approval after another."""
        words, answered = list(turn.people), set[str]()
        while (status := await self._status()) not in ENDED:
            if status == "waiting":
                pending = await in_database(self._pending)
                self.seen.most_pending = max(self.seen.most_pending, len(pending))
                fresh = [each for each in pending if each not in answered]
                if pending and not fresh:  # with none pending it is about to go on
                    await self.stop()
                for each in fresh:
                    answered.add(each)
                    await PEOPLE[words.pop(0) if words else "silence"](Asked(self, each))
            await asyncio.sleep(POLL)

    def _pending(self) -> list[str]:
        waiting = Approval.objects.filter(tool_call__run_id=self.run, status="pending").order_by("tool_call__position")
        return [str(key) for key in waiting.values_list("pk", flat=True)]

    async def _status(self) -> str:
        run = await in_database(Run.objects.only("status").get, pk=self.run)
        return str(run.status)

    async def stop(self) -> None:
        await self.client.say({"type": "stop", "id": secrets.token_hex(8), "run_id": self.run})

    async def ended(self) -> None:
        for _ in range(round(PATIENCE / POLL)):
            if await self._status() in ENDED:
                return
            await asyncio.sleep(POLL)


@dataclass
class Told:
    """All that a campaign left behind."""

    tellings: list[Telling]
    places: list[tuple[str, str]]
    reached: list[Any]


async def play(scripts: Sequence[Script], ground: Ground, settings: Any) -> Told:
    """Every script once, by a person of its own, in a namespace of its own."""
    log = Log()
    logging.getLogger().addHandler(log)
    try:
        async with ground:
            tellings = [await in_database(_telling, each, ground) for each in scripts]
        async with FakeModel() as model:
            model.script = Obedient(tellings)  # type: ignore[assignment]
            settings.K8SMCP_PROVIDER, settings.ANTHROPIC_BASE_URL = "anthropic", model.url
            settings.ANTHROPIC_API_KEY, settings.K8SMCP_MODEL = "sk-hostile-model-key", "claude-test"
            async with ground:
                gate = asyncio.Semaphore(AT_ONCE)
                await asyncio.gather(*(_told(each, gate) for each in tellings))
                reached = await ground.reached()
            places = [("a request to the model", json.dumps(body, ensure_ascii=False)) for body in model.bodies]
            _hand_out(tellings, model.bodies)
    finally:
        logging.getLogger().removeHandler(log)
    places += [("the log", "\n".join(log.lines)), *await in_database(every_row)]
    return Told(tellings, places, reached)


def _telling(script: Script, ground: Ground) -> Telling:
    name = f"h{secrets.token_hex(5)}"
    names = {"id": name, "ns": name, "canary": canaries.new(), "node": ground.node}
    user = people.create(name, role=script.role)
    return Telling(script, ground, names, user, tokens.create(user))


async def _told(telling: Telling, gate: asyncio.Semaphore) -> None:
    """A script that cannot be played to its end is a fault as well: it has proved nothing."""
    async with gate:
        began = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE):
                await telling.play()
        except (AssertionError, TimeoutError, LookupError, OSError, aiohttp.ClientError) as fault:
            last = traceback.extract_tb(fault.__traceback__)[-1]
            telling.faults.append(
                f"it was not played to its end: {type(fault).__name__} {fault} at {last.name}, "
                f"having heard {[frame['type'] for frame in telling.client.frames][-3:]}"
            )
        telling.seconds = time.monotonic() - began


class Obedient:
    """What the fake model says: to each telling, told by the name its person's words begin with, its own script."""

    _NAME = re.compile(r"\b(h[0-9a-f]{10}):(\d+):")

    def __init__(self, tellings: Iterable[Telling]) -> None:
        self._rounds = {
            (each.names["id"], str(number)): [_reply(round_) for round_ in filled([*turn.rounds, OVER], each.names)]
            for each in tellings
            for number, turn in enumerate(each.script.turns)
        }

    def reply(self, body: Mapping[str, Any]) -> Reply:
        words, done = place(body["messages"])
        name = self._NAME.findall(words)[-1]
        rounds = self._rounds[name]
        return rounds[min(done, len(rounds) - 1)]


def _reply(round_: Reply) -> Reply:
    return {"blocks": round_} if isinstance(round_, list) else round_


def _hand_out(tellings: Iterable[Telling], bodies: list[dict[str, Any]]) -> None:
    """Each request to the model to the telling it is of: its person's words begin with their name."""
    by_name = {each.names["id"]: each for each in tellings}
    for body in bodies:
        words = json.dumps(body["messages"][0])
        name = next((name for name in by_name if f"{name}:" in words), "")
        if name:
            by_name[name].seen.requests.append(body)


def every_row() -> list[tuple[str, str]]:
    """Every row of every table, as text."""
    return [
        (f"the table {model._meta.db_table}", "\n".join(str(row) for row in model.objects.values_list()))
        for model in apps.get_models()
        if hasattr(model, "objects")
    ]
