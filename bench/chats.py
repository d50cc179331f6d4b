"""Many chats at once, each with a model that speaks so many chunks a second, while somebody else reads pages.

Baseline: the same number of answers read straight from the fake model by a plain client in the same run. A turn's ratio
is its time through the portal over its time straight from the model. Chats begin within `spread` seconds, as people do.
"""

import asyncio
import random
import re
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx2
import orjson

from bench.rig import Fleet, Processor, Spread, fake_model, fleet, portal

PAGE_EVERY = 0.1  # seconds
PAGES = ("/", "/tools", "/approvals", "/clusters")
STAMP = re.compile(r"\[t=(\d{16})\]")


@dataclass(frozen=True, slots=True)
class Shape:
    """`rate`: chunks a second of each chat; `spread`: seconds within which all have begun; `many`: several processes on
    PostgreSQL and Redis."""

    chats: int
    rate: int
    chunks: int
    turns: int
    spread: float = 0.0
    many: bool = False

    @property
    def prompt(self) -> str:
        return f"chunks={self.chunks} rate={self.rate} stamp=1"


@dataclass(slots=True)
class Turn:
    """Seconds from the message on; `late`: seconds from the model's chunk to the frame that brought it; `lost`:
    characters of the answer that no delta brought."""

    first: float = 0.0
    text: float = 0.0
    whole: float = 0.0
    lost: int = 0
    late: list[float] = field(default_factory=list)


async def ten() -> dict[str, Any]:
    return await measure(Shape(chats=10, rate=50, chunks=150, turns=3))


async def fifty() -> dict[str, Any]:
    return await measure(Shape(chats=50, rate=100, chunks=500, turns=2, spread=5.0))


async def two_hundred() -> dict[str, Any]:
    return await measure(Shape(chats=200, rate=20, chunks=200, turns=1, spread=10.0, many=True))


async def measure(shape: Shape) -> dict[str, Any]:
    with fake_model() as model, fleet(model) if shape.many else portal(model) as served:
        await asyncio.gather(*(_turn(served, n, "chunks=1") for n in range(10)))  # warm: a portal in use
        for path in PAGES:
            for web in served.webs:
                web.page(path)
        straight = await asyncio.gather(*(_straight(model, shape) for _ in range(min(shape.chats, 20))))
        processor = Processor(served.pids)
        reading = asyncio.create_task(_read_pages(served))
        turns = [
            turn
            for told in await asyncio.gather(*(_chat(served, n, shape) for n in range(shape.chats)))
            for turn in told
        ]
        spent = processor.spent()
        reading.cancel()
        pages = await reading
    return _told(shape, turns, straight, pages, spent)


def _told(
    shape: Shape, turns: list[Turn], straight: list[float], pages: list[float], spent: dict[str, float]
) -> dict[str, Any]:
    chunks = shape.chats * shape.chunks * shape.turns
    first, other = Spread.of([turn.first for turn in turns]), Spread.of(pages)
    whole, model = Spread.of([turn.whole for turn in turns]), Spread.of(straight)
    lost, ratio = sum(turn.lost for turn in turns), round(whole.p99 / model.p50, 3)
    return {
        "chats": shape.chats,
        "chunks_per_s_each": shape.rate,
        "chunks": chunks,
        "begun_within_s": shape.spread,
        "lost_characters": lost,
        "first_frame": first.told(),
        "first_text": Spread.of([turn.text for turn in turns]).told(),
        "chunk_to_frame": Spread.of([late for turn in turns for late in turn.late]).told(),
        "turn": whole.told(),
        "baseline_straight_from_model": model.told(),
        "ratio_turn_p50": round(whole.p50 / model.p50, 3),
        "ratio_turn_p99": ratio,
        "other_page": other.told() | {"pages": len(pages)},
        "cpu_us_per_chunk": {name: round(seconds / chunks * 1e6) for name, seconds in spent.items()},
        "goal": "nothing lost, first frame p99 <= 500 ms, turn <= 1.2 x the model's own, other pages p99 <= 250 ms",
        "met": lost == 0 and first.p99 <= 500 and ratio <= 1.2 and other.p99 <= 250,
    }


async def _chat(served: Fleet, number: int, shape: Shape) -> list[Turn]:
    await asyncio.sleep(random.Random(number).random() * shape.spread)
    return [await _turn(served, number, shape.prompt) for _ in range(shape.turns)]


async def _turn(served: Fleet, number: int, prompt: str) -> Turn:
    """One message and its answer on a connection of its own."""
    turn = Turn()
    async with served.webs[number % len(served.webs)].connect() as wire:
        began = time.perf_counter()
        await wire.send(orjson.dumps({"message": prompt, "conversation_id": str(uuid.uuid4())}).decode())
        streamed: list[str] = []
        async for raw in wire:
            now, frame = time.perf_counter() - began, orjson.loads(raw)
            turn.first = turn.first or now
            if frame["type"] == "text":
                turn.text = turn.text or now
                streamed.append(frame["data"]["text"])
                arrived = time.monotonic_ns()
                turn.late.extend((arrived - int(stamp)) / 1e9 for stamp in STAMP.findall(frame["data"]["text"]))
            elif frame["type"] == "complete":
                assert frame["data"]["outcome"] == "done", frame
                turn.whole = now
                turn.lost = 0 if "".join(streamed) == frame["data"]["message"] else len(frame["data"]["message"])
                return turn
    raise AssertionError("The socket closed before the answer ended.")


async def _straight(model: str, shape: Shape) -> float:
    """Seconds the model itself takes for the same answer."""
    body = {"model": "m", "max_tokens": 1000, "stream": True, "messages": [{"role": "user", "content": shape.prompt}]}
    began = time.perf_counter()
    async with (
        httpx2.AsyncClient(timeout=60) as client,
        client.stream("POST", f"{model}/v1/messages", json=body, headers={"x-api-key": "bench"}) as answer,
    ):
        async for _ in answer.aiter_bytes():
            pass
    return time.perf_counter() - began


async def _read_pages(served: Fleet) -> list[float]:
    """Seconds each page took, one after another, until it is told to stop."""
    taken: list[float] = []
    async with httpx2.AsyncClient(headers={"Cookie": served.webs[0].cookies}, timeout=60) as client:
        try:
            while True:
                began = time.perf_counter()
                web = served.webs[len(taken) % len(served.webs)]
                answer = await client.get(web.address + PAGES[len(taken) % len(PAGES)])
                assert answer.status_code == 200, answer
                taken.append(time.perf_counter() - began)
                await asyncio.sleep(PAGE_EVERY)
        except asyncio.CancelledError:
            return taken
