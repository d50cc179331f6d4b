"""One namespace of one cluster, with the few moves that every conformance test makes."""

import json
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.apiserver.cluster import Cluster, await_true
from tests.apiserver.plain_http import Answer, PlainHttp

Object = dict[str, Any]
SECONDS = 30.0
_PLURALS = {"Ingress": "ingresses"}


@dataclass(frozen=True)
class Place:
    """Paths and objects of `namespace`, seen as the administrator unless told otherwise."""

    cluster: Cluster
    namespace: str

    @property
    def http(self) -> PlainHttp:
        return self.cluster.http()

    def all(self, plural: str, api: str = "v1", **query: str) -> str:
        """The address of a collection; the query is encoded."""
        base = f"/api/{api}" if "/" not in api else f"/apis/{api}"
        path = f"{base}/namespaces/{self.namespace}/{plural}"
        return f"{path}?{urllib.parse.urlencode(query)}" if query else path

    def one(self, manifest: Object) -> str:
        """The address of the object a manifest describes."""
        kind = manifest["kind"]
        plural = _PLURALS.get(kind, f"{kind.lower()}s")
        return f"{self.all(plural, manifest['apiVersion'])}/{manifest['metadata']['name']}"

    def create(self, manifest: Object) -> str:
        """Create the object and return its address."""
        path = self.one(manifest)
        answer = self.http.post(path.rsplit("/", 1)[0], manifest)
        assert answer.status == 201, answer.text
        return path

    def names(self, plural: str, api: str = "v1", **query: str) -> list[str]:
        """Names in a list, in the server's order."""
        answer = self.http.get(self.all(plural, api, **query))
        assert answer.status == 200, answer.text
        return [item["metadata"]["name"] for item in answer.json["items"]]

    def wait(self, path: str, condition: Callable[[Object], Any], what: str) -> Object:
        """The object once the condition holds for it."""
        await_true(lambda: self.http.get(path).status == 200, SECONDS, f"{path} is there")
        await_true(lambda: bool(condition(self.http.get(path).json)), SECONDS, what)
        found: Object = self.http.get(path).json
        return found

    def served(self, kind: str, *versions: str) -> str:
        """The first of the API versions in which the cluster serves the kind."""
        for version in versions:
            answer = self.http.get(f"/apis/{version}")
            if answer.status == 200 and any(each["kind"] == kind for each in answer.json["resources"]):
                return version
        raise AssertionError(f"{kind} is served in none of {', '.join(versions)}")

    def gone(self, path: str) -> None:
        await_true(lambda: self.http.get(path).status == 404, SECONDS, f"{path} is gone")


def failure(answer: Answer, code: int, reason: str) -> Object:
    """The Status of a refusal, after checking what every Status must say."""
    assert answer.status == code, answer.text
    status: Object = answer.json
    assert (status["kind"], status["apiVersion"], status["status"]) == ("Status", "v1", "Failure")
    assert (status["code"], status["reason"]) == (code, reason)
    assert status["message"]
    return status


def events_of(answer: Answer) -> list[Object]:
    """The events of a watch that has ended."""
    assert answer.status == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]
