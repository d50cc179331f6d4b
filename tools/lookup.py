"""Finds out what became of a change whose answer nobody heard: reads only, within a bound, and never sends it again.

What was about to leave is known, because each change is written down before it leaves (`tools.kube.departure`). So a
call with nothing written down has done nothing; for the rest the cluster is asked (`tools.kube.proof`). A request that
seems not to have arrived may still be on its way: it is looked for until the API server would have given it up.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from channels.db import database_sync_to_async

from tools import clusters
from tools.identity import NOBODY, Acting
from tools.kube.client import KubeClient
from tools.kube.departure import SEND_WITHIN
from tools.kube.errors import BadAnswer, Busy, KubeError, Unreachable
from tools.kube.guard import Permit
from tools.kube.proof import Finding, State, judge
from tools.kube.sending import Sending
from tools.kube.transport import WRITE_SECONDS, Transport
from tools.spec import Closed, Tool
from tools.toolbox import Status

ARRIVES_WITHIN = SEND_WITHIN + WRITE_SECONDS + 1.0  # the same to its end in the cluster; a second for the network
SHORTEST_LOOK, LONGEST_LOOK = 5.0, 15.0  # seconds
_AGAIN = 0.5
_PASSING = (Unreachable, Busy, BadAnswer)


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of the call in the end: a status of the toolbox and its sentences."""

    status: Status
    text: str


async def look_up(
    tool: Tool,
    arguments: Closed,
    permit: Permit,
    sent: Sequence[Sending],
    seconds_ago: float,
    acting: Acting = NOBODY,
) -> Told:
    """`sent`: what was written down, in order, the last one `seconds_ago`. `permit` need not allow more than READ.
    Never raises, but for being cancelled."""
    if not sent:
        return Told("failed", f"It did not happen: the portal stopped before anything was sent. {_ASK_AGAIN}")
    if all(not sending.path or sending.verb == "run" for sending in sent):
        return _told(tool, arguments, sent, [Finding(State.UNKNOWN, _NO_TRACE) for _ in sent])
    left = min(max(ARRIVES_WITHIN - seconds_ago, 0.0), ARRIVES_WITHIN)
    try:
        access = await database_sync_to_async(clusters.access)(permit.cluster, acting)
        client = KubeClient(Transport(permit.cluster, access), permit)
        async with asyncio.timeout(min(max(left + 2.0, SHORTEST_LOOK), LONGEST_LOOK)):
            findings = await _findings(client, sent, left)
    except KubeError as fault:
        findings = [Finding(State.UNKNOWN, f"the cluster cannot tell ({_inner(fault.sentence)})") for _ in sent]
    except TimeoutError:
        findings = [Finding(State.UNKNOWN, "the cluster could not be asked in time") for _ in sent]
    return _told(tool, arguments, sent, findings)


_ASK_AGAIN = "It was not sent again; ask again if it is still wanted."
_NO_TRACE = "a cluster does not keep what such a call did"


async def _findings(client: KubeClient, sent: Sequence[Sending], left: float) -> list[Finding]:
    """Looks until everything is decided. What has not arrived when `left` seconds are over will not any more."""
    over = time.monotonic() + left
    while True:
        final = time.monotonic() >= over
        try:
            findings = [await _finding(client, sending) for sending in sent]
            if final or all(finding.state is not State.NOT_ARRIVED for finding in findings):
                return findings
        except _PASSING:
            if final:
                raise
        await asyncio.sleep(_AGAIN)


async def _finding(client: KubeClient, sending: Sending) -> Finding:
    if not sending.path:
        return Finding(State.UNKNOWN, _NO_TRACE)
    return judge(sending, await client.look(sending.path))


# ---- how it is told ----------------------------------------------------------------------------------------------


def _told(tool: Tool, arguments: Closed, sent: Sequence[Sending], findings: Sequence[Finding]) -> Told:
    states = {finding.state for finding in findings}
    whys = "; ".join(finding.why for finding in findings)
    if State.UNKNOWN in states:
        where = ", ".join(dict.fromkeys(sending.words for sending in sent))
        return Told(
            "unknown",
            f"It is not known whether this took effect: no answer came back, and {whys}. It was not sent again. "
            f"Look at {where} before you repeat it.",
        )
    if states == {State.NOT_ARRIVED}:
        return Told("failed", f"It did not happen: no answer came back, and {whys}. {_ASK_AGAIN}")
    whole = tool.changes(arguments) if tool.changes else None
    if states == {State.ARRIVED} and whole == len(sent):
        return Told("completed", f"Done. No answer came back, so it was looked up in the cluster: {whys}.")
    return Told(
        "failed",
        f"Only a part of it was done; no answer came back, so it was looked up in the cluster: {whys}. "
        f"Nothing else was sent. {_ASK_AGAIN}",
    )


def _inner(sentence: str) -> str:
    return sentence.rstrip(".")
