"""The only way to run a tool: its arguments checked, its answer cleaned and bounded, its every failure a sentence."""

import asyncio
import difflib
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from channels.db import database_sync_to_async
from pydantic import ValidationError

from tools import clusters, redaction, rendering
from tools.kube.client import KubeClient
from tools.kube.errors import Ambiguous, KubeError, PartlyDone
from tools.kube.guard import Permit
from tools.kube.transport import Transport
from tools.spec import Arguments, Json, Result, Tool

LARGEST_TEXT = 32 << 10
LARGEST_FULL = 256 << 10
LONGEST_SECONDS = 120

log = logging.getLogger(__name__)


class BadArguments(ValueError):
    """The arguments do not fit the tool; the text lists every fault."""

    code = "bad_arguments"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call. text: for the model, at most 32 KiB; full: the same for people, at most 256 KiB; data: the
    same as JSON, None above 256 KiB. `unknown`: a write was sent and nobody knows whether it happened."""

    status: Literal["completed", "failed", "unknown"]
    text: str
    full: str
    data: Json | None
    duration_ms: int


def parse(tool: Tool, raw: Mapping[str, Json]) -> Arguments:
    """Raises BadArguments."""
    try:
        return tool.arguments.model_validate(dict(raw))
    except ValidationError as fault:
        known = tuple(tool.arguments.model_fields)
        faults = "; ".join(_fault(dict(error), known) for error in fault.errors(include_url=False))
        raise BadArguments(f"The arguments do not fit {tool.name}: {faults}.") from None


async def run(tool: Tool, arguments: Arguments, cluster_name: str, permit: Permit) -> Outcome:
    """Runs the call once. Never raises, but for being cancelled."""
    began = time.perf_counter()
    client: KubeClient | None = None
    try:
        access = await database_sync_to_async(clusters.access)(cluster_name)
        client = KubeClient(Transport(cluster_name, access), permit)
        async with asyncio.timeout(LONGEST_SECONDS):
            result = await tool.run(client, arguments)
        return _outcome("completed", result, client, began)
    except PartlyDone as fault:
        return _outcome("failed", Result(fault.sentence, data=fault.data), client, began)
    except KubeError as fault:
        return _outcome("unknown" if isinstance(fault, Ambiguous) else "failed", Result(fault.sentence), client, began)
    except TimeoutError:
        sentence = f"{tool.title} took longer than {LONGEST_SECONDS} s and was given up."
        return _broken(sentence, client, began)
    except Exception as fault:
        log.exception("tool %s failed on cluster %s", tool.name, cluster_name)
        sentence = (
            f"{tool.title} failed for a reason the portal did not expect ({type(fault).__name__}); its log has more."
        )
        return _broken(sentence, client, began)


def _broken(sentence: str, client: KubeClient | None, began: float) -> Outcome:
    """A call that ended in the middle: if a change went out before, nobody knows what came of it."""
    if client is not None and client.wrote:
        return _outcome(
            "unknown", Result(f"{sentence} A change had been sent: look before trying again."), client, began
        )
    return _outcome("failed", Result(sentence), client, began)


def _outcome(
    status: Literal["completed", "failed", "unknown"], result: Result, client: KubeClient | None, began: float
) -> Outcome:
    known = client.secrets_seen if client is not None else set()
    words = redaction.text(rendering.plain(result.text), known)
    return Outcome(
        status=status,
        text=rendering.bounded(words, LARGEST_TEXT),
        full=rendering.bounded(words, LARGEST_FULL),
        data=_data(result.data, known),
        duration_ms=round((time.perf_counter() - began) * 1000),
    )


def _data(data: Json, known: set[str]) -> Json | None:
    if data is None:
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
