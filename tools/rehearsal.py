"""Tries a call out before anybody is asked: what it would send, and what the API server's own dry run makes of it.

The tool runs as it always does; only its wire is another (`tools.kube.rehearsing`). So what people approve is what the
tool will send, byte for byte, and a call that the server refuses fails before it costs anybody a decision.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
from channels.db import database_sync_to_async

from tools import clusters, toolbox
from tools.identity import Acting
from tools.kube.errors import KubeError
from tools.kube.failures import missing
from tools.kube.guard import Permit
from tools.kube.plan import Recorder, Step, state
from tools.kube.transport import Request, Transport
from tools.servers.offered import ServerTool, foretold
from tools.spec import Closed, Tool

_LOOK = 3.0  # seconds that somebody who decides waits for a cluster


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a call would do. refusal: why it cannot be done, in sentences; empty when it can.
    place: the API server's address and a fingerprint of its authority; notes: what its tool has to say to those who
    decide."""

    steps: tuple[Step, ...]
    refusal: str = ""
    place: tuple[str, str] = ("", "")
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether anything would be stored: a tool may find that all is as wanted, or ask for a dry run itself."""
        return any(not step.trial for step in self.steps)


async def rehearse(tool: Tool, arguments: Closed, cluster: str, permit: Permit, acting: Acting) -> Rehearsal:
    """As that person. `permit` must be a rehearsal's. A tool of another server has no dry run: its call is foretold and
    not tried. Never raises, but for being cancelled."""
    if isinstance(tool, ServerTool):
        step, place = await database_sync_to_async(foretold)(tool, arguments)
        return Rehearsal((step,), place=place)
    recorder = Recorder()
    outcome = await toolbox.run(tool, arguments, cluster, permit, acting, recorder)
    refusal = "" if outcome.status == "completed" else outcome.text
    return Rehearsal(tuple(recorder.steps), refusal, recorder.place, outcome.notes)


async def states(cluster: str, permit: Permit, acting: Acting, addresses: Iterable[str]) -> dict[str, str]:
    """The fingerprint (`tools.kube.plan.state`) of each object as it is now, empty where there is none; what the
    cluster does not tell is left out. Never raises, but for being cancelled."""
    found: dict[str, str] = {}
    try:
        access = await database_sync_to_async(clusters.access)(cluster, acting)
        transport = Transport(cluster, access)
        for address in addresses:
            answer = await transport.send(Request("GET", address, seconds=_LOOK), permit)
            if answer.status == 200:
                found[address] = state(msgspec.json.decode(answer.body))
            elif missing(answer):
                found[address] = ""
    except (KubeError, msgspec.DecodeError):
        return found
    return found
