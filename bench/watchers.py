"""200 watchers of 50 runs, each of which says 20 words a second, on two web processes and a worker.

Every watcher must get every event and, put together, every word; `chunk_to_frame` is from the moment a chunk left the
model to the frame that brought it. Baseline: the time from a chunk to a client that reads straight from the model.
"""

import asyncio
import random
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx2
import orjson

from bench.chats import STAMP
from bench.rig import Fleet, Processor, Spread, fake_model, fleet

RUNS, WATCHERS_EACH, RATE, CHUNKS = 50, 4, 20, 300
PROMPT = f"chunks={CHUNKS} rate={RATE} stamp=1"
SPREAD = 5.0  # seconds within which the runs begin


@dataclass(slots=True)
class Seen:
    """What one watcher got of one run."""

    seqs: list[int] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    message: str = ""

    def note(self, frame: dict[str, Any]) -> bool:
        """True at the end of the run."""
        if "seq" in frame:
            self.seqs.append(frame["seq"])
        if frame["type"] == "text":
            self.words.append(frame["data"]["text"])
            now = time.monotonic_ns()
            self.late.extend((now - int(stamp)) / 1e9 for stamp in STAMP.findall(frame["data"]["text"]))
        if frame["type"] == "complete":
            self.message = frame["data"]["message"]
        return bool(frame["type"] == "complete")

    @property
    def whole(self) -> bool:
        first = self.seqs[0]
        return self.seqs == list(range(first, first + len(self.seqs))) and "".join(self.words) == self.message != ""


async def measure() -> dict[str, Any]:
    with fake_model() as model, fleet(model) as served:
        names = [str(uuid.uuid4()) for _ in range(RUNS)]
        for name in names:
            await _begin(served, name)
        straight = await _straight(model)
        processor = Processor(served.pids)
        seen = [each for watched in await asyncio.gather(*(_run(served, name) for name in names)) for each in watched]
        spent = processor.spent()
    late = Spread.of([late for each in seen for late in each.late])
    whole = sum(each.whole for each in seen)
    return {
        "runs": RUNS,
        "watchers": len(seen),
        "chunks_per_s_each": RATE,
        "watchers_that_got_everything": whole,
        "chunk_to_frame": late.told(),
        "baseline_chunk_to_plain_client": straight.told(),
        "cpu_us_per_delivered_chunk": {
            name: round(seconds / (len(seen) * CHUNKS) * 1e6) for name, seconds in spent.items()
        },
        "goal": "every watcher gets everything, chunk to frame p50 <= 100 ms and p99 <= 400 ms",
        "met": whole == len(seen) and late.p50 <= 100 and late.p99 <= 400,
    }


async def _begin(served: Fleet, name: str) -> None:
    async with served.webs[0].connect() as wire:
        await wire.send(orjson.dumps({"message": "chunks=1", "conversation_id": name}).decode())
        async for raw in wire:
            if orjson.loads(raw)["type"] == "complete":
                return


async def _run(served: Fleet, name: str) -> list[Seen]:
    watching = [asyncio.Event() for _ in range(WATCHERS_EACH)]
    tasks = [asyncio.create_task(_watch(served, name, n, watching[n])) for n in range(WATCHERS_EACH)]
    await asyncio.gather(*(each.wait() for each in watching))
    await asyncio.sleep(random.random() * SPREAD)
    async with served.webs[0].connect() as wire:
        await wire.send(orjson.dumps({"message": PROMPT, "conversation_id": name}).decode())
        await wire.recv()
    return list(await asyncio.gather(*tasks))


async def _watch(served: Fleet, name: str, number: int, watching: asyncio.Event) -> Seen:
    seen = Seen()
    async with served.webs[number % len(served.webs)].connect() as wire:
        await wire.send(orjson.dumps({"type": "resume", "id": "r", "conversation_id": name, "seq": 0}).decode())
        while orjson.loads(await wire.recv())["type"] != "caught_up":
            pass
        watching.set()
        async for raw in wire:
            if seen.note(orjson.loads(raw)):
                break
    return seen


async def _straight(model: str) -> Spread:
    """From a chunk to a client that reads nothing else."""
    body = {"model": "m", "max_tokens": 1000, "stream": True, "messages": [{"role": "user", "content": PROMPT}]}
    late: list[float] = []
    async with (
        httpx2.AsyncClient(timeout=60) as client,
        client.stream("POST", f"{model}/v1/messages", json=body, headers={"x-api-key": "bench"}) as answer,
    ):
        async for raw in answer.aiter_bytes():
            now = time.monotonic_ns()
            late.extend((now - int(stamp)) / 1e9 for stamp in STAMP.findall(raw.decode()))
    return Spread.of(late)
