"""The query parameters of lists and writes, checked in the API server's words."""

from dataclasses import dataclass

from tools.demo.errors import ApiError, BadRequest, Cause, Invalid, Json
from tools.demo.http import Request


def invalid_options(kind: str, *causes: Cause) -> ApiError:
    return Invalid("meta.k8s.io", kind, "", causes)


@dataclass(frozen=True)
class ListOptions:
    """What a list or watch request asks for beside its selectors; revisions are None when not given."""

    limit: int = 0
    token: str = ""
    revision: int | None = None
    match: str = ""
    timeout: float = 0.0
    bookmarks: bool = False
    initial_events: bool | None = None


def list_options(request: Request, watching: bool) -> ListOptions:
    """Reads and checks them; BadRequest or Invalid otherwise, and a watch's unreadable revision is a 500."""
    limit = _integer(request.param("limit"))
    revision_text, match, token = (
        request.param(key) for key in ("resourceVersion", "resourceVersionMatch", "continue")
    )
    initial = request.flag("sendInitialEvents") if request.query.get("sendInitialEvents") else None
    _check_match(match, revision_text, token, initial, watching)
    if token and revision_text:
        raise BadRequest("specifying resource version is not allowed when using continue")
    return ListOptions(
        limit=max(limit, 0),
        token=token,
        revision=_revision(revision_text, watching),
        match=match,
        timeout=float(_integer(request.param("timeoutSeconds"))),
        bookmarks=request.flag("allowWatchBookmarks"),
        initial_events=initial,
    )


def _integer(text: str) -> int:
    if not text:
        return 0
    try:
        return int(text)
    except ValueError:
        raise BadRequest(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None


def _revision(text: str, watching: bool) -> int | None:
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return int(text)
    why = f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
    if watching:
        raise ApiError(500, why, "")
    raise BadRequest(f"invalid resource version: {why}")


def _check_match(match: str, revision: str, token: str, initial: bool | None, watching: bool) -> None:
    if watching and initial is not None:
        if match != "NotOlderThan":
            why = "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
            raise invalid_options("ListOptions", Cause("FieldValueForbidden", why, "resourceVersionMatch"))
        return
    if not watching and initial is not None:
        why = "Forbidden: sendInitialEvents is forbidden for list"
        raise invalid_options("ListOptions", Cause("FieldValueForbidden", why, "sendInitialEvents"))
    if not match:
        return
    if watching:
        why = "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        raise invalid_options("ListOptions", Cause("FieldValueForbidden", why, "resourceVersionMatch"))
    if not revision or token:
        what = "resourceVersion is provided" if not revision else "continue is not provided"
        why = f"Forbidden: resourceVersionMatch is forbidden unless {what}"
        raise invalid_options("ListOptions", Cause("FieldValueForbidden", why, "resourceVersionMatch"))
    if match not in ("Exact", "NotOlderThan"):
        why = f'Unsupported value: "{match}": supported values: "Exact", "NotOlderThan", ""'
        raise invalid_options("ListOptions", Cause("FieldValueNotSupported", why, "resourceVersionMatch"))


@dataclass(frozen=True)
class WriteOptions:
    """How a write is meant: `manager` is who the changed fields belong to.

    `applied`: the object comes out of a server-side apply and already says who owns what.
    """

    dry_run: bool = False
    manager: str = ""
    validation: str = "Warn"
    force: bool = False
    applied: bool = False


def write_options(request: Request, kind: str, apply: bool = False) -> WriteOptions:
    """Reads and checks CreateOptions, UpdateOptions or PatchOptions (`kind`); Invalid otherwise."""
    causes = []
    dry_run = request.query.get("dryRun", [])
    causes += dry_run_causes(dry_run)
    manager = request.param("fieldManager")
    if apply and not manager:
        causes.append(Cause("FieldValueRequired", "Required value: is required for apply patch", "fieldManager"))
    if len(manager) > 128:
        causes.append(Cause("FieldValueTooLong", "Too long: may not be more than 128 bytes", "fieldManager"))
    if kind == "PatchOptions" and not apply and request.query.get("force"):
        causes.append(Cause("FieldValueForbidden", "Forbidden: may not be specified for non-apply patch", "force"))
    validation = request.param("fieldValidation")
    if validation not in ("", "Ignore", "Strict", "Warn"):
        why = f'Unsupported value: "{validation}": supported values: "", "Ignore", "Strict", "Warn"'
        causes.append(Cause("FieldValueNotSupported", why, "fieldValidation"))
    if causes:
        raise invalid_options(kind, *causes)
    agent = request.header("user-agent").partition("/")[0][:128]
    return WriteOptions(bool(dry_run), manager or agent or "unknown", validation or "Warn", request.flag("force"))


def dry_run_causes(values: list[str]) -> list[Cause]:
    """`All` is the only dry run there is."""
    wrong = [value for value in values if value != "All"]
    if not wrong:
        return []
    listed = ",".join(f'"{value}"' for value in values)
    return [Cause("FieldValueNotSupported", f'Unsupported value: [{listed}]: supported values: "All"', "dryRun")]


@dataclass(frozen=True)
class DeleteOptions:
    """How a delete is meant; None where the client leaves it to the kind."""

    grace: int | None = None
    propagation: str = ""
    orphan: bool | None = None
    uid: str = ""
    revision: str = ""
    dry_run: bool = False


def delete_options(request: Request, body: Json | None) -> DeleteOptions:
    """From the body when there is one, else from the query; Invalid or BadRequest for nonsense."""
    if body is not None:
        source: Json = body
    else:
        source = {key: request.param(key) for key in ("propagationPolicy",) if request.param(key)}
        source["dryRun"] = request.query.get("dryRun", [])
        if request.param("gracePeriodSeconds"):
            source["gracePeriodSeconds"] = _integer(request.param("gracePeriodSeconds"))
        if request.query.get("orphanDependents"):
            source["orphanDependents"] = request.flag("orphanDependents")
    if body is not None and request.query.get("dryRun"):
        source = {**source, "dryRun": source.get("dryRun") or request.query["dryRun"]}
    return _checked_delete(source)


def _checked_delete(source: Json) -> DeleteOptions:
    causes = dry_run_causes(source.get("dryRun") or [])
    propagation, orphan = source.get("propagationPolicy") or "", source.get("orphanDependents")
    known = ("", "Foreground", "Background", "Orphan")
    if propagation and orphan is not None:
        shown = f'Invalid value: "{propagation}": orphanDependents and deletionPropagation cannot be both set'
        causes.append(Cause("FieldValueInvalid", shown, "propagationPolicy"))
    if propagation not in known:
        shown = f'Unsupported value: "{propagation}": supported values: "Foreground", "Background", "Orphan", "nil"'
        causes.append(Cause("FieldValueNotSupported", shown, "propagationPolicy"))
    if causes:
        raise invalid_options("DeleteOptions", *causes)
    preconditions = source.get("preconditions") or {}
    return DeleteOptions(
        grace=source.get("gracePeriodSeconds"),
        propagation=propagation,
        orphan=orphan,
        uid=preconditions.get("uid") or "",
        revision=preconditions.get("resourceVersion") or "",
        dry_run=bool(source.get("dryRun")),
    )
