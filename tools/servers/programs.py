"""The programs on this machine that may be registered as MCP servers: named by who runs it, in K8SMCP_MCP_PROGRAMS.

Nothing that comes through the portal says what is started: it can only name one of these.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

PREFIX = "program:"  # before its name, where the address of another server would stand
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_MOST = 50
_FIELDS = {"command", "environment"}


class BadPrograms(ValueError):
    """The text says what is accepted, and never what was given: a credential may be in it."""


@dataclass(frozen=True, slots=True)
class Program:
    """environment: all that it is given beside what every program has (`tools.servers.stdio`)."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Another command or environment is another server: an approval is not for it."""
        whole = json.dumps([self.command, dict(self.environment)], sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()


def named() -> Mapping[str, Program]:
    """Those that may be registered, by name."""
    found: Mapping[str, Program] = settings.K8SMCP_MCP_PROGRAMS
    return found


def name_in(address: str) -> str:
    """Of the program that an address means; empty for one that is reached over HTTP."""
    return address.removeprefix(PREFIX) if address.startswith(PREFIX) else ""


def read(text: str) -> dict[str, Program]:
    """Raises BadPrograms."""
    if not text:
        return {}
    try:
        given = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise BadPrograms(f"{_ACCEPTS} (it is no JSON, or a name stands twice).") from None
    if not isinstance(given, dict) or len(given) > _MOST:
        raise BadPrograms(f"{_ACCEPTS}.")
    return {name: _program(name, said) for name, said in given.items()}


_ACCEPTS = (
    'accepts JSON such as {"files": ["/usr/bin/mcp-files", "--read-only"]} or '
    '{"files": {"command": ["/usr/bin/mcp-files"], "environment": {"NAME": "value"}}}'
)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _program(name: str, said: Any) -> Program:
    fields = said if isinstance(said, dict) else {"command": said}
    command, environment = fields.get("command"), fields.get("environment", {})
    if not _NAME.fullmatch(name):
        raise BadPrograms(f"{_ACCEPTS} (a name has small letters, digits and -, at most 40, a letter first).")
    if not set(fields) <= _FIELDS or not isinstance(command, list) or not command or not all(map(_is_word, command)):
        raise BadPrograms(f'{_ACCEPTS} (look at "{name}").')
    if not isinstance(environment, dict) or not all(map(_is_variable, environment.items())):
        raise BadPrograms(f'{_ACCEPTS} (look at the environment of "{name}").')
    return Program(name, tuple(command), environment)


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and "\x00" not in value


def _is_variable(pair: tuple[str, Any]) -> bool:
    name, value = pair
    return bool(_VARIABLE.fullmatch(name)) and isinstance(value, str) and "\x00" not in value
