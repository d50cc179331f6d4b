"""What goes wrong with one socket, one conversation or the database for a moment leaves no other socket silent."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
import pytest_asyncio
from django.db import OperationalError
from django.db.backends.utils import CursorWrapper

from chat.models import Event
from chat.standing import Person
from chat.web import coming_back, hub, missed, reading
from chat.web.outbox import MOST_BYTES, Outbox
from chat.web.told import Whisper
from chat.web.viewer import Viewer
from chat.web.watch import Watch
from tests.chat.web.stories import Story
from tests.conftest import in_database


class Socket:
    """Takes nothing while `held`. `frames`: what it was sent, as JSON text."""

    def __init__(self, user: Any, *, html: bool = False) -> None:
        self.frames: list[str] = []
        self.read = asyncio.Event()
        self.read.set()
        known = Person(user, "admin")
        self.viewer = Viewer(
            known, Outbox(self._send, self._emptied), lambda *why: None, html=html, batch=False, now=1e12
        )
        self.hub: hub.Hub | None = None

    async def _send(self, frame: str) -> None:
        await self.read.wait()
        self.frames.append(frame)

    def _emptied(self) -> None:
        assert self.hub is not None
        self.hub.emptied(self.viewer)

    async def watches(self, at: hub.Hub, story: Story, seq: int) -> None:
        self.hub = at
        at.enter(self.viewer)
        await at.listen(self.viewer, str(story.conversation.pk))
        at.watch(self.viewer, str(story.conversation.pk), Watch(seq))

    def fills(self) -> None:
        """Its reader stops, with more under way than there is room for."""
        self.read.clear()
        for _ in range(2):
            self.viewer.outbox.put("x" * MOST_BYTES)

    async def hears(self, words: str) -> None:
        async with asyncio.timeout(10):
            while not any(words in frame for frame in self.frames):  # noqa: ASYNC110 - frames are no event
                await asyncio.sleep(0.01)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "TEND", 0.05)


@pytest_asyncio.fixture
async def here(transactional_db: None, quick: None) -> Any:
    made = hub.Hub()
    made.every = 0.05
    yield made
    for task in made._tasks:
        task.cancel()
    await asyncio.gather(*made._tasks, return_exceptions=True)


@pytest_asyncio.fixture
async def stories(transactional_db: None, alice: Any) -> Callable[..., Any]:
    return lambda **how: in_database(_begun, alice, how)


def _begun(owner: Any, how: dict[str, Any]) -> tuple[Story, Any]:
    story = Story(owner, **how)
    run = story.ask()
    story.begin(run)
    return story, run


def _notices(story: Story, run: Any, count: int, text: str = "Again.") -> None:
    for number in range(count):
        story.notice(run, f"{text} {number}")


async def test_a_reader_who_lost_the_right_while_it_was_left_behind_silences_nobody(here, stories, alice, bob):
    """It is too far behind to go on, and the fresh page is not for it any more."""
    shared, run = await stories(shared=True)
    other, other_run = await stories()
    slow, well = Socket(bob), Socket(alice)
    await slow.watches(here, shared, 2)
    await well.watches(here, other, 2)
    slow.fills()
    await in_database(_notices, shared, run, missed.REPLAY + 1)
    await in_database(shared.conversation.shares.all().delete)
    slow.read.set()
    await asyncio.sleep(0.2)
    await in_database(_notices, other, other_run, 1, "For the other")
    await well.hears("For the other")


async def test_an_event_that_cannot_be_shown_silences_no_other_conversation(here, stories, alice):
    bad, bad_run = await stories()
    good, good_run = await stories()
    one, two = Socket(alice, html=True), Socket(alice, html=True)
    await in_database(bad.say, bad_run, 0, "whatever")
    await in_database(Event.objects.filter(conversation=bad.conversation, seq=3).update, data={})
    await in_database(good.say, good_run, 0, "said at the same time")
    await one.watches(here, bad, 2)
    await two.watches(here, good, 2)
    await two.hears("said at the same time")
    await in_database(good.say, good_run, 1, "and later")
    await two.hears("and later")


async def test_a_database_that_is_away_for_a_moment_leaves_no_slow_reader_behind(here, stories, alice, monkeypatch):
    story, run = await stories()
    slow = Socket(alice)
    await slow.watches(here, story, 2)
    await asyncio.sleep(0.1)
    slow.fills()
    await in_database(_notices, story, run, missed.REPLAY + 1, "Missed")
    execute = CursorWrapper.execute
    with monkeypatch.context() as patch:
        patch.setattr(CursorWrapper, "execute", _away)
        slow.read.set()
        await asyncio.sleep(0.2)
    assert CursorWrapper.execute is execute
    await slow.hears('"recovered":false')
    await slow.hears(f"Missed {missed.REPLAY}")


def _away(*args: Any) -> None:
    raise OperationalError("The server closed the connection unexpectedly.")


async def test_what_a_slow_reader_is_told_of_a_block_has_neither_gap_nor_overlap(here, stories, alice):
    """It read the beginning live, was left behind for a while, and goes on with the rest."""
    story, run = await stories()
    name = {"conversation_id": str(story.conversation.pk), "run_id": str(run.pk)}
    slow = Socket(alice)
    await slow.watches(here, story, 2)
    here._pass_on(
        Whisper({"frame": {"type": "text", "data": name | {"block": 0, "offset": 0, "text": "One "}}, "kept": 0})
    )
    slow.fills()
    await in_database(_notices, story, run, 1, "Meanwhile")
    run.open_block = {"kind": "text", "block": 0, "text": "One two "}
    await in_database(run.save)
    slow.read.set()
    await slow.hears("Meanwhile")
    await in_database(story.say, run, 0, "One two three.")
    await slow.hears("text_end")
    told = [json.loads(frame) for frame in slow.frames if frame.startswith('{"type":"text",')]
    assert "".join(each["data"]["text"] for each in told) == "One two three."


async def test_a_delta_waits_for_the_events_before_it(here, stories, alice):
    """The bell of the end of a block is slower than the first word of the next one: a database is asked in between."""
    story, run = await stories()
    name = {"conversation_id": str(story.conversation.pk), "run_id": str(run.pk)}
    socket = Socket(alice)
    await socket.watches(here, story, 2)
    await in_database(story.say, run, 0, "First.")
    for offset, word in ((0, "Then "), (5, "this.")):
        frame = {"type": "text", "data": name | {"block": 1, "offset": offset, "text": word}}
        here._hear_whisper(Whisper({"frame": frame, "kept": 0, "after": 3}))
    await socket.hears("this.")
    told = [json.loads(frame) for frame in socket.frames]
    assert [each["data"].get("text") for each in told] == ["First.", "First.", "Then ", "this."]
    assert here._held == {}


async def test_whoever_comes_back_while_it_is_brought_up_is_told_nothing_twice(here, stories, alice):
    story, run = await stories()
    await in_database(_notices, story, run, missed.REPLAY + 1)
    socket, name = Socket(alice), str(story.conversation.pk)
    socket.viewer.watches[name] = Watch(2)
    bringing = asyncio.ensure_future(coming_back.bring(socket.viewer, name, reading.Seen(2)))
    await asyncio.sleep(0)
    socket.viewer.watches[name] = Watch(100)  # by a `resume` of its own
    await bringing
    await asyncio.sleep(0)
    assert socket.frames == []
    assert socket.viewer.watches[name].seq == 100
