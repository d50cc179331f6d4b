"""What is wrong here: a namespace or a cluster diagnosed in one call, its faults told by how grave they are."""

from chat.agent.providers.guide import calls, phrasing
from chat.agent.providers.guide.diagnosis.finding import Finding, Severity, findings_of
from chat.agent.providers.guide.intention import EVERYWHERE
from chat.agent.providers.guide.plans.reporting import briefly, grouped, in_full, offers_of, unread
from chat.agent.providers.guide.rows import mapping
from chat.agent.providers.guide.steps import Found, Plan, Reply, Scene
from chat.agent.providers.guide.together import together

LOOKED_AT = ("pods", "deployments", "services", "jobs", "nodes")


def check(scene: Scene) -> Plan:
    wish = scene.intention
    place = "" if wish.namespace == EVERYWHERE else wish.namespace
    call = calls.call("k8s_diagnose", wish.cluster, namespace=place)
    (found,) = (
        yield from together({"": call}, f"Looking at everything {phrasing.place(place).replace('`', '')}…")
    ).values()
    if found.failed:
        return Reply(phrasing.plain(found.text))
    return _told(place, found, findings_of(found))


def _told(place: str, found: Found, findings: list[Finding]) -> Reply:
    where, seen = phrasing.place(place), _seen(found)
    grave = [finding for finding in findings if finding.severity is not Severity.NOTE]
    notes = briefly([finding for finding in findings if finding.severity is Severity.NOTE])
    if not seen:
        return Reply(
            f"There is nothing {where}. See the namespaces with {phrasing.code('list namespaces')}.",
            offers=("list namespaces",),
        )
    if not grave:
        well = f"I looked at {seen}: all of them are well."
        return Reply(phrasing.paragraphs(f"**Nothing is wrong {where} that I can see.**", well, notes, unread(found)))
    if len(grave) == 1:
        only = grave[0]
        return Reply(
            phrasing.paragraphs(
                f"I looked at {seen} {where}. One thing is wrong.", in_full(only), notes, unread(found)
            ),
            focus=only.thing,
            offers=only.offers,
        )
    count = phrasing.counted(len(grave), "thing needs", "things need")
    lead = f"I looked at {seen} {where}. **{count} attention:**"
    closing = (
        "Type one of the sentences, or answer with a number for the ones that need no "
        "value filled in. Ask `why is … failing` for more about one."
    )
    return Reply(
        phrasing.paragraphs(lead, grouped(grave), notes, unread(found), closing),
        shown=tuple(finding.thing for finding in grave),
        offers=offers_of(grave),
    )


def _seen(found: Found) -> str:
    """ "24 pods, 9 deployments and 3 nodes", or "" when there was nothing."""
    counts = mapping(found.data, "checked")
    told = [
        phrasing.counted(count, kind.removesuffix("s"))
        for kind in LOOKED_AT
        if isinstance(count := counts.get(kind), int) and count
    ]
    if told == [phrasing.counted(counts.get("nodes") or 0, "node")]:
        return ""
    return phrasing.listed(told)
