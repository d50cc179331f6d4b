"""Patches as small as the change: what k8s_patch is given to set a variable, an image, a limit or a selector. Pure."""

from dataclasses import dataclass

from chat.agent.providers.guide.diagnosis.quantities import amount
from chat.agent.providers.guide.intention import Act, Intention
from chat.agent.providers.guide.phrasing import code, listed
from chat.agent.providers.guide.rows import items, mapping, walk
from chat.agent.providers.guide.steps import Json

TEMPLATE = ("spec", "template", "spec")
CRON_TEMPLATE = ("spec", "jobTemplate", "spec", "template", "spec")


@dataclass(frozen=True, slots=True)
class Change:
    """body: the patch; words: what it does, to follow "I am about to" (Markdown); refusal: why there is none."""

    body: Json = None
    words: str = ""
    refusal: str = ""


def change_of(wish: Intention, target: Json) -> Change:
    """`target`: the object as it is now."""
    if wish.act is Act.SET_SELECTOR:
        return _selector(wish, target)
    path = CRON_TEMPLATE if walk(target, "kind") == "CronJob" else TEMPLATE
    containers = list(items(target, *path, "containers"))
    if not containers:
        return Change(refusal="It has no containers that could be changed.")
    chosen = _container(wish, containers)
    if chosen is None:
        names = listed([code(container.get("name", "")) for container in containers])
        return Change(refusal=f"It has several containers: {names}. Say which, by adding {code('in container …')}.")
    part, words = _part(wish, chosen)
    body: Json = {"containers": [{"name": chosen.get("name"), **part}]}
    for step in reversed(path):
        body = {step: body}
    return Change(body, words)


def _container(wish: Intention, containers: list[Json]) -> Json | None:
    """The one that was named, the only one, or for an image the one that runs another version of it."""
    if wish.container:
        return next((c for c in containers if c.get("name") == wish.container), None)
    if len(containers) == 1:
        return containers[0]
    if wish.act is Act.SET_IMAGE:
        wanted = _repository(wish.pairs[0][1])
        return next((c for c in containers if _repository(str(c.get("image"))) == wanted), None)
    return None


def _repository(image: str) -> str:
    plain = image.partition("@")[0]
    head, colon, tag = plain.rpartition(":")
    return head if colon and "/" not in tag else plain


def _part(wish: Intention, container: Json) -> tuple[Json, str]:
    name, value = wish.pairs[0]
    if wish.act is Act.SET_ENV:
        return {"env": [{"name": name, "value": value}]}, f"set the variable {code(name)} to {code(value)}"
    if wish.act is Act.SET_IMAGE:
        return {"image": value}, f"change the image from {code(container.get('image', ''))} to {code(value)}"
    bound, _, resource = name.partition(".")
    now = walk(container, "resources", bound, resource)
    words = f"set the {resource} {bound.removesuffix('s')} to {code(value)}" + (f" (now {code(now)})" if now else "")
    parts = {bound: {resource: value}}
    other = "requests" if bound == "limits" else "limits"
    held = walk(container, "resources", other, resource)
    if held and _crosses(bound, value, str(held)):
        parts[other] = {resource: value}
        words += f", and the {other.removesuffix('s')} with it, because a request may not exceed its limit"
    return {"resources": parts}, words


def _crosses(bound: str, value: str, held: str) -> bool:
    new, old = amount(value), amount(held)
    if new is None or old is None:
        return False
    return new < old if bound == "limits" else new > old


def _selector(wish: Intention, target: Json) -> Change:
    now = mapping(target, "spec", "selector")
    gone: dict[str, Json] = dict.fromkeys(now)
    wanted = ",".join(f"{key}={value}" for key, value in wish.pairs)
    before = ",".join(f"{key}={value}" for key, value in now.items())
    return Change(
        {"spec": {"selector": {**gone, **dict(wish.pairs)}}},
        f"let it look for {code(wanted)}" + (f" instead of {code(before)}" if before else ""),
    )
