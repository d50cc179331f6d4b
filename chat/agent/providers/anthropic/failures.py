"""Every way a call to the model can fail, as a sentence, its next step, and whether another attempt can help."""

import email.utils
import re
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from socket import gaierror
from typing import Any

from chat.agent.errors import TOO_LARGE

LATER = "Send the message again in a few minutes."
CHECK_ADDRESS = "An administrator should check ANTHROPIC_BASE_URL."
CHECK_KEY = "An administrator must check ANTHROPIC_API_KEY and its rights."
PASSING = (408, 409, 425)  # refusals that another attempt may not meet again
REFUSALS = {  # status: code, sentence, next step
    401: ("key_refused", "{host} refused the key for the model ({status}).", CHECK_KEY),
    402: (
        "unpaid",
        "The account behind the model's key has no credit left ({status}).",
        "An administrator must look after the account ANTHROPIC_API_KEY belongs to.",
    ),
    403: ("key_refused", 'The key may not use the model "{model}" at {host} ({status}).', CHECK_KEY),
    404: (
        "model_unknown",
        'The model "{model}" is not known at {host} ({status}).',
        "An administrator must check K8SMCP_MODEL, and ANTHROPIC_BASE_URL where it is set.",
    ),
    413: (
        TOO_LARGE,
        "This conversation is too large for one request to the model ({status}).",
        "Start a new conversation and name what matters, or ask for less at once.",
    ),
}
OPTIONAL_FIELDS = ("thinking", "cache_control", "max_tokens")  # the last stands for: an answer as long as ours
FREE = {
    "key_refused", "unpaid", "model_unknown", TOO_LARGE, "request_refused", "rate_limited", "overloaded",
    "unreachable", "not_secure", "address",
}  # fmt: skip
STATUS_OF_ERROR_EVENT = {
    "invalid_request_error": 400, "authentication_error": 401, "billing_error": 402, "permission_error": 403,
    "not_found_error": 404, "request_too_large": 413, "rate_limit_error": 429, "api_error": 500, "timeout_error": 504,
    "overloaded_error": 529,
}  # fmt: skip


class Broken(Exception):
    """One attempt failed. again: another may help; wait: seconds the other side asks for; field: what it refused."""

    def __init__(
        self, sentence: str, *, code: str, again: bool = True, wait: float | None = None, advice: str = LATER
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code
        self.again = again
        self.wait = wait
        self.advice = advice
        self.field = ""
        self.temporary = again

    @property
    def free(self) -> bool:
        """Whether the other side did no work: it refused at once, or was never reached."""
        return self.code in FREE


@dataclass(frozen=True, slots=True)
class Place:
    """Where and what was asked, for the sentences. `host` without path and sign-in; `key` never leaves this module."""

    host: str
    model: str
    key: str = field(default="", repr=False)

    @classmethod
    def of(cls, address: str, model: str, key: str) -> "Place":
        """Never fails: a bad address is told when it is used."""
        host = address.partition("://")[2].partition("/")[0].rpartition("@")[2]
        return cls(host or "the model's address", model, key)

    def quoted(self, message: str) -> str:
        """The other side's own words: without our key, short, on one line; empty when it said nothing."""
        known = message.replace(self.key, "[key]") if self.key else message
        words = " ".join("".join(char if char.isprintable() else " " for char in known).split()).rstrip(".")
        return f': "{words[:200]}"' if words else ""


# ---- the other side answered -------------------------------------------------------------------------------------


def of_status(status: int, place: Place, *, message: str = "", headers: Mapping[str, str] | None = None) -> Broken:
    """From an HTTP status (or that of an error event) to what to tell and do."""
    headers = headers or {}
    if status == 429:
        return _too_many(headers)
    broken = _refused(status, place, message) or _unavailable(status)
    broken.wait = told_wait(headers)
    if headers.get("x-should-retry") == "false":
        broken.again = False
    return broken


def _refused(status: int, place: Place, message: str) -> Broken | None:
    """Statuses that another attempt cannot mend."""
    if status == 400 and _TOO_LONG.search(message):
        status = 413
    if status in REFUSALS:
        code, sentence, advice = REFUSALS[status]
        told = sentence.format(host=place.host, model=place.model, status=status)
        return Broken(told, code=code, again=False, advice=advice)
    if status >= 500 or status in PASSING:
        return None
    return Broken(
        f"{place.host} did not accept the request to the model ({status}){place.quoted(message)}.",
        code="request_refused",
        again=False,
        advice="Start a new conversation if this one is long; else an administrator should check K8SMCP_MODEL.",
    )


# Anthropic's own words, and those of vLLM and gateways
_TOO_LONG = re.compile(r"prompt is too long|context (length|limit|window)|maximum context", re.IGNORECASE)


def _unavailable(status: int) -> Broken:
    if status == 529:
        return Broken("The model is overloaded right now.", code="overloaded")
    return Broken(f"The model is not available right now ({status}).", code="unavailable")


def _too_many(headers: Mapping[str, str]) -> Broken:
    """A limit that does not say when it ends is a spending limit: asking again would only be refused again."""
    wait = told_wait(headers)
    if wait is None and headers.get("x-should-retry") != "true":
        broken = Broken(
            "The model's provider accepts no more requests, and does not say until when (429).",
            code="rate_limited",
            again=False,
            advice="A usage or spending limit may be reached: an administrator should look, or try again later.",
        )
        broken.temporary = True
        return broken
    return Broken("The model's provider asks to wait: too many requests (429).", code="rate_limited", wait=wait)


def told_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds from `retry-after-ms` or `retry-after` (seconds or a date); None when nothing understandable is said."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        if re.fullmatch(r"\d{1,12}(\.\d+)?", told := headers.get(name, "").strip()):
            return float(told) * scale
    try:
        return max(0.0, email.utils.parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - time.time())
    except ValueError:
        return None


def refused_field(status: int, complaint: str) -> str:
    """Which of the fields not every endpoint takes a 400 or 422 complains about; empty when it is none of them."""
    if status not in (400, 422):
        return ""
    return next((field for field in OPTIONAL_FIELDS if re.search(rf"\b{field}\b", complaint)), "")


# ---- the other side was not reached, or went away ----------------------------------------------------------------


def of_connection(error: BaseException, place: Place, *, timeout_seconds: float) -> Broken:
    """From what the HTTP client raised, by its causes."""
    causes = list(_causes(error))

    def caused_by(*kinds: type[BaseException]) -> BaseException | None:
        return next((cause for cause in causes if isinstance(cause, kinds)), None)

    names = {type(cause).__name__ for cause in causes}
    if fault := caused_by(ssl.SSLError):
        reason = getattr(fault, "verify_message", "") or getattr(fault, "reason", "") or "no reason given"
        sentence = f"The connection to {place.host} is not secure{place.quoted(str(reason))}."
        advice = "An administrator should check ANTHROPIC_BASE_URL and the certificates this machine trusts."
        return Broken(sentence, code="not_secure", again=False, advice=advice)
    if "UnsupportedProtocol" in names:
        return bad_address()
    if caused_by(gaierror):
        return Broken(f"The name {place.host} cannot be found.", code="unreachable", advice=CHECK_ADDRESS)
    if "ConnectTimeout" in names:
        return Broken(f"{place.host} takes no connection.", code="unreachable", advice=CHECK_ADDRESS)
    if caused_by(ConnectionRefusedError) or "ConnectError" in names:
        advice = f"{CHECK_ADDRESS} Does the model's server run?"
        return Broken(f"Nothing answers at {place.host}.", code="unreachable", advice=advice)
    if caused_by(TimeoutError) or names & {"ReadTimeout", "WriteTimeout", "PoolTimeout"}:
        return Broken(f"The model was silent for {timeout_seconds:g} seconds.", code="silent")
    return Broken("The connection to the model was cut.", code="cut")


def bad_address() -> Broken:
    return Broken("The model's address is not a web address.", code="address", again=False, advice=CHECK_ADDRESS)


def bad_key() -> Broken:
    told = "The key for the model has characters that no key has."
    return Broken(told, code="key_refused", again=False, advice=CHECK_KEY)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for part in error.exceptions:
                yield from _causes(part)
        error = error.__cause__ or error.__context__


def message_of(body: Any) -> str:
    """The words in an error body of whatever shape: `{"error": {"message"}}`, `{"message"}`, `{"detail"}` or text."""
    for _ in range(3):
        if isinstance(body, Mapping):
            body = next((body[key] for key in ("error", "message", "detail") if body.get(key)), "")
    return body if isinstance(body, str) else ""
