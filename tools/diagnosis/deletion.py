"""What was asked to go and does not: stuck in Terminating, with the finalizer that holds it."""

from collections.abc import Iterator

from tools.diagnosis.finding import Evidence, Finding, Severity, Sign, count, read, spec, status
from tools.diagnosis.told import Told
from tools.diagnosis.world import World, condition, listed, thing_of
from tools.diagnosis.world import told as says
from tools.pods import Object, part

STUCK = Sign(
    "terminating", Severity.WARNING, "an object that was deleted and does not go, with the finalizer that holds it"
)
SIGNS = (STUCK,)
_PATIENCE = 60.0
_NAMESPACE_SAYS = (
    "NamespaceFinalizersRemaining", "NamespaceContentRemaining", "NamespaceDeletionContentFailure",
    "NamespaceDeletionDiscoveryFailure",
)  # fmt: skip


def examine(world: World, told: Told) -> Iterator[Finding]:
    for items in list(world.objects.values()):
        for item in items:
            meta = part(item, "metadata")
            if meta.get("deletionTimestamp") and world.seconds_since(meta["deletionTimestamp"]) > _PATIENCE:
                yield _stuck(item)


def _stuck(item: Object) -> Finding:
    thing, meta = thing_of(item), part(item, "metadata")
    finalizers = [str(each) for each in meta.get("finalizers") or []]
    evidence: list[Evidence] = [spec(f"deletionTimestamp: {meta.get('deletionTimestamp')}")]
    if finalizers:
        evidence.append(spec(f"finalizers: {listed(finalizers)}"))
    for name in _NAMESPACE_SAYS if thing.kind == "Namespace" else ():
        said = condition(item, name)
        if said.get("status") == "True":
            evidence.append(status(says(said)))
    if finalizers:
        cause = f"It waits for whoever set the finalizer {finalizers[0]} to remove it."
        fix = "Is that controller running? Clear the finalizer by hand only when it is gone for good."
    elif thing.kind == "Namespace":
        cause, fix = "Something in it cannot be deleted.", "Mend what the conditions name."
    else:
        cause, fix = "Nothing holds it, and it is still there: its node may not answer.", "Look at its node."
        evidence.append(count("0 finalizers"))
    return STUCK.on(thing, "does not go", cause, *evidence, fix=fix, step=read(thing))
