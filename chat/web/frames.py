"""The words of the wire: what a browser may say, checked strictly, and what it is answered (docs/protocol.md)."""

import json
import uuid
from typing import Annotated, Any, Literal, TypeAlias

import orjson
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from chat import storable
from chat.errors import BadInput, PortalError
from chat.limits import FRAME_BYTES

Frame = dict[str, Any]


_UUID = r"^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$"


def _sayable(value: str) -> str:
    if storable.text(value) != value:
        raise ValueError("it cannot be sent back")
    return value


class Command(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: Annotated[str, AfterValidator(_sayable)] = Field(min_length=1, max_length=64)


def _uuid(value: object) -> uuid.UUID:
    if isinstance(value, str):
        return uuid.UUID(value)
    raise ValueError("a uuid is written as text")


Id = Annotated[uuid.UUID, BeforeValidator(_uuid)]


class Send(Command):
    """Its `id` becomes the message's, so it must be a uuid."""

    type: Literal["send"]
    id: str = Field(pattern=_UUID)
    text: str
    conversation_id: Id | None = None
    cluster: str = Field("", max_length=253)


class Resume(Command):
    """`epoch` is the welcome's, `at` the time of event `seq`: by them the server knows a journal that was put back."""

    type: Literal["resume"]
    conversation_id: Id
    seq: int = Field(ge=0)
    epoch: int | None = None
    at: str | None = Field(None, max_length=64)


class Stop(Command):
    type: Literal["stop"]
    run_id: Id


class Decide(Command):
    type: Literal["decide"]
    approval_id: Id
    decision: Literal["approve", "reject"]
    reason: str = Field("", max_length=1000)
    typed: str = Field("", max_length=253)


class QueueEdit(Command):
    """`message_id` is the `id` of the `send`, here and below."""

    type: Literal["queue_edit"]
    message_id: Id
    text: str


class QueueRemove(Command):
    type: Literal["queue_remove"]
    message_id: Id


class Steer(Command):
    type: Literal["steer"]
    message_id: Id


class Rename(Command):
    type: Literal["rename"]
    conversation_id: Id
    title: str = Field(max_length=200)


class Spoken(BaseModel):
    """The seed protocol's bare frame. Other keys are ignored, as they always were."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    message: str
    conversation_id: Id | None = None


Typed: TypeAlias = Send | Resume | Stop | Decide | QueueEdit | QueueRemove | Steer | Rename
_COMMANDS: TypeAdapter[Typed] = TypeAdapter(Annotated[Typed, Field(discriminator="type")])
_TYPES = ("send", "resume", "stop", "decide", "queue_edit", "queue_remove", "steer", "rename")


class Unreadable(BadInput):
    """Answered with an `error` frame: there is no id to answer to."""

    code = "bad_frame"


class Refused(BadInput):
    """A typed command with an id that does not fit: answered with `nack`."""

    code = "bad_command"

    def __init__(self, sentence: str, command_id: str) -> None:
        super().__init__(sentence)
        self.command_id = command_id


def parse(text: str | None) -> Typed | Spoken:
    """Raises Unreadable or Refused."""
    if text is None:
        raise Unreadable("Frames are JSON text: a binary frame cannot be read.")
    if len(text.encode()) > FRAME_BYTES:
        raise Unreadable(f"The frame is too long: {FRAME_BYTES:,} bytes are accepted. Send a shorter message.")
    try:
        value = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as fault:
        raise Unreadable('The frame is not JSON. Send for example {"message": "list all pods"}.') from fault
    if not isinstance(value, dict):
        raise Unreadable('The frame must be a JSON object, for example {"message": "list all pods"}.')
    return _command(value) if "type" in value else _spoken(value)


def _command(value: dict[str, Any]) -> Typed:
    try:
        return _COMMANDS.validate_python(value)
    except ValidationError as fault:
        command_id = value.get("id")
        if isinstance(command_id, str) and 0 < len(command_id) <= 64 and storable.text(command_id) == command_id:
            raise Refused(_first(fault), command_id) from fault
        raise Unreadable(_first(fault)) from fault


def _spoken(value: dict[str, Any]) -> Spoken:
    if value.get("message") in (None, ""):
        raise Unreadable("Message is required: type what you want to know or do.")
    try:
        return Spoken.model_validate(value)
    except ValidationError as fault:
        raise Unreadable(_first(fault)) from fault


def _first(fault: ValidationError) -> str:
    first = fault.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"] if part not in _TYPES) or "type"
    if first["type"].startswith("union_tag"):
        return f"The frame's `type` must be one of {', '.join(_TYPES)}."
    return (
        f"The field `{storable.text(field)[:80]}` does not fit: {first['msg'].removeprefix('Value error, ').lower()}."
    )


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice")
    return value


# ---- answers -----------------------------------------------------------------------------------------------------


def encode(frame: Frame) -> str:
    return orjson.dumps(frame).decode()


def ack(command_id: str, **what: Any) -> Frame:
    return {"type": "ack", "data": {"id": command_id, **what}}


def nack(command_id: str, fault: PortalError) -> Frame:
    return {
        "type": "nack",
        "data": {"id": command_id, "code": fault.code, "message": str(fault), "temporary": fault.temporary},
    }


def error(fault: PortalError, conversation_id: str | None = None) -> Frame:
    data = {"error": str(fault), "code": fault.code, "scope": "frame", "temporary": fault.temporary}
    return {"type": "error", "data": data | ({"conversation_id": conversation_id} if conversation_id else {})}
