"""What an approval is bound to, as a digest: call, cluster, rules, and each request with its object's state.

Keyed with the portal's own key, because bodies and states hold values of Secrets, and a plain digest of a weak one can
be guessed.
"""

import json
from typing import Any

from django.utils.crypto import salted_hmac

from chat import policy
from chat.models import ToolCall
from tools.kube.plan import state
from tools.rehearsal import Rehearsal

Bound = dict[str, Any]


def bound(call: ToolCall, acting: str, tried: Rehearsal) -> Bound:
    """{"call", "cluster", "policy": its version, "steps": [[words, digest]]}"""
    return {
        "call": digest([str(call.pk), call.cluster, call.tool, call.wished, acting]),
        "cluster": digest(list(tried.place)),
        "policy": policy.rules().version,
        "steps": [[step.words, digest(step.bound())] for step in tried.steps],
    }


def digest(value: Any) -> str:
    written = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return salted_hmac("chat.approval", written, algorithm="sha256").hexdigest()


def seen(tried: Rehearsal) -> list[list[Any]]:
    """[[address, words, digest of the object]]: what is looked at once more when somebody decides."""
    return [[step.address, step.words, digest(state(step.whole))] for step in tried.steps]


def what_changed(then: Bound, now: Bound) -> str:
    """Why a yes to `then` is no yes to `now`: a clause for people."""
    if then.get("cluster") != now["cluster"]:
        return "the cluster is reached at another address now"
    if then.get("policy") != now["policy"]:
        return "the policy has changed"
    old = dict(then.get("steps") or [])
    moved = [words for words, state in now["steps"] if old.get(words) != state]
    gone = [words for words in old if words not in {words for words, _ in now["steps"]}]
    if moved or gone:
        return f"{', '.join((moved or gone)[:3])} changed meanwhile"
    return "what it would do has changed"
