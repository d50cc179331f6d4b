"""One MCP request: the list of tools, a call, or what became of one. Each call is a run with the same gate and journal
as everywhere else."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import mcp_types as types
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.db import Error as DatabaseFault
from django.urls import reverse

from chat import tool_calls
from chat.access import find_run
from chat.actions import direct
from chat.actions.direct import Through
from chat.actions.messages import Accepted, Way
from chat.errors import PortalError
from chat.mcp import adapt
from chat.waiting import settled
from tools import registry
from tools.registry import UnknownTool
from tools.toolbox import BadArguments

TELL_EVERY = 2.0  # seconds between two words of progress
DOOR = "mcp"
Report = Callable[[float, float | None, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and the scope of the access token they came by; `address`: the portal's, as they reach it. `report`
    takes seconds so far, None, and words."""

    user: User
    token: str
    address: str
    report: Report


async def listed(caller: Caller) -> list[types.Tool]:
    return [*await database_sync_to_async(_offered)(caller), adapt.outcome_tool()]


def _offered(caller: Caller) -> list[types.Tool]:
    return [adapt.offered(registry.find(offer.name)) for offer in tool_calls.offered(caller.user, caller.token)]


async def call(caller: Caller, name: str, arguments: dict[str, Any]) -> types.CallToolResult:
    """Never raises: a fault is an answer that the model can read."""
    try:
        if name == adapt.OUTCOME:
            return await _outcome(caller, arguments)
        accepted = await database_sync_to_async(_ask)(caller, name, arguments)
        return await _told(caller, accepted.conversation_id, accepted.run_id, adapt.LONGEST_WAIT)
    except (PortalError, UnknownTool, BadArguments) as fault:
        return adapt.refused(str(fault))
    except DatabaseFault:
        return adapt.refused("The portal's database does not answer. Look in the portal before you ask again.")


def _ask(caller: Caller, name: str, arguments: dict[str, Any]) -> Accepted:
    """What is not offered is not called: the list and the call ask the same question."""
    if name not in {offer.name for offer in tool_calls.offered(caller.user, caller.token)}:
        raise UnknownTool(
            f'There is no tool "{name[:80]}" for {caller.user.get_username()}. List the tools to see which are.'
        )
    place = direct.quiet_conversation(caller.user, DOOR)
    through = Through(Way(DOOR, token=caller.token), conversation_id=place)
    return direct.ask(caller.user, name, arguments, through)


async def _outcome(caller: Caller, arguments: dict[str, Any]) -> types.CallToolResult:
    unknown = set(arguments) - {"run_id", "wait_seconds"}
    wait = arguments.get("wait_seconds", 0)
    if unknown or not isinstance(wait, int) or not 0 <= wait <= adapt.LONGEST_WAIT:
        return adapt.refused(f"{adapt.OUTCOME} takes run_id, and wait_seconds from 0 to {adapt.LONGEST_WAIT}.")
    run = await database_sync_to_async(find_run)(caller.user, str(arguments.get("run_id", "")))
    return await _told(caller, str(run.conversation_id), str(run.pk), wait)


async def _told(caller: Caller, conversation_id: str, run_id: str, patience: float) -> types.CallToolResult:
    where = {
        "run_id": run_id,
        "conversation_url": caller.address + reverse("conversation", args=[uuid.UUID(conversation_id)]),
    }
    waiting = asyncio.create_task(settled(conversation_id, run_id, patience))
    try:
        await _report(caller.report, waiting)
        found = await waiting
    finally:
        waiting.cancel()
    if found.complete is not None:
        return adapt.finished(await database_sync_to_async(direct.call_of)(caller.user, run_id), where)
    if found.approval is not None:
        approval = caller.address + found.approval["url"]
        sentence = f"Waiting for approval at {approval}. Ask {adapt.OUTCOME} with run_id {run_id} for the outcome."
        return adapt.unfinished("waiting", sentence, where | {"approval_url": approval})
    sentence = f"Still running. Ask {adapt.OUTCOME} with run_id {run_id} for the outcome."
    return adapt.unfinished("running", sentence, where)


async def _report(report: Report, waiting: "asyncio.Task[Any]") -> None:
    """While it takes long; a client that did not ask for progress is sent none."""
    seconds = 0.0
    while not (await asyncio.wait([waiting], timeout=TELL_EVERY))[0]:
        seconds += TELL_EVERY
        await report(seconds, None, "The portal is still at it.")
