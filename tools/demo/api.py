"""What every part of the demo API server works with: the server's parts, and one call to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import orjson

from tools.demo.authentication import User
from tools.demo.authorization import Authorizer
from tools.demo.discovery import Discovery
from tools.demo.errors import ApiError, Json
from tools.demo.http import Request, Response
from tools.demo.kinds import Kind, Kinds
from tools.demo.negotiation import Form
from tools.demo.openapi import OpenApi
from tools.demo.options import ListOptions
from tools.demo.routing import Target
from tools.demo.store import Store
from tools.demo.tables import Answers
from tools.demo.writing import Writer
from tools.demo.yaml_text import dump

__all__ = ["Api", "Call", "ListOptions", "PodLogs"]


class PodLogs(Protocol):
    """Where pod logs come from."""

    def read(  # noqa: PLR0913, the parameters of the log subresource, one by one
        self,
        pod: Json,
        container: str,
        *,
        previous: bool = False,
        tail: int | None = None,
        since: float | None = None,
        timestamps: bool = False,
        limit_bytes: int | None = None,
        follow: bool = False,
    ) -> "bytes | ApiError":
        """The log's bytes, or the error a kubelet would answer with; `since` in seconds before now."""


class NoLogs:
    """For a cluster without nodes: every log is empty."""

    def read(self, pod: Json, container: str, **_: object) -> bytes | ApiError:
        return b""


@dataclass
class Api:
    """The parts of one demo API server."""

    store: Store
    logs: PodLogs
    tokens: Mapping[str, User]
    kinds: Kinds
    discovery: Discovery
    authorizer: Authorizer
    writer: Writer
    openapi: OpenApi

    @classmethod
    def over(cls, store: Store, logs: PodLogs, tokens: Mapping[str, User]) -> "Api":
        kinds = Kinds(store)
        return cls(
            store, logs, tokens, kinds, Discovery(store), Authorizer(store), Writer(store, kinds), OpenApi(store)
        )


@dataclass
class Call:
    """One request on its way: who asks for what, in which form, and the warnings collected for the answer."""

    request: Request
    target: Target
    user: User
    api: Api
    form: Form = field(default_factory=Form)
    warnings: list[str] = field(default_factory=list)

    def namespace(self, kind: Kind) -> str:
        """The namespace of the object asked for, "" for cluster-scoped kinds (a Namespace is no part of itself)."""
        return self.target.namespace if kind.namespaced else ""

    def answers(self, kind: Kind) -> Answers:
        return Answers(kind, self.form, self.request.param("includeObject"), self.api.store.clock.now())

    def answer(self, body: Json, status: int = 200) -> Response:
        """The body in the agreed media type, with the warnings."""
        if self.form.media_type == "application/yaml":
            return Response(status, dump(body), "application/yaml", self.warning_headers())
        pretty = orjson.OPT_INDENT_2 if self.request.flag("pretty") else 0
        return Response(status, orjson.dumps(body, option=pretty) + b"\n", headers=self.warning_headers())

    def warning_headers(self) -> list[tuple[str, str]]:
        return [("Warning", f'299 - "{_escaped(text)}"') for text in dict.fromkeys(self.warnings)]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
