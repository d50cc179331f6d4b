"""Tries a call out before anybody is asked: what it would send, and what the API server's own dry run makes of it.

The tool runs as it always does; only its wire is another (`tools.kube.rehearsing`). So what people approve is what the
tool will send, byte for byte, and a call that the server refuses fails before it costs anybody a decision.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from channels.db import database_sync_to_async

from tools import clusters, toolbox
from tools.effects import Effect
from tools.kube.client import KubeClient
from tools.kube.errors import KubeError
from tools.kube.guard import Permit
from tools.kube.plan import Recorder, Step
from tools.kube.sending import Seen
from tools.kube.transport import Transport
from tools.spec import Arguments, Tool


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a call would do. refusal: why it cannot be done, in sentences; empty when it can.
    place: the API server's address and a fingerprint of its authority."""

    steps: tuple[Step, ...]
    refusal: str = ""
    place: tuple[str, str] = ("", "")

    @property
    def changes(self) -> bool:
        """Whether anything would be stored: a tool may find that all is as wanted, or ask for a dry run itself."""
        return any(not step.trial for step in self.steps)

    @property
    def effect(self) -> Effect:
        return max((step.effect for step in self.steps), key=lambda effect: effect.rank, default=Effect.READ)


async def rehearse(tool: Tool, arguments: Arguments, cluster: str, permit: Permit) -> Rehearsal:
    """`permit` must be a rehearsal's. Never raises, but for being cancelled."""
    recorder = Recorder()
    outcome = await toolbox.run(tool, arguments, cluster, permit, recorder)
    return Rehearsal(tuple(recorder.steps), "" if outcome.status == "completed" else outcome.text, recorder.place)


async def moved(cluster: str, permit: Permit, then: Sequence[tuple[str, str, Seen]]) -> str:
    """Which of these objects (address, words, as seen then) somebody has written to since; empty when none.

    A cluster that does not answer tells nothing: whether the object is as it was is looked at once more, before
    anything is sent."""
    try:
        access = await database_sync_to_async(clusters.access)(cluster)
        client = KubeClient(Transport(cluster, access), permit)
        for address, words, seen in then:
            if not same(seen, await client.look(address)):
                return words
    except KubeError:
        return ""
    return ""


def same(then: Seen, now: Seen) -> bool:
    """Whether it is the same object and nobody but those who report its status has written to it."""
    if not then.there or not now.there:
        return then.there == now.there
    if then.uid != now.uid or then.generation != now.generation or then.going != now.going:
        return False
    return then.version == now.version or bool(then.owners and then.owners == now.owners)
