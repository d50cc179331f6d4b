"""What would happen if: the verdict on a supposed deed, with the rule that gives it."""

from django.contrib.auth.models import User
from django.http import HttpResponseBase, QueryDict
from django.shortcuts import render

from chat import policy
from chat.access import Right, require, rights
from chat.errors import BadInput, NotFound
from chat.web.door import SignedIn, page
from tools.effects import Effect
from tools.policy import Verdict

_TONES = {"allow": "good", "ask": "warn", "deny": "bad"}
_WORDS = {"allow": "Allowed at once", "ask": "A person is asked", "deny": "Denied"}


@page("GET", "HEAD")
def show(request: SignedIn) -> HttpResponseBase:
    """Anybody may ask about themselves, an administrator about everybody."""
    said, may_ask_for_others = request.GET, Right.ADMINISTER in rights(request.user)
    verdict, fault = None, ""
    if "effect" in said:
        try:
            verdict = _verdict(request.user, said)
        except BadInput as refused:
            fault = str(refused)
    context = {
        "said": said,
        "person": said.get("person", request.user.get_username()),
        "people": User.objects.order_by("username") if may_ask_for_others else [request.user],
        "clusters": policy.places(),
        "effects": list(Effect),
        "verdict": verdict,
        "fault": fault,
    }
    if verdict is not None:
        context |= {"tone": _TONES[verdict.decision], "words": _WORDS[verdict.decision]}
    return render(request, "chat/pages/policy_ask.html", context, status=422 if fault else 200)


def _verdict(user: User, said: QueryDict) -> Verdict:
    person = said.get("person", "") or user.get_username()
    if person != user.get_username():
        require(user, Right.ADMINISTER)
    about = User.objects.filter(username=person).first() if "\x00" not in person else None
    if about is None:
        raise NotFound(f"There is no person called {person[:40]!r}.")
    effect, cluster = said.get("effect", ""), said.get("cluster", "")
    if effect not in list(Effect):
        raise BadInput("Choose an effect.")
    kind, namespace = said.get("kind", "").strip().lower(), said.get("namespace", "").strip()
    if not kind or cluster not in policy.places():
        raise BadInput("Say which cluster and which kind, as in pods or deployments.apps.")
    return policy.what_if(about, policy.Supposed(cluster, Effect(effect), kind, namespace))
