"""The only way to run a tool: its arguments checked, its answer cleaned and bounded, its every failure a sentence."""

import asyncio
import difflib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import msgspec
from channels.db import database_sync_to_async
from pydantic import ValidationError

from tools import clusters, known_values, redaction, rendering
from tools.identity import NOBODY, Acting
from tools.kube.client import KubeClient
from tools.kube.errors import Ambiguous, KubeError, NotPermitted, PartlyDone
from tools.kube.guard import Permit
from tools.kube.plan import Recorder
from tools.kube.rehearsing import RehearsalEnds, RehearsalTransport
from tools.kube.together import beside
from tools.kube.transport import Transport
from tools.spec import Closed, Desk, Json, Result, Tool

LARGEST_TEXT = 32 << 10
LARGEST_FULL = 256 << 10
LONGEST_SECONDS = 120  # of a call whose tool does not say otherwise
MOST_NOTES = 20
_MARGIN = 8 << 10  # of what is cleaned beyond what is kept: a secret that the first cut went through is cut off

Status: TypeAlias = Literal["completed", "failed", "unknown"]

log = logging.getLogger(__name__)


class BadArguments(ValueError):
    """The arguments do not fit the tool; the text lists every fault."""

    code = "bad_arguments"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call. text: for the model, at most 32 KiB; full: the same for people, at most 256 KiB; data: the
    same as JSON, None above 256 KiB; of a failed one {"code", "temporary"}; notes: see Result. `unknown`: a write was
    sent and nobody knows whether it happened."""

    status: Status
    text: str
    full: str
    data: Json | None
    duration_ms: int
    notes: tuple[str, ...] = ()


def parse(tool: Tool, raw: Mapping[str, Json]) -> Closed:
    """Raises BadArguments."""
    try:
        return tool.arguments.model_validate(dict(raw))
    except ValidationError as fault:
        known = tuple(tool.arguments.model_fields)
        faults = "; ".join(_fault(dict(error), known) for error in fault.errors(include_url=False))
        raise BadArguments(f"The arguments do not fit {tool.name}: {faults}.") from None


async def run(
    tool: Tool,
    arguments: Closed,
    cluster_name: str,
    permit: Permit,
    acting: Acting = NOBODY,
    recorder: Recorder | None = None,
) -> Outcome:
    """Runs the call once, as that person. Never raises, but for being cancelled."""
    made: list[KubeClient] = []

    async def reach() -> KubeClient:
        reached = await database_sync_to_async(clusters.access)(cluster_name, acting)
        wire = RehearsalTransport(reached.name, reached, recorder) if recorder else Transport(reached.name, reached)
        made.append(KubeClient(wire, permit))
        made[0].elsewhere = _elsewhere(acting, permit.elsewhere, made)
        return made[0]

    return await _outcome(tool, arguments, reach, made)


async def look_up(tool: Tool, arguments: Closed, desk: Desk) -> Outcome:
    """Answers a call of a tool that goes to no cluster (`Tool.inside`). Never raises, but for being cancelled."""

    async def reach() -> Desk:
        return desk

    return await _outcome(tool, arguments, reach, [])


async def _outcome(
    tool: Tool, arguments: Closed, reach: Callable[[], Awaitable[Any]], made: list[KubeClient]
) -> Outcome:
    began = time.perf_counter()
    status, result = await _tried(tool, arguments, reach, made)
    return await outcome(status, result, await _known(made), began)


async def outcome(status: Status, result: Result, known: set[str], began: float) -> Outcome:
    """Cleaned of what is secret, `known` values first, and bounded. began: `time.perf_counter` then."""
    text, full, data = await beside(lambda: _cleaned(result, known))
    notes = tuple(redaction.text(rendering.plain(note), known) for note in result.notes[:MOST_NOTES])
    return Outcome(status, text, full, data, round((time.perf_counter() - began) * 1000), notes)


def _elsewhere(
    acting: Acting, permits: Mapping[str, Permit | str], made: list[KubeClient]
) -> Callable[[str], Awaitable[KubeClient]]:
    async def opened(name: str) -> KubeClient:
        permit = permits.get(name, f'This call was not judged for cluster "{name}": nothing was sent.')
        if isinstance(permit, str):
            raise NotPermitted(permit)
        reached = await database_sync_to_async(clusters.access)(name, acting)
        client = KubeClient(Transport(reached.name, reached), permit)
        made.append(client)
        return client

    return opened


async def _tried(
    tool: Tool, arguments: Closed, reach: Callable[[], Awaitable[Any]], made: list[KubeClient]
) -> tuple[Status, Result]:
    """`reach` puts the client into `made`, so that what it has seen and sent is known however the call ends."""
    seconds = tool.seconds(arguments) if tool.seconds else LONGEST_SECONDS
    try:
        place = await reach()
        async with asyncio.timeout(seconds):
            return "completed", await tool.run(place, arguments)
    except RehearsalEnds:
        return "completed", Result("")
    except PartlyDone as fault:
        return "failed", Result(fault.sentence, data=fault.data)
    except KubeError as fault:
        why = {"code": fault.code, "temporary": fault.temporary}
        return "unknown" if isinstance(fault, Ambiguous) else "failed", Result(fault.sentence, data=why)
    except TimeoutError:
        return _broken(f"{tool.title} took longer than {seconds} s and was given up.", made)
    except Exception as fault:
        log.exception("tool %s failed on cluster %s", tool.name, made[0].cluster if made else "none")
        kind = type(fault).__name__
        return _broken(f"{tool.title} failed for a reason the portal did not expect ({kind}); its log has more.", made)


async def _known(made: list[KubeClient]) -> set[str]:
    """What the call came to know as secret, remembered before anything of its answer is told."""
    found: set[str] = set()
    for client in made:
        redaction.learn(known_values.of(client.transport.access))
        await database_sync_to_async(known_values.remember)(client.secrets_seen.held)
        found |= client.secrets_seen.values
    return found


def _broken(sentence: str, made: list[KubeClient]) -> tuple[Status, Result]:
    """A call that ended in the middle: if a change went out before, nobody knows what came of it."""
    if made and made[0].wrote:
        return "unknown", Result(f"{sentence} A change had been sent: look before trying again.")
    return "failed", Result(sentence)


def _cleaned(result: Result, known: set[str]) -> tuple[str, str, Json | None]:
    words, more = rendering.beginning(result.text, LARGEST_FULL + _MARGIN)
    full = rendering.bounded(redaction.text(rendering.plain(words), known), LARGEST_FULL, more)
    return rendering.bounded(full, LARGEST_TEXT), full, _data(result.data, known)


def _data(data: Json, known: set[str]) -> Json | None:
    if data is None or len(msgspec.json.encode(data)) > 2 * LARGEST_FULL:
        return None
    encoded = msgspec.json.encode(redaction.data(data, known))
    return msgspec.json.decode(encoded) if len(encoded) <= LARGEST_FULL else None


def _fault(error: Mapping[str, Any], known: tuple[str, ...]) -> str:
    where = ".".join(str(part) for part in error["loc"]) or "arguments"
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(where, known, 1)
        return f'there is no argument "{where[:60]}"' + (f" (did you mean {near[0]}?)" if near else "")
    if error["type"] == "missing":
        return f"{where} is missing"
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{where}: {message[:1].lower()}{message[1:200]}"
