"""Reads a long list page by page and keeps of each page only what is wanted: 50,000 objects never stand in memory."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

from tools.kube.client import PAGE, KubeClient, Selection
from tools.kube.errors import Gone, TooLarge
from tools.kube.resources import Resource
from tools.kube.shapes import ListMeta
from tools.kube.together import beside
from tools.kube.transport import Request

MOST = 50_000
_SMALL_PAGE = 50
METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"

T = TypeVar("T")


class Listed(Protocol):
    """A page of any shape."""

    @property
    def metadata(self) -> ListMeta: ...


P = TypeVar("P", bound=Listed)


@dataclass(frozen=True, slots=True)
class Form(Generic[P, T]):
    """What is asked for and what is kept of it. shape: a msgspec struct of a page; pick: what of it is kept, pure."""

    shape: type[P]
    pick: Callable[[P], list[T]]
    accept: str = "application/json"


@dataclass(frozen=True, slots=True)
class Collected(Generic[T]):
    """more: there are more than were read; remaining: how many, None when the server does not say."""

    items: list[T]
    more: bool = False
    remaining: int | None = None


async def collected(
    client: KubeClient, resource: Resource, selection: Selection, form: Form[Any, T], at_most: int = MOST
) -> Collected[T]:
    """Up to `at_most` objects are looked at. Begins again once when its place in the list expires."""
    try:
        return await _pages(client, resource, selection, form, at_most)
    except Gone:
        return await _pages(client, resource, selection, form, at_most)


async def _pages(
    client: KubeClient, resource: Resource, selection: Selection, form: Form[Any, T], at_most: int
) -> Collected[T]:
    kept: list[T] = []
    size, seen, cursor = PAGE, 0, ""
    while True:
        asked = replace(selection, limit=min(size, at_most - seen), cursor=cursor)
        try:
            meta, items = await _page(client, resource, asked, form)
        except TooLarge:
            if size == _SMALL_PAGE:
                raise
            size = _SMALL_PAGE
            continue
        kept += items
        seen, cursor = seen + asked.limit, meta.proceed
        if not cursor or seen >= at_most:
            return Collected(kept, bool(cursor), meta.remainingItemCount)


async def _page(
    client: KubeClient, resource: Resource, asked: Selection, form: Form[Any, T]
) -> tuple[ListMeta, list[T]]:
    """One page: decoded and picked from beside the event loop, so that its bytes are gone before the next."""
    request = Request("GET", resource.path(asked.namespace), asked.query(), accept=form.accept)
    answer = await client.answer(request)

    def read() -> tuple[ListMeta, list[T]]:
        page = client.decode(answer, form.shape)
        return page.metadata, form.pick(page)

    return await beside(read)
