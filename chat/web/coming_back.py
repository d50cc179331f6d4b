"""A socket is brought up to date with a conversation: everything it missed, or a fresh page when that is too much."""

from typing import Any

from channels.db import database_sync_to_async

from chat.web import reading
from chat.web.reading import Seen
from chat.web.viewer import Viewer
from chat.web.watch import Watch

_read = database_sync_to_async(reading.since_or_page)


async def bring(viewer: Viewer, conversation_id: str, seen: Seen, command_id: str | None = None) -> None:
    """`command_id`: of the `resume` that asks for it; without one a slow reader is brought up that was left behind too
    far to go on. Raises NotFound."""
    before = viewer.watches.get(conversation_id)
    found = await _read(viewer.person.user, conversation_id, seen, html=viewer.html)
    viewer.epoch = viewer.epoch or found.epoch
    if command_id is None and (before is None or viewer.watches.get(conversation_id) is not before):
        return  # in the meantime it has left, or come back by itself
    viewer.say(_welcome(conversation_id, found, command_id))
    closed = {run: each.closed for run, each in found.active.items()}
    viewer.watches[conversation_id] = watch = Watch(found.seq, closed, found.ended)
    viewer.say_all(conversation_id, found.events)
    viewer.say({"type": "caught_up", "data": {"conversation_id": conversation_id, "seq": watch.seq}})
    for each in found.active.values():
        block = watch.delta(each.open_block) if each.open_block is not None else None
        if block is not None:
            viewer.say(block)


def _welcome(conversation_id: str, found: reading.Found, command_id: str | None) -> dict[str, Any]:
    told = {"conversation_id": conversation_id, "head_seq": found.head, "recovered": found.recovered}
    told |= {"epoch": found.epoch} | ({"id": command_id} if command_id is not None else {})
    return {"type": "welcome", "data": told}
