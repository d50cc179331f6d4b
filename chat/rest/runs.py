"""`/api/v1/runs`: what became of a run, and stopping it."""

import uuid
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from chat.access import find_run
from chat.actions import runs
from chat.models import Run
from chat.models.access_token import Scope
from chat.rest.door import Repeatable, caller, signed_in

router = Router(auth=signed_in, tags=["runs"])


class RunOut(Schema):
    """`outcome` is null until the run has ended; `usage` counts tokens as the Messages API does."""

    id: uuid.UUID
    status: str
    outcome: str | None
    conversation_id: uuid.UUID
    usage: dict[str, int]

    @staticmethod
    def resolve_outcome(run: Run) -> str | None:
        return run.status if run.ended else None


@router.get("/{uuid:run_id}", response=RunOut)
def read(request: HttpRequest, run_id: uuid.UUID) -> Any:
    return find_run(caller(request), run_id)


@router.post("/{uuid:run_id}/stop", response=RunOut)
def stop(request: HttpRequest, run_id: uuid.UUID, command: Repeatable | None = None) -> Any:
    return runs.stop(caller(request, Scope.WRITE), str(run_id), command_id=command.id if command else "")
