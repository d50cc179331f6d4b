"""Plays scenarios side by side: a scripted agent behind the real doors and the real gate, a second person who approves.

Everything is made first, then the whole cluster is read, then all is played and verified, then it is read again: what
is different must be what a scenario may change, and nothing else.
"""

import asyncio
import json
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp

from chat.actions import people
from tests.conftest import in_database
from tests.hostile import canaries
from tests.hostile.ground import Ground
from tests.scenarios.judging import judge
from tests.scenarios.part import Part
from tests.scenarios.place import Place, Served, kinds_of
from tests.scenarios.scenario import Scenario
from tests.scenarios.whole import compared, dump

AT_ONCE = 10
_FAULTS = (AssertionError, TimeoutError, LookupError, OSError, aiohttp.ClientError)


async def play(scenarios: Sequence[Scenario], ground: Ground, settings: Any, folder: Path) -> list[Part]:
    """All of them side by side, each in a namespace of its own; in `faults` of each what did not hold."""
    async with ground:
        kinds = await kinds_of(ground)
        parts = [await in_database(_cast, scenario, ground, kinds) for scenario in scenarios]
        settings.K8SMCP_PROVIDER, settings.K8SMCP_SCRIPT = "scripted", str(_script(parts, folder))
        try:
            await _each(parts, Part.prepare, "it was not set up")
            playing = [part for part in parts if not part.faults]
            before = await dump(ground, kinds)
            await _each(playing, Part.perform, "it was not solved")
            found = compared(before, await dump(ground, kinds))
            await in_database(judge, parts, found, await ground.reached())
        finally:
            await asyncio.gather(*(part.place.__aexit__() for part in parts))
    return parts


def _cast(scenario: Scenario, ground: Ground, kinds: Mapping[str, Served]) -> Part:
    name = f"{scenario.name.partition('-')[0]}-{secrets.token_hex(3)}"
    author, approver = (
        people.create(f"asks-{name}", role=scenario.role),
        people.create(f"decides-{name}", role="approver"),
    )
    return Part(scenario, Place(ground, kinds, name, canaries.new()), author, approver)


async def _each(parts: Sequence[Part], do: Callable[[Part], Awaitable[None]], failed: str) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(part: Part) -> None:
        try:
            async with gate:
                await do(part)
        except _FAULTS as fault:
            part.faults.append(f"{failed}: {type(fault).__name__} {fault}")

    await asyncio.gather(*(one(part) for part in parts))


def _script(parts: Sequence[Part], folder: Path) -> Path:
    """The agent of every scenario, told by the words of its person: a call a round, and at last what they brought."""
    stories = [
        {
            "when": "^" + re.escape(part.words(number)),
            "rounds": [[part.wish(call)] for call in asked.calls] + [[{"say": "{answers}"}]],
        }
        for part in parts
        for number, asked in enumerate(part.scenario.asks)
    ]
    file = folder / f"agent-{secrets.token_hex(3)}.json"
    file.write_text(json.dumps({"stories": stories}))
    return file
