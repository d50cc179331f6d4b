"""Which other MCP servers there are, and what each tells of its tools. Each write is one transaction; sync ORM.

Who may ask for it is for `chat/actions/servers.py` to say. Headers are sealed; they are shown to nobody again.
"""

import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.utils import timezone

from tools import sealing
from tools.effects import Effect
from tools.kube.errors import BadInput, NotPermitted
from tools.models import McpServer, McpTool
from tools.rendering import plain
from tools.servers import programs
from tools.servers.narrow import Reach
from tools.servers.wire import Told
from tools.visible import visible_all

_NAME = re.compile(r"[a-z][a-z0-9-]{0,19}")
_FULL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,60}):[ \t]*([\x21-\x7e](?:[\x20-\x7e]{0,4000}[\x21-\x7e])?)")
_OURS = {"host", "content-length", "content-type", "transfer-encoding", "connection", "accept", "accept-encoding"}
_MOST_HEADERS = 10
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
LONGEST_DESCRIPTION = 2_000
LARGEST_SCHEMA = 8 << 10  # bytes of JSON


def register(name: str, address: str, headers: str) -> McpServer:
    """`address`: of streamable HTTP, or `program:NAME` for one that whoever runs this machine named; `headers`: lines
    such as "Authorization: Bearer …". Raises BadInput."""
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"{name[:40]!r} cannot be its name: small letters, digits and - only, at most 20, a letter first."
        )
    sent = _headers(headers)
    if programs.name_in(address):
        _check_program(address, sent)
    else:
        _check_address(address, secret=bool(sent))
    server = McpServer(name=name, address=address)
    server.sealed = sealing.seal(_purpose(name), json.dumps(sent)) if sent else ""
    try:
        with transaction.atomic():
            server.save()
    except IntegrityError:
        raise BadInput(f'There is already a server "{name}": choose another name.') from None
    return server


def reach(server: McpServer) -> Reach:
    """Raises BadKey, NotPermitted."""
    headers = json.loads(sealing.open_sealed(_purpose(server.name), server.sealed)) if server.sealed else {}
    return Reach(server.name, server.address, headers, _program(server.address))


def _program(address: str) -> programs.Program | None:
    name = programs.name_in(address)
    if not name:
        return None
    try:
        return programs.named()[name]
    except KeyError:
        raise NotPermitted(
            f'Whoever runs the portal names no program "{name}" here (K8SMCP_MCP_PROGRAMS): nothing was started.'
        ) from None


def _purpose(name: str) -> str:
    return f"headers of the MCP server {name}"


def _headers(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.strip().splitlines():
        header = _HEADER.fullmatch(line.strip())
        if header is None or header[1].lower() in _OURS or header[1].lower().startswith("mcp-"):
            raise BadInput("A header is a line such as Authorization: Bearer and the token; some are the portal's own.")
        found[header[1]] = header[2]
    if len(found) > _MOST_HEADERS:
        raise BadInput(f"At most {_MOST_HEADERS} headers are sent.")
    return found


def _check_program(address: str, headers: dict[str, str]) -> None:
    """It is only ever named: what is started, and with which arguments, is said by nobody in the portal."""
    if headers:
        raise BadInput("A program is sent no headers: whoever runs the portal gives it what it needs.")
    if programs.name_in(address) not in programs.named():
        names = ", ".join(programs.named()) or "none yet"
        raise BadInput(f"Choose a program that whoever runs the portal has named in K8SMCP_MCP_PROGRAMS: {names}.")


def _check_address(address: str, *, secret: bool) -> None:
    """Only what an administrator typed is ever asked: no redirect and no proxy leads elsewhere."""
    try:
        parts = urlsplit(address)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits or "@" in parts.netloc or parts.fragment or len(address) > 500 or not address.isprintable():
        raise BadInput(
            "The address begins with https:// or http:// and names a host, such as https://mcp.example.com/mcp."
        )
    if secret and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise BadInput(
            "A credential is sent over https only, or to this very machine. Use https, or leave the headers out."
        )


# ---- what a server tells -----------------------------------------------------------------------------------------


def keep(server: McpServer, told: Sequence[Told]) -> None:
    """What is new, changed or gone. An effect stays where it was given, and counts while the digest is the same."""
    with transaction.atomic():
        McpServer.objects.filter(pk=server.pk).update(problem="", looked_at=timezone.now())
        McpTool.objects.filter(server=server).exclude(name__in=[each.name[:128] for each in told]).delete()
        for each in told:
            McpTool.objects.update_or_create(server=server, name=each.name[:128], defaults=_row(server, each))


def _row(server: McpServer, told: Told) -> dict[str, object]:
    schema, problem = _bounded(told.schema), ""
    if not _FULL_NAME.fullmatch(f"{server.name}__{told.name}"):
        problem = "Its name does not fit: with the server's name it has at most 64 letters, digits, _ and -."
    elif schema is None:
        schema, problem = (
            {},
            f"Its arguments are described in more than {LARGEST_SCHEMA >> 10} KiB, or not as an object.",
        )
    return {
        "title": _words(told.title, 80),
        "description": _words(told.description, LONGEST_DESCRIPTION),
        "schema": schema,
        "hints": {key: value for key, value in told.hints.items() if isinstance(value, bool)},
        "digest": told.digest,
        "problem": problem,
    }


def _words(text: str, most: int) -> str:
    """Hostile: one line, without what hides or moves text."""
    words = " ".join(plain(text).split())
    return words if len(words) <= most else words[: most - 1] + "…"


def _bounded(schema: dict[str, Any]) -> dict[str, Any] | None:
    """Without what hides or moves text; None for one that no model can be given: a provider refuses a whole request for
    one schema that is none."""
    from jsonschema import Draft202012Validator, SchemaError

    if schema.get("type") != "object" or len(json.dumps(schema)) > LARGEST_SCHEMA:
        return None
    clean: dict[str, Any] = visible_all(schema)
    try:
        Draft202012Validator.check_schema(clean)
    except SchemaError:
        return None
    return clean if all(isinstance(value, dict) for value in clean.get("properties", {}).values()) else None


def could_not_be_asked(server: McpServer, sentence: str) -> None:
    McpServer.objects.filter(pk=server.pk).update(problem=plain(sentence)[:1000])


# ---- what administrators say -------------------------------------------------------------------------------------


def assign(tool: McpTool, effect: str, digest: str) -> bool:
    """For the tool as it was shown (`digest`); False when the server has changed it since. An empty effect takes the
    word back."""
    if effect and effect not in set(Effect):
        raise BadInput(f"There is no effect {effect[:20]!r}: choose {', '.join(Effect)}.")
    same = McpTool.objects.filter(pk=tool.pk, digest=digest)
    return bool(same.update(effect=effect, seen_digest=digest if effect else ""))


def enable(server: McpServer, *, enabled: bool) -> None:
    McpServer.objects.filter(pk=server.pk).update(enabled=enabled)


def forget(server: McpServer) -> None:
    """With its tools and credential. What was done through it stays in the journal."""
    McpServer.objects.filter(pk=server.pk).delete()
