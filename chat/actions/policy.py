"""Change the policy in the portal: write and remove rules, mark what is production or read-only."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from pydantic import ValidationError

from chat import audit, storable
from chat.access import Right, require
from chat.errors import BadInput, Conflict, NotFound
from tools.models import Cluster
from tools.policy import book
from tools.policy.models import PolicyChange, PolicyRule, PolicyState, ProductionNamespace
from tools.policy.ours import BUILT_IN
from tools.policy.schema import MOST_RULES, WrittenMark, WrittenRule, first_fault

FIELDS = tuple(WrittenRule.model_fields)


def save_rule(user: User, fields: Mapping[str, Any]) -> PolicyRule:
    """Makes the rule of that name, or replaces it. Raises BadInput, Conflict when the file has one of that name."""
    require(user, Right.ADMINISTER)
    try:
        written = WrittenRule.model_validate(storable.data(dict(fields)))
    except ValidationError as fault:
        raise BadInput(f"The rule does not fit. {first_fault(fault)}.") from fault
    _not_of_the_file(written.name)
    with transaction.atomic():
        before = PolicyRule.objects.select_for_update().filter(name=written.name).first()
        if before is None and PolicyRule.objects.count() >= MOST_RULES:
            raise BadInput(f"There are {MOST_RULES} rules already: remove one first, or write fewer and wider ones.")
        was = as_data(before) if before else None
        row, _ = PolicyRule.objects.update_or_create(name=written.name, defaults=written.model_dump(mode="json"))
        changed(user, f"rule {written.name}", was, as_data(row))
    return row


def remove_rule(user: User, name: str) -> None:
    """Of a rule that stands in the place of a built-in one the built-in one is left."""
    require(user, Right.ADMINISTER)
    _not_of_the_file(name)
    with transaction.atomic():
        row = PolicyRule.objects.select_for_update().filter(name=name).first()
        if row is None:
            raise NotFound(_not_there(name))
        before = as_data(row)
        row.delete()
        changed(user, f"rule {name}", before, None)


def mark_cluster(user: User, name: str, *, production: bool, read_only: bool, namespaces: Iterable[str]) -> None:
    """`namespaces`: patterns of those that are production though the cluster as a whole is not."""
    require(user, Right.ADMINISTER)
    try:
        wanted = WrittenMark(
            cluster=name, production=production, read_only=read_only, production_namespaces=list(namespaces)
        )
    except ValidationError as fault:
        raise BadInput(f"The mark does not fit. {first_fault(fault)}.") from fault
    with transaction.atomic():
        cluster = Cluster.objects.select_for_update().filter(name=name).first()
        if cluster is None:
            raise NotFound(f"There is no cluster {name!r}: it may have been removed. Reload the page.")
        before = marks(cluster)
        _mark(cluster, wanted)
        changed(user, f"cluster {name}", before, marks(cluster))


def _mark(cluster: Cluster, wanted: WrittenMark) -> None:
    cluster.production, cluster.read_only = wanted.production, wanted.read_only
    cluster.save(update_fields=["production", "read_only", "updated_at"])
    ProductionNamespace.objects.filter(cluster=cluster.name).delete()
    patterns = sorted(set(wanted.production_namespaces))
    ProductionNamespace.objects.bulk_create(ProductionNamespace(cluster=cluster.name, pattern=p) for p in patterns)


def changed(
    user: User | None,
    what: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    kind: str = "policy.changed",
) -> None:
    """Inside the transaction of every change: a new version, and the record of who changed what. `kind`: of the audit's
    row."""
    state, _ = PolicyState.objects.select_for_update().get_or_create(pk=1)
    fresh = PolicyState(pk=1, version=state.version + 1)
    fresh.save()
    PolicyChange.objects.create(version=fresh.version, by=user, what=what[:200], before=before, after=after)
    audit.record(
        kind,
        actor=user.get_username() if user is not None else "",
        policy_version=str(fresh.version),
        request={"what": what, "before": before, "after": after},
    )


def as_data(row: PolicyRule) -> dict[str, Any]:
    return {field: getattr(row, field) for field in FIELDS}


def marks(cluster: Cluster) -> dict[str, Any]:
    patterns = ProductionNamespace.objects.filter(cluster=cluster.name).values_list("pattern", flat=True)
    return {
        "production": cluster.production,
        "read_only": cluster.read_only,
        "production_namespaces": list(patterns),
    }


def _not_of_the_file(name: str) -> None:
    if name in book.names_of_file():
        raise Conflict(f'The rule "{name}" is written in the policy file: change it there.', code="from_file")


def _not_there(name: str) -> str:
    if name in {rule.name for rule in BUILT_IN}:
        return f'"{name}" is a built-in rule: write one of the same name in its place, or switch it off.'
    return f'There is no rule "{name}" in the portal: it may have been removed already.'
