"""The tools of other MCP servers as tools of the catalogue: `<server>__<tool>`, with the effect they count as."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from pydantic import ConfigDict, model_validator

from tools.effects import Effect
from tools.kube.guard import Asked
from tools.kube.plan import Step, Wire
from tools.models import McpServer, McpTool
from tools.policy.kinds import OF_SERVERS, SERVER, UNASSIGNED
from tools.servers import programs
from tools.spec import Closed, Json, Result, Tool, one_change

BETWEEN = "__"
WORST = Effect.EXECUTE
_SHORTEST = 500  # characters of a description that a model is given


class Passed(Closed):
    """Whatever the server takes; it says itself what does not fit."""

    model_config = ConfigDict(extra="allow", frozen=True)

    @model_validator(mode="after")
    def _bounded(self) -> "Passed":
        if len(self.model_dump_json()) > 64 << 10:
            raise ValueError("the arguments are longer than 64 KiB")
        return self


def passed(arguments: Closed) -> dict[str, Json]:
    """Exactly what was given."""
    return arguments.model_dump(exclude_unset=True)


@dataclass(frozen=True, slots=True)
class ServerTool(Tool):
    """server, own_name: where it is called and how it is called there; digest: of what was offered; schema: in the
    server's words, cleaned; unassigned: nobody has given it, as it is now, an effect, so it counts as the worst."""

    server: str = ""
    own_name: str = ""
    digest: str = ""
    schema: Mapping[str, Json] | None = None
    unassigned: bool = False

    def input_schema(self) -> Mapping[str, Json]:
        return self.schema or {"type": "object", "properties": {}}

    @property
    def place(self) -> str:
        return SERVER + self.server

    @property
    def asked(self) -> Asked:
        """As the policy is asked about it: the kind `<server>.mcp` or `<server>/unassigned.mcp`, in no namespace."""
        return Asked("call", OF_SERVERS, self.server, UNASSIGNED if self.unassigned else "", name=self.own_name)


def all_tools() -> tuple[ServerTool, ...]:
    """Of the servers that are enabled, in stable order. Sync ORM."""
    return tuple(_tool(row) for row in _usable().order_by("server__name", "name"))


def find(name: str) -> ServerTool | None:
    server, between, own = name.partition(BETWEEN)
    row = _usable().filter(server__name=server, name=own).first() if between and "\x00" not in name else None
    return _tool(row) if row is not None else None


def places() -> tuple[str, ...]:
    """Where a rule of the policy names a cluster, the servers that are enabled."""
    names = McpServer.objects.filter(enabled=True).order_by("name").values_list("name", flat=True)
    return tuple(SERVER + name for name in names)


def _usable() -> Any:
    """Without those of a program that is named no more."""
    named = [programs.PREFIX + name for name in programs.named()]
    gone = Q(server__address__startswith=programs.PREFIX) & ~Q(server__address__in=named)
    return McpTool.objects.filter(server__enabled=True, problem="").exclude(gone).select_related("server")


def _tool(row: McpTool) -> ServerTool:
    title = row.title or row.name
    described = row.description[:_SHORTEST] or "The server does not say what it does."
    return ServerTool(
        name=f"{row.server.name}{BETWEEN}{row.name}",
        title=title,
        description=f'Of the MCP server "{row.server.name}", which says of it: {described}',
        effect=row.assigned or WORST,
        arguments=Passed,
        run=_never,
        intent=lambda asked: f"Call {row.name} of {row.server.name}",
        changes=one_change,
        server=row.server.name,
        own_name=row.name,
        digest=row.digest,
        schema=row.schema,
        unassigned=row.assigned is None,
    )


# ---- what a call will be -----------------------------------------------------------------------------------------


def foretold(tool: ServerTool, arguments: Closed) -> tuple[Step, tuple[str, str]]:
    """The one step of a call, and the place: bound to the exact arguments, the server's address, and the tool as it was
    looked at. Sync ORM."""
    address = McpServer.objects.filter(name=tool.server).values_list("address", flat=True).first() or ""
    asked = tool.asked
    step = Step(
        verb=asked.verb,
        group=asked.group,
        resource=asked.resource,
        subresource=asked.subresource,
        namespace="",
        name=asked.name,
        address="",
        wire=wire_of(tool, arguments),
        effect=tool.effect,
        untried=_UNREHEARSED,
    )
    return step, (_bound(address), tool.digest)


def _bound(address: str) -> str:
    """With the command of a program, when there is one: another one is another server."""
    program = programs.named().get(programs.name_in(address))
    return f"{address} {program.fingerprint}" if program is not None else address


_UNREHEARSED = "another server's tool cannot be rehearsed, only that server knows what it will do"


def wire_of(tool: ServerTool, arguments: Closed) -> Wire:
    body = json.dumps(passed(arguments), sort_keys=True, separators=(",", ":")).encode()
    return ("POST", f"{tool.place}/{tool.own_name}", (), "application/json", hashlib.sha256(body).hexdigest())


async def _never(client: Any, asked: Any) -> Result:
    raise TypeError("A tool of another server goes to no cluster.")
