"""A container that keeps ending: out of memory, or by itself with something in its log."""

import re

from chat.agent.providers.guide import phrasing
from chat.agent.providers.guide.diagnosis.case import Case
from chat.agent.providers.guide.diagnosis.crashes import LastWords, exit_words, last_words
from chat.agent.providers.guide.diagnosis.finding import Finding, Severity
from chat.agent.providers.guide.diagnosis.quantities import amount, doubled
from chat.agent.providers.guide.intention import Thing
from chat.agent.providers.guide.rows import items, walk
from chat.agent.providers.guide.steps import Json

ADDRESS_LIKE = re.compile(r"(URL|URI|HOST|ADDR|ADDRESS|ENDPOINT|SERVER|DSN)$")
GENERAL = frozenset({"host", "port", "addr", "address", "endpoint", "server", "service", "base", "http", "https"})
ENTRANCES = ("gateway", "api", "server", "proxy", "frontend")
STORES = frozenset({"5432", "6379", "3306", "27017", "5672", "9092", "11211"})
CAUSES = {
    "certificate": "A certificate has expired or is not trusted: it must be renewed, or the right one mounted.",
    "connection": "It cannot reach something it depends on{detail}. Is that running, and is the address right?",
    "denied": "It is refused: a right, a password or a token is missing or wrong.",
    "file": "A file or module that it expects is not there: is it in the image, is the volume mounted?",
    "port": "The port it wants to listen on is already taken inside the pod.",
    "disk": "Its disk is full.",
    "memory": "It says itself that it ran out of memory.",
    "config": "It does not understand its configuration or its arguments.",
}


def examine(case: Case, status: Json, ended: Json) -> Finding:
    """`status`: of the container; `ended`: its last `terminated` state."""
    exit_code = ended.get("exitCode") if isinstance(ended.get("exitCode"), int) else None
    if ended.get("reason") == "OOMKilled":
        return _out_of_memory(case, status)
    words = last_words(case.log)
    evidence = _evidence(status, exit_code, words)
    killed = next((note for note in case.notes if "liveness probe failed" in note.message.lower()), None)
    if words.trouble == "variable":
        return _missing_variable(case, words, evidence)
    if killed and exit_code in {137, 143, None}:
        return Finding(
            Severity.BROKEN,
            case.owner,
            "is restarted again and again by its liveness check",
            "The program runs, but its liveness check fails, so Kubernetes restarts it.",
            (*evidence, f"Event: {phrasing.code(killed.message, 260)}"),
            "Correct the path, port or delay of the check, or find out why the program does not answer.",
            (f"yaml of {phrasing.sentence(case.owner)}",),
            case.thing.name,
        )
    detail = f" ({phrasing.code(words.detail)})" if words.detail else ""
    cause = CAUSES.get(words.trouble, "").format(detail=detail)
    return Finding(
        Severity.BROKEN,
        case.owner,
        "keeps crashing",
        f"The program starts and then {exit_words(exit_code)}. {cause}".strip(),
        evidence,
        _advice(case, words, exit_code),
        (*_back(case), f"previous logs of {phrasing.sentence(case.thing)}", f"yaml of {phrasing.sentence(case.owner)}"),
        case.thing.name,
    )


def failed(case: Case) -> Finding | None:
    """A pod that ended for good: of a Job, or one that is not restarted."""
    ended = [
        status
        for status in items(case.pod, "status", "containerStatuses")
        if walk(status, "state", "terminated", "exitCode")
    ]
    return examine(case, ended[0], walk(ended[0], "state", "terminated")) if ended else None


def _evidence(status: Json, exit_code: int | None, words: LastWords) -> tuple[str, ...]:
    lines = [f"The last line that tells: {phrasing.code(words.line)}"] if words.line else []
    restarts = status.get("restartCount")
    times = f", restarted {phrasing.counted(restarts, 'time')}" if isinstance(restarts, int) and restarts else ""
    code = f"exit code {exit_code}" if exit_code is not None else "ended"
    return (*lines, f"Container {phrasing.code(status.get('name', ''))}: {code}{times}")


def _missing_variable(case: Case, words: LastWords, evidence: tuple[str, ...]) -> Finding:
    address = ADDRESS_LIKE.search(words.detail) is not None
    offers = [f"set {words.detail} to {'https://…' if address else '…'} on {phrasing.sentence(case.owner)}"]
    fix = f"Give it the variable {phrasing.code(words.detail)}."
    meant = likely_services(words.detail, case.services) if address else []
    if meant:
        fix += (
            " From its name it could be "
            f"{phrasing.listed([f'{phrasing.thing(thing)} (port {port})' for thing, port in meant])}; "
            "that is a guess, its developers know."
        )
        thing, port = meant[0]
        scheme = "https" if port.endswith("443") else "http"
        offers.append(
            f"set {words.detail} to {scheme}://{thing.name}.{thing.namespace}.svc:{port} on "
            f"{phrasing.sentence(case.owner)}"
        )
    return Finding(
        Severity.BROKEN,
        case.owner,
        "keeps crashing: a setting is missing",
        (
            f"The program needs the environment variable {phrasing.code(words.detail)}, does "
            "not find it, and gives up. Kubernetes starts it again and again."
        ),
        evidence,
        fix,
        (*offers, *_back(case)),
        case.thing.name,
    )


def likely_services(variable: str, services: tuple[tuple[Thing, str], ...]) -> list[tuple[Thing, str]]:
    """Services whose name or namespace shares a word with the variable, those that look like an entrance first."""
    words = [word for word in variable.lower().split("_") if len(word) > 3 and word not in GENERAL]

    def fits(thing: Thing) -> bool:
        return any(
            part.startswith(word) for word in words for part in [*thing.name.split("-"), *thing.namespace.split("-")]
        )

    found = [(thing, port) for thing, port in services if fits(thing) and port not in STORES]
    return sorted(found, key=lambda pair: not any(word in pair[0].name for word in ENTRANCES))[:2]


def _out_of_memory(case: Case, status: Json) -> Finding:
    spec = next((c for c in items(case.pod, "spec", "containers") if c.get("name") == status.get("name")), {})
    limit = str(walk(spec, "resources", "limits", "memory") or "")
    restarts = status.get("restartCount")
    evidence = [
        f"Container {phrasing.code(status.get('name', ''))}: last end {phrasing.code('OOMKilled')}, exit code 137"
        + (f", restarted {phrasing.counted(restarts, 'time')}" if restarts else "")
    ]
    evidence += (
        [f"Memory limit: {phrasing.code(limit)}"]
        if limit
        else ["No limit of its own: the node itself ran out of memory."]
    )
    words = last_words(case.log)
    evidence += [f"The last line that tells: {phrasing.code(words.line)}"] if words.line else []
    more = doubled(limit) if limit else "512Mi"
    if (amount(more) or 0) < 2.0**28:
        more = "256Mi"
    return Finding(
        Severity.BROKEN,
        case.owner,
        "runs out of memory",
        (
            "The program uses more memory than it may "
            f"({phrasing.code(limit) if limit else 'no limit set'}) and is killed each time."
        ),
        tuple(evidence),
        "Raise its memory limit, or make it use less.",
        (f"set the memory limit of {phrasing.sentence(case.owner)} to {more}", "which pods use the most memory"),
        case.thing.name,
    )


def _back(case: Case) -> tuple[str, ...]:
    """The image it had before, when that is known and different."""
    now = str(walk(next(items(case.pod, "spec", "containers"), {}), "image") or "")
    earlier = next((image for image in case.images if image != now), "")
    return (f"use image {earlier} for {phrasing.sentence(case.owner)}",) if earlier else ()


def _advice(case: Case, words: LastWords, exit_code: int | None) -> str:
    if words.trouble:
        return "Mend what the line names; the program is started again by itself." + (
            " Or go back to the version before." if _back(case) else ""
        )
    if exit_code in {126, 127, 128}:
        return "Correct the command or the image."
    if not words.line:
        return "Its log is empty. Look at its command and settings, or ask its developers what it needs."
    return (
        "The log line above is for the people who write this program. If it began with "
        "a new version, go back to the one before."
    )
