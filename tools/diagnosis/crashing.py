"""A container that keeps ending: out of memory, or by itself with something in its log."""

from tools.diagnosis import probes
from tools.diagnosis.case import Case, earlier_images
from tools.diagnosis.finding import Evidence, Finding, Severity, Sign, Thing, logged, logs, read, spec, status
from tools.diagnosis.guesses import is_address, likely_services
from tools.diagnosis.lastwords import LastWords, exit_words, last_words
from tools.pods import Object, part

CRASH = Sign("crash", Severity.CRITICAL, "a container that ends again and again, with the line of its log that tells")
VARIABLE = Sign("crash-variable", Severity.CRITICAL, "a crash whose log names an environment variable that is not set")
MEMORY = Sign("out-of-memory", Severity.CRITICAL, "a container that is killed because it uses more memory than it may")
FLAPPING = Sign("restarts", Severity.WARNING, "a container that runs now and was restarted three times or more of late")
SIGNS = (CRASH, VARIABLE, MEMORY, FLAPPING)
_CAUSES = {
    "certificate": "A certificate has expired or is not trusted: it must be renewed, or the right one mounted.",
    "connection": "It cannot reach something it depends on{detail}. Is that running, and is the address right?",
    "denied": "It is refused: a right, a password or a token is missing or wrong.",
    "file": "A file or module that it expects is not there: is it in the image, is the volume mounted?",
    "port": "The port it wants to listen on is already taken inside the pod.",
    "disk": "Its disk is full.",
    "memory": "It says itself that it ran out of memory.",
    "config": "It does not understand its configuration or its arguments.",
}
_NOT_STARTED = (126, 127, 128)


def examine(case: Case, container: Object, ended: Object) -> Finding:
    """`ended`: {"reason", "exit_code", "message"} of its last end."""
    words = last_words("\n".join(case.log(container["name"])) or str(ended.get("message") or ""))
    if ended.get("reason") == "OOMKilled":
        return _out_of_memory(case, container, words)
    exit_code = ended.get("exit_code")
    found = probes.killed(case, container, exit_code)
    if found:
        return found
    if words.trouble == "variable":
        return _missing_variable(case, container, exit_code, words)
    detail = f" ({words.detail})" if words.detail else ""
    earlier = _earlier(case, container)
    return CRASH.on(
        case.owner,
        "keeps crashing",
        f"The program starts and then {exit_words(exit_code)}. "
        f"{_CAUSES.get(words.trouble, '').format(detail=detail)}".strip(),
        *_evidence(container, exit_code, words),
        fix=_advice(words, exit_code, earlier),
        step=logs(case.thing, previous=container["restarts"] > 0),
        trouble=words.trouble,
        detail=words.detail,
        earlier_image=earlier,
        container=container["name"],
    )


def flapping(case: Case, container: Object, ended: Object) -> Finding:
    """It runs now, and died minutes ago, not for the first time: the same cause, and less grave."""
    found = examine(case, container, ended)
    return FLAPPING.on(
        found.thing, f"{found.title}, and runs at the moment", found.cause, *found.evidence, fix=found.fix,
        step=found.step, **found.facts,
    )  # fmt: skip


def _evidence(container: Object, exit_code: int | None, words: LastWords) -> list[Evidence]:
    restarts = container["restarts"]
    times = f", restarted {restarts} time{'s' * (restarts != 1)}" if restarts else ""
    code = f"exit code {exit_code}" if exit_code is not None else "ended"
    return [*([logged(words.line)] if words.line else []), status(f"Container {container['name']}: {code}{times}")]


def _missing_variable(case: Case, container: Object, exit_code: int | None, words: LastWords) -> Finding:
    meant = likely_services(case.world, words.detail)
    fix = f"Give it the variable {words.detail}."
    if meant:
        guesses = " or ".join(f"{thing.words} (port {port})" for thing, port in meant)
        fix += f" From its name it could be {guesses}; that is a guess, its developers know."
    return VARIABLE.on(
        case.owner,
        "keeps crashing: a setting is missing",
        f"The program needs the environment variable {words.detail}, does not find it, and gives up. Kubernetes starts "
        "it again and again.",
        *_evidence(container, exit_code, words),
        fix=fix,
        step=read(case.owner),
        variable=words.detail,
        is_address="yes" if is_address(words.detail) else "",
        guess=_address(*meant[0]) if meant else "",
        earlier_image=_earlier(case, container),
        container=container["name"],
    )


def _address(thing: Thing, port: str) -> str:
    scheme = "https" if port.endswith("443") else "http"
    return f"{scheme}://{thing.name}.{thing.namespace}.svc:{port}"


def _out_of_memory(case: Case, container: Object, words: LastWords) -> Finding:
    limit = str(part(part(case.declared(container["name"]), "resources"), "limits").get("memory") or "")
    restarts = container["restarts"]
    times = f", restarted {restarts} time{'s' * (restarts != 1)}" if restarts else ""
    return MEMORY.on(
        case.owner,
        "runs out of memory",
        f"The program uses more memory than it may ({limit or 'no limit set'}) and is killed each time.",
        status(f"Container {container['name']}: last end OOMKilled, exit code 137{times}"),
        *([spec(f"limits.memory: {limit}")] if limit else []),
        *([logged(words.line)] if words.line else []),
        fix="Raise its memory limit, or make it use less.",
        step=read(case.owner),
        limit=limit,
        container=container["name"],
    )


def _earlier(case: Case, container: Object) -> str:
    """The image it had before, when that is known and different."""
    return next((image for image in earlier_images(case.world, case.owner) if image != container["image"]), "")


def _advice(words: LastWords, exit_code: int | None, earlier: str) -> str:
    if words.trouble:
        back = " Or go back to the version before." if earlier else ""
        return f"Mend what the line names; the program is started again by itself.{back}"
    if exit_code in _NOT_STARTED:
        return "Correct the command or the image."
    if not words.line:
        return "Its log is empty. Look at its command and settings, or ask its developers what it needs."
    return (
        "The log line above is for the people who write this program. If it began with a new version, go back to the "
        "one before."
    )
