"""The model behind a Messages API: one streaming call a round, and our own counted, visible attempts."""

import asyncio
import gc
import random
import re
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote, urlsplit, urlunsplit

from chat.agent.errors import ModelError
from chat.agent.ports import Asking, Counted, Interrupted, Request, Spoken, TextDelta, Usage, Wish
from chat.agent.providers.anthropic import failures
from chat.agent.providers.anthropic.events import Event, events
from chat.agent.providers.anthropic.failures import Broken, Place
from chat.agent.providers.anthropic.message import Message
from chat.agent.providers.anthropic.request import Body, body, grown, size

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

ANTHROPIC = "https://api.anthropic.com"
LONGEST_ANSWER = 16_000  # tokens
SHORTER_ANSWER = 4_096  # tokens, for endpoints that refuse the longest
EVENT_STREAM = "text/event-stream"
END_OF_BODY = 0.2  # seconds
GATHER, GATHER_MORE, GATHER_MOST = 0.03, 0.0008, 0.1  # seconds: alone, for each further stream, and at most


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds unless it says otherwise. silence: without a byte; idle: without anything said; whole: one attempt."""

    connect: float = 10.0
    silence: float = 60.0
    idle: float = 120.0
    whole: float = 600.0
    attempts: int = 4  # a number
    first_wait: float = 1.0
    longest_wait: float = 60.0


class Anthropic:
    """Any endpoint that speaks the Messages API. What it turned out not to take is remembered for its lifetime."""

    name = "anthropic"

    def __init__(
        self,
        *,
        model: str,
        api_key: str = "",
        base_url: str = "",
        patience: Patience | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.model = model
        self._key = api_key.strip()
        self._address = (base_url or ANTHROPIC).rstrip("/").removesuffix("/v1")
        self._place = Place.of(self._address, model, self._key)
        self._patience = patience or Patience()
        self._sleep = sleep
        self._refused: set[str] = set()
        self._streams = 0  # under way
        self._client: asyncio.Future[AsyncAnthropic] | None = None

    async def respond(self, request: Request) -> AsyncIterator[Spoken]:
        spent, attempt = Usage(), 1
        while True:
            left_out = frozenset(self._refused)
            asked = self._body(request, left_out)
            message = Message(self._place, asked["max_tokens"])
            yield Asking(size(asked), asked["max_tokens"], grown(asked, request.turns))
            try:
                async with aclosing(self._attempt(asked, message)) as spoken:
                    async for piece in spoken:
                        yield piece
                finished = message.finished()
                break
            except Broken as broken:
                fault = broken
            if cost := Usage() if fault.free and not message.begun else message.cost():
                yield Counted(cost)
            if fault.field and fault.field not in left_out:
                self._refused.add(fault.field)
                continue
            spent += message.usage
            wait = self._wait(fault, attempt)
            yield Interrupted(fault.sentence, wait, attempt)
            await self._sleep(wait)
            attempt += 1
        if cost := message.cost():
            yield Counted(cost)
        yield replace(finished, wishes=_with_own_ids(finished.wishes), usage=spent + finished.usage)

    async def aclose(self) -> None:
        """Closes idle connections; the next call opens new ones."""
        making, self._client = self._client, None
        if making is not None and making.get_loop() is asyncio.get_running_loop():
            await (await making).close()

    # ---- one attempt ----

    def _body(self, request: Request, left_out: frozenset[str]) -> Body:
        longest = SHORTER_ANSWER if "max_tokens" in left_out else LONGEST_ANSWER
        return body(request, model=self.model, max_tokens=longest, refused=left_out)

    async def _attempt(self, asked: Body, message: Message) -> AsyncGenerator[Spoken, None]:
        """Raises Broken, whatever went wrong."""
        client = await self._connected()
        from anthropic import APIError, APIStatusError
        from httpx2 import HTTPError

        try:
            async with aclosing(self._listen(client, asked, message)) as spoken:
                async for piece in spoken:
                    yield piece
        except APIStatusError as error:
            raise self._told(error.status_code, error.body, error.response.headers) from error
        except (APIError, HTTPError, TimeoutError) as error:
            raise failures.of_connection(error, self._place, timeout_seconds=self._patience.silence) from error

    async def _listen(self, client: "AsyncAnthropic", asked: Body, message: Message) -> AsyncGenerator[Spoken, None]:
        async with asyncio.timeout(self._patience.idle):
            stream = await client.messages.create(**asked, stream=True)
        async with (
            stream,
            aclosing(self._gathered(stream.response.aiter_bytes())) as chunks,
            aclosing(events(chunks)) as source,
        ):
            self._check_kind(stream.response.headers.get("content-type", EVENT_STREAM))
            async for told in self._in_time(source):
                for piece in _said(message, told):
                    yield piece
                if message.ended:
                    break
            await _read_out(source)

    async def _gathered(self, chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        """Lets what comes faster than anybody reads gather for a moment: a look costs the same, however much it brings.
        The more models speak at once, the longer the moment, so that all of them stay live."""
        self._streams += 1
        try:
            async with aclosing(cast(AsyncGenerator[bytes, None], chunks)):
                async for chunk in chunks:
                    yield chunk
                    await asyncio.sleep(min(GATHER_MOST, GATHER + GATHER_MORE * self._streams))
        finally:
            self._streams -= 1

    async def _in_time(self, source: AsyncIterator[list[Event]]) -> AsyncIterator[list[Event]]:
        """A stream that only drips or pings is given up: bytes alone are no sign of life.

        Only time spent waiting counts: a listener that is slow is not the model's fault.
        """
        clock = asyncio.get_running_loop().time
        idle, whole = self._patience.idle, self._patience.whole
        while True:
            began = clock()
            try:
                async with asyncio.timeout(min(idle, whole)):
                    told = await anext(source, None)
            except TimeoutError:
                raise Broken("The model said nothing more for too long.", code="silent") from None
            if told is None:
                return
            waited = clock() - began
            whole -= waited
            only_pings = all(event.get("type") == "ping" for event in told)
            idle = idle - waited if only_pings else self._patience.idle
            yield told

    def _check_kind(self, content_type: str) -> None:
        if EVENT_STREAM not in content_type:
            sentence = f"{self._place.host} does not answer like a Messages API."
            raise Broken(sentence, code="not_a_messages_api", again=False, advice=failures.CHECK_ADDRESS)

    def _told(self, status: int, told: object, headers: Any) -> Broken:
        broken = failures.of_status(status, self._place, message=failures.message_of(told), headers=headers)
        broken.field = failures.refused_field(status, str(told)[:4000])
        return broken

    # ---- another attempt, or none ----

    def _wait(self, fault: Broken, attempt: int) -> float:
        """Seconds until the next attempt. Raises ModelError when there is to be none."""
        patience = self._patience
        longest = patience.longest_wait
        if not fault.again:
            raise ModelError(f"{fault.sentence} {fault.advice}", code=fault.code, temporary=fault.temporary)
        if fault.wait is not None and fault.wait > longest:
            told = f"{fault.sentence} It asks to wait {_duration(fault.wait)}: send the message again after that."
            raise ModelError(told, code=fault.code, temporary=True)
        if attempt >= patience.attempts:
            told = f"{fault.sentence} {patience.attempts} attempts did not help. {fault.advice}"
            raise ModelError(told, code=fault.code, temporary=True)
        backoff = min(longest, patience.first_wait * 2.0 ** (attempt - 1)) * random.uniform(0.5, 1)
        return max(fault.wait or 0.0, backoff)

    # ---- the connection ----

    async def _connected(self) -> "AsyncAnthropic":
        """One client per event loop, made off it: importing the SDK and reading certificates takes a good second."""
        if not re.fullmatch(r"[!-~]*", self._key):
            raise failures.bad_key()
        loop = asyncio.get_running_loop()
        if self._client is None or self._client.get_loop() is not loop:
            self._client = loop.run_in_executor(None, self._make_client)
        try:
            return await asyncio.shield(self._client)
        except ValueError as error:
            self._client = None
            raise failures.bad_address() from error

    def _make_client(self) -> "AsyncAnthropic":
        """Raises ValueError for an address that is none."""
        from anthropic import AsyncAnthropic, DefaultAioHttpClient
        from httpx2 import InvalidURL, Timeout

        own = self._address == ANTHROPIC
        try:
            address, sign_in = _without_sign_in(self._address)
            client = AsyncAnthropic(
                api_key=self._key or "none",  # left out, the SDK would look for credentials of its own in the machine
                base_url=address,
                max_retries=0,
                timeout=Timeout(self._patience.silence, connect=self._patience.connect),
                http_client=DefaultAioHttpClient(auth=sign_in),  # parses in C: half the time of a streamed chunk
                default_headers={} if own or not self._key else {"X-Api-Key": self._key},  # older gateways look for it
            )
        except InvalidURL as error:
            raise ValueError(str(error)) from None
        _ = client.messages  # imported on first use: here, and not on the event loop
        gc.freeze()  # the SDK stays: a look for garbage through all of its modules would hold every thread
        return client


def _without_sign_in(address: str) -> tuple[str, tuple[str, str] | None]:
    """Some gateways want a name and a password, which people write into the address."""
    parts = urlsplit(address)
    if parts.username is None:
        return address, None
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return bare, (unquote(parts.username), unquote(parts.password or ""))


def _said(message: Message, told: list[Event]) -> Iterator[Spoken]:
    """What these events add; words that follow one another in one piece, and before a fault what was said till then."""
    words: list[str] = []
    try:
        for piece in _pieces(message, told):
            if isinstance(piece, TextDelta):
                words.append(piece.text)
            else:
                yield from _piece(words)
                yield piece
    except Broken:
        yield from _piece(words)
        raise
    yield from _piece(words)


def _pieces(message: Message, told: list[Event]) -> Iterator[Spoken]:
    """What comes after the end of a message is nothing."""
    for event in told:
        if message.ended:
            return
        yield from message.take(event)


def _piece(words: list[str]) -> Iterator[Spoken]:
    if words:
        yield TextDelta("".join(words))
        words.clear()


async def _read_out(source: AsyncIterator[list[Event]]) -> None:
    """A body read to its end leaves its connection fit for the next round; what comes after the message is nothing."""
    from httpx2 import HTTPError

    with suppress(Broken, HTTPError, TimeoutError):
        async with asyncio.timeout(END_OF_BODY):
            async for _ in source:
                pass


def _with_own_ids(wishes: tuple[Wish, ...]) -> tuple[Wish, ...]:
    """Some endpoints count their tool calls from nought in every answer. Here an id stands for one call, and it is the
    one that the journal knows, so that a run which goes on elsewhere sends what it sent here."""
    return tuple(replace(wish, id=f"call_{uuid.uuid4().hex}") for wish in wishes)


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{round(seconds)} seconds"
    return f"{round(seconds / 60)} minutes" if seconds < 7200 else f"{round(seconds / 3600)} hours"
