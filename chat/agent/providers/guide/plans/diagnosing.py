"""Why one thing fails: gathers the evidence around it and explains the cause."""

from dataclasses import replace

from chat.agent.providers.guide import calls, phrasing
from chat.agent.providers.guide.diagnosis import others
from chat.agent.providers.guide.diagnosis.finding import Finding
from chat.agent.providers.guide.diagnosis.health import is_ill
from chat.agent.providers.guide.intention import EVERYWHERE, Act, Thing
from chat.agent.providers.guide.locating import locate
from chat.agent.providers.guide.plans.checking import check
from chat.agent.providers.guide.plans.gathering import Notebook, examine_pods, log_text, notes_of, one_of_each
from chat.agent.providers.guide.plans.reporting import grouped, in_full, offers_of
from chat.agent.providers.guide.plans.wiring import examine_services
from chat.agent.providers.guide.rows import Row, items, rows_of, walk
from chat.agent.providers.guide.steps import Found, Json, Plan, Reply, Scene
from chat.agent.providers.guide.together import Asking, together

WORKLOADS = frozenset({"deployments", "statefulsets", "daemonsets", "replicasets"})


def why(scene: Scene) -> Plan:
    wish = scene.intention
    if not wish.name and not wish.pronoun:
        return (yield from check(scene))
    located = yield from locate(scene)
    if isinstance(located, Reply):
        unknown = wish.name and not wish.kind and not located.choices and wish.namespace in {"", EVERYWHERE}
        return (yield from _looked_at_everything(scene)) if unknown else located
    thing = located
    if thing.kind == "namespaces":
        placed = replace(wish, act=Act.CHECK, namespace=thing.name, name="", spare=())
        return (yield from check(replace(scene, intention=placed)))
    asks = {
        "thing": calls.on(thing, "k8s_describe", wish.cluster),
        "events": calls.events(thing.namespace, wish.cluster, limit=100),
    }
    if thing.kind in WORKLOADS:
        asks["services"] = calls.listing(
            "services", thing.namespace, wish.cluster, field_selector=f"metadata.name={thing.name}"
        )
    answers = yield from together(asks, f"Looking at {thing.name} from all sides…")
    described = answers["thing"]
    if described.failed:
        return Reply(phrasing.plain(described.text), focus=thing)
    notebook = Notebook(notes_of(answers["events"]))
    findings = yield from _findings(thing, described, notebook, wish.cluster)
    if not findings and "services" in answers:
        findings = yield from _service_of(rows_of(answers["services"], "services"), wish.cluster)
    if not findings:
        return _well(thing, described, notebook)
    return _told(thing, findings)


def _looked_at_everything(scene: Scene) -> Plan:
    """ "why is the website slow": nothing is called that, and still somebody needs an answer."""
    wide = replace(scene.intention, act=Act.CHECK, name="", spare=())
    checked = yield from check(replace(scene, intention=wide))
    lead = f"Nothing here is called {phrasing.code(scene.intention.name)}, so I looked at everything."
    return replace(checked, text=f"{lead}\n\n{checked.text}")


def _findings(thing: Thing, described: Found, notebook: Notebook, cluster: str) -> Asking[list[Finding]]:
    body = walk(described.data, "object")
    if thing.kind == "pods":
        status = str(walk(described.data, "status") or "")
        restarts = sum(c["restarts"] for c in items(described.data, "containers") if isinstance(c.get("restarts"), int))
        row = Row(thing, {"NAME": thing.name, "STATUS": status, "RESTARTS": str(restarts)})
        return (yield from examine_pods([row], notebook, cluster))
    if thing.kind in WORKLOADS:
        ill = one_of_each(row for row in _pod_rows(described, thing.namespace) if is_ill(row))
        found = yield from examine_pods(ill, notebook, cluster)
        stuck = others.examine_rollout(body) if not found else None
        return _without_twins(found) or ([stuck] if stuck else [])
    if thing.kind == "services":
        if walk(described.data, "endpoints", "ready"):
            return []
        return (yield from examine_services([Row(thing, {"NAME": thing.name})], cluster))
    if thing.kind == "jobs":
        read = yield from together({"": calls.logs(thing, cluster, tail=60)}, "Reading what it said last…")
        finding = others.examine_job(body, log_text(read[""]))
        return [finding] if finding else []
    return _of_its_own(thing, body, notebook)


def _service_of(rows: list[Row], cluster: str) -> Asking[list[Finding]]:
    """The workload is well: does the Service of the same name lead to it?"""
    if not rows:
        return []
    service = rows[0].thing
    read = yield from together(
        {"": calls.on(service, "k8s_describe", cluster, events=0)}, "Its pods are well. Looking at its service…"
    )
    endpoints = walk(read[""].data, "endpoints")
    if not isinstance(endpoints, dict) or endpoints.get("ready"):
        return []
    return (yield from examine_services(rows, cluster))


def _of_its_own(thing: Thing, body: Json, notebook: Notebook) -> list[Finding]:
    finding = None
    if thing.kind == "nodes":
        finding = others.examine_node(body)
    elif thing.kind == "persistentvolumeclaims":
        cells = {
            "STATUS": str(walk(body, "status", "phase") or ""),
            "STORAGECLASS": str(walk(body, "spec", "storageClassName") or ""),
        }
        finding = others.examine_claim(Row(thing, cells), list(notebook.about(thing)))
    return [finding] if finding else []


def _pod_rows(described: Found, namespace: str) -> list[Row]:
    """The pods of a k8s_describe answer as rows of a listing."""
    rows = []
    for pod in items(described.data, "pods"):
        cells = {str(key).upper(): str(value) for key, value in pod.items() if value is not None}
        rows.append(Row(Thing("pods", str(pod.get("name") or ""), namespace), cells))
    return rows


def _without_twins(findings: list[Finding]) -> list[Finding]:
    """Pods of one owner with the same trouble are told once."""
    kept: dict[tuple[Thing, str], Finding] = {}
    for finding in findings:
        kept.setdefault((finding.thing, finding.title), finding)
    return list(kept.values())


def _told(thing: Thing, findings: list[Finding]) -> Reply:
    if len(findings) == 1:
        first = findings[0]
        return Reply(in_full(first), focus=first.thing, offers=first.offers)
    return Reply(
        phrasing.paragraphs(f"I found {len(findings)} things around {phrasing.thing(thing)}.", grouped(findings)),
        focus=thing,
        offers=offers_of(findings),
    )


def _well(thing: Thing, described: Found, notebook: Notebook) -> Reply:
    """Nothing is wrong as far as the rules see: what was looked at, and what the events say."""
    parts = [f"**{phrasing.thing(thing)} looks well.**", phrasing.plain(described.text.split("\n", 1)[0])]
    pods = _pod_rows(described, thing.namespace)
    if pods:
        ready = sum(not is_ill(row) for row in pods)
        parts.append(f"{ready} of {phrasing.counted(len(pods), 'pod')} ready.")
    warnings = notebook.about(thing)[:3]
    if warnings:
        parts.append(
            "Warnings about it:\n\n"
            + "\n".join(f"- {phrasing.code(note.reason)}: {phrasing.code(note.message, 200)}" for note in warnings)
        )
    offers = (
        (f"logs of {phrasing.sentence(thing)}", "what is wrong here")
        if thing.kind in WORKLOADS | {"pods", "jobs"}
        else ("what is wrong here",)
    )
    hint = " · ".join(phrasing.code(offer) for offer in offers)
    parts.append(f"If it still misbehaves, its own log may tell more: {hint}.")
    return Reply(phrasing.paragraphs(*parts), focus=thing, offers=offers)
