"""Sends the recorded requests of a real API server to another one and says how the answers differ."""

import http.client
import itertools
import json
import re
import time
import urllib.parse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = dict[str, Any]
HEADERS = ("content-type", "retry-after", "warning", "allow")
STEP = re.compile(r"\[(?P<key>[^\]=]+)=(?P<value>[^\]]*)\]|\[(?P<index>-?\d+)\]|(?P<name>[^.\[\]]+)")
MISSING = object()


def lookup(value: Any, path: str) -> Any:
    """The value at `a.b[0].c[type=Ready].d`; `~1` in a name is a dot, a last `#` the length; None when absent."""
    for step in STEP.finditer(path):
        if value is None:
            return None
        if step["name"] == "#":
            return len(value)
        if step["name"] is not None:
            value = value.get(step["name"].replace("~1", ".")) if isinstance(value, dict) else None
        elif step["index"] is not None:
            value = value[int(step["index"])] if isinstance(value, list) and int(step["index"]) < len(value) else None
        else:
            items = value if isinstance(value, list) else []
            value = next((item for item in items if str(lookup(item, step["key"])) == step["value"]), None)
    return value


@dataclass
class Answer:
    """What a server said."""

    status: int
    headers: dict[str, Any]
    body: Any


class Masks:
    """The rules of masks.json: what may differ between two runs."""

    def __init__(self, rules: Json) -> None:
        self._keys = rules["anyKey"]
        self._texts = [(re.compile(rule["match"]), rule["mask"]) for rule in rules["strings"]]
        self._unordered = set(rules["unorderedLists"])
        self._dropped_keys = [re.compile(pattern) for pattern in rules.get("drop", [])]
        self._dropped_items = [(rule["path"], rule["equals"]) for rule in rules.get("dropListItems", [])]

    def text(self, text: str) -> str:
        for pattern, mask in self._texts:
            text = pattern.sub(mask, text)
        return text

    def apply(self, value: Any, path: str = "") -> Any:
        """The value with everything that varies replaced."""
        if isinstance(value, dict):
            return dict(self._pairs(value, path))
        if isinstance(value, list):
            return self._items(value, path)
        return self.text(value) if isinstance(value, str) else value

    def _pairs(self, value: Json, path: str) -> Iterator[tuple[str, Any]]:
        for key, item in value.items():
            here = f"{path}.{key}"
            if key.startswith("k:") and any(pattern.fullmatch(here) for pattern in self._dropped_keys):
                continue
            masked = key in self._keys and isinstance(item, str | int) and item not in ("", 0)
            yield self.text(key), self._keys[key] if masked else self.apply(item, here)

    def _items(self, items: list[Any], path: str) -> list[Any]:
        kept = [
            self.apply(item, f"{path}[]")
            for item in items
            if not (isinstance(item, dict) and any(lookup(item, at) == value for at, value in self._dropped_items))
        ]
        if path.rpartition(".")[2] in self._unordered:
            kept.sort(key=lambda item: json.dumps(item, sort_keys=True))
        return kept


def differences(wanted: Any, got: Any, path: str = "", shape: bool = False) -> list[str]:
    """Every place where the two differ, as one line each; by `shape` only keys and types count."""
    numbers = isinstance(wanted, int | float) and isinstance(got, int | float)
    if isinstance(wanted, bool) != isinstance(got, bool) or (type(wanted) is not type(got) and not numbers):
        return [_line(path, wanted, got)]
    if isinstance(wanted, dict):
        return [line for key in sorted(wanted.keys() | got.keys()) for line in _of_key(key, wanted, got, path, shape)]
    if isinstance(wanted, list):
        if shape:
            return differences(wanted[0], got[0], f"{path}[0]", True) if wanted and got else []
        if len(wanted) != len(got):
            return [_line(f"{path}.#", len(wanted), len(got))]
        pairs = enumerate(zip(wanted, got, strict=True))
        return [line for index, (one, other) in pairs for line in differences(one, other, f"{path}[{index}]")]
    return [] if shape or wanted == got else [_line(path, wanted, got)]


def _of_key(key: str, wanted: Json, got: Json, path: str, shape: bool) -> list[str]:
    here = f"{path}.{key}"
    if key not in wanted or key not in got:
        return [_line(here, wanted.get(key, "(absent)"), got.get(key, "(absent)"))]
    if shape and key in ("managedFields", "annotations", "labels"):
        return []
    return differences(wanted[key], got[key], here, shape)


def _line(path: str, wanted: Any, got: Any) -> str:
    return f"{path}: want {json.dumps(wanted)[:300]} got {json.dumps(got)[:300]}"


@dataclass
class Replay:
    """A replay against one server on loopback; answers are kept, later requests quote them."""

    port: int
    corpus: Path
    patience: float = 3.0  # seconds a poll may take at most
    answers: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._masks = Masks(json.loads((self.corpus / "masks.json").read_text()))

    def exchanges(self, phase: str) -> list[Json]:
        lines = (self.corpus / "exchanges.jsonl").read_text().splitlines()
        return [exchange for exchange in map(json.loads, lines) if exchange["phase"] == phase]

    def play_all(self, phase: str) -> dict[str, list[str]]:
        """Every exchange of a phase in order, differences by exchange id; watches in a row go at once."""
        found: dict[str, list[str]] = {}
        for watching, group in itertools.groupby(self.exchanges(phase), key=_watches):
            exchanges = list(group)
            if watching:
                with ThreadPoolExecutor(len(exchanges)) as pool:
                    results = list(pool.map(self.play, exchanges))
            else:
                results = [self.play(exchange) for exchange in exchanges]
            found |= {exchange["id"]: result for exchange, result in zip(exchanges, results, strict=True)}
        return found

    def play(self, exchange: Json) -> list[str]:
        """Sends one request and compares; no line means the answers match."""
        request = exchange["request"]
        for variable in exchange.get("vars", []):
            value = lookup(self.answers.get(variable["from"]), variable["path"])
            if value is None:
                return [f"vars: {variable['from']} {variable['path']} is not in the earlier answer"]
            _put(request, variable["at"], variable["value"], str(value))
        try:
            answer, held = self._poll(exchange, request)
        except (OSError, http.client.HTTPException) as error:
            return [f"transport: {error!r}"]
        self.answers[exchange["id"]] = answer.body
        return ([] if held else ["poll: its conditions never held"]) + self._compare(exchange, answer)

    def _poll(self, exchange: Json, request: Json) -> tuple[Answer, bool]:
        time.sleep(min(exchange.get("wait", 0), self.patience))
        answer = self._send(request)
        conditions = (exchange.get("poll") or {}).get("until", [])
        end = time.monotonic() + self.patience
        while not all(_holds(condition, answer) for condition in conditions):
            if time.monotonic() > end:
                return answer, False
            time.sleep(0.05)
            answer = self._send(request)
        return answer, True

    def _send(self, request: Json) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        query = urllib.parse.urlencode(request["query"], doseq=True) if request.get("query") else ""
        body = _body(request)
        address = request["path"] + (f"?{query}" if query else "")
        connection.putrequest(request["method"], address, skip_accept_encoding=True)
        headers = {"User-Agent": "golden/1.0", "Accept": "application/json", **request.get("headers", {})}
        if body is not None or request["method"] in ("POST", "PUT", "PATCH"):
            headers["Content-Length"] = str(len(body or b""))
        for key, values in headers.items():
            for value in values if isinstance(values, list) else [values]:
                connection.putheader(key, value)
        connection.endheaders(body)
        with connection.getresponse() as response:
            text = response.read().decode()
            found = {key: response.headers.get_all(key) for key in HEADERS if response.headers.get_all(key)}
        connection.close()
        single = {key: values[0] if values and len(values) == 1 else values for key, values in found.items()}
        return Answer(response.status, single, _parsed(text, single, response.status, request))

    def _compare(self, exchange: Json, answer: Answer) -> list[str]:
        wanted = exchange["response"]
        mode = exchange.get("compare", "full")
        if answer.status not in (exchange.get("acceptStatus") or [wanted["status"]]):
            said = answer.body.get("message") if isinstance(answer.body, dict) else answer.body
            return [f"status: want {wanted['status']} got {answer.status} {str(said)[:300]}"]
        if mode == "status":
            return []
        mask, shape = self._masks.apply, mode == "shape"
        found = differences(mask(wanted["body"]), mask(answer.body), "body", shape)
        return found + differences(mask(wanted["headers"]), mask(answer.headers), "headers", shape)


def _watches(exchange: Json) -> bool:
    return bool((exchange["request"].get("query") or {}).get("watch"))


def _holds(condition: Json, answer: Answer) -> bool:
    if "status" in condition:
        return bool(answer.status == condition["status"])
    value = lookup(answer.body, condition["path"])
    if "equals" in condition:
        return bool(value == condition["equals"])
    return (value is not None) == condition["present"]


def _body(request: Json) -> bytes | None:
    if "rawBody" in request:
        return str(request["rawBody"]).encode()
    return None if request.get("body") is None else json.dumps(request["body"]).encode()


def _parsed(text: str, headers: Json, status: int, request: Json) -> Any:
    """JSON as JSON, a watch as the list of its events, everything else as text."""
    watching = request.get("query", {}).get("watch") in ("1", "true", "True")
    if watching and status == 200 and not text:
        return []
    if not text or not str(headers.get("content-type", "")).startswith("application/json"):
        return text or None
    try:
        body = json.loads(text)
    except ValueError:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    return [body] if watching and isinstance(body, dict) and body.keys() == {"type", "object"} else body


def _put(request: Json, pointer: str, old: str, new: str) -> None:
    """Replaces `old` by `new` in the text a JSON pointer leads to."""
    *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer.strip("/").split("/")]
    at: Any = request
    for key in parents:
        at = at[int(key)] if isinstance(at, list) else at[key]
    place: Any = int(last) if isinstance(at, list) else last
    at[place] = at[place].replace(old, new)
