"""What time brings for the sockets of a process: a look round, whether people may still be here, the heartbeat."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from channels.db import database_sync_to_async
from django.db import Error as DatabaseFault

from chat.web import reading
from chat.web.viewer import Viewer

if TYPE_CHECKING:
    from chat.web.hub import Hub

SIGNED_OUT, RIGHTS_LOST, GONE, SLOW = 4201, 4203, 4504, 4102
RECHECK = 5.0  # seconds between two looks at a person
HEARTBEAT = 25.0


async def tend(hub: "Hub") -> None:
    """One round; the hub makes it again and again."""
    await asyncio.sleep(hub.every)
    now = asyncio.get_running_loop().time()
    for viewer in list(hub.viewers):
        if viewer.outbox.stuck():
            viewer.gone(SLOW, "This connection is too slow for what happens here. Come back and go on from there.")
        elif now - viewer.beaten >= HEARTBEAT:
            viewer.beaten = now
            beat(viewer)
    await hub.look_round()


async def look_at_people(hub: "Hub") -> None:
    """One round, beside the other: with many sockets it takes a while, and the journal is not to wait for it."""
    await hub.listen_for_people()
    with suppress(TimeoutError):
        async with asyncio.timeout(hub.every):  # wait_for swallows being cancelled in the moment of the bell (3.11)
            await hub.doubt.wait()
    await _look_at_doubted(hub)
    now = asyncio.get_running_loop().time()
    for viewer in [each for each in hub.viewers if now - each.looked_at >= RECHECK]:
        await recheck(hub, viewer)
        await _look_at_doubted(hub)


async def _look_at_doubted(hub: "Hub") -> None:
    """Those whom the bell says something has changed for come first."""
    hub.doubt.clear()
    while hub.doubted:
        viewer = hub.doubted.pop()
        try:
            await recheck(hub, viewer)
        except DatabaseFault:
            hub.doubted.add(viewer)
            raise


def beat(viewer: Viewer) -> None:
    """One heartbeat for each conversation, with the number this socket is at."""
    for conversation_id, watch in viewer.watches.items():
        viewer.say({"type": "heartbeat", "data": {"conversation_id": conversation_id, "head_seq": watch.seq}})
    if not viewer.watches:
        viewer.say({"type": "heartbeat", "data": {}})


async def recheck(hub: "Hub", viewer: Viewer) -> None:
    """Sign-out, deactivation or the loss of a right ends what it allowed."""
    asked = list(viewer.watches)
    viewer.looked_at = asyncio.get_running_loop().time()
    found, visible = await database_sync_to_async(reading.look_again)(viewer.person, asked)
    if found is None:
        viewer.gone(SIGNED_OUT, "You have been signed out.")
        return
    if viewer.person.has_lost_something(found):
        viewer.gone(RIGHTS_LOST, "What you may do here has changed. Load the page again.")
        return
    viewer.person = found
    for conversation_id in (set(asked) - visible) & set(viewer.watches):
        await hub.forget(viewer, conversation_id)
        viewer.gone(GONE, "This conversation is no longer shared with you.")
