"""The verbs of the Kubernetes API for any kind, one request each, in plain data: what tools are written on.

Objects are decoded from raw bytes without models (large ones off the event loop), and lose what no tool may see
before anybody sees it: Secret values, managedFields and last-applied copies (`tools.redaction`).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar

import msgspec

from tools import redaction
from tools.kube import discovery
from tools.kube.bodies import encode, in_time
from tools.kube.discovery import Discovery
from tools.kube.errors import BadAnswer, Gone, NotFound, NotPermitted, NotSent, TooLarge, UnknownKind
from tools.kube.failures import failure, missing, undecodable
from tools.kube.guard import Permit
from tools.kube.resources import Resource, Target
from tools.kube.sending import ABSENT, FIELD_MANAGER, Seen, Sending, Verb, manager_of, seen
from tools.kube.shapes import ListAnswer, Table
from tools.kube.together import beside
from tools.kube.transport import Answer, Request, Transport

Object: TypeAlias = dict[str, Any]
PAGE = 500
_SMALL_PAGE = 50
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
_METADATA = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
_OFF_LOOP = 128 << 10
_PATCH_TYPES = {
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
    "strategic": "application/strategic-merge-patch+json",
}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """Whole objects; `cursor` is empty when there are no more, `remaining` None when the server does not say."""

    items: list[Object]
    cursor: str = ""
    remaining: int | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects of a kind: where, by which labels and fields, how many, from which cursor."""

    namespace: str | None = None
    labels: str = ""
    fields: str = ""
    limit: int = 0
    cursor: str = ""

    def query(self) -> dict[str, str]:
        given = {"labelSelector": self.labels, "fieldSelector": self.fields, "continue": self.cursor}
        limit = {"limit": str(self.limit)} if self.limit else {}
        return {key: value for key, value in given.items() if value} | limit


class KubeClient:
    """One tool call's way into one cluster. Every method raises KubeError, with a sentence; none repeats a write.

    secrets_seen: values of Secrets that came by, and the credentials, to be masked in what is told; wrote: whether a
    change has been sent; elsewhere: the way into another cluster, by its name, for calls that may read several.
    """

    elsewhere: "Callable[[str], Awaitable[KubeClient]] | None" = None

    def __init__(self, transport: Transport, permit: Permit | None) -> None:
        self.transport = transport
        self.permit = permit
        self.secrets_seen = redaction.Seen(transport.access.secrets)
        self.wrote = False
        self._seen: dict[str, Seen] = {}  # by the object's address: as the call last saw it

    @property
    def cluster(self) -> str:
        return self.transport.cluster

    # ---- kinds ---------------------------------------------------------------------------------------------------

    async def kinds(self, *, again: bool = False) -> Discovery:
        known = discovery.cached(self.transport.access, again=again)
        return known or await discovery.discover(self.transport.access, self._index)

    async def resolve(self, kind: str) -> Resource:
        """The kind a person means. Asks the cluster anew before saying there is none: it may be seconds old."""
        try:
            return (await self.kinds()).resolve(kind)
        except UnknownKind:
            return self.transport.foretold(kind) or (await self.kinds(again=True)).resolve(kind)

    @property
    def rehearsing(self) -> bool:
        return self.permit is not None and self.permit.rehearsal

    async def _index(self, path: str, accept: str, shape: type[discovery.Index]) -> discovery.Index:
        return await self.decoded(Request("GET", path, accept=accept), shape)

    # ---- reading -------------------------------------------------------------------------------------------------

    async def get(self, target: Target, subresource: str | None = None) -> Object:
        request = Request("GET", target.path(subresource))
        if subresource is not None:
            return await self.object(request)
        try:
            return await self._large(await self.answer(request), lambda answer: self._noted(target, answer))
        except NotFound:
            self._seen[target.path()] = ABSENT
            raise

    def _noted(self, target: Target, answer: Answer) -> Object:
        """As the kind that was asked for, whatever it says of itself: what is private is known by it."""
        found = self.decode(answer, dict)
        found["kind"] = target.resource.kind
        self._seen[target.path()] = seen(found)
        return self._clean(found)

    async def original(self, target: Target) -> Object:
        """The object with what `get` masks, to be written back and never told."""
        found: Object = await self.decoded(Request("GET", target.path()), dict)
        self.secrets_seen.add_original(found)
        return found

    async def look(self, path: str) -> Seen:
        """The object there as far as it tells who wrote to it. Only a Kubernetes API server can say there is none."""
        request = Request("GET", path, accept=_METADATA)
        answer = await self.transport.send(request, self.permit)
        if missing(answer):
            return ABSENT
        if answer.status >= 300:
            raise failure(self.cluster, request, answer, self.transport.access.renewal)
        found = seen(self.decode(answer, dict))
        if not found.uid:
            raise BadAnswer(f'Cluster "{self.cluster}" does not say which object is at {path}.')
        return found

    async def page(self, resource: Resource, selection: Selection) -> Page:
        request = Request("GET", resource.path(selection.namespace), selection.query())
        return await self._large(await self.answer(request), lambda answer: self._listed(answer, resource))

    def _listed(self, answer: Answer, resource: Resource) -> Page:
        listed = self.decode(answer, ListAnswer)
        items = listed.items or []
        for item in items:
            item["kind"] = resource.kind
            item.setdefault("apiVersion", resource.api_version)
        meta = listed.metadata
        return Page([self._clean(item) for item in items], meta.proceed, meta.remainingItemCount)

    async def list_all(self, resource: Resource, selection: Selection, at_most: int = 2000) -> Page:
        """Page by page up to `at_most`; begins again once when its place in the list expires."""
        try:
            return await self._all_pages(resource, selection, at_most)
        except Gone:
            return await self._all_pages(resource, selection, at_most)

    async def _all_pages(self, resource: Resource, selection: Selection, at_most: int) -> Page:
        items: list[Object] = []
        size, page = PAGE, Page([], selection.cursor)
        while True:
            try:
                page = await self.page(
                    resource, replace(selection, limit=min(size, at_most - len(items)), cursor=page.cursor)
                )
            except TooLarge:
                if size == _SMALL_PAGE:
                    raise
                size = _SMALL_PAGE
                continue
            items += page.items
            if not page.cursor or len(items) >= at_most:
                return Page(items, page.cursor, page.remaining)

    async def table(self, resource: Resource, selection: Selection) -> Table:
        """The columns the API server prints for this kind, custom ones included."""
        request = Request("GET", resource.path(selection.namespace), selection.query(), accept=TABLE)
        return await self.decoded(request, Table)

    async def table_all(self, resource: Resource, selection: Selection, at_most: int = 5000) -> Table:
        """All pages as one; `metadata` is the last page's. Begins again once when its place in the list expires."""
        try:
            return await self._all_rows(resource, selection, at_most)
        except Gone:
            return await self._all_rows(resource, selection, at_most)

    async def _all_rows(self, resource: Resource, selection: Selection, at_most: int) -> Table:
        page = await self.table(resource, replace(selection, limit=PAGE, cursor=""))
        rows = list(page.rows or [])
        while page.metadata.proceed and len(rows) < at_most:
            page = await self.table(resource, replace(selection, limit=PAGE, cursor=page.metadata.proceed))
            rows += page.rows or []
        return Table(page.columnDefinitions, rows, page.metadata)

    async def version(self) -> Object:
        """`/version`: gitVersion, platform and the like."""
        return await self.object(Request("GET", "/version"))

    # ---- writing -------------------------------------------------------------------------------------------------

    async def create(self, resource: Resource, namespace: str | None, body: Object, *, dry_run: bool = False) -> Object:
        name = str((body.get("metadata") or {}).get("name") or "")
        target = Target(resource, namespace, name)
        sending = self._sending("create", target, self._manager) if name else None
        query = {"fieldManager": self._manager} | in_time(dry_run)
        return await self.object(Request("POST", resource.path(namespace), query, encode(body), sending=sending))

    async def apply(
        self, target: Target, body: Object, *, force: bool = False, dry_run: bool = False
    ) -> tuple[Object, bool]:
        """Server-side apply: the object as it is now, and whether it was created."""
        query = {"fieldManager": FIELD_MANAGER, "force": str(force).lower(), "fieldValidation": "Strict"}
        request = Request(
            "PATCH",
            target.path(),
            query | in_time(dry_run),
            encode(body),
            content_type="application/apply-patch+yaml",
            sending=self._sending("apply", target, FIELD_MANAGER),
        )
        answer = await self.answer(request)
        return await self._large(answer, self._object), answer.status == 201

    async def patch(
        self,
        target: Target,
        patch: Object | list[Object],
        *,
        form: str = "merge",
        subresource: str | None = None,
        dry_run: bool = False,
    ) -> Object:
        """`form`: merge, json or strategic."""
        request = Request(
            "PATCH",
            target.path(subresource),
            {"fieldManager": self._manager} | in_time(dry_run),
            encode(patch),
            content_type=_PATCH_TYPES[form],
            sending=self._sending("patch", target, self._manager),
        )
        return await self.object(request)

    async def delete(self, target: Target, options: Mapping[str, Any], *, dry_run: bool = False) -> Object:
        """`options`: fields of `meta/v1 DeleteOptions` (preconditions, gracePeriodSeconds, propagationPolicy)."""
        body = {"kind": "DeleteOptions", "apiVersion": "v1", **options} | ({"dryRun": ["All"]} if dry_run else {})
        sending = self._sending("delete", target, "")
        return await self.object(Request("DELETE", target.path(), in_time(dry_run), encode(body), sending=sending))

    @property
    def _manager(self) -> str:
        return manager_of(self.permit.call_id if self.permit else "")

    def _sending(self, verb: Verb, target: Target, manager: str) -> Sending:
        return Sending(verb, target.path(), target.words, manager, self._seen.get(target.path()))

    # ---- the wire ------------------------------------------------------------------------------------------------

    async def answer(self, request: Request) -> Answer:
        """The answer to a request that went well; otherwise the KubeError that says why not."""
        wrote, self.wrote = self.wrote, self.wrote or not (request.reads or self.rehearsing)
        try:
            answer = await self.transport.send(request, self.permit)
        except (NotPermitted, NotSent):
            self.wrote = wrote
            raise
        if answer.status >= 300:
            raise failure(self.cluster, request, answer, self.transport.access.renewal)
        return answer

    async def object(self, request: Request) -> Object:
        return await self._large(await self.answer(request), self._object)

    async def decoded(self, request: Request, shape: type[T]) -> T:
        return await self._large(await self.answer(request), lambda answer: self.decode(answer, shape))

    async def _large(self, answer: Answer, read: Callable[[Answer], T]) -> T:
        """Reads an answer; a large one beside the event loop."""
        return read(answer) if len(answer.body) < _OFF_LOOP else await beside(lambda: read(answer))

    def _object(self, answer: Answer) -> Object:
        return self._clean(self.decode(answer, dict))

    def decode(self, answer: Answer, shape: type[T]) -> T:
        try:
            return msgspec.json.decode(answer.body, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise undecodable(self.cluster, answer) from None

    def _clean(self, found: Object) -> Object:
        if found.get("kind") in ("Secret", "SecretList"):
            self.secrets_seen.add(found)
        cleaned: Object = redaction.without_secrets(found)
        return cleaned
