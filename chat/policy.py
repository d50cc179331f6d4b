"""The policy as it meets a person: their role and their groups, the rules in force, and the verdict.

A role says what somebody may do at all, the policy where. A grant lends the role for a while, at a place.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from django.contrib.auth.models import User

from chat.access import Right, group_names, rights, rights_of, sees_all
from chat.audit.calls import Grounds
from chat.errors import BadInput
from chat.models import ToolCall
from tools import clusters, policy
from tools.effects import Effect
from tools.kube.guard import Asked, Judge
from tools.policy import Question, Rule, Rules, Verdict, book, matching, requests, schema
from tools.policy.matching import Fit
from tools.policy.ours import PRODUCTION
from tools.servers import offered
from tools.servers.offered import ServerTool
from tools.spec import Tool

ROLE = "role"
SECOND_PERSON = "This needs a second person: whoever asked for it may not be the one who approves it."


def rules() -> Rules:
    """What is in force now (`Rules.version` names it)."""
    return book.rules()


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody as the policy sees them. token: the scope of the access token they came by, "" for their own sign-in."""

    person: str
    groups: frozenset[str]
    may_change: bool
    token: str = ""

    def question(self, cluster: str, effect: Effect, kind: str = "", namespace: str | None = None) -> Question:
        return Question(self.person, self.groups, cluster, effect, kind, namespace, self.token)


def asker(user: User, token: str = "") -> Asker:
    names = group_names(user)
    return Asker(user.get_username(), names, user.is_active and Right.CHANGE in rights_of(names), token)


# ---- verdicts ----------------------------------------------------------------------------------------------------


def judge(who: Asker, question: Question, in_force: Rules, *, strictly: bool = False) -> Verdict:
    """Role first, then the rules. strictly: what the question leaves open is taken against the person."""
    if question.effect.writes and not who.may_change and not policy.granted(question, in_force):
        return Verdict("deny", ROLE, _may_only_look(who.person))
    return (policy.judge_strictly if strictly else policy.judge)(question, in_force)


def _may_only_look(person: str) -> str:
    return f"{person} may look, but not change anything. An administrator can give the role operator."


def effects(user: User, token: str = "", known: tuple[str, ...] | None = None) -> frozenset[Effect]:
    """What may turn out to be allowed, or asked about, in some cluster: what is denied everywhere is not offered.
    known: the names of the clusters, if they have been read already."""
    who, in_force = asker(user, token), rules()
    known = (clusters.names() if known is None else known) or ("",)
    return frozenset(
        effect
        for effect in Effect
        if any(judge(who, who.question(name, effect), in_force).decision != "deny" for name in known)
    )


def concerning(user: User, found: Iterable[Rule]) -> list[Rule]:
    """The rules a person reads: those about them; all for who administers or audits."""
    if sees_all(user):
        return list(found)
    person, names = user.get_username(), group_names(user)
    return [rule for rule in found if matching.concerns(rule, person, names)]


def anywhere(user: User) -> dict[Effect, Verdict]:
    """The kindest verdict to be had on each effect, when nothing is known of cluster, kind and namespace."""
    who, in_force = asker(user), rules()
    return {effect: judge(who, who.question("", effect), in_force) for effect in Effect}


@dataclass(frozen=True, slots=True)
class Supposed:
    """A question as people put it: kind and namespace as in `Question`."""

    cluster: str
    effect: Effect
    kind: str = ""
    namespace: str | None = None
    token: str = ""


def what_if(user: User, supposed: Supposed) -> Verdict:
    """What the portal would say if this person had it do that. Raises BadInput for what is no kind or place."""
    if Right.CONVERSE not in rights(user):
        return Verdict("deny", ROLE, f"{user.get_username()} may not use the agent: no role of theirs allows it.")
    _check(supposed)
    who = asker(user, supposed.token)
    question = who.question(supposed.cluster, supposed.effect, supposed.kind, supposed.namespace)
    return judge(who, question, rules())


def _check(supposed: Supposed) -> None:
    try:
        if supposed.kind not in ("", policy.UNKNOWN_KIND):
            schema.kind_pattern(supposed.kind)
        if supposed.namespace:
            schema.namespace_pattern(supposed.namespace)
    except schema.BadPattern as fault:
        raise BadInput(f"{fault}.") from fault
    open_place = "*" in (supposed.namespace or "") and supposed.namespace != policy.EVERY_NAMESPACE
    if "*" in supposed.kind or open_place:
        raise BadInput("Ask about one kind, and about one namespace or * for all of them.")


def of_server(who: Asker, tool: ServerTool, in_force: Rules) -> Verdict:
    """On a call of another MCP server's tool: of that everything is known before."""
    return judge(who, requests.question(who.question(tool.place, tool.effect), tool.asked, tool.effect), in_force)


def kindest(user: User, tools: Sequence[ServerTool]) -> Verdict:
    """On any of these tools of other servers."""
    who, in_force = asker(user), rules()
    return min((of_server(who, tool, in_force) for tool in tools), key=lambda each: _STRICTNESS[each.decision])


def places() -> tuple[str, ...]:
    """What can be asked about: the clusters, and the other MCP servers."""
    return clusters.names() + offered.places()


# ---- a tool call -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Present:
    """A call, its person and the rules at one moment: what is judged together is judged by the same."""

    call: ToolCall
    who: Asker
    in_force: Rules

    def first_look(self, tool: Tool, cluster: str = "") -> Verdict:
        """Before anything is asked of the cluster (left out: the call's), from what the arguments say of the place; of
        another server's tool it is known.

        A change that would be let through unasked only if it turned out kindly is asked about.
        """
        if isinstance(tool, ServerTool):
            return of_server(self.who, tool, self.in_force)
        effect = tool.effect
        question = self.who.question(cluster or self.call.cluster, effect, namespace=_named(self.call))
        verdict = judge(self.who, question, self.in_force)
        if verdict.decision != "allow" or not effect.writes:
            return verdict
        worst = judge(self.who, question, self.in_force, strictly=True)
        return verdict if worst.decision == "allow" else replace(worst, decision="ask")

    def grounds(self, verdict: Verdict) -> Grounds:
        """What the audit keeps of a verdict."""
        return Grounds(verdict.rule, self.in_force.version)

    def at_the_wire(self, *, approved_by: User | None = None, rehearsing: bool = False, cluster: str = "") -> Judge:
        """For `Permit.judge`: the verdict on each request of a call, now that kind and place are known. It only knows
        yes and no: what asks is a no unless somebody who may has approved the call. Needs no database when it is asked.

        rehearsing: nothing is changed yet, so only a plain no counts. cluster: another than the call's.
        """
        approver = approved_by.get_username() if approved_by else ""

        def verdict(asked: Asked, effect: Effect) -> Verdict:
            free = requests.about_rights(asked, effect)
            if free is not None:
                return free
            question = requests.question(self.who.question(cluster or self.call.cluster, effect), asked, effect)
            found = judge(self.who, question, self.in_force)
            if found.decision != "ask" or (rehearsing and effect.writes):
                return found
            why = _unapproved(found, effect, approver, self.who)
            return replace(found, decision="deny" if why else "allow", reason=why or found.reason)

        return verdict

    def of_plan(self, plan: Iterable[tuple[Asked, Effect]]) -> Verdict:
        """The verdict on every request of a call that would change something: the strictest of them, and a second
        person if any that asks wants one. A plan of none changes nothing, and the guard holds it to that."""
        blank = self.who.question(self.call.cluster, Effect.READ)
        found = [judge(self.who, requests.question(blank, asked, effect), self.in_force) for asked, effect in plan]
        if not found:
            return Verdict("allow", "nothing", "Nothing would change.")
        return max(found, key=lambda verdict: (_STRICTNESS[verdict.decision], verdict.second_person))


def present(user: User, call: ToolCall) -> Present:
    return Present(call, asker(user, call.run.token), rules())


def _named(call: ToolCall) -> str | None:
    named = call.wished.get("namespace")
    return named if isinstance(named, str) and named and named != policy.EVERY_NAMESPACE else None


_STRICTNESS = {"allow": 0, "ask": 1, "deny": 2}


def _unapproved(found: Verdict, effect: Effect, approver: str, who: Asker) -> str:
    """Why what asks for a person has not had one; empty when it has."""
    if not effect.writes:
        return f"{found.reason} Reading is not asked about one request at a time, so it is refused."
    if not approver:
        return f"{found.reason} Nobody was asked about this part of the call."
    return SECOND_PERSON if found.second_person and approver == who.person else ""


def production(cluster: str) -> Callable[[str], bool]:
    """Whether people have marked a namespace of this cluster as production, "" for what is in none. Read once."""
    marks = [rule for rule in rules().rules if rule.name.startswith(PRODUCTION)]

    def marked(namespace: str) -> bool:
        about = Question("", frozenset(), cluster, Effect.DESTROY, "", namespace)
        fits = (matching.cluster, matching.namespace)
        return any(all(fit(rule, about) is Fit.ALL for fit in fits) for rule in marks)

    return marked
