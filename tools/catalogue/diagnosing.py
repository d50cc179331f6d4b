"""Tells what is wrong, by rules and without a model: of a cluster, a namespace, or one object and what is around it."""

from collections import Counter

from pydantic import Field

from tools.catalogue.finding import locate, namespace_or_hint
from tools.catalogue.objects import read
from tools.catalogue.surveying import Survey, survey
from tools.diagnosis import analysis
from tools.diagnosis.finding import Finding, Severity, Thing
from tools.effects import Effect
from tools.kube.client import KubeClient, Object
from tools.kube.errors import BadInput
from tools.kube.resources import valid_namespace
from tools.kube.together import beside
from tools.rendering import counted
from tools.spec import Arguments, Result, Tool

_MOST_PODS = 10
_ALSO = {
    "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod", "Service", "PersistentVolumeClaim", "Node",
    "Ingress", "HorizontalPodAutoscaler", "Job", "CronJob", "Namespace",
}  # fmt: skip


class DiagnoseArguments(Arguments):
    kind: str | None = Field(
        None, description="A workload, pod, service, pvc, node, ingress, hpa, job, cronjob. Left out: everything."
    )
    name: str | None = Field(None, description="With kind.")
    namespace: str | None = Field(None, description="Left out: the whole cluster, or found by name.")
    hygiene: bool = Field(False, description="Also what works but is untidy or unsafe.")
    limit: int = Field(30, ge=1, le=200)


async def diagnose(client: KubeClient, asked: DiagnoseArguments) -> Result:
    """data: {"target": {"kind", "name", "namespace"}|null, "checked": {"pods": 20, ...}, "unread": [{"kind", "why"}],
    "partial": [plural], "total": int, "counts": {"critical", "warning", "note"}, "findings": [{"severity", "code",
    "kind", "name", "namespace", "title", "cause", "evidence": [{"source", "text"}], "fix", "next": {"tool",
    "arguments"}|null, "facts": {str: str}, "pods": [str], "pod_count": int, "affects": [{"kind", "name",
    "namespace"}]}]}, gravest first."""
    target = await _target(client, asked)
    made = await survey(client, target, with_hygiene=asked.hygiene)
    about = None if target is None or target.kind == "Namespace" else target
    found = await beside(lambda: analysis.examine(made.world, about, with_hygiene=asked.hygiene))
    if target and target.kind == "Namespace":
        found = [finding for finding in found if _belongs(finding, target.name)]
    shown = found[: asked.limit]
    return Result(
        _header(target, made, found, len(shown)), "\n".join(map(_told, shown)), _data(target, made, found, shown)
    )


async def _target(client: KubeClient, asked: DiagnoseArguments) -> Thing | None:
    if bool(asked.kind) != bool(asked.name):
        raise BadInput("Name kind and name together, or neither for a whole namespace or cluster.")
    if not asked.kind or not asked.name:
        if asked.namespace:
            valid_namespace(asked.namespace)
            await namespace_or_hint(client, await client.resolve("v1/pods"), asked.namespace)
        return Thing("Namespace", asked.namespace) if asked.namespace else None
    where = await locate(client, asked.kind, asked.name, asked.namespace)
    if where.resource.kind not in _ALSO:
        raise BadInput(
            f"There are no rules for the kind {where.resource.kind}. Diagnose its namespace, or describe the object."
        )
    await read(client, where)
    return Thing(where.resource.kind, where.name, where.namespace or "")


def _belongs(finding: Finding, namespace: str) -> bool:
    """Nodes and classes are told when they are the matter, not when the question is about one namespace."""
    return finding.thing.namespace == namespace or finding.thing == Thing("Namespace", namespace)


# ---- telling -----------------------------------------------------------------------------------------------------


def _header(target: Thing | None, made: Survey, found: list[Finding], shown: int) -> str:
    where = " in the cluster"
    if target:
        where = f" in namespace {target.name}" if target.kind == "Namespace" else f" around {target.words}"
    counts = Counter(finding.severity for finding in found)
    kinds = ", ".join(f"{counts[severity]} {severity.value}" for severity in Severity if counts[severity])
    words = f"Checked {counted(made.checked, 'object')}{where}: {counted(len(found), 'finding')}"
    words += f" ({kinds})." if kinds else "."
    if shown < len(found):
        words += f" The first {shown} are shown; raise limit or narrow the target."
    if made.unread:
        words += (
            " Could not read: "
            + ", ".join(f"{kind} ({why.rstrip('.')})" for kind, why in sorted(made.unread.items()))
            + "."
        )
    if made.partial:
        words += f" Read in part: {', '.join(sorted(made.partial))}."
    return words


def _told(finding: Finding) -> str:
    """A line for what is wrong and one for each thing said of it: whatever a cluster says stays in its line."""
    lines = [f"[{finding.severity.value}] {finding.thing.words} {finding.title}"]
    lines += [f"  why: {finding.cause}"] if finding.cause else []
    if len(finding.pods) > 1:
        lines.append(f"  pods: {len(finding.pods)}, such as {finding.pods[0]}")
    lines += [f"  {evidence.source}: {evidence.text}" for evidence in finding.evidence]
    if finding.affects:
        lines.append(f"  affects: {', '.join(thing.words for thing in finding.affects[:5])}")
    if finding.fix or finding.step:
        step = f" ({finding.step.tool})" if finding.step else ""
        lines.append(f"  next: {finding.fix}{step}")
    return "\n".join(line[:2] + " ".join(line[2:].split()) for line in lines)


def _data(target: Thing | None, made: Survey, found: list[Finding], shown: list[Finding]) -> Object:
    counts = Counter(finding.severity for finding in found)
    return {
        "target": _thing(target) if target else None,
        "checked": made.counts,
        "unread": [{"kind": kind, "why": why} for kind, why in sorted(made.unread.items())],
        "partial": sorted(made.partial),
        "total": len(found),
        "counts": {severity.value: counts[severity] for severity in Severity},
        "findings": [_fact(finding) for finding in shown],
    }


def _fact(finding: Finding) -> Object:
    return {
        "severity": finding.severity.value,
        "code": finding.code,
        **_thing(finding.thing),
        "title": finding.title,
        "cause": finding.cause,
        "evidence": [{"source": evidence.source, "text": evidence.text} for evidence in finding.evidence],
        "fix": finding.fix,
        "next": {"tool": finding.step.tool, "arguments": dict(finding.step.arguments)} if finding.step else None,
        "facts": {name: value for name, value in finding.facts.items() if value},
        "pods": list(finding.pods[:_MOST_PODS]),
        "pod_count": len(finding.pods),
        "affects": [_thing(thing) for thing in finding.affects[:_MOST_PODS]],
    }


def _thing(thing: Thing) -> Object:
    return {"kind": thing.kind, "name": thing.name, "namespace": thing.namespace}


def _intent(asked: DiagnoseArguments) -> str:
    what = f"{asked.kind} {asked.name}" if asked.kind else asked.namespace or "the cluster"
    return f"Find out what is wrong with {what}" + (f" in {asked.namespace}" if asked.kind and asked.namespace else "")


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="k8s_diagnose",
        title="Diagnose",
        description=(
            "What is wrong, by rules: findings with severity, evidence (status, events, log lines) and next step. The "
            "first step for anything that fails, or for a whole namespace or cluster."
        ),
        effect=Effect.SENSITIVE,
        arguments=DiagnoseArguments,
        run=diagnose,
        intent=_intent,
        core=True,
    ),
)
