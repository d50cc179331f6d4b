"""Webhooks and policies that stand before every change: whether the Service behind them answers."""

from collections.abc import Iterator

from tools.diagnosis import endpoints
from tools.diagnosis.finding import Finding, Severity, Sign, Step, count, listing, spec, status
from tools.diagnosis.told import Told
from tools.diagnosis.world import World, condition, name_of, thing_of
from tools.diagnosis.world import told as says
from tools.pods import Object, part, parts

BLOCKS = Sign("webhook-blocks", Severity.CRITICAL, "a webhook that refuses changes because nobody answers for it")
SILENT = Sign("webhook-silent", Severity.WARNING, "a webhook that is passed over because nobody answers for it")
UNBOUND = Sign("policy-unbound", Severity.NOTE, "a ValidatingAdmissionPolicy without a binding, so it does nothing")
PARAMETER = Sign("policy-parameter", Severity.WARNING, "a ValidatingAdmissionPolicy whose expressions do not fit")
EXTENSION = Sign("api-service", Severity.CRITICAL, "an API that is served by a Service which does not answer")
SIGNS = (BLOCKS, SILENT, UNBOUND, PARAMETER, EXTENSION)
_KINDS = ("validatingwebhookconfigurations", "mutatingwebhookconfigurations")


def examine(world: World, told: Told) -> Iterator[Finding]:
    for kind in _KINDS:
        for configuration in world.all(kind):
            for hook in parts(configuration, "webhooks"):
                yield from _hook(world, configuration, hook)
    bound = {part(each, "spec").get("policyName") for each in world.all("validatingadmissionpolicybindings")}
    for policy in world.all("validatingadmissionpolicies"):
        yield from _policy(world, policy, bound)
    for api in world.all("apiservices"):
        yield from _extension(api)


def _hook(world: World, configuration: Object, hook: Object) -> Iterator[Finding]:
    meant = part(part(hook, "clientConfig"), "service")
    if not meant or not world.knows("services") or not world.wide:
        return
    name, place = str(meant.get("name") or ""), str(meant.get("namespace") or "")
    service = world.find("services", name, place)
    if service is not None and endpoints.answers(world, service):
        return
    why = "does not exist" if service is None else "has nobody behind it"
    strict = hook.get("failurePolicy", "Fail") == "Fail"
    rules = [
        ", ".join(f"{o} {r}" for o in rule.get("operations") or [] for r in rule.get("resources") or [])
        for rule in parts(hook, "rules")
    ]
    thing = thing_of(configuration)
    yield (BLOCKS if strict else SILENT).on(
        thing,
        f"calls the Service {name} in {place}, which {why}",
        "Changes that it should judge are refused, all of them." if strict else "Changes are let pass unjudged.",
        spec(
            f"webhook {hook.get('name')}: {'; '.join(rules) or 'no rules'}, "
            f"failurePolicy: {hook.get('failurePolicy', 'Fail')}"
        ),
        fix="Bring its program back, or delete the webhook if its product is gone.",
        step=listing("pods", place) if service else listing("services", place),
        service=name,
    )


def _policy(world: World, policy: Object, bound: set[object]) -> Iterator[Finding]:
    thing = thing_of(policy)
    if world.knows("validatingadmissionpolicybindings") and thing.name not in bound:
        yield UNBOUND.on(
            thing,
            "is bound to nothing",
            "It judges no change until a ValidatingAdmissionPolicyBinding names it.",
            count("0 bindings"),
            fix="Bind it, or delete it.",
            step=listing("validatingadmissionpolicybindings"),
        )
    faults = parts(part(part(policy, "status"), "typeChecking"), "expressionWarnings")
    if faults:
        yield PARAMETER.on(
            thing,
            "has expressions that do not fit the kinds it judges",
            "A field that it asks for does not exist, so it refuses or admits the wrong things.",
            status(f"{faults[0].get('fieldRef')}: {faults[0].get('warning')}"),
            fix="Correct the expression.",
        )


def _extension(api: Object) -> Iterator[Finding]:
    said = condition(api, "Available")
    if said.get("status") == "False":
        meant = part(part(api, "spec"), "service")
        yield EXTENSION.on(
            thing_of(api),
            "does not answer",
            f"Everything of {name_of(api)} fails, and namespaces cannot be deleted while it is so.",
            status(says(said)),
            spec(f"service: {meant.get('namespace')}/{meant.get('name')}"),
            fix="Bring its Service back, or delete the APIService if its product is gone.",
            step=Step("k8s_list", {"kind": "pods", "namespace": str(meant.get("namespace") or "")}),
        )
