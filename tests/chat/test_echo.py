"""Whether the doorbell answers, asked as often as a load balancer does: right each time, and nothing is left behind."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from channels.layers import get_channel_layer

from chat import doorbell
from tests.portal import free_port

REDIS = os.environ.get("TEST_REDIS_URL", "")
needs_redis = [pytest.mark.redis, pytest.mark.skipif(not REDIS, reason="needs TEST_REDIS_URL")]


def on_redis(settings, url: str) -> None:
    settings.CHANNEL_LAYERS = {
        "default": {"BACKEND": "chat.redis_layer.PatientRedisLayer", "CONFIG": {"hosts": [url], "prefix": "echo"}}
    }


def in_memory(settings, _: str) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "chat.memory_layer.SwiftMemoryLayer"}}


@pytest.fixture(params=[pytest.param(in_memory, id="memory"), pytest.param(on_redis, id="redis", marks=needs_redis)])
def layer(request, settings):
    request.param(settings, REDIS)


@pytest.fixture(autouse=True)
async def closed(settings) -> AsyncIterator[None]:
    """Closes the layer's connections in the event loop that they belong to."""
    yield
    await get_channel_layer().flush()


class Wire:
    """A TCP server before Redis that passes nothing on, or only after a while."""

    def __init__(self) -> None:
        self.port = free_port()
        self.silent = False
        self.delay = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._sinks: list[asyncio.StreamWriter] = []

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        place = urlsplit(REDIS)
        there, back = await asyncio.open_connection(place.hostname, place.port)
        for source, sink in ((reader, back), (there, writer)):
            self._sinks.append(sink)
            self._tasks.add(asyncio.create_task(self._pass_on(source, sink)))

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65_536):
                await asyncio.sleep(self.delay)
                if not self.silent:
                    sink.write(data)
        sink.close()

    async def end(self) -> None:
        for each in self._tasks:
            each.cancel()
        for sink in self._sinks:
            sink.close()
            with contextlib.suppress(OSError):
                await sink.wait_closed()


@pytest.fixture
async def wire(settings) -> AsyncIterator[Wire]:
    wire = Wire()
    server = await asyncio.start_server(wire.meet, "127.0.0.1", wire.port)
    on_redis(settings, f"redis://127.0.0.1:{wire.port}/{urlsplit(REDIS).path.lstrip('/') or 0}")
    yield wire
    await get_channel_layer().flush()
    server.close()
    await wire.end()


def held() -> tuple[int, int]:
    """Channels and groups of this process."""
    layer = get_channel_layer()
    return len(layer.channels), len(layer.groups)


async def until_it_answers() -> None:
    async with asyncio.timeout(20):
        while not await doorbell.answers():  # noqa: ASYNC110 - Redis is back without telling anybody
            await asyncio.sleep(0.1)


async def test_a_hundred_questions_leave_nothing_behind(layer):
    assert await doorbell.answers()
    before = held()
    for _ in range(100):
        assert await doorbell.answers()
    assert held() == before


async def test_who_asks_at_once_is_answered_at_once(layer):
    assert await asyncio.gather(*(doorbell.answers() for _ in range(50))) == [True] * 50


async def test_an_ear_that_is_over_leaves_nothing_behind(layer):
    names = ["5b0ea2c4-8f09-4dcb-a3cb-0d6b0f2a3c11", "5b0ea2c4-8f09-4dcb-a3cb-0d6b0f2a3c12"]
    await doorbell.answers()
    before = held()
    for name in names * 5:
        async with doorbell.Ear(name) as ear, doorbell.Ear(name) as witness:
            await ear.listen_to(doorbell.RUNNERS)
            assert not await ear.heard(0.01)  # whoever stopped waiting once still hears the next bell
            doorbell.ring(name, 1)
            assert await ear.heard(5)
            doorbell.ring(name, 2)  # and what nobody hears any more goes too
            async with asyncio.timeout(5):
                while (await witness.hear())["seq"] != 2:
                    pass
    assert held() == before


async def test_with_redis_away_the_answer_is_no(settings):
    on_redis(settings, f"redis://127.0.0.1:{free_port()}/0")
    for _ in range(20):
        assert not await doorbell.answers()
    assert held()[0] == 1


async def test_a_server_that_accepts_and_says_nothing_is_no_layer(settings, monkeypatch):
    monkeypatch.setattr(doorbell, "_PATIENCE", 0.1)
    met: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: met.append(writer), "127.0.0.1", 0)
    on_redis(settings, f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0")
    for _ in range(5):
        assert await asyncio.gather(*(doorbell.answers() for _ in range(10))) == [False] * 10
    assert held()[0] == 1
    for each in met:
        each.close()
        await each.wait_closed()
    server.close()


@pytest.mark.redis
@pytest.mark.skipif(not REDIS, reason="needs TEST_REDIS_URL")
async def test_a_layer_that_was_silent_is_heard_again(wire, monkeypatch):
    monkeypatch.setattr(doorbell, "_PATIENCE", 0.5)
    assert await doorbell.answers()
    wire.silent = True
    assert not await doorbell.answers()
    wire.silent = False
    await until_it_answers()
    assert held()[0] == 1


@pytest.mark.redis
@pytest.mark.skipif(not REDIS, reason="needs TEST_REDIS_URL")
async def test_a_slow_layer_answers_late_or_no_and_never_with_an_old_word(wire):
    assert await doorbell.answers()
    wire.delay = 0.2
    assert await doorbell.answers()
    wire.delay = 1.5  # there and back: longer than anybody waits
    assert not await doorbell.answers()
    wire.delay = 0.0
    await until_it_answers()
    assert held()[0] == 1
