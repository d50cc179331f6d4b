"""A hundred thousand hostile frames: each is read or refused with a sentence, and the portal is as good as before."""

import asyncio
import itertools
import json
import time
import uuid
from collections import Counter
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from chat.errors import PortalError
from chat.web import frames
from tests.hostile import figures
from tests.hostile.doors.frames import endless
from tests.portal import Portal

PARSED, SENT, PIPED = 100_000, 3_000, 50
LEAKS = ("Traceback", "site-packages", "sqlite", "psycopg", "/chat/", "Exception", 'File "')


def test_a_hundred_thousand_frames_are_read_or_refused_with_a_sentence():
    began, outcomes = time.monotonic(), Counter[str]()
    for frame in itertools.islice(endless(7), PARSED):
        read, sentence = parsed(frame)
        outcomes[read] += 1
        assert sentence.endswith("."), (frame[:200], sentence)
        assert len(sentence) < 400, frame[:200]
    assert outcomes["Unreadable"] > PARSED / 10
    assert outcomes["Refused"] > PARSED / 10
    seconds = time.monotonic() - began
    line = f"frames fuzzed: {PARSED} parsed ({seconds:.0f} s), every one read or refused with a sentence"
    figures.note("frames parsed", line, frames=PARSED, seconds=round(seconds))


def parsed(frame: str) -> tuple[str, str]:
    """What became of it, and the sentence of a refusal. A socket gives only text that has a UTF-8 form."""
    try:
        return type(frames.parse(frame.encode("utf-8", "replace").decode())).__name__, "."
    except PortalError as refusal:
        return type(refusal).__name__, str(refusal)


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    home = tmp_path_factory.mktemp("frames")
    script = home / "script.json"
    script.write_text(json.dumps({"rounds": [[{"say": "Hello."}]]}))
    with Portal(home / "portal", K8SMCP_PROVIDER="scripted", K8SMCP_SCRIPT=str(script), K8SMCP_DEMO="0") as portal:
        yield portal.sign_in()


def memory(portal: Portal) -> int:
    """Resident memory in MiB."""
    status = Path(f"/proc/{portal.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) >> 10


async def test_thousands_over_a_real_socket_leave_it_alive_and_lean(portal):
    hostile = itertools.islice(endless(11, strangers=(str(uuid.uuid4()), "0" * 32)), SENT)
    before, answers, codes, left = memory(portal), Counter[str](), Counter[int](), SENT
    while left > 0:
        async with portal.connect() as wire:
            try:
                left -= await exchanged(wire, list(itertools.islice(hostile, PIPED)), answers)
            except ConnectionClosed as closed:
                codes[closed.rcvd.code if closed.rcvd else 1006] += 1
                left -= PIPED
    assert set(codes) <= {1007, 1009, *range(4000, 4600)}, codes
    assert answers["nack"] + answers["error"] > SENT / 3
    assert portal.process.poll() is None
    assert "Traceback" not in portal.log
    assert memory(portal) - before < 96
    assert "ok" in portal.page("/readyz")
    figures.note("frames sent", f"frames over a real socket: {SENT}, closed {sum(codes.values())} times", sent=SENT)


async def exchanged(wire, batch: list[str], answers: Counter[str]) -> int:
    """Sends them all, then a good one, whose answer says that all before it were dealt with."""
    for frame in batch:
        await wire.send(frame.encode("utf-8", "replace").decode())
    last = str(uuid.uuid4())
    await wire.send(json.dumps({"type": "stop", "id": last, "run_id": last}))
    async with asyncio.timeout(60):
        async for raw in wire:
            frame = json.loads(raw)
            answers[frame["type"]] += 1
            if frame["type"] in ("nack", "error"):
                told = frame["data"].get("message") or frame["data"]["error"]
                assert told.endswith("."), told
                assert not [word for word in LEAKS if word in told], told
            if frame["data"].get("id") == last:
                return len(batch)
    raise ConnectionClosed(None, None)


@pytest.mark.parametrize("raw", [b"\x00\xff", b"{}", "{" * 66_000, "x" * (1 << 20)], ids=range(4))
async def test_bytes_and_oversize_close_in_our_range_or_are_answered(portal, raw):
    async with portal.connect() as wire:
        assert await answered(wire, raw) in {"error", 1003, 1007, 1009, *range(4000, 4600)}
    assert portal.process.poll() is None


async def answered(wire, raw) -> str | int:
    """The type of the answer, or the code of the close."""
    try:
        await wire.send(raw)
        return json.loads(await asyncio.wait_for(wire.recv(), 20))["type"]
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006
