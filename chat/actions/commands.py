"""Carry a command out once: its id is recorded before any effect, and the same command again gets the same answer.

Id, effect and answer are one transaction, so an effect that raised leaves no record and may be asked for again. Of two
that come at once the second waits for the first at the unique id, then finds its answer.

Every kind of command shares one space of ids per person: the id of a message is not a good id for a stop. An id that is
no uuid counts within its conversation, since clients that number their commands begin anew in the next one.
"""

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError

from chat.durable import durable
from chat.errors import Conflict
from chat.models import Command

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Named:
    """A command as its client names it: `id` is at most 64 characters; empty when the client gave none."""

    kind: str
    id: str
    conversation_id: uuid.UUID | str = ""


@dataclass(frozen=True, slots=True)
class Once:
    """`again`: the answer is an earlier one and nothing was done now; whoever asks may have lost the right to it."""

    answer: Answer
    again: bool = False


def once(
    user: User,
    command: Named,
    content: Mapping[str, Any],
    effect: Callable[[], Mapping[str, Any]],
) -> Once:
    """`content` is all that the client said beside the id, as JSON. `effect` writes inside this function's transaction
    and returns the answer as JSON. Without an id there is nothing to tell a repetition by: the effect is simply made.

    Raises Conflict `repeated_id` for a known id with another kind or content, and whatever `effect` raises.
    """
    if not command.id:
        with durable():
            return Once(dict(effect()))
    name, digest = _name(command), _digest(command.kind, content)
    if (known := _known(user, name)) is not None:
        return _again(known, digest)
    try:
        with durable():
            kept = Command.objects.create(user=user, name=name, kind=command.kind, digest=digest)
            kept.answer = dict(effect())
            kept.save(update_fields=["answer"])
            return Once(kept.answer)
    except IntegrityError:
        if (known := _known(user, name)) is None:
            raise
        return _again(known, digest)


def repeated() -> Conflict:
    return Conflict(
        "A command with this id was already sent with other content. Use a new id for a new command.",
        code="repeated_id",
    )


def _known(user: User, name: str) -> Command | None:
    return Command.objects.filter(user=user, name=name).first()


def _again(known: Command, digest: str) -> Once:
    if known.digest != digest:
        raise repeated()
    return Once(dict(known.answer), again=True)


def _name(command: Named) -> str:
    """One spelling for every uuid: clients write them with and without dashes, in either case."""
    try:
        return str(uuid.UUID(command.id))
    except ValueError:
        return f"{command.conversation_id} {command.id}"


def _digest(kind: str, content: Mapping[str, Any]) -> str:
    said = json.dumps({"kind": kind, **content}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()
