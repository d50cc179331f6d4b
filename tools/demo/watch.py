"""Watches: what is there, then every change as a line of JSON, with bookmarks in between."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import orjson

from tools.demo.errors import Expired, Json
from tools.demo.kinds import Kind
from tools.demo.listing import too_new
from tools.demo.options import ListOptions
from tools.demo.selectors import FieldSelector, LabelSelector, matcher
from tools.demo.store import Change, Store
from tools.demo.tables import Answers

DEFAULT_TIMEOUT = 1800.0
BOOKMARK_EVERY = 60.0
LAST_BOOKMARK = 2.0  # seconds before the end; then the client knows where to resume
INITIAL_END = {"k8s.io/initial-events-end": "true"}


class Watch:
    """One client's watch of one kind."""

    def __init__(self, store: Store, kind: Kind, namespace: str | None, options: ListOptions, answers: Answers) -> None:
        self.store, self.kind, self.namespace = store, kind, namespace
        self.options, self.answers = options, answers
        self.fits: Callable[[Json], bool] = lambda obj: True

    def select(self, labels: LabelSelector, fields: FieldSelector) -> "Watch":
        self.fits = matcher(labels, fields)
        return self

    async def lines(self) -> AsyncGenerator[bytes, None]:
        """The events until the time is up; one ERROR event when the starting revision is forgotten."""
        revision = self.store.revision
        start = self.options.revision
        if start is not None and start > revision:
            yield self._error(too_new(start, revision).status())
            return
        if self._wants_state():
            for obj in self.store.list(self.kind.resource, self.namespace):
                if self.fits(obj):
                    yield self._line("ADDED", obj)
            if self.options.initial_events and self.options.bookmarks:
                yield self._bookmark(revision, INITIAL_END)
        elif start is not None:
            revision = start
        try:
            async for line in self._changes(revision):
                yield line
        except Expired as error:
            yield self._error(error.status())

    def _wants_state(self) -> bool:
        """Without a revision, or with 0, a watch begins with the objects there are."""
        if self.options.initial_events is not None:
            return self.options.initial_events
        return self.options.revision in (None, 0)

    async def _changes(self, revision: int) -> AsyncGenerator[bytes, None]:
        loop = asyncio.get_running_loop()
        end = loop.time() + (self.options.timeout or DEFAULT_TIMEOUT)
        bookmark_at = min(loop.time() + BOOKMARK_EVERY, end - LAST_BOOKMARK)
        if bookmark_at <= loop.time():
            bookmark_at = end + 1
        while True:
            seen = self.store.revision
            for change in self.store.events_since(revision, self.kind.resource, self.namespace):
                line = self._change(change)
                if line:
                    yield line
            revision = max(revision, seen)
            now = loop.time()
            if now >= end:
                return
            if now >= bookmark_at:
                bookmark_at = now + BOOKMARK_EVERY
                if self.options.bookmarks:
                    yield self._bookmark(revision, {})
            try:
                await asyncio.wait_for(self.store.wait(revision), max(min(end, bookmark_at) - now, 0.001))
            except TimeoutError:
                continue

    def _change(self, change: Change) -> bytes:
        """The event for a watcher with these selectors: entering them is ADDED, leaving them is DELETED."""
        before = change.before is not None and self.fits(change.before)
        after = change.kind != "DELETED" and self.fits(change.object)
        if after:
            return self._line("MODIFIED" if before else "ADDED", change.object)
        if not before or change.before is None:
            return b""
        if change.kind == "DELETED":
            return self._line("DELETED", change.object)
        last = {**change.before, "metadata": {**change.before["metadata"], "resourceVersion": str(change.revision)}}
        return self._line("DELETED", last)

    def _line(self, kind: str, obj: Json) -> bytes:
        return _encode({"type": kind, "object": self.answers.change(obj)})

    def _bookmark(self, revision: int, annotations: dict[str, Any]) -> bytes:
        meta: Json = {"resourceVersion": str(revision)}
        if annotations:
            meta["annotations"] = annotations
        empty = {"kind": self.kind.kind, "apiVersion": self.kind.api_version, "metadata": meta}
        return self._line("BOOKMARK", empty)

    def _error(self, status: Json) -> bytes:
        return _encode({"type": "ERROR", "object": status})


def _encode(event: Json) -> bytes:
    return orjson.dumps(event) + b"\n"
