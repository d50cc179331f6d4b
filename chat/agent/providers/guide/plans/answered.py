"""Questions that one tool answers whole: its first line is the answer, its table follows."""

from chat.agent.providers.guide import calls, phrasing
from chat.agent.providers.guide.intention import Act, Thing
from chat.agent.providers.guide.locating import locate
from chat.agent.providers.guide.steps import Call, Plan, Reply, Scene
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


def rights(scene: Scene) -> Plan:
    """One question when a verb and a kind were said, otherwise all rights in a namespace."""
    wish = scene.intention
    asked = {"verb": wish.text, "kind": wish.kind} if wish.text and wish.kind else {}
    call = calls.call("k8s_can_i", wish.cluster, namespace=wish.namespace, **asked)
    return (yield from _told(call))


def _told(call: Call, about: Thing | None = None) -> Plan:
    (found,) = (yield from together({"": call})).values()
    if found.failed:
        return Reply(phrasing.plain(found.text), focus=about)
    header, _, body = found.text.partition("\n")
    lines = body.strip("\n").split("\n")
    left = len(lines) - MOST_LINES
    return Reply(
        phrasing.paragraphs(
            f"**{phrasing.plain(header)}**",
            phrasing.quoted("\n".join(lines[:MOST_LINES]), MOST_LINES) if body.strip() else "",
            f"…and {phrasing.counted(left, 'line')} more in the tool card above." if left > 0 else "",
        ),
        focus=about,
    )


PLANS = {Act.CHANGED: changes, Act.RELEASES: releases, Act.RELATIONS: relations, Act.RIGHTS: rights}
