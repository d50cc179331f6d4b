"""What people are shown when they are asked: the plan of a call, who asks, which rule, and the model's own words apart.

The same JSON is on the approval's page, in the conversation's card and in REST.
"""

from dataclasses import dataclass
from typing import Any

from chat import policy
from chat.audit.calls import identity_of
from chat.binding import Bound, seen
from chat.event_types import TextEnd
from chat.models import Event, ToolCall
from tools import plans
from tools.effects import Effect
from tools.kube.plan import Step
from tools.policy import Verdict
from tools.rehearsal import Rehearsal
from tools.visible import visible, visible_all

CARD_LINES = 40  # of the difference of one step in a conversation
CARD_STEPS = 4
_LONGEST_REASON = 600


@dataclass(frozen=True, slots=True)
class Question:
    """plan: see `plan`; bound, digest: what the answer counts for (chat/binding.py); rule: why it is asked;
    second_person: somebody else must approve; type_name: to be typed by whoever approves, or empty."""

    plan: dict[str, Any]
    bound: dict[str, Any]
    digest: str
    rule: str
    second_person: bool = False
    type_name: str = ""


def plan(call: ToolCall, tried: Rehearsal, touched: list[str], rule: str, *, production: bool) -> dict[str, Any]:
    """{"steps": see tools.plans.shown, "touched": [sentences], "asked_by", "rule", "reason": the model's words,
    "production": bool, "identity": as whom the cluster will be asked}"""
    person = call.run.message.author.get_username()
    return {
        "steps": plans.shown(tried.steps),
        "touched": visible_all(touched),
        "asked_by": person,
        "rule": rule,
        "reason": _reason(call),
        "production": production,
        "identity": visible(identity_of(call.cluster, person)),
    }


def question(
    call: ToolCall, tried: Rehearsal, touched: list[str], verdict: Verdict, bound: Bound, digest: str
) -> Question:
    rule = verdict.rule or verdict.reason
    marked = _in_production(call, tried)
    return Question(
        plan(call, tried, touched, rule, production=bool(marked)),
        bound | {"seen": seen(tried)},
        digest,
        rule,
        verdict.second_person,
        _type_name(tried, marked),
    )


def _in_production(call: ToolCall, tried: Rehearsal) -> list[Step]:
    marked = policy.production(call.cluster)
    return [step for step in tried.steps if marked(step.name if step.resource == "namespaces" else step.namespace)]


def _type_name(tried: Rehearsal, in_production: list[Step]) -> str:
    """What must be typed first: of several objects that go, anywhere, how many they are; of one in production its
    name."""
    gone = [step for step in tried.steps if step.effect is Effect.DESTROY and not step.trial]
    if sum(step.verb == "delete" for step in gone) > 1:
        return str(len(gone))
    return next((step.name for step in gone if step in in_production), "")


def for_card(shown: dict[str, Any]) -> dict[str, Any]:
    """As much as a conversation carries; `more` says that there is more."""
    steps = [
        {**step, "diff": step["diff"][:CARD_LINES], "cut": step["cut"] or len(step["diff"]) > CARD_LINES}
        for step in shown["steps"][:CARD_STEPS]
    ]
    more = len(shown["steps"]) - len(steps)
    return {**shown, "steps": steps, "touched": shown["touched"][:8], "more": more}


def _reason(call: ToolCall) -> str:
    """What the model said last before this wish."""
    said = Event.objects.filter(run=call.run, type=TextEnd.type).order_by("-seq").values_list("data", flat=True).first()
    words = visible(str(said["text"])).strip() if said else ""
    return words if len(words) <= _LONGEST_REASON else words[:_LONGEST_REASON] + "…"
