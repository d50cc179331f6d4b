"""What the rows say right now: what is under way, what waits for a person, how the audit stands."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from chat.models import Approval, AuditHead, Run
from chat.models.approval import ApprovalStatus
from chat.models.run import ACTIVE, RunStatus
from tools.models import Cluster


def figures() -> list[Metric]:
    """In one hop: sync ORM."""
    return [*_runs(), *_approvals(), *_audit(), *_clusters()]


def _runs() -> Iterator[Metric]:
    under_way = Run.objects.filter(status__in=(RunStatus.QUEUED, *ACTIVE)).order_by().values_list("status")
    found = {status: (count, oldest) for status, count, oldest in under_way.annotate(Count("pk"), Min("created_at"))}
    runs = GaugeMetricFamily("k8smcp_runs", "Runs that have not ended.", labels=["status"])
    for status in (RunStatus.QUEUED, *ACTIVE):
        runs.add_metric([status.value], found.get(status, (0, None))[0])
    yield runs
    oldest = found.get(RunStatus.QUEUED, (0, None))[1]
    yield _gauge("k8smcp_runs_queued_oldest_seconds", "Age of the oldest run that is queued.", _age(oldest))


def _approvals() -> Iterator[Metric]:
    pending = Approval.objects.filter(status=ApprovalStatus.PENDING)
    found = pending.aggregate(count=Count("pk"), oldest=Min("requested_at"))
    yield _gauge("k8smcp_approvals_pending", "Approvals that wait for a person.", found["count"])
    yield _gauge("k8smcp_approvals_pending_oldest_seconds", "Age of the oldest of them.", _age(found["oldest"]))


def _audit() -> Iterator[Metric]:
    head = AuditHead.objects.first() or AuditHead()
    yield _gauge("k8smcp_audit_head", "Number of the newest row of the audit.", head.seq)
    yield _gauge("k8smcp_audit_verified", "Up to which row it was last verified.", head.verified_seq or 0)
    yield _gauge("k8smcp_audit_broken", "1 when the last verification found a fault.", bool(head.problem))


def _clusters() -> Iterator[Metric]:
    clusters = GaugeMetricFamily("k8smcp_clusters", "Clusters that are registered.", labels=["state"])
    for state, faulty in (("usable", False), ("unusable", True)):
        found = Cluster.objects.exclude(problem="") if faulty else Cluster.objects.filter(problem="")
        clusters.add_metric([state], found.count())
    yield clusters


def _gauge(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(name, told, value=value)


def _age(since: datetime | None) -> float:
    return max(0.0, (timezone.now() - since).total_seconds()) if since else 0.0
