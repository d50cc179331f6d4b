"""Why one thing fails: diagnosed in one call with all that is around it, and told with evidence and the next step."""

from dataclasses import replace

from chat.agent.providers.guide import calls, phrasing
from chat.agent.providers.guide.diagnosis.finding import Finding, Severity, findings_of
from chat.agent.providers.guide.diagnosis.health import is_ill
from chat.agent.providers.guide.intention import Act, Thing
from chat.agent.providers.guide.locating import locate
from chat.agent.providers.guide.plans.checking import check
from chat.agent.providers.guide.plans.gathering import notes_of
from chat.agent.providers.guide.plans.reporting import briefly, grouped, in_full, offers_of, unread
from chat.agent.providers.guide.rows import Row, items
from chat.agent.providers.guide.steps import Found, Plan, Reply, Scene
from chat.agent.providers.guide.together import together

WORKLOADS = frozenset({"deployments", "statefulsets", "daemonsets", "replicasets"})
DIAGNOSED = WORKLOADS | {
    "pods", "services", "persistentvolumeclaims", "nodes", "ingresses", "horizontalpodautoscalers", "jobs", "cronjobs",
}  # fmt: skip


def why(scene: Scene) -> Plan:
    wish = scene.intention
    if not wish.name and not wish.pronoun:
        return (yield from check(scene))
    located = yield from locate(scene)
    if isinstance(located, Reply):
        unknown = wish.name and not wish.kind and not located.choices and wish.namespace in {"", "*"}
        return (yield from _looked_at_everything(scene)) if unknown else located
    thing = located
    if thing.kind == "namespaces":
        placed = replace(wish, act=Act.CHECK, namespace=thing.name, name="", spare=())
        return (yield from check(replace(scene, intention=placed)))
    if thing.kind not in DIAGNOSED:
        return (yield from _well(thing, [], wish.cluster))
    answers = yield from together(
        {"": calls.on(thing, "k8s_diagnose", wish.cluster)}, f"Looking at {thing.name} from all sides…"
    )
    found = answers[""]
    if found.failed:
        return Reply(phrasing.plain(found.text), focus=thing)
    findings = findings_of(found)
    grave = [finding for finding in findings if finding.severity is not Severity.NOTE]
    own = [finding for finding in findings if finding.thing == thing]
    if not grave and not own:
        return (yield from _well(thing, findings, wish.cluster))
    return _told(thing, found, grave or own, [each for each in findings if each not in (grave or own)])


def _looked_at_everything(scene: Scene) -> Plan:
    """ "why is the website slow": nothing is called that, and still somebody needs an answer."""
    wide = replace(scene.intention, act=Act.CHECK, name="", spare=())
    checked = yield from check(replace(scene, intention=wide))
    lead = f"Nothing here is called {phrasing.code(scene.intention.name)}, so I looked at everything."
    return replace(checked, text=f"{lead}\n\n{checked.text}")


def _told(thing: Thing, found: Found, findings: list[Finding], others: list[Finding]) -> Reply:
    if len(findings) == 1:
        first = findings[0]
        text = phrasing.paragraphs(in_full(first), briefly(others), unread(found))
        return Reply(text, focus=first.thing, offers=first.offers)
    return Reply(
        phrasing.paragraphs(
            f"I found {len(findings)} things around {phrasing.thing(thing)}.",
            grouped(findings),
            briefly(others),
            unread(found),
        ),
        focus=thing,
        offers=offers_of(findings),
    )


def _well(thing: Thing, notes: list[Finding], cluster: str) -> Plan:
    """Nothing is wrong as far as the rules see: what it is, and what the events say."""
    asks = {
        "thing": calls.on(thing, "k8s_describe", cluster),
        "events": calls.events(thing.namespace, cluster, thing, limit=20),
    }
    answers = yield from together(asks)
    described = answers["thing"]
    if described.failed:
        return Reply(phrasing.plain(described.text), focus=thing)
    parts = [f"**{phrasing.thing(thing)} looks well.**", phrasing.plain(described.text.split("\n", 1)[0])]
    pods = _pod_rows(described, thing.namespace)
    if pods:
        ready = sum(not is_ill(row) for row in pods)
        parts.append(f"{ready} of {phrasing.counted(len(pods), 'pod')} ready.")
    warnings = [note for note in notes_of(answers["events"]) if note.name == thing.name][:3]
    if warnings:
        parts.append(
            "Warnings about it:\n\n"
            + "\n".join(f"- {phrasing.code(note.reason)}: {phrasing.code(note.message, 200)}" for note in warnings)
        )
    parts.append(briefly(notes))
    offers = (
        (f"logs of {phrasing.sentence(thing)}", "what is wrong here")
        if thing.kind in WORKLOADS | {"pods", "jobs"}
        else ("what is wrong here",)
    )
    hint = " · ".join(phrasing.code(offer) for offer in offers)
    parts.append(f"If it still misbehaves, its own log may tell more: {hint}.")
    return Reply(phrasing.paragraphs(*parts), focus=thing, offers=offers)


def _pod_rows(described: Found, namespace: str) -> list[Row]:
    """The pods of a k8s_describe answer as rows of a listing."""
    rows = []
    for pod in items(described.data, "pods"):
        cells = {str(key).upper(): str(value) for key, value in pod.items() if value is not None}
        rows.append(Row(Thing("pods", str(pod.get("name") or ""), namespace), cells))
    return rows
