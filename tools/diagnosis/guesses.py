"""What could be meant: Services for a missing address, the selector for a mistyped one. Guesses, told as such."""

import difflib
import re
from collections.abc import Mapping

from tools.diagnosis.finding import Thing
from tools.diagnosis.world import World, thing_of, written
from tools.pods import part, parts

_ADDRESS = re.compile(r"(URL|URI|HOST|ADDR|ADDRESS|ENDPOINT|SERVER|DSN)$")
_GENERAL = frozenset({"host", "port", "addr", "address", "endpoint", "server", "service", "base", "http", "https"})
_ENTRANCES = ("gateway", "api", "server", "proxy", "frontend")
_STORES = frozenset({"5432", "6379", "3306", "27017", "5672", "9092", "11211"})
_SURE = 0.75


def is_address(variable: str) -> bool:
    return _ADDRESS.search(variable) is not None


def likely_services(world: World, variable: str) -> list[tuple[Thing, str]]:
    """Services whose name or namespace shares a word with a variable, and a port; what looks like an entrance first."""
    words = [word for word in variable.lower().split("_") if len(word) > 3 and word not in _GENERAL]
    if not is_address(variable):
        return []
    known = [(thing_of(service), _port(part(service, "spec"))) for service in world.everywhere("services")]
    found = [(thing, port) for thing, port in known if port and port not in _STORES and _shares(thing, words)]
    return sorted(found, key=lambda pair: (not any(word in pair[0].name for word in _ENTRANCES), pair[0]))[:2]


def _port(spec: Mapping[str, object]) -> str:
    return next((str(port.get("port") or "") for port in parts(spec, "ports")), "")


def _shares(thing: Thing, words: list[str]) -> bool:
    return any(
        each.startswith(word) for word in words for each in [*thing.name.split("-"), *thing.namespace.split("-")]
    )


def meant_selector(
    name: str, selector: Mapping[str, str], offered: Mapping[str, Mapping[str, str]]
) -> tuple[str, str] | None:
    """The workload that was probably meant and the selector that fits it: same keys, nearest values. `offered`: the
    labels that each workload gives its pods."""
    best: tuple[float, str, str] | None = None
    for workload, labels in sorted(offered.items()):
        if not all(key in labels for key in selector):
            continue
        right = written({key: labels[key] for key in selector})
        near = difflib.SequenceMatcher(None, written(selector), right).ratio() + (0.5 if workload == name else 0)
        if best is None or near > best[0]:
            best = (near, workload, right)
    return best[1:] if best and best[0] >= _SURE else None


def nearest(name: str, known: list[str]) -> str:
    """The known name that is nearly this one, or ""."""
    return next(iter(difflib.get_close_matches(name, known, 1, 0.6)), "")
