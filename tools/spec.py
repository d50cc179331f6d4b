"""What a tool is: data plus one function. Everything that lists, calls or audits tools reads these fields."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from tools.effects import Effect

Json: TypeAlias = Any


class Closed(BaseModel):
    """Base of every tool's arguments: a closed schema, so a misspelt argument is an error and never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Arguments(Closed):
    """Of a tool that goes to a cluster."""

    cluster: str | None = Field(None, description="Name of the cluster. Left out: the conversation's cluster.")


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool found or did.

    header: one line with counts and the essence, kept when the body is dropped; body: a compact table, YAML or log;
    data: the same as JSON for the screen and for programs, never more than the body says; notes: of a rehearsal,
    sentences for those who decide, beside what the plan itself shows.
    """

    header: str
    body: str = ""
    data: Json = None
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return f"{self.header}\n{self.body}" if self.body else self.header


@dataclass(frozen=True, slots=True)
class Tool:
    """name: as the model and REST call it; title: two or three words for people; description: for the model;
    effect: the most it may do; intent: its arguments as a phrase for people ("List pods in shop"); changes: of how
    many changes the whole call is made, None when nobody can say, so that one cut short is never told as done;
    seconds: how long a call may take, where that is not the usual bound; elsewhere: the clusters it reads beside or
    instead of the call's own, each under a verdict of its own.

    run: takes the client of the cluster and the arguments; inside: it goes to no cluster, and run takes a Desk instead.
    core: every model always has its schema (docs/tokens.md); any other tool is found with tool_find."""

    name: str
    title: str
    description: str
    effect: Effect
    arguments: type[Closed]
    run: Callable[[Any, Any], Awaitable[Result]]
    intent: Callable[[Any], str]
    changes: Callable[[Any], int | None] | None = None
    seconds: Callable[[Any], int] | None = None
    elsewhere: Callable[[Any], Sequence[str]] | None = None
    core: bool = False
    inside: bool = False

    def input_schema(self) -> Mapping[str, Json]:
        """JSON Schema of the arguments, without pydantic's titles (they cost tokens and say nothing)."""
        return _schema(self.arguments)


def one_change(asked: Closed) -> int:
    """For `Tool.changes`: one object, one request."""
    return 1


@dataclass(frozen=True, slots=True)
class Kept:
    """An earlier result, as people may read it: already cleaned, and bounded. data: the same as JSON, None without."""

    tool: str
    text: str
    data: Json = None


class Desk(Protocol):
    """What the portal itself knows, for the tools that go to no cluster: of one conversation and one person."""

    async def kept(self, ref: str) -> Kept:
        """The result with this short name. Raises NotFound."""

    async def tools(self) -> Sequence[Tool]:
        """Those the person may use in some cluster."""


@cache
def _schema(arguments: type[Closed]) -> Mapping[str, Json]:
    """Made once: it takes pydantic a millisecond, and every run offers every tool."""
    return _without_titles(arguments.model_json_schema())


def _without_titles(schema: dict[str, Json]) -> dict[str, Json]:
    def clean(node: Json, *, properties: bool = False) -> Json:
        if isinstance(node, list):
            return [clean(item) for item in node]
        if not isinstance(node, dict):
            return node
        return {
            key: clean(value, properties=key == "properties")
            for key, value in node.items()
            if properties or key != "title"
        }

    cleaned: dict[str, Json] = clean(schema)
    return cleaned
