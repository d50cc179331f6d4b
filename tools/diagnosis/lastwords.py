"""Reads the last words of a program that died: which line tells why, and what kind of trouble it was."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

VARIABLE = r"(?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"
NOT_SET = (
    r"(?:not set|unset|missing|undefined|required|empty|must be set|is not defined"
    r"|not defined|not found|no value|not provided|KeyError|mandatory)"
)
MISSING = (
    re.compile(rf"\b{VARIABLE}\b.{{0,60}}?\b{NOT_SET}", re.IGNORECASE | re.DOTALL),
    re.compile(rf"{NOT_SET}.{{0,60}}?\b{VARIABLE}\b", re.IGNORECASE | re.DOTALL),
    re.compile(rf"\b(?:env(?:ironment)?(?: variable)?|set|export)\b[\s:`'\"]+{VARIABLE}\b", re.IGNORECASE),
)
UPPER = re.compile(r"[A-Z][A-Z0-9_]*")
REFUSED = re.compile(
    r"(?:connection refused|connect(?:ion)? (?:failed|error|timed out)|ECONNREFUSED|could not connect|no such host|"
    r"name or service not known|getaddrinfo|dial tcp|unable to connect|timed? ?out (?:connecting|waiting)|"
    r"EHOSTUNREACH|ENOTFOUND|host unreachable|lookup \S+)",
    re.IGNORECASE,
)
ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*://)?(?:[\w-]+\.)*[\w-]+:\d{2,5}\b|\b(?:lookup|host) (?P<host>[\w.-]+)")
DENIED = re.compile(
    (
        r"permission denied|access denied|EACCES|read-only file ?system|operation not "
        r"permitted|password authentication failed|unauthori[sz]ed|forbidden"
    ),
    re.IGNORECASE,
)
NO_FILE = re.compile(
    r"no such file or directory|file ?not ?found|ENOENT|cannot open|module ?not ?found|no module named|classnotfound",
    re.IGNORECASE,
)
IN_USE = re.compile(r"address already in use|EADDRINUSE|bind: address", re.IGNORECASE)
FULL = re.compile(r"no space left on device|disk full|ENOSPC", re.IGNORECASE)
MEMORY = re.compile(r"out of memory|OutOfMemoryError|heap out of memory|cannot allocate memory|ENOMEM", re.IGNORECASE)
BAD_CONFIG = re.compile(
    (
        r"(?:invalid|bad|malformed|unknown|unrecogni[sz]ed|could not parse|failed to "
        r"parse|cannot parse|syntax error).{0,60}?(?:config|setting|option|flag|argument"
        r"|yaml|json|value)|unknown flag|unrecognized option"
    ),
    re.IGNORECASE,
)
CERTIFICATE = re.compile(
    (
        r"x509|certificate (?:has )?expired|certificate.{0,40}(?:expired|invalid|not "
        r"trusted|unknown authority)|TLS handshake"
    ),
    re.IGNORECASE,
)
GIVING_UP = re.compile(r"giving up|exiting|exit code|shutting down|stopping|terminat|nothing was|bye", re.IGNORECASE)
LOUD = re.compile(
    r"\b(?:fatal|panic|critical|error|exception|traceback|failed|cannot|could not|unable|abort\w*|refus\w*)\b",
    re.IGNORECASE,
)

EXIT_CODES = {
    0: "ended without an error, but it is supposed to keep running",
    1: "ended by itself with an error (exit code 1)",
    2: "ended by itself with an error (exit code 2, often a wrong argument)",
    126: "could not be started: the file is not executable (exit code 126)",
    127: "could not be started: the command was not found in the image (exit code 127)",
    128: "could not be started (exit code 128)",
    134: "aborted (exit code 134)",
    137: "was killed (exit code 137)",
    139: "crashed with a memory error (segmentation fault, exit code 139)",
    143: "was told to end (exit code 143)",
}


@dataclass(frozen=True, slots=True)
class LastWords:
    """line: the line that tells most, "" without a log; trouble: variable | certificate | connection | denied | file |
    port | disk | memory | config | "" ; detail: the variable's name or the address."""

    line: str = ""
    trouble: str = ""
    detail: str = ""


def last_words(log: str) -> LastWords:
    lines = [line.strip() for line in log.splitlines() if line.strip()][-60:]
    for line in reversed(lines):
        for pattern in MISSING:
            found = pattern.search(line)
            if found and UPPER.fullmatch(found["name"]):
                return LastWords(line, "variable", found["name"])
    for trouble, rule in RULES:
        line = next((line for line in reversed(lines) if rule.search(line)), "")
        if line:
            address = ADDRESS.search(line) if trouble == "connection" else None
            return LastWords(line, trouble, (address["host"] or address.group(0)) if address else "")
    loud = [line for line in reversed(lines) if LOUD.search(line)]
    telling = next((line for line in loud if not GIVING_UP.search(line)), "")
    return LastWords(telling or (loud or lines[::-1] or [""])[0])


def loud_lines(lines: Sequence[str]) -> list[str]:
    """Those that look like errors."""
    return [line.strip() for line in lines if LOUD.search(line)]


def exit_words(exit_code: int | None) -> str:
    """What an exit code says, as the end of a sentence about the program."""
    if exit_code is None:
        return "ended"
    return EXIT_CODES.get(exit_code, f"ended by itself with an error (exit code {exit_code})")


RULES = (
    ("certificate", CERTIFICATE),
    ("memory", MEMORY),
    ("disk", FULL),
    ("port", IN_USE),
    ("connection", REFUSED),
    ("denied", DENIED),
    ("file", NO_FILE),
    ("config", BAD_CONFIG),
)
