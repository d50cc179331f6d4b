"""Shows logs: of a pod, of all pods of a workload, or by label; what was said before the crash when that tells more."""

from chat.agent.providers.guide import calls, phrasing
from chat.agent.providers.guide.intention import Intention
from chat.agent.providers.guide.locating import locate
from chat.agent.providers.guide.plans.looking import failed
from chat.agent.providers.guide.steps import Found, Plan, Reply, Scene
from chat.agent.providers.guide.together import together

LOG_LINES = 100
TOLD_LINES = 25


def logs(scene: Scene) -> Plan:
    """Of a pod or of all pods of a workload; the run before the crash when there is nothing else to see."""
    wish = scene.intention
    if wish.selector and not wish.name:
        return (yield from _logs_by_label(scene))
    located = yield from locate(scene)
    if isinstance(located, Reply):
        return located
    tail = wish.tail or LOG_LINES
    more = {"container": wish.container, "since": wish.since}
    (found,) = (
        yield from together({"": calls.logs(located, wish.cluster, previous=wish.previous, tail=tail, **more)})
    ).values()
    if not found.failed and not wish.previous and "previous=true" in found.text.split("\n", 1)[0]:
        again = yield from together(
            {"": calls.logs(located, wish.cluster, previous=True, tail=tail, **more)},
            "It keeps crashing: reading what it said before the last crash…",
        )
        if not again[""].failed:
            before = f"{phrasing.thing(located)} keeps crashing. These are its words **before the last crash**:"
            return Reply(
                phrasing.paragraphs(
                    before, _quoted(again[""], wish), f"Ask {phrasing.code('why')} and I look for the cause."
                ),
                focus=located,
                offers=(f"why is {phrasing.sentence(located)} failing",),
            )
    if found.failed:
        return failed(located, found)
    kind = "The log of the run before the last restart" if wish.previous else "The log"
    hint = (
        (
            f"More: {phrasing.code('last 200 lines')} · {phrasing.code('previous logs')} · "
            f"{phrasing.code('logs of the last 10 minutes')}."
        )
        if not wish.previous
        else ""
    )
    return Reply(
        phrasing.paragraphs(f"{kind} of {phrasing.thing(located)}:", _quoted(found, wish), hint), focus=located
    )


def _logs_by_label(scene: Scene) -> Plan:
    wish = scene.intention
    call = calls.call(
        "k8s_logs",
        wish.cluster,
        label_selector=wish.selector,
        namespace=wish.namespace,
        tail=wish.tail or 20,
        previous=wish.previous or None,
        since=wish.since,
        container=wish.container,
    )
    (found,) = (yield from together({"": call})).values()
    return Reply(phrasing.plain(found.text) if found.failed else _quoted(found, wish))


def _quoted(found: Found, wish: Intention) -> str:
    header, _, body = found.text.partition("\n")
    if not body.strip():
        return f"There is nothing in it. ({phrasing.plain(header)})"
    lines = len(body.splitlines())
    most = wish.tail or TOLD_LINES
    cut = f"The last {most} of {lines} lines; the rest is in the tool card above.\n\n" if lines > most else ""
    return cut + phrasing.quoted(body, most)
