"""Random disconnects over random stories: what every client saw, against the journal of the database."""

import asyncio
import itertools
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.faults.checker import History
from tests.faults.checker.conversation_side import in_sequence
from tests.faults.rig import rehearsal, stories
from tests.faults.rig.client import Client
from tests.faults.rig.fleet import Fleet

WANTED = 10_000
CLIENTS = 40
TALES = 200
FRAMES = (1, 4)  # that a socket lives for
AGAIN = (0.01, 0.1)  # seconds until the next one
SEED = 1


async def measure(wanted: int = WANTED) -> dict[str, Any]:
    """Gaps, doubles, reorders and the like (`faults`, in words; none is the figure to meet), and how many tries."""
    chance = random.Random(SEED)
    tales = [stories.chatter(number, chance) for number in range(TALES)]
    with tempfile.TemporaryDirectory(prefix="k8smcp-disconnects-") as folder:
        place, began = Path(folder), time.monotonic()
        with rehearsal.sqlite(place, tales) as fleet:
            drops = await _drop(fleet, wanted)
            took = time.monotonic() - began
            fleet.dump()
        history = History.of(place)
    frames = sum(line["kind"] == "frame" for lines in history.clients.values() for line in lines)
    events = sum(map(len, history.events.values()))
    opened = sum(line["kind"] == "open" for lines in history.clients.values() for line in lines)
    faults = list(in_sequence(history))
    return {"disconnects": drops, "sockets": opened, "frames": frames, "events": events, "seconds": round(took, 1),
            "faults": len(faults), "examples": faults[:5]}  # fmt: skip


async def _drop(fleet: Fleet, wanted: int) -> int:
    """Clients tell tales for as long as it takes to pull their cables that many times, then see all to the end."""
    count = [0]
    known = fleet.doors, fleet.cookies, fleet.folder
    clients = [Client(str(n), *known, seed=SEED, again=AGAIN) for n in range(CLIENTS)]
    for client in clients:
        await client.__aenter__()
    try:
        await asyncio.gather(*(_unsteady(client, number, count, wanted) for number, client in enumerate(clients)))
    finally:
        for client in clients:
            await client.__aexit__()
    return count[0]


async def _unsteady(client: Client, number: int, count: list[int], wanted: int) -> None:
    """Tale after tale over a cable that is pulled after a random number of frames."""
    chance = random.Random(f"{SEED} {number}")
    left = chance.randint(*FRAMES)

    def pull(_: object) -> None:
        nonlocal left
        left -= 1
        if left <= 0 and count[0] < wanted:
            count[0] += client.drop()
            left = chance.randint(*FRAMES)

    client.heard.append(pull)
    for tale in itertools.count(number, CLIENTS):
        await client.until_ended(await client.send(f"tale {tale % TALES}"))
        if count[0] >= wanted:
            return
