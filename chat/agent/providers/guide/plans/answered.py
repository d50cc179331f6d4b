"""Questions that one tool answers whole: its first line is the answer, its table follows."""

from chat.agent.providers.guide import calls, phrasing
from chat.agent.providers.guide.intention import Act, Thing
from chat.agent.providers.guide.locating import locate
from chat.agent.providers.guide.rows import items
from chat.agent.providers.guide.steps import Call, Found, Plan, Reply, Scene
from chat.agent.providers.guide.together import together

LATELY = "24h"  # "lately" to a person who asks; the tool's own default is two hours
MOST_LINES = 60


def changes(scene: Scene) -> Plan:
    """What was changed lately and by whom; of one object when it is named."""
    wish, about = scene.intention, None
    if wish.name or wish.pronoun:
        located = yield from locate(scene)
        if isinstance(located, Reply):
            return located
        about = located
    place = about.namespace if about else wish.namespace
    named = f"{about.kind}/{about.name}" if about else ""
    call = calls.call("k8s_changes", wish.cluster, namespace=place, object=named, since=wish.since or LATELY)
    return (yield from _told(call, about))


def releases(scene: Scene) -> Plan:
    wish = scene.intention
    return (yield from _told(calls.call("helm_list", wish.cluster, namespace=wish.namespace)))


def relations(scene: Scene) -> Plan:
    located = yield from locate(scene)
    if isinstance(located, Reply):
        return located
    return (yield from _told(calls.on(located, "k8s_relations", scene.intention.cluster), located))


def owners(scene: Scene) -> Plan:
    """What it belongs to, from the nearest owner up; then what uses it and what it uses."""
    located = yield from locate(scene)
    if isinstance(located, Reply):
        return located
    cluster = scene.intention.cluster
    found = yield from together(
        {
            "itself": calls.on(located, "k8s_describe", cluster, events=0),
            "beside": calls.on(located, "k8s_relations", cluster),
        }
    )
    if found["itself"].failed:
        return Reply(phrasing.plain(found["itself"].text), focus=located)
    chain = [
        f"{phrasing.words(str(owner.get('kind')))} {phrasing.code(owner.get('name', ''))}"
        for owner in items(found["itself"].data, "owners")
    ]
    what = phrasing.thing(located)
    told = f"{what} belongs to {', which belongs to '.join(chain)}." if chain else f"Nothing owns {what}."
    beside = "" if found["beside"].failed else _shown(found["beside"])
    return Reply(phrasing.paragraphs(f"**{told}**", beside), focus=located)


def rights(scene: Scene) -> Plan:
    """One question when a verb and a kind were said, otherwise all rights in a namespace."""
    wish = scene.intention
    asked = {"verb": wish.text, "kind": wish.kind} if wish.text and wish.kind else {}
    call = calls.call("k8s_can_i", wish.cluster, namespace=wish.namespace, **asked)
    return (yield from _told(call))


def _told(call: Call, about: Thing | None = None) -> Plan:
    (found,) = (yield from together({"": call})).values()
    return Reply(phrasing.plain(found.text) if found.failed else _shown(found), focus=about)


def _shown(found: Found) -> str:
    header, _, body = found.text.partition("\n")
    lines = body.strip("\n").split("\n")
    left = len(lines) - MOST_LINES
    return phrasing.paragraphs(
        f"**{phrasing.plain(header)}**",
        phrasing.quoted("\n".join(lines[:MOST_LINES]), MOST_LINES) if body.strip() else "",
        f"…and {phrasing.counted(left, 'line')} more in the tool card above." if left > 0 else "",
    )


PLANS = {
    Act.CHANGED: changes,
    Act.RELEASES: releases,
    Act.RELATIONS: relations,
    Act.OWNERS: owners,
    Act.RIGHTS: rights,
}
