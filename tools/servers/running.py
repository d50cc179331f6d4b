"""Runs a tool of another MCP server: as the gate allowed it, once, its answer cleaned like any other.

There is no dry run of it. What people approve is the very call: its arguments and the tool as it was looked at.
"""

import time
from functools import partial

from channels.db import database_sync_to_async

from tools import redaction, toolbox
from tools.kube.errors import Ambiguous, KubeError, NotPermitted
from tools.kube.guard import Permit, clock
from tools.kube.sending import Sending
from tools.models import McpServer
from tools.servers import registered, wire
from tools.servers.narrow import Reach
from tools.servers.offered import ServerTool, passed, wire_of
from tools.spec import Closed, Result


async def run(tool: ServerTool, arguments: Closed, permit: Permit) -> toolbox.Outcome:
    """Never raises, but for being cancelled."""
    began = time.perf_counter()
    secrets: set[str] = set()
    status: toolbox.Status = "failed"
    try:
        server = await database_sync_to_async(_enabled)(tool.server)
        reach = await database_sync_to_async(registered.reach)(server)
        secrets = _secrets(reach)
        answer = await _sent(reach, tool, arguments, permit, server)
        status = "failed" if answer.failed else "completed"
        result = Result(answer.text or "The server answered without words.", data=answer.data)
    except KubeError as fault:
        status = "unknown" if isinstance(fault, Ambiguous) else "failed"
        result = Result(fault.sentence)
    return await toolbox.outcome(status, result, secrets, began)


async def _sent(reach: Reach, tool: ServerTool, arguments: Closed, permit: Permit, server: McpServer) -> wire.Answer:
    _check(tool, permit)
    leaving = partial(_leave, tool, arguments, permit)
    wanted = wire.Call(
        tool.own_name, passed(arguments), tool.digest, leaving, writes=tool.effect.writes, stopping=permit.stopping
    )
    try:
        return await wire.call(reach, wanted)
    except wire.Changed:
        await look(server, reach)  # what it tells now is what an administrator sees next
        raise


def _secrets(reach: Reach) -> set[str]:
    """What it was given, and may say again."""
    given = [*reach.headers.values(), *(reach.program.environment.values() if reach.program else ())]
    return {word for value in given for word in value.split() if len(word) > 7}


def _enabled(name: str) -> McpServer:
    """Raises NotPermitted."""
    server = McpServer.objects.filter(name=name, enabled=True).first()
    if server is None:
        raise NotPermitted(f'The MCP server "{name}" is switched off or gone: nothing was sent.')
    return server


def _check(tool: ServerTool, permit: Permit) -> None:
    """As the guard asks before the wire to a cluster. Raises NotPermitted."""
    if permit.cluster != tool.place or permit.rehearsal or not tool.effect.within(permit.ceiling):
        raise NotPermitted("This call was not allowed for this server and effect: nothing was sent.")
    verdict = permit.judge(tool.asked, tool.effect) if permit.judge is not None else None
    if verdict is None or verdict.decision != "allow":
        why = verdict.reason if verdict is not None else "Nobody has judged this call."
        raise NotPermitted(f"{why} Nothing was sent.")


async def _leave(tool: ServerTool, arguments: Closed, permit: Permit) -> None:
    """Spends the plan's pass and writes the intent down, when nothing is left but to send it. Raises NotPermitted,
    NotSent."""
    if not tool.effect.writes:
        return
    if permit.plan is None or permit.announce is None or not permit.plan.spend(wire_of(tool, arguments)):
        raise NotPermitted("Nobody allowed exactly this call, or it went out already: nothing was sent.")
    until = await permit.announce(Sending("other", "", f"{tool.own_name} of {tool.server}"))
    if clock() > until:
        raise NotPermitted("The moment in which this could leave has passed: nothing was sent.")


async def look(server: McpServer, reach: Reach | None = None) -> None:
    """Asks the server for its tools and keeps what it tells. Raises KubeError, and keeps that as its problem."""
    given: set[str] = set()
    try:
        reach = reach or await database_sync_to_async(registered.reach)(server)
        given = _secrets(reach)
        told = await wire.tools_of(reach)
    except KubeError as fault:
        clean = redaction.text(fault.sentence, given)
        await database_sync_to_async(registered.could_not_be_asked)(server, clean)
        raise type(fault)(clean) from None
    await database_sync_to_async(registered.keep)(server, told)
