"""The lines a program prints over time: a pure function of the container, its times and the table of programs."""

import random
import zlib
from datetime import datetime, timedelta
from string import Template
from typing import NamedTuple

from tools.demo.clock import parse_time
from tools.demo.images import parse_image
from tools.demo.programs import Program, version
from tools.demo.store import Json

LONGEST = 2000  # periodic lines kept, as a node's log rotation would


class Line(NamedTuple):
    """One line and the moment it was printed."""

    at: datetime
    text: str


class Window(NamedTuple):
    """What is asked for: lines after `start`, printed by `now`, the last `tail` of them; None: no bound."""

    start: datetime | None
    now: datetime
    tail: int | None = None


def lines_of(program: Program, pod: Json, spec: Json, run: Json, window: Window) -> list[Line]:
    """At least the lines of the window, in order.

    `run` is the container's running or terminated state, with startedAt and perhaps finishedAt.
    """
    now = window.now
    started = parse_time(run["startedAt"])
    ended = parse_time(run["finishedAt"]) if run.get("finishedAt") else None
    if not program.logs:
        return [Line(started, "started")]
    seed = f"{pod['metadata']['uid']} {spec['name']} {run['startedAt']}"
    known = fixed_words(spec)
    found = [
        line(text, started + timedelta(seconds=0.02 + 0.4 * index), f"{seed} start {index}", known)
        for index, text in enumerate(program.logs.get("start", []))
    ]
    until = min(ended or now, now)
    later = periodic(program, seed, started, window._replace(now=until), known)
    found = later if (until - started).total_seconds() > LONGEST * pace(program) else found + later
    if ended:
        texts = last_words(program, spec, run)
        words = known | {"variable": missing_name(program, spec)}
        found += [
            line(text, ended - timedelta(milliseconds=40), f"{seed} end {n}", words) for n, text in enumerate(texts)
        ]
    return sorted((each for each in found if each.at <= (ended or now)), key=lambda each: each.at)


def pace(program: Program) -> float:
    """Seconds between two lines."""
    return float(program.logs.get("every", 60))


def periodic(program: Program, seed: str, started: datetime, window: Window, known: dict[str, str]) -> list[Line]:
    """One line every so often since the start; only the latest of very many, and only those the window needs."""
    texts: list[str] = program.logs.get("lines") or []
    every = pace(program)
    ready = started + timedelta(seconds=program.starts + 1)
    count = int((window.now - ready).total_seconds() // every) + 1
    first = max(0, count - LONGEST)
    if window.start is not None:
        first = max(first, int((window.start - ready).total_seconds() // every))
    if window.tail is not None:
        first = max(first, count - window.tail - 2)
    found = []
    for index in range(first, max(0, count)):
        if not texts:
            break
        chance = random.Random(zlib.crc32(f"{seed} {index}".encode()))
        at = ready + timedelta(seconds=every * (index + 0.8 * chance.random()))
        found.append(line(chance.choice(texts), at, f"{seed} {index}", known))
    return found


def last_words(program: Program, spec: Json, run: Json) -> list[str]:
    """What it printed before it ended."""
    logs = program.logs
    if run.get("reason") == "OOMKilled":
        return list(logs.get("oom", []))
    if run.get("exitCode", 0) == 0:
        return list(logs.get("done", []))
    return list(logs["missing"] if missing_name(program, spec) and "missing" in logs else logs.get("fail", []))


def missing_name(program: Program, spec: Json) -> str:
    """The first variable the program needs and the container's `env` does not name."""
    if program.needs_since and version(parse_image(spec["image"]).tag) < version(program.needs_since):
        return ""
    named = {each["name"] for each in spec.get("env") or [] if each.get("value") or each.get("valueFrom")}
    return next((name for name in program.needs if name not in named), "")


def fixed_words(spec: Json) -> dict[str, str]:
    limits = (spec.get("resources") or {}).get("limits") or {}
    return {"tag": parse_image(spec["image"]).tag, "limit": str(limits.get("memory", "-"))}


def line(text: str, at: datetime, seed: str, known: dict[str, str]) -> Line:
    """Fills in `$time`, `$ms`, `$order` and the like, the same every time it is asked."""
    chance = random.Random(zlib.crc32(seed.encode()))
    words = {
        "time": at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z",
        "clf": at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "ms": str(chance.randint(3, 180)),
        "n": str(chance.randint(12, 980)),
        "ip": f"10.244.{chance.randint(0, 2)}.{chance.randint(3, 60)}",
        "sku": f"sku-{chance.randint(1000, 9999)}",
        "order": f"ord-{chance.randint(100000, 999999)}",
        "customer": f"c{chance.randint(10000, 99999)}",
        "amount": f"{chance.randint(5, 240)}.{chance.randint(0, 99):02d}",
    }
    return Line(at, Template(text).safe_substitute(words | known))
