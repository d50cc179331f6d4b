"""Looks at one thing: described, as YAML, its logs, its rollout, its images; and at events, usage, clusters and kinds."""

from dataclasses import replace

from chat.agent.providers.guide import calls, phrasing
from chat.agent.providers.guide.diagnosis.case import owner_of
from chat.agent.providers.guide.intention import EVERYWHERE, Act, Intention, Thing
from chat.agent.providers.guide.kinds import WORKLOADS, title_of
from chat.agent.providers.guide.locating import locate
from chat.agent.providers.guide.plans.gathering import notes_of
from chat.agent.providers.guide.plans.listing import list_things
from chat.agent.providers.guide.rows import items, objects_of, rows_of, walk
from chat.agent.providers.guide.steps import Found, Json, Plan, Reply, Scene
from chat.agent.providers.guide.together import Asking, together

LOG_LINES = 100
TOLD_LINES = 25


def describe(scene: Scene) -> Plan:
    wish = scene.intention
    if _sounds_like_a_kind(wish):
        kind = yield from _kind_called(wish)
        if kind:
            return (yield from list_things(replace(scene, intention=replace(wish, act=Act.LIST, kind=kind, name=""))))
    located = yield from locate(scene)
    if isinstance(located, Reply):
        return located
    (found,) = (yield from together({"": calls.on(located, "k8s_describe", wish.cluster)})).values()
    if found.failed:
        return _failed(located, found)
    return Reply(_card(located, found), focus=located, shown=_pods(found, located.namespace))


def _sounds_like_a_kind(wish: Intention) -> bool:
    """ "show certificates": one plain word in the plural."""
    low = wish.name.lower()
    return not (wish.kind or wish.pronoun or wish.spare) and low.isalpha() and low.endswith("s") and not low.endswith("ss")


def _kind_called(wish: Intention) -> Asking[str]:
    """The plural of the kind that the cluster serves under this name, or ""."""
    (found,) = (yield from together({"": calls.call("k8s_discover", wish.cluster, query=wish.name)})).values()
    for kind in items(found.data, "kinds"):
        names = {str(kind.get("plural", "")), *map(str, kind.get("short_names") or [])}
        if wish.name.lower() in names:
            return str(kind.get("plural", ""))
    return ""


def _card(thing: Thing, found: Found) -> str:
    """What a person asks first about an object; the whole is in the tool card."""
    data, body = found.data, walk(found.data, "object")
    lines = []
    replicas = walk(data, "replicas")
    if isinstance(replicas, dict):
        lines.append(f"Copies: {replicas.get('ready', 0)} of {replicas.get('wanted', 0)} ready")
    if walk(data, "status"):
        lines.append(f"Status: {phrasing.code(walk(data, 'status'))}")
    lines += [f"Image: {phrasing.code(image)}" for image in walk(data, "images") or []]
    lines += [_container(container) for container in items(data, "containers")]
    for title, path in (("Node", ("spec", "nodeName")), ("Address", ("status", "podIP")), ("Type", ("spec", "type")), ("Cluster address", ("spec", "clusterIP")), ("Schedule", ("spec", "schedule")), ("Storage class", ("spec", "storageClassName")), ("Suspended", ("spec", "suspend"))):
        value = walk(body, *path)
        lines += [f"{title}: {phrasing.code(value)}"] if value not in (None, "", {}, []) and not isinstance(value, dict | list) else []
    lines += _ports(body)
    endpoints = walk(data, "endpoints")
    if isinstance(endpoints, dict):
        ready = endpoints.get("ready") or []
        lines.append(f"Pods behind it: {phrasing.listed([phrasing.code(address) for address in ready[:6]])}" if ready else "Pods behind it: **none**, so nobody answers")
    labels = walk(body, "metadata", "labels")
    if isinstance(labels, dict) and labels:
        lines.append("Labels: " + " ".join(phrasing.code(f"{key}={value}") for key, value in list(labels.items())[:8]))
    owners = [f"{owner.get('kind')} {phrasing.code(owner.get('name', ''))}" for owner in items(data, "owners")]
    lines += [f"Belongs to: {' → '.join(owners)}"] if owners else []
    bad = [c for c in items(data, "conditions") if str(c.get("message") or "") and str(c.get("status")) == "False" and c.get("type") not in {"MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable"}]
    lines += [f"{phrasing.plain(str(c.get('type')))} is false: {phrasing.code(c.get('message'), 200)}" for c in bad]
    parts = [f"**{phrasing.thing(thing)}**", "\n".join(f"- {line}" for line in lines) if lines else phrasing.quoted(found.text)]
    pods = list(items(data, "pods"))
    if pods:
        parts.append(phrasing.table(("Pod", "Ready", "Status", "Restarts"), [(phrasing.cell(p.get("name", "")), phrasing.words(str(p.get("ready", ""))), phrasing.words(str(p.get("status", ""))), str(p.get("restarts", ""))) for p in pods[:15]]))
    warnings = [note for note in notes_of(found) if note.type == "Warning"][:4]
    if warnings:
        parts.append("Warnings:\n\n" + "\n".join(f"- {phrasing.code(note.reason)}: {phrasing.code(note.message, 200)}" for note in warnings))
        parts.append(f"Ask {phrasing.code(f'why is {phrasing.sentence(thing)} failing')} and I look for the cause.")
    return phrasing.paragraphs(*parts)


def _container(container: Json) -> str:
    parts = [phrasing.code(container.get("state") or "unknown")]
    parts += [phrasing.code(container["reason"])] if container.get("reason") else []
    restarts = container.get("restarts")
    parts += [phrasing.counted(restarts, "restart")] if isinstance(restarts, int) and restarts else []
    return f"Container {phrasing.code(container.get('name', ''))} ({phrasing.code(container.get('image', ''))}): {', '.join(parts)}"


def _ports(body: Json) -> list[str]:
    ports = []
    for port in items(body, "spec", "ports"):
        target = port.get("targetPort", port.get("port"))
        ports.append(phrasing.code(f"{port.get('port')} → {target}" if target != port.get("port") else port.get("port")))
    return [f"Ports: {phrasing.listed(ports)}"] if ports else []


def _pods(found: Found, namespace: str) -> tuple[Thing, ...]:
    return tuple(Thing("pods", str(pod.get("name", "")), namespace) for pod in items(found.data, "pods"))


def _failed(thing: Thing, found: Found) -> Reply:
    """The tool's or the cluster's own sentence says what to do."""
    return Reply(phrasing.plain(found.text), focus=thing)


def get(scene: Scene) -> Plan:
    located = yield from locate(scene)
    if isinstance(located, Reply):
        return located
    (found,) = (yield from together({"": calls.getting(located.kind, located.name, located.namespace, scene.intention.cluster)})).values()
    if found.failed:
        return _failed(located, found)
    body = found.text.split("\n", 1)[1] if "\n" in found.text else found.text
    return Reply(f"{phrasing.thing(located)}, without the bookkeeping:\n\n{phrasing.block(body[:12000])}", focus=located)


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
    (found,) = (yield from together({"": calls.logs(located, wish.cluster, previous=wish.previous, tail=tail, **more)})).values()
    if not found.failed and not wish.previous and "previous=true" in found.text.split("\n", 1)[0]:
        again = yield from together({"": calls.logs(located, wish.cluster, previous=True, tail=tail, **more)}, "It keeps crashing: reading what it said before the last crash…")
        if not again[""].failed:
            before = f"{phrasing.thing(located)} keeps crashing. These are its words **before the last crash**:"
            return Reply(phrasing.paragraphs(before, _quoted(again[""], wish), f"Ask {phrasing.code('why')} and I look for the cause."), focus=located, offers=(f"why is {phrasing.sentence(located)} failing",))
    if found.failed:
        return _failed(located, found)
    kind = "The log of the run before the last restart" if wish.previous else "The log"
    hint = f"More: {phrasing.code('last 200 lines')} · {phrasing.code('previous logs')} · {phrasing.code('logs of the last 10 minutes')}." if not wish.previous else ""
    return Reply(phrasing.paragraphs(f"{kind} of {phrasing.thing(located)}:", _quoted(found, wish), hint), focus=located)


def _logs_by_label(scene: Scene) -> Plan:
    wish = scene.intention
    call = calls.call("k8s_logs", wish.cluster, label_selector=wish.selector, namespace=wish.namespace, tail=wish.tail or 20, previous=wish.previous or None, since=wish.since, container=wish.container)
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


def events(scene: Scene) -> Plan:
    wish = scene.intention
    thing = None
    if wish.name:
        located = yield from locate(scene)
        if isinstance(located, Reply):
            return located
        thing = located
    types = "all" if wish.where == "all" else "warning"
    place = thing.namespace if thing else wish.namespace
    (found,) = (yield from together({"": calls.events(place, wish.cluster, thing, types=types, since=wish.since, limit=50)})).values()
    if found.failed:
        return Reply(phrasing.plain(found.text), focus=thing)
    about = f" about {phrasing.thing(thing)}" if thing else f" {phrasing.place(place)}"
    notes = notes_of(found)
    what = "events" if types == "all" else "warnings"
    since = f" in the last {wish.since}" if wish.since else ""
    if not notes:
        offer = f"all events in {place}" if place not in {"", EVERYWHERE} else "all events in all namespaces"
        return Reply(f"There are no {what}{about}{since}. Events are kept for about an hour. See {phrasing.code(offer)}.", focus=thing, offers=(offer,) if types != "all" else ())
    several = len({note.namespace for note in notes}) > 1
    heads = ("Reason", "About", *(["Namespace"] if several else []), "Times", "Message")
    rows = [
        (phrasing.cell(note.reason), phrasing.cell(f"{note.kind}/{note.name}"), *([phrasing.cell(note.namespace)] if several else []), str(note.count), phrasing.cell(note.message, 160))
        for note in notes[:25]
    ]  # fmt: skip
    left = len(notes) - len(rows)
    parts = [f"**{phrasing.counted(len(notes), what.removesuffix('s'))}{about}{since}**, newest first.", phrasing.table(heads, rows)]
    parts += [f"…and {left} more in the tool card above."] if left else []
    parts += [f"Ask {phrasing.code('what is wrong here')} and I look for the causes."] if types != "all" else []
    return Reply(phrasing.paragraphs(*parts), focus=thing, offers=("what is wrong here",) if types != "all" else ())


def top(scene: Scene) -> Plan:
    wish = scene.intention
    scope = "nodes" if wish.kind == "nodes" else "pods"
    sort = wish.sort or "memory"
    place = wish.namespace if scope == "pods" else ""
    (found,) = (yield from together({"": calls.call("k8s_top", wish.cluster, scope=scope, namespace=place, sort=sort, label_selector=wish.selector)})).values()
    if found.failed:
        return Reply(phrasing.plain(found.text))
    measured = [item for item in items(found.data, "items") if not wish.name or wish.name.lower() in str(item.get("name", "")).lower()]
    if not measured:
        return Reply(f"There are no measurements{f' of {phrasing.code(wish.name)}' if wish.name else ''} {phrasing.place(place)} yet.")
    rows = [_usage(item, scope) for item in measured[:15]]
    heads = ("Node", "CPU", "Memory") if scope == "nodes" else ("Pod", "Namespace", "CPU", "Memory", "Memory limit")
    first = measured[0]
    lead = f"{title_of(scope)} {phrasing.code(first.get('name', ''))} uses the most {'CPU' if sort == 'cpu' else 'memory'}: {_cores(first.get('cpu_cores')) if sort == 'cpu' else _mebi(first.get('memory_bytes'))}."
    tight = [item for item in measured if _ratio(item) >= 0.9 and scope == "pods"]
    note = f"⚠ Near its memory limit: {phrasing.listed([phrasing.code(item.get('name', '')) for item in tight[:5]])}." if tight else ""
    return Reply(phrasing.paragraphs(lead, phrasing.table(heads, rows), note), shown=tuple(Thing(scope, str(item.get("name", "")), str(item.get("namespace") or "")) for item in measured))


def _usage(item: Json, scope: str) -> tuple[str, ...]:
    cpu, memory = _cores(item.get("cpu_cores")), _mebi(item.get("memory_bytes"))
    if scope == "nodes":
        return phrasing.cell(item.get("name", "")), f"{cpu} of {_cores(item.get('cpu_request'))}", f"{memory} of {_mebi(item.get('memory_request'))}"
    mark = " ⚠" if _ratio(item) >= 0.9 else ""
    return phrasing.cell(item.get("name", "")), phrasing.cell(item.get("namespace", "")), cpu, memory, _mebi(item.get("memory_limit")) + mark


def _ratio(item: Json) -> float:
    used, limit = item.get("memory_bytes"), item.get("memory_limit")
    return used / limit if isinstance(used, int | float) and isinstance(limit, int | float) and limit else 0.0


def _cores(value: Json) -> str:
    return f"{value * 1000:.0f}m" if isinstance(value, int | float) else "–"


def _mebi(value: Json) -> str:
    if not isinstance(value, int | float):
        return "–"
    return f"{value / 2**30:.1f} GiB" if value >= 2**30 else f"{value / 2**20:.0f} MiB"
