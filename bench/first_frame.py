"""How soon a person sees a sign of life: one chat alone, message after message.

Baseline: `GET /livez` of the same portal in the same run, the least it can take to be answered at all.
"""

import json
import time
import uuid
from typing import Any
from urllib.request import urlopen

from bench.rig import Clock, Spread, fake_model, portal
from tests.portal import Portal

MESSAGES = 200
WARM_UP = 5


async def measure() -> dict[str, Any]:
    with fake_model() as model, portal(model) as fleet:
        served = fleet.webs[0]
        alive = [_livez(served) for _ in range(MESSAGES)]
        first, text = await _chat(served)
    frame, said, least = Spread.of(first), Spread.of(text), Spread.of(alive)
    return {
        "messages": len(first),
        "first_frame": frame.told(),
        "first_text": said.told(),
        "baseline_livez": least.told(),
        "ratio_p50": round(frame.p50 / least.p50, 2),
        "goal": "first frame p99 <= 100 ms",
        "met": frame.p99 <= 100,
    }


def _livez(served: Portal) -> float:
    clock = Clock()
    urlopen(served.address + "/livez", timeout=10).read()
    return clock()


async def _chat(served: Portal) -> tuple[list[float], list[float]]:
    """Seconds from the message to the first frame, and to the first words."""
    first, text = [], []
    async with served.connect() as wire:
        for number in range(MESSAGES + WARM_UP):
            began = time.perf_counter()
            await wire.send(json.dumps({"message": "chunks=3 rate=0", "conversation_id": str(uuid.uuid4())}))
            at: dict[str, float] = {}
            async for raw in wire:
                kind = json.loads(raw)["type"]
                at.setdefault("first", time.perf_counter() - began)
                at.setdefault(kind, time.perf_counter() - began)
                if kind == "complete":
                    break
            if number >= WARM_UP:
                first.append(at["first"])
                text.append(at["text"])
    return first, text
