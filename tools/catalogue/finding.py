"""Finds the object a person means: in which namespace it is, and what is near when it is not there."""

import difflib

from tools.kube.client import KubeClient, Selection
from tools.kube.errors import BadInput, Forbidden, KubeError, NotFound, Unsupported
from tools.kube.resources import Resource, Target, valid_name, valid_namespace


async def locate(client: KubeClient, kind: str, name: str, namespace: str | None) -> Target:
    """The target of a read. Without a namespace, the one place where the name exists.

    Raises NotFound with what is near, BadInput when the name exists in several namespaces.
    """
    resource = await client.resolve(kind)
    valid_name(name)
    if not resource.namespaced:
        return Target(resource, None, name)
    if namespace:
        return Target(resource, valid_namespace(namespace), name)
    return await _everywhere(client, resource, name)


async def exact(client: KubeClient, kind: str, name: str, namespace: str | None) -> Target:
    """The target of a write: nothing is guessed. Raises BadInput when a namespace is needed and was not named."""
    resource = await client.resolve(kind)
    valid_name(name)
    if not resource.namespaced:
        return Target(resource, None, name)
    if not namespace:
        raise BadInput(f"Name the namespace: a {resource.singular} lives in one.")
    return Target(resource, valid_namespace(namespace), name)


async def _everywhere(client: KubeClient, resource: Resource, name: str) -> Target:
    fallback = client.transport.access.namespace
    try:
        found = await client.table(resource, Selection(fields=f"metadata.name={name}"))
    except (Forbidden, Unsupported):
        return Target(resource, fallback, name)
    places = sorted({row.meta.namespace for row in found.rows or [] if row.meta.name == name})
    if len(places) == 1:
        return Target(resource, places[0], name)
    if places:
        raise BadInput(f"{resource.kind} {name} exists in several namespaces: {', '.join(places)}. Name one.")
    near = await _near(client, resource, None, name)
    raise NotFound(f'There is no {resource.singular} "{name}" in any namespace.{near}')


async def with_hint(client: KubeClient, target: Target, fault: NotFound) -> NotFound:
    """The same fault, saying which names are near, or that the namespace itself is not there."""
    await namespace_or_hint(client, target.resource, target.namespace)
    return NotFound(f"{fault}{await _near(client, target.resource, target.namespace, target.name)}")


async def namespace_or_hint(client: KubeClient, resource: Resource, namespace: str | None) -> None:
    """Raises NotFound when the namespace does not exist, naming those that are near."""
    if not namespace or not resource.namespaced:
        return
    try:
        namespaces = await client.resolve("namespaces")
    except KubeError:
        return
    try:
        await client.get(Target(namespaces, None, namespace))
    except NotFound:
        near = await _near(client, namespaces, None, namespace)
        raise NotFound(f'There is no namespace "{namespace}".{near or " List namespaces to see them."}') from None
    except KubeError:
        return


async def _near(client: KubeClient, resource: Resource, namespace: str | None, name: str) -> str:
    try:
        listed = await client.table(resource, Selection(namespace, limit=500))
    except KubeError:
        return ""
    names = list(dict.fromkeys(row.meta.name for row in listed.rows or []))
    near = [other for other in names if other.startswith(name)][:3] or difflib.get_close_matches(name, names, 3, 0.6)
    return f" Did you mean {' or '.join(near)}?" if near else ""
