"""Reads the environment: each value is checked, and a wrong one stops the start with one sentence."""

import contextlib
import os
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from tools.servers import programs
from tools.servers.programs import Program

SHORTEST_SECRET = 24
_YES, _NO = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


class Environment:
    """Typed views of one mapping of variables (`os.environ`, or a test's own)."""

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        self._variables = os.environ if variables is None else variables

    def text(self, name: str, default: str = "") -> str:
        """An empty variable counts as unset: `FOO= make run` is how people switch a thing off."""
        return self._variables.get(name, "").strip() or default

    def secret(self, name: str) -> str:
        """One that is not guessed, and fits into a header."""
        value = self.text(name)
        if value and (len(value) < SHORTEST_SECRET or not value.isascii() or not value.isprintable() or " " in value):
            raise ImproperlyConfigured(
                f"{name} is no good secret: it accepts {SHORTEST_SECRET} characters or more, without blanks, such as "
                "`openssl rand -hex 32` makes."
            )
        return value

    def words(self, name: str) -> list[str]:
        return [word.strip() for word in self.text(name).split(",") if word.strip()]

    def switch(self, name: str, default: bool) -> bool:
        value = self.optional_switch(name)
        return default if value is None else value

    def optional_switch(self, name: str) -> bool | None:
        value = self.text(name).lower()
        if not value:
            return None
        if value in _YES:
            return True
        if value in _NO:
            return False
        raise ImproperlyConfigured(f"{name} is {value!r}: it accepts 1 or 0.")

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        value = self.text(name, str(default))
        digits = value.isascii() and value.isdigit() and len(value) < 20
        if not digits or not least <= int(value) <= most:
            raise ImproperlyConfigured(f"{name} is {value!r}: it accepts a whole number from {least} to {most}.")
        return int(value)

    def micros(self, name: str) -> int:
        """Dollars, in whole millionths; nought when the variable is unset."""
        value = self.text(name, "0").removeprefix("$")
        if not re.fullmatch(r"\d{1,9}(\.\d{1,6})?", value, re.ASCII):
            raise ImproperlyConfigured(f"{name} is {value!r}: it accepts an amount of US dollars, such as 25 or 2.50.")
        return int(Decimal(value) * 1_000_000)

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        value = self.text(name).lower()
        if value and value not in choices:
            raise ImproperlyConfigured(f"{name} is {value!r}: it accepts {' or '.join(choices)}.")
        return value

    def some(self, name: str, choices: tuple[str, ...]) -> frozenset[str]:
        """Any of a few words, comma-separated."""
        given = frozenset(word.lower() for word in self.words(name))
        if not given <= set(choices):
            raise ImproperlyConfigured(f"{name} is {self.text(name)!r}: it accepts any of {', '.join(choices)}.")
        return given

    def programs(self, name: str) -> dict[str, Program]:
        try:
            return programs.read(self.text(name))
        except programs.BadPrograms as fault:
            raise ImproperlyConfigured(f"{name} {fault}") from None

    def address(self, name: str, schemes: tuple[str, ...]) -> str:
        value = self.text(name)
        if value and not _is_address(value, schemes):
            raise ImproperlyConfigured(
                f"{name} is not an address: it accepts one that begins with {' or '.join(s + '://' for s in schemes)}."
            )
        return value

    def origins(self, name: str) -> list[str]:
        """Addresses without a path, as browsers send them in `Origin`."""
        for word in self.words(name):
            if not _is_address(word, ("http", "https")) or urlsplit(word).path:
                raise ImproperlyConfigured(
                    f"{name} holds {word!r}: it accepts origins such as https://portal.example.org, comma-separated."
                )
        return self.words(name)

    def folder(self, name: str, default: Path) -> Path:
        """A folder that is there, made if need be, and can be written to."""
        place = Path(self.text(name, str(default))).expanduser().resolve()
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        except (OSError, ValueError) as fault:
            raise ImproperlyConfigured(f"{name} is {str(place)!r}: it accepts a folder ({_why(fault)}).") from fault
        if not os.access(place, os.W_OK | os.X_OK):
            raise ImproperlyConfigured(f"{name} is {str(place)!r}: it accepts a folder that this user may write to.")
        return place

    def database(self, home: Path) -> dict[str, Any]:
        """DATABASE_URL as Django's DATABASES entry: `sqlite:///…` or `postgres://…`."""
        url = self.text("DATABASE_URL", f"sqlite:///{home / 'k8smcp.sqlite3'}")
        entry: dict[str, Any] = {}
        with contextlib.suppress(ValueError, KeyError, ImproperlyConfigured):
            if urlsplit(url).scheme in ("sqlite", "postgres", "postgresql"):
                entry = environ.Env.db_url_config(url)
        if entry.get("NAME") in (None, "", ":memory:"):
            raise ImproperlyConfigured(
                "DATABASE_URL is not understood: it accepts sqlite:///path/to/file or postgres://user@host:port/name."
            )
        return entry | (_SQLITE if "sqlite" in entry["ENGINE"] else _POSTGRES)


def _is_address(value: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and bool(
            parts.path if parts.scheme == "unix" else parts.hostname and parts.port != 0
        )
    except ValueError:
        return False


def _why(fault: Exception) -> str:
    return (getattr(fault, "strerror", "") or "not a path").lower()


# WAL + IMMEDIATE: writers wait for each other instead of failing with "database is locked". NORMAL: chat/durable.py
# says which transactions wait for the disk.
_SQLITE = {
    "CONN_MAX_AGE": None,
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000",
    },
}
_POSTGRES = {
    "ENGINE": "k8smcp.postgresql",
    "CONN_MAX_AGE": 0,
    "OPTIONS": {"pool": {"min_size": 1, "max_size": 12, "timeout": 10}},
}
