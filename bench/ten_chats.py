"""Ten chats at once, each with a model that speaks 50 chunks a second, while somebody else reads pages.

Baseline: the same ten answers read straight from the fake model by a plain client in the same run. A turn's ratio is
its time through the portal over its time straight from the model.
"""

import asyncio
import json
import time
import uuid
from typing import Any

import httpx2

from bench.rig import Spread, cpu_seconds, fake_model, portal
from tests.portal import Portal

CHATS, CHUNKS, RATE, TURNS = 10, 150, 50, 3
PROMPT = f"chunks={CHUNKS} rate={RATE}"
PAGE_EVERY = 0.1  # seconds
PAGES = ("/", "/tools", "/approvals", "/clusters")


async def measure() -> dict[str, Any]:
    with fake_model() as model, portal(model) as served:
        await asyncio.gather(*(_turn(served, "chunks=1") for _ in range(CHATS)))  # warm: a portal in use
        for path in PAGES:
            served.page(path)
        straight = await asyncio.gather(*(_straight(model) for _ in range(CHATS)))
        assert served.process is not None
        before = cpu_seconds(served.process.pid)
        reading = asyncio.create_task(_read_pages(served))
        turns = [turn for told in await asyncio.gather(*(_chat(served) for _ in range(CHATS))) for turn in told]
        spent = cpu_seconds(served.process.pid) - before
        reading.cancel()
        pages = await reading
    return _told(turns, straight, pages, spent)


def _told(turns: list[dict[str, Any]], straight: list[float], pages: list[float], spent: float) -> dict[str, Any]:
    chunks = CHATS * CHUNKS * TURNS
    first, other = Spread.of([turn["first"] for turn in turns]), Spread.of(pages)
    whole, model = Spread.of([turn["whole"] for turn in turns]), Spread.of(straight)
    lost = sum(turn["lost"] for turn in turns)
    return {
        "chats": CHATS,
        "chunks_per_s_each": RATE,
        "chunks": chunks,
        "lost_characters": lost,
        "first_frame": first.told(),
        "first_text": Spread.of([turn["text"] for turn in turns]).told(),
        "turn": whole.told(),
        "baseline_straight_from_model": model.told(),
        "ratio_turn_p50": round(whole.p50 / model.p50, 3),
        "other_page": other.told() | {"pages": len(pages)},
        "cpu_us_per_chunk": round(spent / chunks * 1e6),
        "goal": "nothing lost, first frame p99 <= 500 ms, any other page <= 250 ms",
        "met": lost == 0 and first.p99 <= 500 and other.most <= 250,
    }


async def _chat(served: Portal) -> list[dict[str, Any]]:
    return [await _turn(served, PROMPT) for _ in range(TURNS)]


async def _turn(served: Portal, prompt: str) -> dict[str, Any]:
    """One message and its answer: `lost` counts characters of the answer that no delta brought."""
    async with served.connect() as wire:
        began = time.perf_counter()
        await wire.send(json.dumps({"message": prompt, "conversation_id": str(uuid.uuid4())}))
        told: dict[str, Any] = {}
        streamed = ""
        async for raw in wire:
            frame, now = json.loads(raw), time.perf_counter() - began
            told.setdefault("first", now)
            if frame["type"] == "text":
                told.setdefault("text", now)
                streamed += frame["data"]["text"]
            elif frame["type"] == "complete":
                assert frame["data"]["outcome"] == "done", frame
                lost = 0 if streamed == frame["data"]["message"] else len(frame["data"]["message"])
                return told | {"whole": now, "lost": lost}
    raise AssertionError("The socket closed before the answer ended.")


async def _straight(model: str) -> float:
    """Seconds the model itself takes for the same answer."""
    body = {"model": "m", "max_tokens": 1000, "stream": True, "messages": [{"role": "user", "content": PROMPT}]}
    began = time.perf_counter()
    async with (
        httpx2.AsyncClient(timeout=60) as client,
        client.stream("POST", f"{model}/v1/messages", json=body, headers={"x-api-key": "bench"}) as answer,
    ):
        async for _ in answer.aiter_bytes():
            pass
    return time.perf_counter() - began


async def _read_pages(served: Portal) -> list[float]:
    """Seconds each page took, one after another, until it is told to stop."""
    taken: list[float] = []
    async with httpx2.AsyncClient(base_url=served.address, headers={"Cookie": served.cookies}, timeout=60) as client:
        try:
            while True:
                began = time.perf_counter()
                answer = await client.get(PAGES[len(taken) % len(PAGES)])
                assert answer.status_code == 200, answer
                taken.append(time.perf_counter() - began)
                await asyncio.sleep(PAGE_EVERY)
        except asyncio.CancelledError:
            return taken
