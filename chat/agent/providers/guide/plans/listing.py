"""Lists and counts: what there is, in a small table, with what stands out said first."""

from collections import Counter

from chat.agent.providers.guide import phrasing
from chat.agent.providers.guide.calls import call, listing
from chat.agent.providers.guide.diagnosis.health import is_ill, is_pending
from chat.agent.providers.guide.intention import EVERYWHERE, Act, Intention
from chat.agent.providers.guide.kinds import WORKLOADS, is_namespaced, kind_of, title_of
from chat.agent.providers.guide.rows import Row, rows_of, total_of
from chat.agent.providers.guide.steps import Call, Found, Plan, Reply, Round, Scene

EVERYTHING = ("deployments", "statefulsets", "daemonsets", "jobs", "cronjobs", "services", "ingresses", "pods")
MOST_SHOWN = 40
LEFT_OUT = frozenset(
    [
        "NOMINATED-NODE",
        "READINESS-GATES",
        "SELECTOR",
        "CONTAINERS",
        "OS-IMAGE",
        "KERNEL-VERSION",
        "CONTAINER-RUNTIME",
        "EXTERNAL-IP",
        "INTERNAL-IP",
        "VOLUMEATTRIBUTESCLASS",
        "VOLUMEMODE",
    ]
)
CHECK = "what is wrong here"


def list_things(scene: Scene) -> Plan:
    """Any kind, everywhere or in one namespace, by label, node, part of the name or condition."""
    wish = scene.intention
    kinds = {"workloads": WORKLOADS, "everything": EVERYTHING}.get(wish.kind, (wish.kind or "pods",))
    looking = f"Looking for {phrasing.listed(list(kinds))}…"
    founds = yield Round(tuple(_call(wish, kind) for kind in kinds), thought=looking)
    if all(found.failed for found in founds):
        return (yield from _refused(wish, kinds[0], founds[0]))
    if not any(isinstance(found.data, dict) for found in founds):
        return Reply(phrasing.quoted(founds[0].text))
    rows = [row for kind, found in zip(kinds, founds, strict=True) for row in rows_of(found, kind)]
    kept = [row for row in rows if _fits(row, wish)]
    return _counted(wish, kept) if wish.act is Act.COUNT else _told(wish, kept, founds)


def _call(wish: Intention, kind: str) -> Call:
    on_node = wish.node if kind == "pods" else ""
    return listing(
        kind,
        wish.namespace if is_namespaced(kind) else "",
        wish.cluster,
        label_selector=wish.selector,
        field_selector=f"spec.nodeName={on_node}" if on_node else "",
        wide=True if kind == "pods" and (on_node or wish.sort == "node") else None,
    )


def _refused(wish: Intention, kind: str, found: Found) -> Plan:
    """The cluster does not know the word as a kind, or said no: its own sentence, and kinds that are near."""
    if kind_of(kind) is not None:
        return Reply(phrasing.plain(found.text))
    (near,) = yield Round((call("k8s_discover", wish.cluster, kind_query=kind),))
    told = phrasing.quoted(near.text, 12) if not near.failed else ""
    return Reply(phrasing.paragraphs(phrasing.plain(found.text), told))


def _fits(row: Row, wish: Intention) -> bool:
    if wish.name and wish.name.lower() not in row.thing.name.lower():
        return False
    status = row["STATUS"]
    match wish.where:
        case "failing":
            return is_ill(row)
        case "pending":
            return is_pending(row) or (row.thing.kind != "pods" and is_ill(row))
        case "running":
            return not is_ill(row) and status not in {"Completed", "Succeeded", "Complete"}
        case "completed":
            return status in {"Completed", "Succeeded", "Complete"}
    return True


def _noun(wish: Intention, number: int) -> str:
    if wish.kind in {"workloads", "everything"}:
        return phrasing.counted(number, "workload" if wish.kind == "workloads" else "object")
    known = kind_of(wish.kind or "pods")
    one = known.title if known else wish.kind
    if known is None:
        return phrasing.counted(number, wish.kind.removesuffix("s"), wish.kind)
    plural = one + "s" if known and not known.resource.endswith(("ies", "sses")) else wish.kind
    return phrasing.counted(
        number,
        one.lower() if one.lower() in {"pod", "node", "namespace", "job"} else one,
        plural.lower() if one in {"Pod", "Node", "Namespace", "Job"} else plural,
    )


def _what(wish: Intention, number: int) -> str:
    """ "3 failing pods with label `app=web` in `shop`"."""
    words = {"failing": "in trouble", "pending": "pending", "running": "running", "completed": "completed"}
    parts = [_noun(wish, number)]
    parts += [words[wish.where]] if wish.where else []
    parts += [f"with {phrasing.code(wish.name)} in the name"] if wish.name else []
    parts += [f"with label {phrasing.code(wish.selector)}"] if wish.selector else []
    parts += [f"on node {phrasing.code(wish.node)}"] if wish.node else []
    named = kind_of(wish.kind or "pods")
    parts += [phrasing.place(wish.namespace)] if named is None or named.namespaced else []
    parts += [f"on cluster {phrasing.code(wish.cluster)}"] if wish.cluster else []
    return " ".join(parts)


def _counted(wish: Intention, rows: list[Row]) -> Reply:
    statuses = Counter(row["STATUS"] for row in rows if row["STATUS"])
    by_status = [f"{number} {phrasing.code(status)}" for status, number in statuses.most_common(8)]
    spaces = Counter(row.thing.namespace for row in rows if row.thing.namespace)
    by_space = [f"{number} in {phrasing.code(name)}" for name, number in spaces.most_common(8)]
    lines = [f"**{_what(wish, len(rows))}.**"]
    lines += (
        [f"By status: {phrasing.listed(by_status)}."] if len(by_status) > 1 or (by_status and not wish.where) else []
    )
    lines += [f"By namespace: {phrasing.listed(by_space)}."] if len(by_space) > 1 else []
    return Reply(phrasing.paragraphs(*lines), shown=tuple(row.thing for row in rows))


def _told(wish: Intention, rows: list[Row], founds: tuple[Found, ...]) -> Reply:
    if not rows:
        return Reply(_none(wish))
    ill = [row for row in rows if is_ill(row)]
    totals = [total_of(found) for found in founds]
    more = sum(total for total in totals if total) - sum(len(rows_of(found, "")) for found in founds)
    number = len(rows) + (max(0, more) if not wish.where and not wish.name else 0)
    lead = f"**{_what(wish, number)}.**"
    if ill and not wish.where:
        lead += f" {phrasing.counted(len(ill), 'needs', 'need')} attention (⚠)."
    ordered = sorted(rows, key=lambda row: not is_ill(row)) if len(rows) > MOST_SHOWN else rows
    shown = ordered[:MOST_SHOWN]
    left = number - len(shown)
    rest = (
        f"…and {left} more. Narrow it with a namespace or a label, for example {phrasing.code('in shop')}."
        if left > 0
        else ""
    )
    hint, offers = _hint(wish, ill)
    return Reply(
        phrasing.paragraphs(lead, _table(shown, several=len(founds) > 1), rest, hint),
        shown=tuple(row.thing for row in shown),
        offers=offers,
        focus=shown[0].thing if len(shown) == 1 else None,
    )


def _none(wish: Intention) -> str:
    if wish.where == "failing" and not wish.name:
        return f"Nothing is in trouble: no {_noun(wish, 2).split(' ', 1)[1]} {phrasing.place(wish.namespace)} look ill."
    lead = f"There are no {_what(wish, 0).removeprefix('0 ')}."
    if wish.namespace not in {"", EVERYWHERE}:
        return f"{lead} Look everywhere: {phrasing.code('list ' + (wish.kind or 'pods') + ' in all namespaces')}."
    return lead


def _hint(wish: Intention, ill: list[Row]) -> tuple[str, tuple[str, ...]]:
    if not ill or ill[0].thing.kind not in {"pods", "deployments", "statefulsets", "daemonsets", "jobs"}:
        return "", ()
    if len(ill) == 1:
        question = f"why is {phrasing.sentence(ill[0].thing)} failing"
        return f"Ask {phrasing.code(question)} to find out more.", (question,)
    question = f"what is wrong in {wish.namespace}" if wish.namespace not in {"", EVERYWHERE} else CHECK
    return f"Ask {phrasing.code(question)} and I find the causes.", (question,)


def _table(rows: list[Row], *, several: bool) -> str:
    columns = [
        name
        for name in dict.fromkeys(name for row in rows for name in row.cells)
        if name.replace(" ", "-") not in LEFT_OUT
    ]
    columns = [name for name in columns if any(row[name] for row in rows)]
    heads = ["", *(["Kind"] if several else []), *(name.capitalize() for name in columns)]
    marked = any(is_ill(row) for row in rows)
    body = []
    for row in rows:
        cells = [
            phrasing.cell(row[name]) if name in {"NAME", "NAMESPACE"} else phrasing.words(row[name]) for name in columns
        ]
        body.append(["⚠" if is_ill(row) else "", *([title_of(row.thing.kind)] if several else []), *cells])
    return phrasing.table(heads, body) if marked else phrasing.table(heads[1:], [line[1:] for line in body])
