"""What was done, counted from the audit: the same whichever process answers, and nothing is lost with one that dies."""

import json
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db.models import Case, Count, F, QuerySet, Value, When
from prometheus_client.metrics_core import CounterMetricFamily, Metric

from chat.audit.kinds import KINDS
from chat.budgets.usage import COUNTS
from chat.models import AuditHead, AuditRow
from chat.models.approval import ApprovalStatus
from chat.models.run import ENDED
from chat.models.tool_call import FINISHED
from tools import registry
from tools.effects import Effect

AT_ONCE = 50_000  # rows in one hop: a process that has just started does not keep its database thread for long
OTHER = "other"
_PROVIDERS = ("anthropic", "guide", "scripted", "direct")
Labels = tuple[str, ...]


@dataclass
class _Counts:
    """By the labels of each figure."""

    kinds: Counter[Labels] = field(default_factory=Counter)
    calls: Counter[Labels] = field(default_factory=Counter)
    verdicts: Counter[Labels] = field(default_factory=Counter)
    approvals: Counter[Labels] = field(default_factory=Counter)
    runs: Counter[Labels] = field(default_factory=Counter)
    tokens: Counter[Labels] = field(default_factory=Counter)
    dollars: float = 0.0
    unpriced: int = 0


class Deeds:
    """The rows up to `seq`, whose hash is kept: a chain that was put back from a backup is counted anew."""

    def __init__(self) -> None:
        self._seq, self._hash = 0, ""
        self._counts = _Counts()
        self._lock = threading.Lock()

    def count_on(self) -> bool:
        """Counts at most AT_ONCE new rows. Whether there are more."""
        with self._lock:
            head = AuditHead.objects.values_list("seq", flat=True).first() or 0
            if not self._continues(head):
                self._seq, self._hash, self._counts = 0, "", _Counts()
            until = min(head, self._seq + AT_ONCE)
            if until > self._seq:
                self._take(AuditRow.objects.filter(seq__gt=self._seq, seq__lte=until).order_by())
                self._seq, self._hash = until, _hash(until)
            return until < head

    def _continues(self, head: int) -> bool:
        return self._seq == 0 or (self._seq <= head and _hash(self._seq) == self._hash)

    def _take(self, rows: "QuerySet[AuditRow]") -> None:
        came = Case(When(kind="call.ended", then=F("outcome")), default=Value(""))
        grouped = rows.annotate(came=came).values_list("kind", "tool", "effect", "decision", "came")
        for kind, tool, effect, decision, status, count in grouped.annotate(count=Count("seq")):
            self._counts.kinds[(_one_of(kind, KINDS),)] += count
            if kind == "call.ended":
                labels = (_tool(tool), _one_of(effect, list(Effect)), _one_of(status, FINISHED))
                self._counts.calls[labels] += count
            if verdict := _verdict(kind, decision):
                self._counts.verdicts[(verdict,)] += count
            if kind in ("approval.decided", "approval.void", "approval.expired"):
                self._counts.approvals[(_one_of(decision, list(ApprovalStatus)),)] += count
        for outcome, request in rows.filter(kind="run.ended").values_list("outcome", "request"):
            self._take_run(outcome, json.loads(request or "{}"))

    def _take_run(self, outcome: str, told: dict[str, object]) -> None:
        self._counts.runs[(_one_of(outcome, ENDED),)] += 1
        provider, usage, cost = _one_of(str(told.get("provider")), _PROVIDERS), told.get("usage"), told.get("cost")
        for kind in COUNTS:
            tokens = usage.get(kind, 0) if isinstance(usage, dict) else 0
            self._counts.tokens[provider, kind] += int(tokens)
        if isinstance(cost, int | float):
            self._counts.dollars += cost
        elif usage:
            self._counts.unpriced += 1

    def figures(self) -> Iterator[Metric]:
        with self._lock:
            counts = self._counts
            yield _family("k8smcp_runs_ended", "Runs by outcome.", ["outcome"], counts.runs)
            yield _family("k8smcp_tool_calls", "Tool calls that ended.", ["tool", "effect", "status"], counts.calls)
            yield _family("k8smcp_verdicts", "What the rules said about a tool call.", ["verdict"], counts.verdicts)
            yield _family("k8smcp_approvals_decided", "Approvals by decision.", ["decision"], counts.approvals)
            yield _family("k8smcp_model_tokens", "Of runs that ended.", ["provider", "kind"], counts.tokens)
            yield _sum("k8smcp_model_dollars", "Of runs that ended and whose model has a price.", counts.dollars)
            yield _sum("k8smcp_model_unpriced_runs", "Runs that ended and whose model has none.", counts.unpriced)
            yield _family("k8smcp_audit_rows", "Rows of the audit by kind.", ["kind"], counts.kinds)


DEEDS = Deeds()


def _hash(seq: int) -> str:
    return AuditRow.objects.filter(pk=seq).values_list("hash", flat=True).first() or ""


def _verdict(kind: str, decision: str) -> str:
    """A call that began by a person's yes was counted as it was asked about."""
    if kind == "approval.requested":
        return "ask"
    known = {("call.begun", "allow"): "allow", ("call.ended", "deny"): "deny"}
    return known.get((kind, decision), "")


def _one_of(word: str, known: Iterable[str]) -> str:
    return word if word in known else OTHER


def _tool(name: str) -> str:
    """The model chooses the name; only the catalogue's are told."""
    try:
        return registry.find(name).name
    except registry.UnknownTool:
        return OTHER


def _family(name: str, told: str, labels: list[str], counts: Counter[Labels]) -> Metric:
    family = CounterMetricFamily(name, told, labels=labels)
    for values, count in sorted(counts.items()):
        family.add_metric(list(values), count)
    return family


def _sum(name: str, told: str, value: float) -> Metric:
    return CounterMetricFamily(name, told, value=value)
