"""Drives one claimed run and ends it in a state, whatever happens: one of the three places that catch everything."""

import asyncio
import logging
from dataclasses import dataclass

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from chat import tool_calls, transcript
from chat.actions import leases, rounds, runs
from chat.actions.leases import RENEW_EVERY, Claim
from chat.agent import loop
from chat.agent.errors import LimitReached, ModelError, Parked
from chat.agent.limits import Limits
from chat.agent.ports import Provider, Request, Setting
from chat.agent.providers.choose import choose
from chat.agent.providers.direct import Direct
from chat.errors import LeaseLost
from chat.event_types import TextEnd, ThinkingEnd
from chat.models import Event, Run, ToolCall
from chat.models.run import RunStatus
from chat.stage import Stage
from tools import clusters

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a run needs to begin, or to go on, read in one hop."""

    run: Run
    request: Request
    block: int
    calls: list[ToolCall]


class Drive:
    """A run in this process: its work, and the pulse that keeps its lease. `task` ends when both have."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self._leaving = False  # this process gives the run up without ending it
        self._work = asyncio.create_task(self._play(), name=f"run {claim.run_id}")
        self.task = asyncio.create_task(self._watch(), name=f"drive {claim.run_id}")

    def stop(self) -> None:
        """A person wants the run to end."""
        self._work.cancel()

    async def leave(self) -> None:
        """Gives the run back, for another process to take at once."""
        self._leaving = True
        self._work.cancel()
        await asyncio.wait([self.task])

    async def _watch(self) -> None:
        pulse = asyncio.create_task(self._pulse(), name=f"pulse {self.claim.run_id}")
        await asyncio.wait([self._work])
        pulse.cancel()
        if self._leaving:
            await database_sync_to_async(leases.release)(self.claim)

    async def _pulse(self) -> None:
        """Keeps the lease, and hears a wish to stop; without the lease the work ends at once."""
        while True:
            await asyncio.sleep(RENEW_EVERY)
            try:
                if await database_sync_to_async(leases.renew)(self.claim):
                    self.stop()
            except LeaseLost:
                self._leaving = True
                self._work.cancel()
            except DatabaseError as fault:
                log.warning("The lease of run %s could not be renewed (%s).", self.claim.run_id, type(fault).__name__)

    async def _play(self) -> None:
        stage: Stage | None = None
        claim = self.claim
        try:
            provider = await database_sync_to_async(_provider)(claim)
            scene = await database_sync_to_async(_set)(claim, provider)
            stage = Stage(claim, scene.run, scene.block, scene.calls)
            await loop.run(
                scene.request, provider, stage, Limits(), rounds_done=scene.run.rounds, calls_done=len(scene.calls)
            )
            await _end(claim, stage, RunStatus.DONE)
        except Parked:
            await database_sync_to_async(runs.park)(claim)
        except LeaseLost:
            log.info("Run %s was taken over by another process.", claim.run_id)
        except asyncio.CancelledError:
            if not self._leaving:
                await _end(claim, stage, RunStatus.STOPPED)
        except (ModelError, LimitReached) as fault:
            await _end(claim, stage, RunStatus.FAILED, str(fault), fault.code, getattr(fault, "temporary", False))
        except Exception:
            log.exception("Run %s failed.", claim.run_id)
            await _end(claim, stage, RunStatus.FAILED, _UNEXPECTED, "internal", True)
        finally:
            if stage is not None:
                stage.silence()


_UNEXPECTED = "Something went wrong inside the portal. It is in the server's log; sending the message again may help."


async def _end(
    claim: Claim, stage: Stage | None, outcome: RunStatus, error: str = "", code: str = "", temporary: bool = False
) -> None:
    """Closes what was being said, then ends the run. A lost lease means somebody else ends it."""
    try:
        if stage is not None:
            await stage.close()
        await database_sync_to_async(runs.end)(claim, outcome.value, error=error, code=code, temporary=temporary)
    except LeaseLost:
        log.info("Run %s was taken over by another process.", claim.run_id)


def _provider(claim: Claim) -> Provider:
    run = Run.objects.get(pk=claim.run_id)
    if run.direct:
        return Direct(run.direct["tool"], run.direct["arguments"])
    return choose(
        settings.K8SMCP_PROVIDER,
        model=settings.K8SMCP_MODEL,
        api_key=settings.ANTHROPIC_API_KEY,
        base_url=settings.ANTHROPIC_BASE_URL,
        script=settings.K8SMCP_SCRIPT,
    )


def _set(claim: Claim, provider: Provider) -> Scene:
    """Marks the beginning and reads the conversation as far as it has come."""
    rounds.start(claim, provider.name, provider.model)
    run = Run.objects.select_related("conversation", "message__author").get(pk=claim.run_id)
    events = list(Event.objects.filter(conversation_id=run.conversation_id).order_by("seq"))
    results = ToolCall.objects.filter(run__conversation_id=run.conversation_id, data__isnull=False).values_list(
        "pk", "data"
    )
    turns = transcript.compose(events, claim.run_id, {str(pk): data for pk, data in results})
    request = Request(turns=turns, tools=tool_calls.offered(run.message.author), setting=_setting(run))
    mine = [event for event in events if event.run_id == run.pk]
    block = sum(event.type in (TextEnd.type, ThinkingEnd.type) for event in mine)
    calls = list(
        ToolCall.objects.select_related("run__message__author", "run__conversation")
        .filter(run=run)
        .order_by("position")
    )
    return Scene(run, request, block, calls)


def _setting(run: Run) -> Setting:
    return Setting(
        clusters=tuple(clusters.names()),
        cluster=run.conversation.cluster or clusters.default(),
        read_only=settings.K8SMCP_READ_ONLY,
        today=timezone.now().date().isoformat(),
    )
