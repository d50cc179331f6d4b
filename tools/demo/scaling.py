"""The scale subresource: how many replicas, of whatever kind it is."""

import copy
from typing import Any

from tools.demo import decoding
from tools.demo.api import Api, Call
from tools.demo.apply import ApplyConflict, server_side_apply
from tools.demo.changing import APPLY, check_address, current, patched
from tools.demo.errors import ApiError, Cause, Invalid, Json
from tools.demo.http import Response
from tools.demo.jsonpath import find
from tools.demo.kinds import Kind
from tools.demo.negotiation import patch_type
from tools.demo.options import WriteOptions, write_options
from tools.demo.selectors import text_of

SCALE = Kind("autoscaling", "v1", "scales", "Scale", True, frozenset())


def scale(api: Api, call: Call, kind: Kind) -> Response:
    """GET, PUT and PATCH of `.../scale`."""
    if call.target.verb == "get":
        return call.answer(view(kind, current(api, call, kind)))
    applies = call.target.verb == "patch" and patch_type(call.request, True) == APPLY
    options = write_options(call.request, "UpdateOptions" if call.target.verb == "update" else "PatchOptions", applies)
    old = current(api, call, kind)
    wanted = _wanted(call, kind, old, options, api.store.clock.text())
    replicas = (wanted.get("spec") or {}).get("replicas", 0)
    if replicas < 0:
        text = f"Invalid value: {replicas}: must be greater than or equal to 0"
        raise Invalid("autoscaling", "Scale", call.target.name, [Cause("FieldValueInvalid", text, "spec.replicas")])
    new = copy.deepcopy(old)
    _set_path(new, _paths(kind)[0], replicas)
    new["metadata"]["resourceVersion"] = wanted["metadata"].get("resourceVersion") or old["metadata"]["resourceVersion"]
    return call.answer(view(kind, api.writer.change(kind, old, new, options, "scale")))


def _wanted(call: Call, kind: Kind, old: Json, options: WriteOptions, now: str) -> Json:
    """The Scale the client asks for."""
    if call.target.verb == "update":
        obj, _ = decoding.read_object(call.request, SCALE)
        check_address(call, kind, obj)
        return obj
    media_type = patch_type(call.request, True)
    if media_type == APPLY:
        return _applied(call, kind, old, options, now)
    new = patched(call, SCALE, media_type, view(kind, old))
    check_address(call, kind, new)
    decoding.check_fields({**new, "apiVersion": SCALE.api_version, "kind": SCALE.kind}, SCALE)
    return new


def _applied(call: Call, kind: Kind, old: Json, options: WriteOptions, now: str) -> Json:
    """An apply of a Scale owns one field of the object behind it."""
    wanted = decoding.read_yaml(call.request.body)
    check_address(call, kind, wanted)
    claim: Json = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": call.target.name}}
    _set_path(claim, _paths(kind)[0], (wanted.get("spec") or {}).get("replicas", 0))
    try:
        server_side_apply(
            old,
            claim,
            group=kind.group,
            resource=kind.plural,
            manager=options.manager,
            force=options.force,
            now=now,
            subresource="scale",
        )
    except ApplyConflict as error:
        raise ApiError(409, error.message, "Conflict", {"causes": error.causes}) from None
    answer: Json = wanted
    return answer


def _paths(kind: Kind) -> tuple[str, str, str]:
    """Where the wanted and the present number of replicas stand, and the selector as text, if anywhere."""
    declared = ((kind.definition or {}).get("subresources") or {}).get("scale") or {}
    return (
        declared.get("specReplicasPath", ".spec.replicas"),
        declared.get("statusReplicasPath", ".status.replicas"),
        declared.get("labelSelectorPath", ""),
    )


def view(kind: Kind, obj: Json) -> Json:
    """The object as a Scale."""
    meta = obj["metadata"]
    wanted, present, selector = _paths(kind)
    status: Json = {"replicas": _first(obj, present)}
    text = str(_first(obj, selector)) if selector else ""
    if kind.definition is None:
        text = _selector_text(obj["spec"].get("selector"))
    if text:
        status["selector"] = text
    keys = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    replicas = _first(obj, wanted)
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: meta[key] for key in keys if key in meta},
        "spec": {"replicas": replicas} if replicas else {},
        "status": status,
    }


def _selector_text(selector: Json | None) -> str:
    if not selector:
        return ""
    plain = "matchLabels" not in selector and "matchExpressions" not in selector
    return text_of({"matchLabels": selector} if plain else selector)


def _first(obj: Json, path: str) -> Any:
    found = find(obj, path)
    return found[0] if found else 0


def _set_path(obj: Json, path: str, value: Any) -> None:
    *parents, last = path.lstrip(".").split(".")
    for key in parents:
        obj = obj.setdefault(key, {})
    obj[last] = value
