"""Custom kinds that say themselves that they fail: operators (OLM), certificates, GitOps, definitions."""

from collections.abc import Iterator
from dataclasses import dataclass

from tools.diagnosis.finding import Evidence, Finding, Severity, Sign, Thing, describe, listing, spec, status
from tools.diagnosis.told import Told
from tools.diagnosis.world import World, condition, listed, space_of, thing_of
from tools.diagnosis.world import told as says
from tools.pods import Object, part, parts

OPERATOR = Sign(
    "operator",
    Severity.WARNING,
    "an operator that is not installed: catalog, subscription, install plan, version (OLM)",
)
APPROVAL = Sign("operator-approval", Severity.NOTE, "an InstallPlan that waits for an approval")
GROUPS = Sign("operator-groups", Severity.WARNING, "several OperatorGroups in one namespace, which stops OLM there")
SAYS_SO = Sign("not-ready", Severity.WARNING, "a certificate (cert-manager) or Flux object that says it is not ready")
APPLICATION = Sign(
    "application", Severity.NOTE, "an Argo CD Application that is ill while nothing is found of its parts"
)
DEFINITION = Sign("definition", Severity.WARNING, "a CustomResourceDefinition that is not accepted or not established")
STORED = Sign("stored-version", Severity.WARNING, "a CustomResourceDefinition with objects in a version it dropped")
SIGNS = (OPERATOR, APPROVAL, GROUPS, SAYS_SO, APPLICATION, DEFINITION, STORED)


@dataclass(frozen=True)
class Rule:
    """condition: the type that should be True; or field of the status, and which of its values are bad."""

    condition: str = ""
    field: str = ""
    bad: frozenset[str] = frozenset()
    sign: Sign = SAYS_SO


RULES: dict[str, Rule] = {
    "clusterserviceversions": Rule(field="phase", bad=frozenset({"Failed", "Unknown"}), sign=OPERATOR),
    "installplans": Rule(field="phase", bad=frozenset({"Failed"}), sign=OPERATOR),
    "subscriptions.operators.coreos.com": Rule(field="state", bad=frozenset({"UpgradeFailed"}), sign=OPERATOR),
    "clustercatalogs": Rule("Serving", sign=OPERATOR),
    "clusterextensions": Rule("Installed", sign=OPERATOR),
    "certificates.cert-manager.io": Rule("Ready"),
    "issuers.cert-manager.io": Rule("Ready"),
    "clusterissuers.cert-manager.io": Rule("Ready"),
    "kustomizations.kustomize.toolkit.fluxcd.io": Rule("Ready"),
    "helmreleases.helm.toolkit.fluxcd.io": Rule("Ready"),
    "gitrepositories.source.toolkit.fluxcd.io": Rule("Ready"),
}
KINDS = (*RULES, "catalogsources", "operatorgroups", "applications.argoproj.io", "customresourcedefinitions")
_BAD_SUBSCRIPTION = ("CatalogSourcesUnhealthy", "InstallPlanFailed", "ResolutionFailed", "BundleUnpackFailed")
_ILL = frozenset({"Degraded", "Missing"})


def examine(world: World, told: Told) -> Iterator[Finding]:
    for kind, rule in RULES.items():
        for item in world.all(kind):
            yield from _by_rule(item, rule)
    for item in world.all("subscriptions.operators.coreos.com"):
        yield from _subscription(world, item)
    for item in world.all("catalogsources"):
        state = part(part(item, "status"), "connectionState").get("lastObservedState")
        if state and state != "READY":
            yield _ill(OPERATOR, item, "does not answer", status(f"lastObservedState: {state}"))
    for item in world.all("installplans"):
        if part(item, "status").get("phase") == "RequiresApproval":
            yield _ill(APPROVAL, item, "waits for an approval", spec(f"approval: {part(item, 'spec').get('approval')}"))
    for item in world.all("applications.argoproj.io"):
        health = part(part(item, "status"), "health")
        if health.get("status") in _ILL and not told.blame(_parts_of(item), thing_of(item)):
            title = f"is {str(health['status']).lower()}"
            yield _ill(APPLICATION, item, title, status(health.get("message") or health))
    yield from _groups(world)
    for item in world.all("customresourcedefinitions"):
        yield from _definition(item)


def _parts_of(application: Object) -> Iterator[Thing]:
    """What an Argo CD Application consists of: it is as ill as they are."""
    for each in parts(part(application, "status"), "resources"):
        yield Thing(str(each.get("kind") or ""), str(each.get("name") or ""), str(each.get("namespace") or ""))


def _by_rule(item: Object, rule: Rule) -> Iterator[Finding]:
    said = condition(item, rule.condition) if rule.condition else {}
    value = str(part(item, "status").get(rule.field) or "") if rule.field else ""
    if said.get("status") == "False":
        yield _ill(rule.sign, item, f"is not {rule.condition.lower()}", status(says(said)))
    elif value in rule.bad:
        why = part(item, "status").get("message") or part(item, "status").get("reason") or ""
        yield _ill(rule.sign, item, f"is {value}", status(f"{rule.field}: {value}. {why}".strip()))


def _ill(sign: Sign, item: Object, title: str, evidence: Evidence) -> Finding:
    thing = thing_of(item)
    cause = "It says so itself."
    return sign.on(thing, title, cause, evidence, fix="Mend what it names.", step=describe(thing))


def _subscription(world: World, item: Object) -> Iterator[Finding]:
    bad = [
        c
        for c in parts(part(item, "status"), "conditions")
        if c.get("type") in _BAD_SUBSCRIPTION and c.get("status") == "True"
    ]
    if bad:
        yield _ill(OPERATOR, item, "cannot install its operator", status(f"{bad[0]['type']}: {says(bad[0])}"))
    named = part(item, "spec")
    place = str(named.get("sourceNamespace") or "")
    if named.get("source") and world.wide and world.lacks("catalogsources", named["source"], place):
        yield OPERATOR.on(
            thing_of(item),
            f"names the catalog {named['source']}, which does not exist",
            "Its operator cannot be found.",
            spec(f"source: {named['source']}, sourceNamespace: {place}"),
            fix="Name a catalog that exists.",
            step=listing("catalogsources", place),
        )


def _groups(world: World) -> Iterator[Finding]:
    by_place: dict[str, list[Object]] = {}
    for item in world.all("operatorgroups"):
        by_place.setdefault(space_of(item), []).append(item)
    for items in by_place.values():
        if len(items) > 1:
            names = listed(thing_of(item).name for item in items)
            yield _ill(
                GROUPS, items[0], "is not the only OperatorGroup of its namespace", spec(f"operatorgroups: {names}")
            )


def _definition(item: Object) -> Iterator[Finding]:
    thing = thing_of(item)
    bad = next(
        (c for name in ("NamesAccepted", "Established") if (c := condition(item, name)).get("status") == "False"), None
    )
    if bad:
        yield DEFINITION.on(
            thing,
            "is not served",
            "Its kind cannot be used.",
            status(f"{bad.get('type')}: {says(bad)}"),
            fix="Mend what the message names.",
        )
    declared = {str(version.get("name")) for version in parts(part(item, "spec"), "versions")}
    dropped = [name for name in part(item, "status").get("storedVersions") or [] if str(name) not in declared]
    if dropped and declared:
        yield STORED.on(
            thing,
            "has objects in a version that it dropped",
            "They cannot be read any more.",
            status(f"storedVersions: {listed(map(str, dropped))}"),
            fix="Bring the version back, rewrite the objects in a newer one, and then drop it.",
        )
