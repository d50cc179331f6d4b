"""500 clients come back in the same moment, each to a conversation of its own in which it missed 200 events.

From the beginning of the new connection to `caught_up`, one web process on SQLite. Baseline: as many connections at
once that ask for nothing.
"""

import asyncio
import time
from typing import Any

import orjson

from bench.filling import fill
from bench.rig import Processor, Spread, fake_model, portal
from tests.portal import Portal

CLIENTS, MISSED, HAD = 500, 200, 20


async def measure() -> dict[str, Any]:
    with fake_model() as model, portal(model) as fleet:
        served = fleet.webs[0]
        names = fill(served, CLIENTS, HAD + MISSED)
        await _come_back(served, names[0])  # warm
        bare = await asyncio.gather(*(_only_connect(served) for _ in names))
        processor = Processor(fleet.pids)
        back = await asyncio.gather(*(_come_back(served, name) for name in names))
        spent = processor.spent()["web1"]
    whole, resumed = Spread.of([each[0] for each in back]), Spread.of([each[1] for each in back])
    return {
        "clients": CLIENTS,
        "missed_events_each": MISSED,
        "events_that_came": sum(each[2] for each in back),
        "connect_and_catch_up": whole.told(),
        "catch_up_alone": resumed.told(),
        "baseline_connect_alone": Spread.of(bare).told(),
        "ratio_p99": round(whole.p99 / Spread.of(bare).p99, 2),
        "cpu_ms_per_client": round(spent / CLIENTS * 1000, 2),
        "goal": "p99 <= 1500 ms, nothing missing",
        "met": whole.p99 <= 1500 and all(each[2] == MISSED for each in back),
    }


async def _come_back(served: Portal, name: str) -> tuple[float, float, int]:
    """Seconds from the connection's beginning, seconds from the question, and how many events came."""
    began = time.perf_counter()
    async with served.connect("batch=1") as wire:
        asked = time.perf_counter()
        await wire.send(orjson.dumps({"type": "resume", "id": "r", "conversation_id": name, "seq": HAD}).decode())
        came = 0
        async for raw in wire:
            if raw.startswith('{"type":"events"'):
                came += len(orjson.loads(raw)["data"]["events"])
            elif raw.startswith('{"type":"caught_up"'):
                now = time.perf_counter()
                return now - began, now - asked, came
    raise AssertionError("The socket closed before it had caught up.")


async def _only_connect(served: Portal) -> float:
    began = time.perf_counter()
    async with served.connect():
        return time.perf_counter() - began
