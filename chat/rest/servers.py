"""`/api/v1/mcp-servers`: other MCP servers, for administrators: register, look, say what a tool may do, take away."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status

from chat.access import Right, require
from chat.actions import servers as actions
from chat.errors import Conflict, NotFound
from chat.models.access_token import Scope
from chat.rest.door import caller, signed_in
from tools.effects import Effect
from tools.models import McpServer, McpTool
from tools.servers import programs

router = Router(auth=signed_in, tags=["mcp servers"])


class ToolOut(Schema):
    """title, description, input_schema and hints are the server's words. effect: null until an administrator has given
    one to the tool as it is now (`digest`); problem: why nobody can use it."""

    name: str
    title: str
    description: str
    input_schema: dict[str, Any]
    hints: dict[str, Any]
    digest: str
    effect: Effect | None
    problem: str

    @staticmethod
    def resolve_input_schema(tool: McpTool) -> Any:
        return tool.schema

    @staticmethod
    def resolve_effect(tool: McpTool) -> Effect | None:
        return tool.assigned


class ServerOut(Schema):
    """Never a header: `with_headers` only says that it is sent some."""

    name: str
    address: str
    with_headers: bool
    enabled: bool
    problem: str
    tools: list[ToolOut]

    @staticmethod
    def resolve_with_headers(server: McpServer) -> bool:
        return bool(server.sealed)

    @staticmethod
    def resolve_tools(server: McpServer) -> Any:
        return server.tools.all()


class ServerList(Schema):
    """programs: those on the portal's machine that may be registered, as the address `program:NAME`."""

    items: list[ServerOut]
    programs: list[str]


class ServerIn(Schema, extra="forbid"):
    """headers: a line each."""

    name: str = Field(max_length=100)
    address: str = Field(max_length=500)
    headers: str = Field("", max_length=64 << 10)


class ServerChange(Schema, extra="forbid"):
    enabled: bool


class EffectIn(Schema, extra="forbid"):
    """digest: of the tool as it was looked at; effect: null takes the word back."""

    tool: str = Field(max_length=128)
    effect: Effect | None
    digest: str = Field(max_length=64)


@router.get("", response=ServerList)
def listing(request: HttpRequest) -> Any:
    require(caller(request), Right.ADMINISTER)
    return {"items": list(McpServer.objects.prefetch_related("tools")), "programs": list(programs.named())}


@router.post("", response={201: ServerOut})
def register(request: HttpRequest, wanted: ServerIn) -> Any:
    """Nothing is asked of it yet."""
    return Status(201, actions.register(caller(request, Scope.ADMIN), wanted.name, wanted.address, wanted.headers))


@router.post("/{name}/look", response=ServerOut)
def look(request: HttpRequest, name: str) -> Any:
    """Asks it for its tools, and keeps what it tells."""
    user = caller(request, Scope.ADMIN)
    actions.look(user, name)
    return actions.find(user, name)


@router.post("/{name}/effects", response=ServerOut)
def assign(request: HttpRequest, name: str, wanted: EffectIn) -> Any:
    """What one of its tools may do. 409: the server has changed it since."""
    user = caller(request, Scope.ADMIN)
    server = actions.find(user, name)
    tool = server.tools.filter(name=wanted.tool).first() if "\x00" not in wanted.tool else None
    if tool is None:
        raise NotFound("The server has not told such a tool.")
    if actions.assign(user, name, {tool.pk: (wanted.effect or "", wanted.digest)}):
        raise Conflict("The server has changed this tool meanwhile: look at it again.", code="tool_changed")
    return actions.find(user, name)


@router.patch("/{name}", response=ServerOut)
def change(request: HttpRequest, name: str, wanted: ServerChange) -> Any:
    user = caller(request, Scope.ADMIN)
    actions.switch(user, name, enabled=wanted.enabled)
    return actions.find(user, name)


@router.delete("/{name}", response={204: None})
def forget(request: HttpRequest, name: str) -> Any:
    actions.forget(caller(request, Scope.ADMIN), name)
    return HttpResponse(status=204)
