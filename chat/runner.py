"""Drives one claimed run and ends it in a state, whatever happens: one of the three places that catch everything."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from chat import journal, lookups, tool_calls, transcript
from chat.actions import leases, rounds, runs
from chat.actions.leases import RENEW_EVERY, Claim, OpenBlock
from chat.agent import loop
from chat.agent.errors import LimitReached, ModelError, Parked
from chat.agent.limits import Done
from chat.agent.ports import Provider, Request, Setting
from chat.agent.providers.choose import choose
from chat.agent.providers.direct import Direct
from chat.budgets import run_limits
from chat.errors import LeaseLost, RunOver
from chat.event_types import TextEnd, ThinkingEnd, ToolCallEnd, ToolCallStart
from chat.hop import in_database
from chat.models import Event, Run, ToolCall
from chat.models.run import RunStatus
from chat.stage import Stage
from tools import clusters, known_values

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a run needs to begin, or to go on, read in one hop."""

    run: Run
    provider: Provider
    request: Request
    block: int
    calls: list[ToolCall]
    done: Done


@dataclass(frozen=True, slots=True)
class Ending:
    """What a run ends as; one that failed or was lost says why."""

    outcome: str
    error: str = ""
    code: str = ""
    temporary: bool = False


class Drive:
    """A run in this process. Whoever drives it renews its lease (chat/launch.py).

    Only the work is ever cancelled; how the run ended is written down by `task`, which nobody cancels.
    """

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self._leaving = False  # this process gives the run up without ending it
        self._stage: Stage | None = None
        self._work = asyncio.create_task(self._play(), name=f"run {claim.run_id}")
        self.task = asyncio.create_task(self._watch(), name=f"drive {claim.run_id}")

    def stop(self) -> None:
        """A person wants the run to end. Said again until it has: a database call that is just ending swallows it."""
        self._work.cancel()

    async def leave(self) -> None:
        """Gives the run back, for another process to take at once."""
        self._leaving = True
        while not self._work.done():
            self._work.cancel()
            await asyncio.wait([self._work], timeout=1)
        await asyncio.wait([self.task])

    def lose(self) -> None:
        """The lease is another process's: the work ends at once, and writes nothing more."""
        self._leaving = True
        self._work.cancel()

    def open_block(self) -> OpenBlock | None:
        return self._stage.open_block() if self._stage is not None else None

    def kept(self, block: OpenBlock) -> None:
        if self._stage is not None:
            self._stage.kept(block)

    async def _watch(self) -> None:
        await asyncio.wait([self._work])
        await self._conclude()

    async def _conclude(self) -> None:
        if not self._work.cancelled():
            ending = self._work.result()
        else:
            ending = None if self._leaving else Ending(RunStatus.STOPPED)
        if ending is not None:
            await _insist(self.claim, lambda: _end(self.claim, self._stage, ending))
        elif self._leaving:
            await _give_back(self.claim, self._stage)

    async def _play(self) -> Ending | None:
        """How the run ended; None when it did not: it waits for a person, or another process has it."""
        claim = self.claim
        try:
            scene = await in_database(_set)(claim)
            self._stage = Stage(claim, scene.run, scene.block, scene.calls, scene.provider.model)
            await loop.run(scene.request, scene.provider, self._stage, run_limits.limits(), scene.done)
            return Ending(RunStatus.DONE)
        except Parked:
            await _insist(claim, in_database(partial(runs.park, claim)))
            return None
        except LeaseLost:
            log.info("Run %s was taken over by another process.", claim.run_id)
            return None
        except RunOver as over:
            return Ending(over.outcome, str(over), over.outcome if str(over) else "")
        except (ModelError, LimitReached) as fault:
            return Ending(RunStatus.FAILED, str(fault), fault.code, fault.temporary)
        except _AWAY as fault:
            log.warning("Run %s is left to its lease: the database does not answer (%s).", claim.run_id, fault)
            return None
        except Exception:
            log.exception("Run %s failed.", claim.run_id)
            return Ending(RunStatus.FAILED, _UNEXPECTED, "internal", True)
        finally:
            if self._stage is not None:
                self._stage.silence()


_UNEXPECTED = "Something went wrong inside the portal. It is in the server's log; sending the message again may help."
_TRIES = 30
_AWAY = (OperationalError, InterfaceError)  # another try may succeed; what the database refuses, it refuses again


async def _give_back(claim: Claim, stage: Stage | None) -> None:
    """With what was being said closed as far as it was said; at once when the database answers, else the lease runs out
    by itself."""
    try:
        if stage is not None:
            await stage.leave()
        await in_database(leases.release)(claim)
    except LeaseLost:
        log.info("Run %s was taken over by another process.", claim.run_id)
    except DatabaseFault as fault:
        log.warning("The lease of run %s runs out by itself (%s).", claim.run_id, type(fault).__name__)


async def _insist(claim: Claim, write: Callable[[], Awaitable[None]]) -> None:
    """A database that is away for a moment delays the end of a run. A lost lease means that somebody else writes it."""
    for _ in range(_TRIES):
        try:
            return await write()
        except LeaseLost:
            log.info("Run %s was taken over by another process.", claim.run_id)
            return None
        except DatabaseFault as fault:
            log.warning("The end of run %s is not written yet (%s).", claim.run_id, type(fault).__name__)
            await asyncio.sleep(RENEW_EVERY)
    return None


async def _end(claim: Claim, stage: Stage | None, ending: Ending) -> None:
    """Closes what was being said and looks up what is open in a cluster, then ends the run.

    A run that process after process died of is not looked into once more."""
    if stage is not None:
        await stage.leave()
    if ending.outcome != RunStatus.LOST and (stage is None or stage.has_calls):
        await lookups.finish_all(claim)
    end = partial(runs.end, error=ending.error, code=ending.code, temporary=ending.temporary)
    await in_database(end)(claim, ending.outcome)


def _provider(run: Run) -> Provider:
    if run.direct:
        return Direct(run.direct["tool"], run.direct["arguments"])
    return choose(
        settings.K8SMCP_PROVIDER,
        model=settings.K8SMCP_MODEL,
        api_key=settings.ANTHROPIC_API_KEY,
        base_url=settings.ANTHROPIC_BASE_URL,
        script=settings.K8SMCP_SCRIPT,
    )


def _set(claim: Claim) -> Scene:
    """Marks the beginning and reads the conversation as far as it has come."""
    known_values.refresh()
    run = Run.objects.select_related("conversation", "message__author").get(pk=claim.run_id)
    provider = _provider(run)
    rounds.start(claim, provider.name, provider.model)
    events = journal.whole(run.conversation_id)
    turns = transcript.compose(events, claim.run_id, _results(events))
    window = settings.K8SMCP_MODEL_WINDOW if provider.name == "anthropic" else 0
    known = clusters.names()
    offered = tool_calls.offered(run.message.author, run.token, known)
    request = Request(turns=turns, tools=offered, setting=_setting(run, known), window=window)
    mine = [event for event in events if event.run_id == run.pk]
    block = sum(event.type in (TextEnd.type, ThinkingEnd.type) for event in mine)
    calls = _calls(run) if any(event.type == ToolCallStart.type for event in mine) else []
    done = Done(run.rounds, len(calls), run_limits.worked(run, timezone.now(), asked=bool(calls)))
    return Scene(run, provider, request, block, calls, done)


def _results(events: Sequence[Event]) -> dict[str, Any]:
    """What tools have found so far in a conversation, by call."""
    if not any(event.type == ToolCallEnd.type for event in events):
        return {}
    found = ToolCall.objects.filter(run__conversation_id=events[0].conversation_id, data__isnull=False)
    return {str(pk): data for pk, data in found.values_list("pk", "data")}


def _calls(run: Run) -> list[ToolCall]:
    return list(
        ToolCall.objects.select_related("run__message__author", "run__conversation")
        .filter(run=run)
        .order_by("position")
    )


def _setting(run: Run, known: tuple[str, ...]) -> Setting:
    return Setting(
        clusters=known,
        cluster=run.conversation.cluster or next(iter(known), ""),
        read_only=settings.K8SMCP_READ_ONLY,
        today=timezone.now().date().isoformat(),
    )
