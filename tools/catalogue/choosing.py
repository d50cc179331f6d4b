"""Which objects a change of several is about: named ones, or those that labels choose, counted and never too many."""

from dataclasses import dataclass

from tools.catalogue.finding import exact, namespace_or_hint
from tools.kube.client import KubeClient, Selection
from tools.kube.errors import BadInput, NotFound
from tools.kube.resources import Target, valid_namespace
from tools.rendering import counted

MOST = 100


@dataclass(frozen=True, slots=True)
class Choice:
    """kind, and either names or a label selector with the most objects it may choose."""

    kind: str
    names: tuple[str, ...]
    selector: str | None
    namespace: str | None
    max_count: int


async def chosen(client: KubeClient, choice: Choice) -> list[tuple[Target, str]]:
    """Each target with its uid, empty for named ones; by name. Raises BadInput for none, both, or too many."""
    if bool(choice.names) == bool(choice.selector and choice.selector.strip()):
        raise BadInput("Name the objects, or give a label_selector: one of the two.")
    if choice.names:
        return [(await exact(client, choice.kind, name, choice.namespace), "") for name in dict.fromkeys(choice.names)]
    return await _selected(client, choice)


async def _selected(client: KubeClient, choice: Choice) -> list[tuple[Target, str]]:
    resource = await client.resolve(choice.kind)
    namespace = valid_namespace(choice.namespace) if resource.namespaced and choice.namespace else None
    if resource.namespaced and namespace is None:
        raise BadInput(f"Name the namespace: a {resource.singular} lives in one, and no other one's are touched.")
    selection = Selection(namespace, labels=str(choice.selector), limit=choice.max_count + 1)
    table = await client.table(resource, selection)
    found = [row.meta for row in table.rows or []]
    more = len(found) + (table.metadata.remainingItemCount or 0)
    where = resource.place(namespace)
    if not found:
        await namespace_or_hint(client, resource, namespace)
        raise NotFound(f"No {resource.singular}{where} has the labels {choice.selector}.")
    if more > choice.max_count:
        least = "at least " if table.metadata.proceed and not table.metadata.remainingItemCount else ""
        raise BadInput(
            f"{least.capitalize()}{counted(more, resource.singular, resource.plural)}{where} have the labels "
            f"{choice.selector}: more than max_count ({choice.max_count}). Narrow the selector, or raise max_count "
            f"(at most {MOST})."
        )
    return [(Target(resource, meta.namespace or None, meta.name), meta.uid) for meta in found]
