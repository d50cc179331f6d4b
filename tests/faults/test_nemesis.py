"""The nemesis does the harm it says, and no other."""

import asyncio
import struct

import pytest

from tests.faults.rig.filters import BadBell, CommitCuts, commits, reply_end
from tests.faults.rig.nemesis import Cut, Nemesis


@pytest.fixture
async def echo():
    async def answer(reader, writer):
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture
async def link(echo):
    with Nemesis() as nemesis:
        yield nemesis.link("echo", echo)


async def said(link) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
    try:
        writer.write(b"hello")
        return await asyncio.wait_for(reader.read(5), 2)
    finally:
        writer.close()


async def test_it_passes_cuts_refuses_and_heals(link):
    assert await said(link) == b"hello"
    reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
    writer.write(b"x")
    assert await reader.read(1) == b"x"
    link.cut()
    with pytest.raises(ConnectionResetError):
        await reader.read(1)
    writer.close()
    link.refuse()
    with pytest.raises(ConnectionRefusedError):
        await said(link)
    link.heal()
    assert await said(link) == b"hello"


async def test_it_freezes_and_half_closes(link):
    link.freeze()
    with pytest.raises(TimeoutError):
        await said(link)
    link.heal()
    reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
    writer.write(b"x")
    assert await reader.read(1) == b"x"
    link.half_close()
    assert await reader.read(1) == b""
    writer.close()


def query(text: str) -> bytes:
    return b"Q" + struct.pack(">I", len(text) + 5) + text.encode() + b"\0"


STARTUP = struct.pack(">II", 8, 80877103) + struct.pack(">II", 8, 196608)


def test_a_commit_is_told_from_what_only_speaks_of_one():
    assert commits(query("COMMIT"))
    assert commits(query("commit;"))
    assert not commits(query("SELECT 'COMMIT'"))


def test_a_commit_is_cut_before_it_arrives_or_before_its_answer():
    lost = CommitCuts(arrives=False)()
    data = STARTUP + query("BEGIN") + query("COMMIT")
    assert lost.upward(data[:30]) == data[:30]
    with pytest.raises(Cut):
        lost.upward(data[30:])
    kept = CommitCuts(arrives=True)()
    assert kept.upward(data) == data
    with pytest.raises(Cut):
        kept.downward(b"C")


def pushed(text: bytes) -> bytes:
    return b"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\n" + text + b"\r\n"


def test_pushed_messages_meet_their_fate_however_the_bytes_come():
    fates = iter(["keep", "lose", "double", "swap", "keep"])
    line = BadBell(lambda: next(fates))()
    data = b"+OK\r\n" + b"".join(pushed(letter) for letter in (b"1", b"2", b"3", b"4", b"5"))
    out = b"".join(line.downward(data[place : place + 7]) for place in range(0, len(data), 7))
    assert out == b"+OK\r\n" + pushed(b"1") + pushed(b"3") * 2 + pushed(b"5") + pushed(b"4")


@pytest.mark.parametrize(
    "reply", [b":1\r\n", b"$-1\r\n", b"*0\r\n", b"*2\r\n:1\r\n$2\r\nab\r\n", b"%1\r\n+a\r\n:1\r\n"]
)
def test_replies_end_where_they_end(reply):
    assert reply_end(reply + b"+") == len(reply)
    assert reply_end(reply[:-1]) is None
