"""Which plan answers which act."""

from collections.abc import Callable

from chat.agent.providers.guide.intention import Act
from chat.agent.providers.guide.plans import (
    answered,
    applying,
    changing,
    drafting,
    looking,
    measuring,
    nodes,
    overview,
    protocol,
    rerunning,
    talking,
)
from chat.agent.providers.guide.plans.checking import check
from chat.agent.providers.guide.plans.diagnosing import why
from chat.agent.providers.guide.plans.listing import list_things
from chat.agent.providers.guide.steps import Plan, Scene

PLANS: dict[Act, Callable[[Scene], Plan]] = {
    **talking.PLANS,
    **changing.PLANS,
    **applying.PLANS,
    **nodes.PLANS,
    **answered.PLANS,
    Act.LIST: list_things,
    Act.COUNT: list_things,
    Act.DESCRIBE: looking.describe,
    Act.GET: looking.get,
    Act.LOGS: protocol.logs,
    Act.EVENTS: measuring.events,
    Act.TOP: measuring.top,
    Act.WHY: why,
    Act.CHECK: check,
    Act.STATUS: overview.status,
    Act.HISTORY: overview.history,
    Act.IMAGES: overview.images,
    Act.CLUSTERS: overview.clusters,
    Act.CLUSTER: overview.cluster,
    Act.DISCOVER: overview.discover,
    Act.DRAFT: drafting.draft,
    Act.RERUN: rerunning.rerun,
}


def plan_for(scene: Scene) -> Plan:
    """Every act has a plan; words that name nothing but one object are taken as a question about it."""
    wish = scene.intention
    if wish.act is Act.UNKNOWN and wish.name and wish.text:
        return looking.describe_if_there(scene)
    return PLANS.get(wish.act, talking.not_understood)(scene)
