"""Reads the environment: each value is checked, and a wrong one stops the start with one sentence."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

_YES, _NO = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


class Environment:
    """Typed views of one mapping of variables (`os.environ`, or a test's own)."""

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        self._variables = os.environ if variables is None else variables

    def text(self, name: str, default: str = "") -> str:
        """An empty variable counts as unset: `FOO= make run` is how people switch a thing off."""
        return self._variables.get(name, "").strip() or default

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
        if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
            raise ImproperlyConfigured(f"{name} is {value!r}: it accepts a whole number from {least} to {most}.")
        return int(value)

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        value = self.text(name).lower()
        if value and value not in choices:
            raise ImproperlyConfigured(f"{name} is {value!r}: it accepts {' or '.join(choices)}.")
        return value

    def address(self, name: str, schemes: tuple[str, ...]) -> str:
        value = self.text(name)
        if value and (urlsplit(value).scheme not in schemes or not urlsplit(value).netloc):
            raise ImproperlyConfigured(
                f"{name} is not an address: it accepts one that begins with {' or '.join(s + '://' for s in schemes)}."
            )
        return value

    def database(self, home: Path) -> dict[str, Any]:
        """DATABASE_URL as Django's DATABASES entry: `sqlite:///…` or `postgres://…`."""
        url = self.text("DATABASE_URL", f"sqlite:///{home / 'k8smcp.sqlite3'}")
        if urlsplit(url).scheme not in ("sqlite", "postgres", "postgresql"):
            raise ImproperlyConfigured(
                "DATABASE_URL is not understood: it accepts sqlite:///path/to/file or postgres://user@host:port/name."
            )
        entry: dict[str, Any] = environ.Env.db_url_config(url)
        return entry | (_SQLITE if "sqlite" in entry["ENGINE"] else _POSTGRES)


# WAL + IMMEDIATE: writers wait for each other instead of failing with "database is locked". FULL: what was accepted
# survives a power cut, not only a crash.
_SQLITE = {
    "CONN_MAX_AGE": None,
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16000",
    },
}
_POSTGRES = {"CONN_MAX_AGE": 0, "OPTIONS": {"pool": {"min_size": 1, "max_size": 8, "timeout": 10}}}
