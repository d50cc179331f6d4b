"""The wire of a rehearsal: every change goes out as a dry run (`dryRun=All`) and is recorded; nothing is stored.

What a dry run cannot show is said, and never guessed: commands in containers, servers and webhooks that know no dry
runs, and documents that need an earlier one of the same call.
"""

import hashlib
from dataclasses import replace
from typing import Any

import aiohttp
import msgspec

from tools.effects import Effect
from tools.kube import guard
from tools.kube.errors import Ambiguous, Busy
from tools.kube.failures import budget_says, taken_from
from tools.kube.guard import Asked, Permit
from tools.kube.kubeconfig import Access
from tools.kube.plan import Object, Recorder, Step, Wire, wire
from tools.kube.resources import Resource
from tools.kube.sending import Sending
from tools.kube.together import beside
from tools.kube.transport import Answer, Request, Transport
from tools.kube.weight import weighed

_OFF_LOOP = 128 << 10
_AWAY = (502, 503, 504)
_OF_THE_WHOLE = ("eviction", "ephemeralcontainers")  # they speak of the object itself, and stored is only the object


class RehearsalEnds(Exception):
    """The call comes to something that cannot be tried out: what would follow is not known."""


class RehearsalTransport(Transport):
    """As `Transport`, for a rehearsal's permit."""

    def __init__(self, cluster: str, access: Access, recorder: Recorder) -> None:
        super().__init__(cluster, access)
        self.recorder = recorder
        recorder.place = (access.server, hashlib.sha256(access.ca_data.encode()).hexdigest() if access.ca_data else "")

    def foretold(self, kind: str) -> Resource | None:
        return self.recorder.foretold(kind)

    async def send(self, request: Request, permit: Permit | None) -> Answer:
        effect = guard.effect_of(request.method, request.path, request.query, request.accept)
        if not effect.writes or permit is None or not permit.rehearsal:
            return await super().send(request, permit)
        guard.within(permit, self.cluster, effect, f"{request.method} {request.path}")
        asked = guard.understand(request.method, request.path, request.query)
        if asked is not None and asked.subresource == "proxy":
            sent = wire(request.method, request.path, request.query, request.content_type, request.body)
            why = "what it is handed on to may act on it"
            await self._record_run(asked, sent, _owner(request.path, asked), why, permit)
            raise RehearsalEnds
        if asked is None or (effect is Effect.EXECUTE and asked.subresource not in _OF_THE_WHOLE):
            self._record(request, asked, effect, untried="it runs something, which no API server tries out")
            raise RehearsalEnds
        return await self._tried(request, asked, effect, permit)

    async def websocket(
        self,
        path: str,
        query: list[tuple[str, str]],
        protocols: tuple[str, ...],
        permit: Permit | None,
        sending: Sending | None = None,
    ) -> aiohttp.ClientWebSocketResponse:
        effect = guard.effect_of("GET", path, dict(query))
        if not effect.writes or permit is None or not permit.rehearsal:
            return await super().websocket(path, query, protocols, permit, sending)
        guard.within(permit, self.cluster, effect, f"GET {path}")
        asked = guard.understand("GET", path, dict(query)) or Asked("create", "", "")
        sent = wire("GET", path, query, "", None)
        await self._record_run(asked, sent, path.rpartition("/")[0], "a command cannot be tried out", permit)
        raise RehearsalEnds

    async def _record_run(self, asked: Asked, sent: Wire, address: str, untried: str, permit: Permit) -> None:
        """Something that runs in an object, or behind it: what people judge is the object as it is."""
        whole = await self._read(Request("GET", address), permit)
        step = _step(replace(asked, subresource=""), sent, Effect.EXECUTE, address)
        told = {"verb": "run", "subresource": asked.subresource, "untried": untried}
        self.recorder.add(msgspec.structs.replace(step, before=whole, whole=whole, after=whole, **told), None)

    async def _tried(self, request: Request, asked: Asked, effect: Effect, permit: Permit) -> Answer:
        address = _address(request, asked)
        making = request.method == "POST" and not asked.subresource
        whole = None if making else await self._read(Request("GET", address), permit)
        itself = making or address == request.path or asked.subresource in _OF_THE_WHOLE
        before = whole if itself else await self._read(Request("GET", request.path), permit)
        taken = await self._taken(request, permit)
        answer = await self._dry_run(request, permit)
        facts: dict[str, Any] = {
            "before": before,
            "whole": whole,
            "trial": "dryRun" in request.query,
            "taken": taken,
        }
        if answer.status < 300:
            after = None if _takes_away(asked) else await _decoded(answer.body)
            self._record(request, asked, weighed(effect, before, after), after=after, **facts)
            return answer
        if asked.subresource == "eviction" and answer.status == 429:
            self._record(request, asked, effect, blocked=budget_says(answer.body), **facts)
            return answer
        why = self._excuse(answer)
        if not why:
            return answer
        self._record(request, asked, weighed(effect, before, None), untried=why, **facts)
        return Answer(201 if before is None else 200, {}, _as_sent(request, before))

    async def _taken(self, request: Request, permit: Permit) -> tuple[str, ...]:
        """Whose fields a forced apply takes: the same is tried without force."""
        if request.query.get("force") != "true":
            return ()
        unforced = replace(request, query={**request.query, "force": "false"})
        answer = await self._dry_run(unforced, permit)
        return tuple(taken_from(answer.body)) if answer.status == 409 else ()

    async def _read(self, request: Request, permit: Permit) -> Object | None:
        """None when there is none, or when this identity may not see it."""
        answer = await super().send(request, permit)
        return await _decoded(answer.body) if answer.status < 300 else None

    async def _dry_run(self, request: Request, permit: Permit) -> Answer:
        try:
            answer = await super().send(dry(request), permit)
        except Ambiguous:
            raise Busy(f'Cluster "{self.cluster}" did not answer when this was tried out. {_NOTHING}') from None
        if answer.status in _AWAY:
            raise Busy(f'Cluster "{self.cluster}" cannot try this out now (HTTP {answer.status}). {_NOTHING}')
        return answer

    def _record(self, request: Request, asked: Asked | None, effect: Effect, **facts: Any) -> None:
        known = asked or Asked(request.method.lower(), "", request.path)
        sent = wire(request.method, request.path, request.query, request.content_type, request.body)
        step = _step(known, sent, effect, _address(request, known))
        if known.subresource == "eviction":
            step = msgspec.structs.replace(step, verb="evict")
        name = step.name or _named(request.body)
        self.recorder.add(msgspec.structs.replace(step, name=name, **facts), request.body)

    def _excuse(self, answer: Answer) -> str:
        """Why a refused dry run says nothing about the change itself; empty when it does."""
        said = answer.body.decode("utf-8", "replace")
        if answer.status in (400, 405, 415, 501) and ("dry run" in said.lower() or "dryrun" in said.lower()):
            return "something in this cluster does not know dry runs"
        if answer.status in (403, 404, 422):
            needed = next((name for name in self.recorder.made if f'\\"{name}\\"' in said), None)
            made = self.recorder.makes(needed) if needed else None
            if made is not None:
                return f"it cannot be tried before {made.words} exists"
            if answer.status == 404 and self.recorder.steps and b'"Status"' not in answer.body:
                return "it cannot be tried before its kind exists"
        return ""


_NOTHING = "Nothing was changed. Try again in a moment."


def dry(request: Request) -> Request:
    """The same as a dry run. A DELETE says it in its body too: with a body, an API server reads the options there."""
    query = {**request.query, "dryRun": "All"}
    if request.method != "DELETE" or not request.body:
        return replace(request, query=query, sending=None)
    options = msgspec.json.decode(request.body) | {"dryRun": ["All"]}
    return replace(request, query=query, body=msgspec.json.encode(options), sending=None)


def _step(asked: Asked, sent: Any, effect: Effect, address: str) -> Step:
    return Step(
        verb=asked.verb,
        group=asked.group,
        resource=asked.resource,
        subresource=asked.subresource,
        namespace=asked.namespace,
        name=asked.name,
        address=address,
        wire=sent,
        effect=effect,
    )


def _address(request: Request, asked: Asked) -> str:
    """The object's own path: without its subresource; of one that is made, with its name."""
    if asked.subresource:
        return request.path.removesuffix(f"/{asked.subresource}")
    if request.method == "POST" and (name := _named(request.body)):
        return f"{request.path}/{name}"
    return request.path


def _owner(path: str, asked: Asked) -> str:
    """The address of the object behind whose proxy something is asked: `https:web:443` is the Service web."""
    place, _, _ = path.partition(f"/{asked.resource}/{asked.name}/")
    words = asked.name.split(":")
    return f"{place}/{asked.resource}/{words[1] if len(words) == 3 else words[0]}"


def _named(body: bytes | None) -> str:
    try:
        return str(((msgspec.json.decode(body or b"{}") or {}).get("metadata") or {}).get("name") or "")
    except (msgspec.DecodeError, AttributeError):
        return ""


def _takes_away(asked: Asked) -> bool:
    return asked.verb == "delete" or asked.subresource == "eviction"


def _as_sent(request: Request, before: Object | None) -> bytes:
    return request.body or b"{}" if before is None else msgspec.json.encode(before)


async def _decoded(body: bytes) -> Object | None:
    found = msgspec.json.decode(body) if len(body) < _OFF_LOOP else await beside(lambda: msgspec.json.decode(body))
    return found if isinstance(found, dict) else None
