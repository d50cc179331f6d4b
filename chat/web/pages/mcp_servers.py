"""Other MCP servers, for administrators: register one, look at its tools, say what each may do."""

from django.http import HttpResponseBase
from django.shortcuts import render

from chat.access import Right, require
from chat.actions import servers
from chat.errors import BadInput
from chat.web.door import SignedIn, done, page
from tools.effects import Effect
from tools.models import McpServer
from tools.servers import programs

_FIELDS = ("name", "address", "program")


@page("GET", "HEAD")
def listing(request: SignedIn) -> HttpResponseBase:
    return _page(request)


def _page(request: SignedIn, fault: str = "") -> HttpResponseBase:
    require(request.user, Right.ADMINISTER)
    context = {
        "servers": McpServer.objects.prefetch_related("tools"),
        "effects": [effect.value for effect in Effect],
        "programs": list(programs.named()),
        "fault": fault,
        "given": {field: request.POST.get(field, "") for field in _FIELDS} if fault else {},
    }
    return render(request, "chat/pages/mcp_servers.html", context, status=422 if fault else 200)


@page("POST")
def register(request: SignedIn) -> HttpResponseBase:
    """Of an `address`, or of a `program` that whoever runs the machine has named."""
    form = request.POST
    program = form.get("program", "")
    address = programs.PREFIX + program if program else form.get("address", "")
    try:
        made = servers.register(request.user, form.get("name", ""), address, form.get("headers", ""))
        servers.look(request.user, made.name)
    except BadInput as refused:
        return _page(request, str(refused))
    return done(request, "mcp-servers")


@page("POST")
def look(request: SignedIn, name: str) -> HttpResponseBase:
    try:
        servers.look(request.user, name)
    except BadInput as refused:
        return _page(request, str(refused))
    return done(request, "mcp-servers")


@page("POST")
def assign(request: SignedIn, name: str) -> HttpResponseBase:
    """`effect-<id>` and the `digest-<id>` that was shown with it."""
    form = request.POST
    numbers = [int(key[7:]) for key in form if key.startswith("effect-") and key[7:].isascii() and key[7:].isdigit()]
    wanted = {number: (form[f"effect-{number}"], form.get(f"digest-{number}", "")) for number in numbers}
    try:
        late = servers.assign(request.user, name, wanted)
    except BadInput as refused:
        return _page(request, str(refused))
    if late:
        return _page(request, f"The server changed {late} of them meanwhile: look at them again.")
    return done(request, "mcp-servers")


@page("POST")
def switch(request: SignedIn, name: str) -> HttpResponseBase:
    servers.switch(request.user, name, enabled="on" in request.POST)
    return done(request, "mcp-servers")


@page("POST")
def forget(request: SignedIn, name: str) -> HttpResponseBase:
    servers.forget(request.user, name)
    return done(request, "mcp-servers")
