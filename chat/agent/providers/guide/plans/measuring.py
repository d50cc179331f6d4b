"""Events and usage: what happened lately, and who uses how much."""

from chat.agent.providers.guide import calls, phrasing
from chat.agent.providers.guide.intention import EVERYWHERE, Thing
from chat.agent.providers.guide.kinds import title_of
from chat.agent.providers.guide.locating import locate
from chat.agent.providers.guide.plans.gathering import notes_of
from chat.agent.providers.guide.rows import items
from chat.agent.providers.guide.steps import Json, Plan, Reply, Scene
from chat.agent.providers.guide.together import together


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
    (found,) = (
        yield from together({"": calls.events(place, wish.cluster, thing, types=types, since=wish.since, limit=50)})
    ).values()
    if found.failed:
        return Reply(phrasing.plain(found.text), focus=thing)
    about = f" about {phrasing.thing(thing)}" if thing else f" {phrasing.place(place)}"
    notes = notes_of(found)
    what = "events" if types == "all" else "warnings"
    since = f" in the last {wish.since}" if wish.since else ""
    if not notes:
        offer = f"all events in {place}" if place not in {"", EVERYWHERE} else "all events in all namespaces"
        return Reply(
            f"There are no {what}{about}{since}. Events are kept for about an hour. See {phrasing.code(offer)}.",
            focus=thing,
            offers=(offer,) if types != "all" else (),
        )
    several = len({note.namespace for note in notes}) > 1
    heads = ("Reason", "About", *(["Namespace"] if several else []), "Times", "Message")
    rows = [
        (
            phrasing.cell(note.reason),
            phrasing.cell(f"{note.kind}/{note.name}"),
            *([phrasing.cell(note.namespace)] if several else []),
            str(note.count),
            phrasing.cell(note.message, 160),
        )
        for note in notes[:25]
    ]
    left = len(notes) - len(rows)
    parts = [
        f"**{phrasing.counted(len(notes), what.removesuffix('s'))}{about}{since}**, newest first.",
        phrasing.table(heads, rows),
    ]
    parts += [f"…and {left} more in the tool card above."] if left else []
    parts += [f"Ask {phrasing.code('what is wrong here')} and I look for the causes."] if types != "all" else []
    return Reply(phrasing.paragraphs(*parts), focus=thing, offers=("what is wrong here",) if types != "all" else ())


def top(scene: Scene) -> Plan:
    wish = scene.intention
    scope = "nodes" if wish.kind == "nodes" else "pods"
    sort = wish.sort or "memory"
    place = wish.namespace if scope == "pods" else ""
    (found,) = (
        yield from together(
            {
                "": calls.call(
                    "k8s_top", wish.cluster, scope=scope, namespace=place, sort=sort, label_selector=wish.selector
                )
            }
        )
    ).values()
    if found.failed:
        return Reply(phrasing.plain(found.text))
    measured = [
        item
        for item in items(found.data, "items")
        if not wish.name or wish.name.lower() in str(item.get("name", "")).lower()
    ]
    if not measured:
        return Reply(
            "There are no "
            f"measurements{f' of {phrasing.code(wish.name)}' if wish.name else ''} "
            f"{phrasing.place(place)} yet."
        )
    rows = [_usage(item, scope) for item in measured[:15]]
    heads = ("Node", "CPU", "Memory") if scope == "nodes" else ("Pod", "Namespace", "CPU", "Memory", "Memory limit")
    first = measured[0]
    lead = (
        f"{title_of(scope)} {phrasing.code(first.get('name', ''))} uses the most "
        f"{'CPU' if sort == 'cpu' else 'memory'}: "
        f"{_cores(first.get('cpu_cores')) if sort == 'cpu' else _mebi(first.get('memory_bytes'))}."
    )
    tight = [item for item in measured if _ratio(item) >= 0.9 and scope == "pods"]
    note = (
        f"⚠ Near its memory limit: {phrasing.listed([phrasing.code(item.get('name', '')) for item in tight[:5]])}."
        if tight
        else ""
    )
    return Reply(
        phrasing.paragraphs(lead, phrasing.table(heads, rows), note),
        shown=tuple(Thing(scope, str(item.get("name", "")), str(item.get("namespace") or "")) for item in measured),
    )


def _usage(item: Json, scope: str) -> tuple[str, ...]:
    cpu, memory = _cores(item.get("cpu_cores")), _mebi(item.get("memory_bytes"))
    if scope == "nodes":
        return (
            phrasing.cell(item.get("name", "")),
            f"{cpu} of {_cores(item.get('cpu_request'))}",
            f"{memory} of {_mebi(item.get('memory_request'))}",
        )
    mark = " ⚠" if _ratio(item) >= 0.9 else ""
    return (
        phrasing.cell(item.get("name", "")),
        phrasing.cell(item.get("namespace", "")),
        cpu,
        memory,
        _mebi(item.get("memory_limit")) + mark,
    )


def _ratio(item: Json) -> float:
    used, limit = item.get("memory_bytes"), item.get("memory_limit")
    return used / limit if isinstance(used, int | float) and isinstance(limit, int | float) and limit else 0.0


def _cores(value: Json) -> str:
    return f"{value * 1000:.0f}m" if isinstance(value, int | float) else "–"


def _mebi(value: Json) -> str:
    if not isinstance(value, int | float):
        return "–"
    return f"{value / 2**30:.1f} GiB" if value >= 2**30 else f"{value / 2**20:.0f} MiB"
