"""Lists: selected, cut into pages, and answered as of one revision."""

import base64
import json
from collections.abc import Callable

from tools.demo.errors import ApiError, BadRequest, Expired, Json
from tools.demo.kinds import Kind
from tools.demo.options import ListOptions
from tools.demo.selectors import FieldSelector, LabelSelector, matcher
from tools.demo.store import Store

TOKEN_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


class Page:
    """One answer to a list request: `objects` as stored, `meta` for the list's metadata."""

    def __init__(self, objects: list[Json], meta: Json) -> None:
        self.objects, self.meta = objects, meta


def read_page(
    store: Store,
    kind: Kind,
    namespace: str | None,
    options: ListOptions,
    selectors: tuple[LabelSelector, FieldSelector],
) -> Page:
    """The objects that match, from where the continue token left off; Expired when its revision is forgotten."""
    if options.revision is not None and options.revision > store.revision:
        raise too_new(options.revision, store.revision)
    revision, start = _position(options, store)
    try:
        objects = (
            store.list(kind.resource, namespace)
            if revision is None
            else store.list_at(kind.resource, namespace, revision)
        )
    except Expired:
        raise _expired(options, start) from None
    fits: Callable[[Json], bool] = matcher(*selectors)
    rest = [obj for obj in objects if _key(obj, namespace) >= start] if start else objects
    shown = revision if revision is not None else store.revision
    meta: Json = {"resourceVersion": str(shown)}
    found, left = _cut(rest, fits, options.limit)
    if left:
        meta["continue"] = _token(shown, _key(found[-1], namespace) + "\0")
        if not any(selectors):
            meta["remainingItemCount"] = left
    return Page(found, meta)


def _cut(objects: list[Json], fits: Callable[[Json], bool], limit: int) -> tuple[list[Json], int]:
    """The first `limit` objects that fit, and how many objects come after them, fitting or not."""
    found = []
    for index, obj in enumerate(objects):
        if fits(obj):
            found.append(obj)
            if limit and len(found) == limit:
                return found, len(objects) - index - 1
    return found, 0


def _key(obj: Json, namespace: str | None) -> str:
    """Where an object stands in a list, as in etcd: its key below the listed prefix."""
    meta = obj["metadata"]
    return f"{meta['namespace']}/{meta['name']}" if namespace is None and meta.get("namespace") else str(meta["name"])


def _token(revision: int, start: str) -> str:
    text = json.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": f"/{start}"}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _position(options: ListOptions, store: Store) -> tuple[int | None, str]:
    """The revision to list at (None: now) and the key to start from."""
    if options.token:
        revision, start = _read_token(options.token)
        return (None if revision in (-1, store.revision) else revision), start
    if options.match == "Exact" and options.revision != store.revision:
        return options.revision, ""
    return None, ""


def _read_token(token: str) -> tuple[int, str]:
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        raise BadRequest(
            "invalid continue token: continue key is not valid: illegal base64 data at input byte 0"
        ) from None
    try:
        fields = json.loads(raw)
        return int(fields["rv"]), str(fields["start"]).removeprefix("/")
    except (ValueError, KeyError, TypeError):
        first = raw[:1].decode("latin-1")
        shown = f"\\u{ord(first):04x}" if first and not 32 <= ord(first) < 127 else first
        why = f"invalid character '{shown}' looking for beginning of value"
        raise BadRequest(f"invalid continue token: continue key is not valid: {why}") from None


def _expired(options: ListOptions, start: str) -> ApiError:
    if not options.token:
        return Expired("The resourceVersion for the provided list is too old.")
    error = Expired(TOKEN_TOO_OLD)
    text = json.dumps({"v": "meta.k8s.io/v1", "rv": -1, "start": start}, separators=(",", ":"))
    error.metadata = {"continue": base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")}
    return error


def too_new(wanted: int, current: int) -> ApiError:
    """504 for a revision the server has not reached."""
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    text = f"Timeout: Too large resource version: {wanted}, current: {current}"
    return ApiError(504, text, "Timeout", {"causes": [cause], "retryAfterSeconds": 1}, [("Retry-After", "1")])
