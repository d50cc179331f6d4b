"""Finds the object a person means by exact or partial name, across kinds and places; asks when there are several."""

import difflib
from collections.abc import Generator
from dataclasses import dataclass, replace

from chat.agent.providers.guide import phrasing
from chat.agent.providers.guide.calls import listing
from chat.agent.providers.guide.intention import CHANGES, EVERYWHERE, Act, Intention, Thing
from chat.agent.providers.guide.kinds import WORKLOADS, is_namespaced, kind_of, title_of
from chat.agent.providers.guide.rows import Row, rows_of
from chat.agent.providers.guide.steps import Found, Reply, Round, Scene

FIRST = ("deployments", "pods", "jobs")
THEN = (
    "services",
    "statefulsets",
    "daemonsets",
    "cronjobs",
    "nodes",
    "persistentvolumeclaims",
    "ingresses",
    "configmaps",
)
BY_ACT: dict[Act, tuple[tuple[str, ...], ...]] = {
    Act.RESTART: (("deployments", "statefulsets", "daemonsets"), ("pods",)),
    Act.SCALE: (("deployments", "statefulsets"),),
    Act.SET_ENV: (("deployments", "statefulsets", "daemonsets"), ("cronjobs",)),
    Act.SET_IMAGE: (("deployments", "statefulsets", "daemonsets"), ("cronjobs",)),
    Act.SET_RESOURCES: (("deployments", "statefulsets", "daemonsets"), ("cronjobs",)),
    Act.SET_SELECTOR: (("services",),),
    Act.STATUS: (("deployments", "statefulsets", "daemonsets"),),
    Act.HISTORY: (("deployments", "statefulsets", "daemonsets"),),
    Act.UNDO: (("deployments", "statefulsets", "daemonsets"),),
    Act.CORDON: (("nodes",),),
    Act.UNCORDON: (("nodes",),),
    Act.DRAIN: (("nodes",),),
    Act.RERUN: (("jobs", "cronjobs"),),
    Act.EXEC: (("pods",),),
    Act.LOGS: (("deployments", "pods", "jobs"), ("statefulsets", "daemonsets", "cronjobs")),
}
RANK = {
    kind: place
    for place, kind in enumerate(
        (
            "deployments",
            "statefulsets",
            "daemonsets",
            "cronjobs",
            "jobs",
            "services",
            "ingresses",
            "nodes",
            "persistentvolumeclaims",
            "pods",
        )
    )
}
ORDER_OF_HEALTH = ("Running", "Completed", "Succeeded")
MOST_CHOICES = 8
Located = Generator[Round, tuple[Found, ...], "Thing | Reply"]


@dataclass(frozen=True, slots=True)
class Candidate:
    thing: Thing
    grade: int  # 0 exact, 1 begins with it, 2 contains it, 3 looks like it
    status: str = ""


def locate(scene: Scene) -> Located:
    """The one object, or a reply that asks or says what was searched."""
    wish = scene.intention
    if wish.pronoun and wish.name and wish.kind:
        return Thing(wish.kind, wish.name, wish.namespace)
    if not wish.name:
        return _nothing_named(wish)
    seen: list[Row] = []
    searched: list[str] = []
    for kinds in _kinds(wish):
        founds = yield Round(
            tuple(listing(kind, wish.namespace, wish.cluster) for kind in kinds),
            thought=f"Looking for something called {wish.name}…" if not searched else "",
        )
        if all(found.failed for found in founds):
            return Reply(phrasing.plain(founds[0].text))
        for kind, found in zip(kinds, founds, strict=True):
            seen += rows_of(found, kind)
        searched += kinds
        candidates = _candidates(wish, seen)
        if _means_a_namespace(wish, seen, candidates):
            return Thing("namespaces", wish.name.lower())
        decided = _decide(wish, candidates)
        if decided:
            return decided
    return _not_found(wish, seen, searched)


def _means_a_namespace(wish: Intention, rows: list[Row], candidates: list[Candidate]) -> bool:
    """ "is shop healthy": nothing is called just that, but it is where things are."""
    if wish.act is not Act.WHY or wish.kind or any(candidate.grade == 0 for candidate in candidates):
        return False
    return wish.name.lower() in {row.thing.namespace for row in rows}


def _nothing_named(wish: Intention) -> Reply:
    example = {Act.SCALE: "scale checkout to 3", Act.LOGS: "logs of checkout in shop"}.get(
        wish.act, f"{wish.act.value.split('_')[0]} checkout in shop"
    )
    return Reply(
        f"Which one do you mean? Name it, for example: {phrasing.code(example)}, or list "
        f"things first: {phrasing.code('list deployments')}."
    )


def _kinds(wish: Intention) -> tuple[tuple[str, ...], ...]:
    if wish.kind == "workloads":
        return (WORKLOADS,)
    if wish.kind == "services" and wish.act is Act.WHY:
        return (("services", "deployments"), ("pods", "statefulsets"))
    if wish.kind == "pods" and wish.act in {
        Act.RESTART,
        Act.SCALE,
        *(act for act in CHANGES if act.value.startswith("set_")),
    }:
        return BY_ACT[wish.act]
    if wish.kind:
        return ((wish.kind,),)
    return BY_ACT.get(wish.act, (FIRST, THEN))


def _candidates(wish: Intention, rows: list[Row]) -> list[Candidate]:
    names = [wish.name, *wish.spare]
    namespaces = {row.thing.namespace for row in rows}
    places = {name for name in names if name in namespaces and len(names) > 1}
    names = [name for name in names if name not in places] or names
    names += ["-".join(names)] if len(names) > 1 else []
    left, slash, right = wish.name.partition("/")
    if slash:
        names, places = [right], {left}
    found: dict[Thing, Candidate] = {}
    for row in rows:
        if places and row.thing.namespace not in places:
            continue
        grade = min(_grade(name.lower(), row.thing.name.lower()) for name in names)
        if grade < 4:
            found.setdefault(row.thing, Candidate(row.thing, grade, row["STATUS"]))
    return list(found.values())


def _grade(wanted: str, name: str) -> int:
    if name == wanted:
        return 0
    if name.startswith((wanted + "-", wanted + ".")):
        return 1
    if len(wanted) >= 3 and wanted in name:
        return 2
    return 3 if len(wanted) >= 4 and difflib.SequenceMatcher(None, wanted, name).ratio() >= 0.82 else 4


def _decide(wish: Intention, candidates: list[Candidate]) -> Thing | Reply | None:
    if not candidates:
        return None
    best = min(candidate.grade for candidate in candidates)
    if best == 3 and wish.act in CHANGES:
        return None
    among = [candidate for candidate in candidates if candidate.grade == best]
    workloads = [
        candidate for candidate in candidates if candidate.thing.kind != "pods" and candidate.grade <= max(best, 1)
    ]
    if workloads and not wish.kind:
        lowest = min(candidate.grade for candidate in workloads)
        among = [candidate for candidate in workloads if candidate.grade == lowest] if best else among
    rank = min(RANK.get(candidate.thing.kind, 50) for candidate in among)
    among = [candidate for candidate in among if RANK.get(candidate.thing.kind, 50) == rank]
    if len(among) == 1:
        return among[0].thing
    if among[0].thing.kind == "pods" and wish.act not in {Act.DELETE}:
        ill = [candidate for candidate in among if candidate.status not in ORDER_OF_HEALTH]
        places = {candidate.thing.namespace for candidate in among}
        owners = {_owner(candidate.thing.name) for candidate in ill or among}
        if len(places) == 1 and len(owners) == 1:
            return (ill or among)[0].thing
    return ask_which(wish, [candidate.thing for candidate in among])


def _owner(pod: str) -> str:
    """The name a pod's controller gave it, without the random parts."""
    parts = pod.split("-")
    return "-".join(parts[:-2] if len(parts) > 2 and len(parts[-1]) == 5 else parts[:-1]) or pod


def ask_which(wish: Intention, things: list[Thing], lead: str = "") -> Reply:
    shown = things[:MOST_CHOICES]
    lines = [f"{number}. {phrasing.thing(thing)}" for number, thing in enumerate(shown, 1)]
    more = f"\n\n…and {len(things) - len(shown)} more: name it more exactly." if len(things) > len(shown) else ""
    lead = lead or f"Several things fit {phrasing.code(wish.name)}. Which one do you mean?"
    close = (
        f"Answer with a number, for example {phrasing.code('2')}."
        if len(shown) > 1
        else f"Answer {phrasing.code('1')} if that is it."
    )
    return Reply(f"{lead}\n\n" + "\n".join(lines) + f"{more}\n\n{close}", choices=tuple(shown), asked=wish)


def _not_found(wish: Intention, rows: list[Row], searched: list[str]) -> Reply:
    if wish.namespace not in {"", EVERYWHERE} and not rows:
        return Reply(
            f"There is nothing of that kind in {phrasing.code(wish.namespace)}, or there is "
            f"no namespace of that name. See them with {phrasing.code('list namespaces')}."
        )
    names = sorted({row.thing.name for row in rows})
    near = difflib.get_close_matches(wish.name, names, 5, 0.55)
    kinds = phrasing.listed([_plural(kind) for kind in dict.fromkeys(searched)])
    where = f" {phrasing.place(wish.namespace)}" if any(map(is_namespaced, searched)) else ""
    lead = f"I looked through {kinds}{where} and found nothing called {phrasing.code(wish.name)}."
    if not near:
        kind = wish.kind if wish.kind and wish.kind != "workloads" else "deployments"
        return Reply(f"{lead}\n\nSee what there is: {phrasing.code(f'list {kind}')}.", offers=(f"list {kind}",))
    things = list({row.thing.name: row.thing for row in rows if row.thing.name in near}.values())
    things.sort(key=lambda thing: near.index(thing.name))
    return ask_which(replace(wish, spare=()), things, f"{lead} These names are near:")


def _plural(kind: str) -> str:
    known = kind_of(kind)
    return f"{title_of(kind)}s" if known and not kind.endswith(("ies", "sses")) else kind
