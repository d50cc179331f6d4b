"""Any order of connect, resume, send, stop, decide, drop, kill and take over: the portal does what the model says.

A failure prints its steps and its seed: HYPOTHESIS_SEED=n repeats it, SIMULATION_SHRINK=1 looks for fewer steps that
do the same, SIMULATION_EXAMPLES=n tries more.
"""

import asyncio
import json
import os
from collections import Counter
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, Phase, seed
from hypothesis import settings as bounds
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from chat import journal, launch
from chat.actions import people, tokens
from chat.models import Event, Run
from chat.models.run import RunStatus
from tests.simulation import process, promises
from tests.simulation.cluster import RecordingCluster
from tests.simulation.process import Process
from tests.simulation.reference import WORDS, Conversation
from tests.simulation.stories import READ, making
from tests.simulation.telling import World
from tests.simulation.viewer import Frame, Viewer

EXAMPLES = int(os.environ.get("SIMULATION_EXAMPLES", "8"))
SEED = int(os.environ.get("HYPOTHESIS_SEED", "1"))
SOME = st.integers(0, 11)
STORIES = [  # a queued message that was stopped stands before the next one's words, so the last line counts
    {"when": "look$", "rounds": [[{"say": "Looking."}, READ, READ], [{"say": "Seen."}]]},
    {"when": "wait$", "rounds": [[{"say": "I wait."}, {"wait": "/nowhere", "seconds": 600}]]},
    {"when": "fail$", "rounds": [[{"say": "So far"}, {"fail": "The model is away.", "code": "away"}]]},
    {"when": "talk$", "rounds": [[{"think": "hm"}, {"say": "One two three.", "chunks": 3}]]},
]


class Portal(RuleBasedStateMachine):
    """One person with three browsers; one worker that dies; a model that says how it must end."""

    world: World
    loop: asyncio.AbstractEventLoop
    token: str

    def __init__(self) -> None:
        super().__init__()
        self.viewers = [Viewer(self.token) for _ in range(3)]
        self.talks: list[Conversation] = []
        self.worker: Process | None = None
        self.stories = STORIES

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @initialize()
    def begin(self) -> None:
        self.run(self._begin(0))
        for viewer in self.viewers[:2]:
            self.run(viewer.connect())

    # ---- browsers ------------------------------------------------------------------------------------------------

    @rule(number=SOME)
    def connect(self, number: int) -> None:
        viewer = self.viewers[number % 3]
        if not viewer.connected:
            self.run(viewer.connect())

    @rule(number=SOME)
    def drop(self, number: int) -> None:
        self.run(self.viewers[number % 3].drop())

    @rule(number=SOME, talk=SOME)
    def resume(self, number: int, talk: int) -> None:
        if self.talks:
            viewer = self._somebody(number)
            self.run(viewer.resume(self._talk(talk).id))

    @rule(number=SOME, talk=SOME, words=st.sampled_from(sorted(WORDS)), new=st.booleans())
    def send(self, number: int, talk: int, words: str, new: bool) -> None:
        conversation = self._talk(talk) if self.talks and not new else Conversation(promises.fresh())
        if self.run(self._send(self._somebody(number), conversation, promises.fresh(), words)):
            self.talks += [conversation] if conversation not in self.talks else []

    @rule(talk=SOME, words=st.lists(st.sampled_from(sorted(WORDS)), min_size=2, max_size=3))
    def send_many(self, talk: int, words: list[str]) -> None:
        """One right after the other: all but the first are queued."""
        for each in words:
            self.send(talk, talk, each, new=not self.talks)

    @rule(number=SOME, talk=SOME, which=SOME)
    def send_again(self, number: int, talk: int, which: int) -> None:
        """The answer was lost on the way."""
        if self.talks:
            conversation = self._talk(talk)
            asked = conversation.asked[which % len(conversation.asked)]
            self.run(self._send(self._somebody(number), conversation, asked.message_id, asked.words))

    @rule(number=SOME, talk=SOME, which=SOME)
    def stop(self, number: int, talk: int, which: int) -> None:
        if self.talks:
            viewer = self._somebody(number)
            asked = self._talk(talk).asked[which % len(self._talk(talk).asked)]
            assert self.run(viewer.command("stop", run_id=asked.run_id))["type"] == "ack"
            asked.stopped = True

    @rule(number=SOME, talk=SOME, decision=st.sampled_from(["approve", "reject"]))
    def decide(self, number: int, talk: int, decision: str) -> None:
        if self.talks:
            viewer = self._somebody(number)
            self.run(self._decide(viewer, self._talk(talk), decision))

    # ---- workers -------------------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.0, 0.01, 0.05]))
    def time_goes_by(self, seconds: float) -> None:
        self.run(asyncio.sleep(seconds))

    @rule()
    @precondition(lambda self: self.worker is not None)
    def kill(self) -> None:
        self.run(self._bury())

    @rule(dies_at=st.integers(0, 40))
    def take_over(self, dies_at: int) -> None:
        """0: this one lives. It also takes over from one that only stood still."""
        self.run(self._begin(dies_at))

    @rule()
    @precondition(lambda self: self.worker is not None)
    def all_settles(self) -> None:
        self.run(self._settle())

    # ---- in the end ----------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            self.run(self._end())
        finally:
            self.run(self._bury())
            for viewer in self.viewers:
                self.run(viewer.drop())

    async def _end(self) -> None:
        """Everybody gets an answer: what waits is decided, what would wait for ever is stopped."""
        await self._begin(0)
        judge = Viewer(self.token)
        await judge.connect()
        async with asyncio.timeout(60):
            while await self._settle() or await database_sync_to_async(self._unended)():
                await self._unblock(judge)
        for conversation in self.talks:
            await judge.resume(conversation.id)
            conversation.compare(judge.seen[conversation.id])
            await database_sync_to_async(self._promises)(conversation)
        await judge.drop()

    async def _unblock(self, judge: Viewer) -> None:
        for conversation in self.talks:
            await self._decide(judge, conversation, "approve")
            for asked in conversation.asked:
                if asked.words == "wait" and not asked.stopped:
                    await judge.command("stop", run_id=asked.run_id)
                    asked.stopped = True

    def _promises(self, conversation: Conversation) -> None:
        promises.at_any_moment(conversation.id, self.world.bells)
        changes = [change for change in self.world.cluster.changes if change.name in _names(conversation)]
        promises.in_the_end(conversation.id, changes, {each.message_id for each in conversation.asked})

    # ---- steps ---------------------------------------------------------------------------------------------------

    def _somebody(self, number: int) -> Viewer:
        viewer = self.viewers[number % 3]
        if not viewer.connected:
            self.run(viewer.connect())
        return viewer

    def _talk(self, number: int) -> Conversation:
        return self.talks[number % len(self.talks)]

    async def _send(self, viewer: Viewer, conversation: Conversation, message_id: str, words: str) -> bool:
        if conversation.asked and conversation.id not in viewer.watching:
            await viewer.resume(conversation.id)
        text = _name(message_id) if words == "make" else words
        if words == "make":
            self._can_make(text)
        answer = await viewer.command("send", id=message_id, conversation_id=conversation.id, text=text)
        if answer["type"] == "nack":
            assert answer["data"]["code"] == "too_many_runs"
            return False
        viewer.watching.add(conversation.id)
        conversation.accept(message_id, answer["data"]["run_id"], answer["data"]["seq"], words)
        return True

    def _can_make(self, name: str) -> None:
        self.stories = [{"when": f"{name}$", "rounds": [[making(name)], [{"say": "Made or not."}]]}, *self.stories]
        new = self.world.script.with_suffix(".new")
        new.write_text(json.dumps({"stories": self.stories}))
        new.replace(self.world.script)  # whole at any moment: a run may begin right now

    async def _decide(self, viewer: Viewer, conversation: Conversation, decision: str) -> None:
        """The oldest question of the conversation, decided already or not."""
        events = await database_sync_to_async(_frames)(conversation.id)
        asked = [event["data"]["approval_id"] for event in events if event["type"] == "approval_requested"]
        decided = [event["data"]["approval_id"] for event in events if event["type"] == "approval_decided"]
        for approval_id in asked:
            answer = await viewer.command("decide", approval_id=approval_id, decision=decision)
            if answer["type"] == "ack":
                assert approval_id not in decided
                conversation.decisions[approval_id] = decision
            else:
                assert answer["data"]["code"] in ("already_decided", "void")

    async def _bury(self) -> None:
        if self.worker is not None:
            worker, self.worker = self.worker, None
            for _ in range(5):
                await asyncio.sleep(0)
            await worker.bury()
            await database_sync_to_async(lambda: connection.close())()
        for conversation in self.talks:
            await database_sync_to_async(promises.at_any_moment)(conversation.id, self.world.bells)

    async def _begin(self, dies_at: int) -> None:
        await self._bury()
        await database_sync_to_async(_expire)()
        self.worker = self.world.cluster.client = Process(dies_at=dies_at)
        self.worker.start()

    async def _settle(self) -> bool:
        """Until nothing moves; every browser has seen what it watches. True when runs are still moving."""
        assert self.worker is not None
        async with asyncio.timeout(30):
            while not self.worker.dead and await database_sync_to_async(self._moving)():  # noqa: ASYNC110 - rows
                await asyncio.sleep(0.01)
        for viewer in self.viewers:
            for name in viewer.watching:
                events = await database_sync_to_async(_frames)(name)
                await viewer.reach(name, len(events))
                assert [_plain(frame) for frame in viewer.seen[name]][: len(events)] == events
        return False

    def _moving(self) -> bool:
        """Whether any run can go on without a person."""
        for conversation in self.talks:
            waits = {each.run_id for each in conversation.asked if each.words == "wait" and not each.stopped}
            runs = Run.objects.filter(conversation_id=conversation.id)
            active = runs.filter(status__in=("running", "waiting")).first()
            if active is None and runs.filter(status="queued").exists():
                return True
            if active is not None and active.status == "running" and str(active.pk) not in waits:
                return True
        return False

    def _unended(self) -> bool:
        names = [conversation.id for conversation in self.talks]
        return Run.objects.filter(conversation_id__in=names, ended_at=None).exists()


def _names(conversation: Conversation) -> set[str]:
    return {_name(each.message_id) for each in conversation.asked}


def _name(message_id: str) -> str:
    return f"make-{message_id[:13]}"


def _frames(conversation_id: str) -> list[Frame]:
    return [{"type": event.type, "seq": event.seq, "data": event.data} for event in journal.since(conversation_id, 0)]


def _plain(frame: Frame) -> Frame:
    return {key: frame[key] for key in ("type", "seq", "data")}


def _expire() -> None:
    Run.objects.filter(status=RunStatus.RUNNING).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_whatever_happens_the_portal_does_what_the_model_says(transactional_db, settings, tmp_path, monkeypatch):
    settings.K8SMCP_PROVIDER, settings.K8SMCP_SCRIPT = "scripted", str(tmp_path / "script.json")
    settings.K8SMCP_MAX_RUNS_PER_USER = settings.K8SMCP_MAX_APPROVALS_PER_MINUTE = 10_000
    (tmp_path / "script.json").write_text(json.dumps({"stories": STORIES}))
    with asyncio.Runner() as runner:
        user = runner.run(database_sync_to_async(people.create)("alice", role="operator"))
        token = runner.run(database_sync_to_async(tokens.create)(user, scope=""))
        cluster = runner.run(_opened(RecordingCluster(), tmp_path))
        world = World(user, cluster, tmp_path / "script.json")
        runner.run(_installed(monkeypatch, world))
        machine = type("Portal", (Portal,), {"world": world, "loop": runner.get_loop(), "token": token})
        bounded = bounds(
            max_examples=EXAMPLES, stateful_step_count=20, deadline=None, database=None, print_blob=True,
            suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
            phases=list(Phase) if os.environ.get("SIMULATION_SHRINK") else [Phase.generate],
        )  # fmt: skip
        try:
            run_state_machine_as_test(seed(SEED)(machine), settings=bounded)
        except BaseException as fault:
            fault.add_note(f"Repeat it with HYPOTHESIS_SEED={SEED}.")
            raise
        finally:
            launch._crew = None
            runner.run(cluster.__aexit__())
    assert cluster.changes, "no change was ever made"
    kinds = Counter(Event.objects.values_list("type", flat=True))
    assert kinds["complete"] >= EXAMPLES, f"too little happened to say anything: {kinds}"


async def _opened(cluster: RecordingCluster, folder: Any) -> RecordingCluster:
    await cluster.__aenter__()
    await database_sync_to_async(cluster.registered)(folder)
    return cluster


async def _installed(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    process.install(monkeypatch, world.rung, world.clock)
