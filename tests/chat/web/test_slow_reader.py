"""A real socket whose reader stops while a lot is said: it costs little, is closed, comes back and has all of it."""

import asyncio
import json
import socket
import uuid
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.portal import Frame, Portal, say, until

SAID = (
    300_000  # characters a run says: far more than an outbox holds, thrice in frames (deltas, the end of it, the end)
)
RUNS, READERS = 12, 4
MOST_GROWTH = 80_000  # kB: a tenth of what would wait if nobody minded


def resident(portal: Portal) -> int:
    """kB (proc(5))."""
    assert portal.process is not None
    lines = Path(f"/proc/{portal.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


async def test_a_reader_that_stops_costs_little_is_closed_and_has_everything_when_it_comes_back(tmp_path: Path):
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"rounds": [[{"say": "word " * (SAID // 5), "chunks": 60}]]}))
    portal = Portal(tmp_path / "home", K8SMCP_PROVIDER="scripted", K8SMCP_SCRIPT=str(script), K8SMCP_DEMO="0")
    portal.program = ("-m", "tests.chat.web.impatient")
    name = str(uuid.uuid4())
    with portal:
        portal.sign_in()
        async with portal.connect() as well:
            heard: list[Frame] = []
            await told(well, name, heard)
            readers = [await stopped(portal, name) for _ in range(READERS)]
            before = resident(portal)
            for _ in range(RUNS):
                await told(well, name, heard)
            assert resident(portal) - before < MOST_GROWTH
            await asyncio.sleep(5)  # patience, and the hub's next look
            everything = durable(heard)
            for reader in readers:
                seen = await left(reader)
                assert len(seen) < len(everything)
                assert seen + await back(portal, name, seen[-1]["seq"]) == everything


async def told(wire: ClientConnection, name: str, heard: list[Frame]) -> None:
    await say(wire, type="send", conversation_id=name, text="go")
    await until(wire, "complete", heard)


async def stopped(portal: Portal, name: str) -> ClientConnection:
    """It has come in, and takes nothing more from its wire."""
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)  # what the kernel would hold for it is not the matter
    plain.connect(("127.0.0.1", portal.port))
    plain.setblocking(False)
    wire = await portal.connect(sock=plain, compression=None, ping_interval=None)
    await say(wire, type="resume", conversation_id=name, seq=0)
    return wire


async def drained(wire: ClientConnection, heard: list[Frame]) -> None:
    async with asyncio.timeout(30):
        while True:
            heard.append(json.loads(await wire.recv()))


async def left(wire: ClientConnection) -> list[Frame]:
    """What was under way to it, up to its end."""
    heard: list[Frame] = []
    with pytest.raises(ConnectionClosed) as end:
        await drained(wire, heard)
    assert end.value.rcvd is not None
    assert end.value.rcvd.code == 4102
    return durable(heard)


async def back(portal: Portal, name: str, seq: int) -> list[Frame]:
    heard: list[Frame] = []
    async with portal.connect() as wire:
        await say(wire, type="resume", conversation_id=name, seq=seq)
        await until(wire, "caught_up", heard)
    assert next(frame for frame in heard if frame["type"] == "welcome")["data"]["recovered"]
    return durable(heard)


def durable(heard: list[Frame]) -> list[Any]:
    return [frame for frame in heard if "seq" in frame]
