"""What came of a change: looks until it is settled, or for a few seconds, and reports the real state."""

from chat.agent.providers.guide import calls, phrasing
from chat.agent.providers.guide.intention import Thing
from chat.agent.providers.guide.plans.overview import rollout_words
from chat.agent.providers.guide.rows import rows_of, walk
from chat.agent.providers.guide.steps import Found, Plan, Reply
from chat.agent.providers.guide.together import together

OF_PODS = frozenset({"deployments", "statefulsets", "daemonsets"})
LOOKS = 3
FIRST_WAIT, NEXT_WAIT = 1.5, 3.0


def refused(done: Found, thing: Thing | None) -> Reply:
    """The change did not happen: the sentence of whoever stood against it, and nothing more is tried."""
    return Reply(phrasing.plain(done.text), focus=thing)


def check_rollout(thing: Thing, lead: str, cluster: str) -> Plan:
    found = Found("", failed=True)
    for look in range(LOOKS):
        thought = "Looking whether it worked…" if not look else "Not there yet, looking again…"
        (found,) = (
            yield from together(
                {"": calls.rollout("k8s_rollout_status", thing, cluster)},
                thought,
                wait=NEXT_WAIT if look else FIRST_WAIT,
            )
        ).values()
        if found.failed or walk(found.data, "done") or walk(found.data, "stuck"):
            break
    if found.failed:
        return Reply(
            phrasing.paragraphs(lead, f"I could not look at the result: {phrasing.plain(found.text)}"), focus=thing
        )
    if walk(found.data, "done"):
        return Reply(phrasing.paragraphs(lead, f"✓ {rollout_words(thing, found)}"), focus=thing)
    follow = f"rollout status of {phrasing.sentence(thing)}"
    later = f"It may still need a moment. Ask {phrasing.code(follow)} to look again, or answer `yes`."
    return Reply(phrasing.paragraphs(lead, rollout_words(thing, found), later), focus=thing, offers=(follow,))


def check_service(thing: Thing, lead: str, cluster: str) -> Plan:
    ready: object = None
    for look in range(LOOKS):
        (found,) = (
            yield from together(
                {"": calls.on(thing, "k8s_describe", cluster, events=0)},
                "Looking who stands behind it now…",
                wait=NEXT_WAIT if look else FIRST_WAIT,
            )
        ).values()
        ready = walk(found.data, "endpoints", "ready")
        if ready or found.failed:
            break
    if isinstance(ready, list) and ready:
        behind = phrasing.listed([phrasing.code(address) for address in ready[:6]])
        return Reply(phrasing.paragraphs(lead, f"✓ {phrasing.thing(thing)} now leads to {behind}."), focus=thing)
    return Reply(
        phrasing.paragraphs(lead, f"{phrasing.thing(thing)} still has nobody behind it. Ask {phrasing.code('why')}."),
        focus=thing,
        offers=(f"why is {phrasing.sentence(thing)} failing",),
    )


def check_deleted(thing: Thing, done: Found, cluster: str) -> Plan:
    """Whether it is gone, and for a pod who took its place."""
    stem = thing.name.rpartition("-")[0] or thing.name
    (found,) = (
        yield from together(
            {"": calls.listing(thing.kind, thing.namespace, cluster)}, "Looking whether it is gone…", wait=FIRST_WAIT
        )
    ).values()
    rows = rows_of(found, thing.kind)
    lead = phrasing.plain(done.text.split("\n", 1)[0])
    still = any(row.thing.name == thing.name for row in rows)
    parts = [lead, "It is still going away." if still else "✓ It is gone." if not found.failed else ""]
    if thing.kind == "pods":
        heirs = [row for row in rows if row.thing.name.startswith(f"{stem}-") and row.thing.name != thing.name]
        parts += (
            [
                "Now there:\n\n"
                + phrasing.table(
                    ("Pod", "Ready", "Status", "Age"),
                    [
                        (
                            phrasing.cell(row.thing.name),
                            phrasing.words(row["READY"]),
                            phrasing.words(row["STATUS"]),
                            phrasing.words(row["AGE"]),
                        )
                        for row in heirs[:8]
                    ],
                )
            ]
            if heirs
            else []
        )
    return Reply(
        phrasing.paragraphs(*parts),
        focus=thing if still else None,
        shown=tuple(row.thing for row in rows) if thing.kind == "pods" else (),
    )


def check_node(thing: Thing, done: Found, cluster: str) -> Plan:
    (found,) = (yield from together({"": calls.listing("nodes", "", cluster)}, "Looking at the nodes…")).values()
    rows = [(phrasing.cell(row.thing.name), phrasing.words(row["STATUS"])) for row in rows_of(found, "nodes")]
    return Reply(
        phrasing.paragraphs(phrasing.plain(done.text), phrasing.table(("Node", "Status"), rows) if rows else ""),
        focus=thing,
    )
