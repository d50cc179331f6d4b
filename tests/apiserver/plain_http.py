"""A plain HTTPS client for one user of the test cluster, so that the rig is judged without the code it tests."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

JSON = "application/json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True)
class Answer:
    """Status code and body as the server sent them."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class PlainHttp:
    """Sends requests to `server` with the bearer token of one user; never raises for a status code."""

    server: str
    ca: Path | None
    token: str
    timeout: float = 30.0

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = JSON,
        accept: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        data = None if body is None else json.dumps(body).encode()
        own = {"Authorization": f"Bearer {self.token}", "Accept": accept, "Content-Type": content_type}
        request = urllib.request.Request(self.server + path, data, {**own, **(headers or {})}, method=method)
        context = ssl.create_default_context(cafile=str(self.ca)) if self.ca else None
        handler = urllib.request.HTTPSHandler(context=context)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), handler)
        try:
            with opener.open(request, timeout=self.timeout) as answer:
                return Answer(answer.status, answer.read().decode(), dict(answer.headers))
        except urllib.error.HTTPError as refusal:
            with refusal:
                return Answer(refusal.code, refusal.read().decode(), dict(refusal.headers))

    def get(self, path: str, *, accept: str = JSON) -> Answer:
        return self.request("GET", path, accept=accept)

    def post(self, path: str, body: Any) -> Answer:
        return self.request("POST", path, body)

    def patch(self, path: str, body: Any, *, content_type: str = MERGE) -> Answer:
        return self.request("PATCH", path, body, content_type=content_type)

    def delete(self, path: str, body: Any = None) -> Answer:
        return self.request("DELETE", path, body)
