"""POST, PUT, PATCH and DELETE on objects and collections."""

from collections.abc import Callable
from typing import Any

from tools.demo import decoding, go_json, go_text
from tools.demo.admission import warnings
from tools.demo.api import Api, Call
from tools.demo.apply import ApplyConflict, server_side_apply
from tools.demo.custom_schema import disown_structs
from tools.demo.definitions import mark_terminating, retire
from tools.demo.deletion import Deleted, delete
from tools.demo.errors import ApiError, BadRequest, Cause, Invalid, Json, NotFound, object_details
from tools.demo.escalation import check_escalation
from tools.demo.http import Response
from tools.demo.kinds import DEFINITIONS, Kind
from tools.demo.negotiation import patch_type
from tools.demo.options import DeleteOptions, WriteOptions, delete_options, write_options
from tools.demo.patch import PatchError, json_patch, merge_patch, strategic_merge
from tools.demo.reading import selectors_of
from tools.demo.selectors import matcher
from tools.demo.versions import from_stored, to_stored

APPLY = "application/apply-patch+yaml"
ORPHANED_PODS = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set "
    "propagationPolicy=Orphan to suppress this warning"
)
RETURNS_OBJECT = {
    "persistentvolumeclaims",
    "persistentvolumes",
    "pods",
    "podtemplates",
    "resourcequotas",
    "serviceaccounts",
    "services",
}


def create(api: Api, call: Call, kind: Kind) -> Response:
    """POST to a collection."""
    options = write_options(call.request, "CreateOptions")
    obj, odd = decoding.read_object(call.request, kind)
    heed(call, kind, odd, options)
    settle_namespace(obj, call.namespace(kind))
    consider(api, call, kind, obj)
    stored = api.writer.add(kind, to_stored(kind, obj), options, kind.api_version)
    return call.answer(call.answers(kind).one(stored), 201)


def replace(api: Api, call: Call, kind: Kind) -> Response:
    """PUT on an object or its status."""
    options = write_options(call.request, "UpdateOptions")
    obj, odd = decoding.read_object(call.request, kind)
    heed(call, kind, odd, options)
    check_address(call, kind, obj)
    old = current(api, call, kind)
    consider(api, call, kind, obj)
    stored = api.writer.change(kind, old, to_stored(kind, obj), options, call.target.subresource)
    return call.answer(call.answers(kind).one(stored))


def patch(api: Api, call: Call, kind: Kind) -> Response:
    """PATCH in its four forms; an apply may create."""
    media_type = patch_type(call.request, kind.definition is not None)
    options = write_options(call.request, "PatchOptions", media_type == APPLY)
    old = api.store.get(kind.resource, call.namespace(kind), call.target.name)
    if media_type == APPLY:
        return apply(api, call, kind, old, options)
    if old is None:
        raise NotFound(kind.group, kind.plural, call.target.name)
    served = from_stored(kind, old)
    new = patched(call, kind, media_type, served)
    odd = checked_patch(call, kind, new, options)
    heed(call, kind, odd, options)
    check_address(call, kind, new)
    consider(api, call, kind, new)
    stored = api.writer.change(kind, old, to_stored(kind, new), options, call.target.subresource)
    return call.answer(call.answers(kind).one(stored))


def patched(call: Call, kind: Kind, media_type: str, served: Json) -> Json:
    """The object with the patch applied; ApiError where the patch does not fit."""
    text = call.request.body.decode("utf-8", "replace")
    why = go_json.syntax_error(text)
    if why:
        raise BadRequest(f"error decoding patch: {why}")
    change, _ = go_json.loads(text)
    forms: dict[str, Callable[[Json, Any], Json]] = {
        "application/json-patch+json": json_patch,
        "application/merge-patch+json": merge_patch,
        "application/strategic-merge-patch+json": lambda obj, ops: strategic_merge(kind.group, kind.plural, obj, ops),
    }
    try:
        return forms[media_type](served, change)
    except PatchError as error:
        raise as_api_error(error) from None


def as_api_error(error: PatchError) -> ApiError:
    details: Json | None = {} if error.status == 422 else None
    return ApiError(error.status, error.message, error.reason, details)


def checked_patch(call: Call, kind: Kind, new: Json, options: WriteOptions) -> list[str]:
    """The unknown fields of a patched object; Invalid, quoting the whole object, for wrong types and when strict."""
    decoding.check_kind({"apiVersion": kind.api_version, "kind": kind.kind, **new}, kind)
    try:
        odd = decoding.check_fields({**new, "apiVersion": kind.api_version, "kind": kind.kind}, kind)
        why = f"strict decoding error: {', '.join(odd)}" if odd and options.validation == "Strict" else ""
    except BadRequest as error:
        odd, why = [], error.message.partition(": ")[2]
    if why:
        shown = go_text.quoted(go_text.to_json(new))
        raise Invalid("", "", "", [Cause("FieldValueInvalid", f"Invalid value: {shown}: {why}", "patch")])
    return odd


def apply(api: Api, call: Call, kind: Kind, old: Json | None, options: WriteOptions) -> Response:
    """Server-side apply: 201 when it creates."""
    wanted = decoding.read_yaml(call.request.body)
    check_applied(call, kind, wanted)
    revision = (wanted.get("metadata") or {}).get("resourceVersion")
    try:
        merged = server_side_apply(
            from_stored(kind, old) if old else None,
            wanted,
            group=kind.group,
            resource=kind.plural,
            manager=options.manager,
            force=options.force,
            now=api.store.clock.text(),
            subresource=call.target.subresource,
        )
    except ApplyConflict as error:
        raise ApiError(409, error.message, "Conflict", {"causes": error.causes}) from None
    except PatchError as error:
        raise as_api_error(error) from None
    settle_namespace(merged, call.namespace(kind))
    disown_structs(kind, merged["metadata"].get("managedFields") or [])
    if revision:
        merged["metadata"]["resourceVersion"] = revision
    options = WriteOptions(options.dry_run, options.manager, options.validation, options.force, applied=True)
    consider(api, call, kind, merged)
    stored = to_stored(kind, merged)
    if old is None:
        if call.target.subresource:
            raise NotFound(kind.group, kind.plural, call.target.name)
        return call.answer(call.answers(kind).one(api.writer.add(kind, stored, options)), 201)
    changed = api.writer.change(kind, old, stored, options, call.target.subresource)
    return call.answer(call.answers(kind).one(changed))


def check_applied(call: Call, kind: Kind, wanted: Any) -> None:
    """BadRequest when the applied configuration is not of this kind, or of another name."""
    if not isinstance(wanted, dict):
        raise BadRequest("error decoding YAML: the applied configuration has to be an object")
    api_version, name = wanted.get("apiVersion", ""), wanted.get("kind", "")
    if (api_version, name) != (kind.api_version, kind.kind):
        group, _, version = str(api_version).rpartition("/")
        raise BadRequest(f"invalid object type: {group}/{version}, Kind={name}")
    meta = wanted.get("metadata") or {}
    if not isinstance(meta, dict):
        raise BadRequest("error decoding YAML: the metadata of the applied configuration has to be an object")
    check_address(call, kind, {**wanted, "metadata": dict(meta)})


def remove(api: Api, call: Call, kind: Kind) -> Response:
    """DELETE of one object: a Status when it is gone, the object while it waits."""
    options = delete_options(call.request, delete_body(call))
    if kind.resource == ("batch", "jobs") and not options.propagation and options.orphan is None:
        call.warnings.append(ORPHANED_PODS)
    if kind.resource == DEFINITIONS and not options.dry_run:
        retire(api.store, call.target.name)
    outcome = delete(api.store, kind.resource, call.namespace(kind), call.target.name, options)
    if kind.resource == DEFINITIONS:
        outcome = Deleted(mark_terminating(api.store, outcome.object), False)
    accepted = not outcome.gone and options.orphan is False
    return call.answer(deleted_body(call, kind, outcome), 202 if accepted else 200)


def deleted_body(call: Call, kind: Kind, outcome: Deleted) -> Json:
    if not outcome.gone or (kind.group == "" and kind.plural in RETURNS_OBJECT):
        return call.answers(kind).one(outcome.object)
    meta = outcome.object["metadata"]
    details = {**object_details(kind.group, kind.plural, meta["name"]), "uid": meta["uid"]}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def delete_body(call: Call) -> Json | None:
    """DeleteOptions sent as the body, None without one; BadRequest for anything else."""
    if not call.request.body:
        return None
    try:
        body, _ = decoding.read_body(call.request)
    except BadRequest as error:
        raise error from None
    if not isinstance(body, dict):
        raise BadRequest("couldn't get version/kind; json parse error: the delete options have to be an object")
    if body.get("kind", "DeleteOptions") != "DeleteOptions":
        scheme = "pkg/apis/meta/internalversion/scheme/register.go:27"
        version = body.get("apiVersion", "")
        raise BadRequest(f'no kind "{body["kind"]}" is registered for version "{version}" in scheme "{scheme}"')
    return body


def remove_collection(api: Api, call: Call, kind: Kind) -> Response:
    """DELETE of a collection: everything the selectors match, answered as a list."""
    options: DeleteOptions = delete_options(call.request, delete_body(call))
    fits = matcher(*selectors_of(call, kind))
    namespace = (call.target.namespace or None) if kind.namespaced else ""
    meta = {"resourceVersion": str(api.store.revision)}
    objects = [obj for obj in api.store.list(kind.resource, namespace) if fits(obj)]
    for obj in objects:
        delete(api.store, kind.resource, obj["metadata"].get("namespace", ""), obj["metadata"]["name"], options)
    return call.answer(call.answers(kind).many(objects, meta))


def current(api: Api, call: Call, kind: Kind) -> Json:
    """The stored object a write is about; NotFound without it."""
    old = api.store.get(kind.resource, call.namespace(kind), call.target.name)
    if old is None:
        raise NotFound(kind.group, kind.plural, call.target.name)
    return old


def consider(api: Api, call: Call, kind: Kind, obj: Json) -> None:
    """What is said of a write before it is done: no rights beyond one's own, and warnings."""
    check_escalation(api.authorizer, call.user, kind, obj)
    call.warnings += warnings(api.store, *kind.resource, obj)


def heed(call: Call, kind: Kind, odd: list[str], options: WriteOptions) -> None:
    """Unknown and duplicate fields: an error, warnings or nothing, as the client asked."""
    if not odd or options.validation == "Ignore":
        return
    if options.validation == "Strict":
        what = f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}'
        raise BadRequest(f"{what}: strict decoding error: {', '.join(odd)}")
    call.warnings += odd


def settle_namespace(obj: Json, namespace: str) -> None:
    """Fills in the namespace of the address; BadRequest when the object names another."""
    meta = obj.get("metadata")
    if not isinstance(meta, dict):
        meta = obj["metadata"] = {}
    if namespace and meta.get("namespace", namespace) != namespace:
        raise BadRequest("the namespace of the provided object does not match the namespace sent on the request")
    if namespace:
        meta["namespace"] = namespace


def check_address(call: Call, kind: Kind, obj: Json) -> None:
    """BadRequest when the object's name or namespace is not the address's."""
    settle_namespace(obj, call.namespace(kind))
    name = obj["metadata"].get("name", "")
    if name != call.target.name:
        raise BadRequest(f"the name of the object ({name}) does not match the name on the URL ({call.target.name})")
