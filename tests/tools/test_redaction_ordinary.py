"""Ordinary output stays as it is: at least 5 MB of it, with many secrets known, and in bounded time."""

import json
import random
import re
import string
import time
from pathlib import Path

import pytest

from tests.tools import ordinary
from tests.tools.demo.recorded import CORPUS
from tools import redaction
from tools.effects import Effect
from tools.kube import kubeconfig
from tools.kube.client import KubeClient
from tools.kube.errors import KubeError
from tools.kube.guard import Permit
from tools.kube.transport import Request, Transport
from tools.redaction import known

MEGABYTE = 1_000_000
MOST_FALSE = 0.005  # of all lines


@pytest.fixture(autouse=True)
def many_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "_index", known.Index(b"k" * 32))
    dice = random.Random(4)
    redaction.learn("".join(dice.choices(string.ascii_letters + string.digits, k=24)) for _ in range(500))
    redaction.learn("".join(dice.choices(string.hexdigits.lower(), k=40)) for _ in range(200))
    redaction.learn(["correct horse battery staple", "postgres://app:Zx81kq02Lm@db.shop:5432/app"])


def changed(texts: list[str]) -> tuple[int, int, list[str]]:
    """(lines, of these masked, examples)."""
    lines, examples = 0, []
    for text in texts:
        before, after = text.split("\n"), redaction.text(text).split("\n")
        assert len(before) == len(after)
        lines += len(before)
        examples += [f"{a} => {b}" for a, b in zip(before, after, strict=True) if a != b]
    return lines, len(examples), examples[:20]


def logs(amount: int) -> str:
    return "\n".join(ordinary.lines(7, amount))


def recorded() -> list[str]:
    """Every answer of a real API server, as a person would read it; values of Secrets already gone."""
    if not (CORPUS / "exchanges.jsonl").is_file():
        return []
    told = []
    for line in (CORPUS / "exchanges.jsonl").read_text().splitlines():
        body = json.loads(line)["response"].get("body")
        told.append(body if isinstance(body, str) else json.dumps(redaction.without_secrets(body), indent=2))
    return told


async def of_the_demo_cluster(file: Path) -> list[str]:
    access = kubeconfig.read(file)[0]
    client = KubeClient(Transport(access.name, access), Permit("call-1", access.name, Effect.SENSITIVE))
    told = []
    for resource in (await client.kinds()).resources:
        try:
            told.append(json.dumps(await client.object(Request("GET", resource.path(None))), indent=2))
        except KubeError:
            continue  # kinds that cannot be listed
    return told


async def test_at_most_one_line_in_two_hundred_is_masked_wrongly(demo_kubeconfig: Path) -> None:
    texts = [*recorded(), *await of_the_demo_cluster(demo_kubeconfig)]
    missing = 5 * MEGABYTE + 1000 - sum(map(len, texts))
    texts.append(logs(missing))
    assert sum(map(len, texts)) >= 5 * MEGABYTE
    lines, masked, examples = changed(texts)
    assert masked <= lines * MOST_FALSE, examples


def test_digests_sums_ids_and_versions_stay() -> None:
    words = logs(MEGABYTE)
    left = redaction.text(words)
    shape = re.compile(r"sha256:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{8}-[0-9a-f-]{27}|resourceVersion=\S+|caBundle: \S+")
    assert shape.findall(left) == shape.findall(words)
    assert len(shape.findall(words)) > 1000


def test_an_object_without_secrets_comes_back_as_it_was(demo_kubeconfig: Path) -> None:
    pod = {
        "metadata": {
            "uid": "3f1c",
            "annotations": {"checksum/config": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"},
        },
        "spec": {"containers": [{"env": [{"name": "IMAGE_DIGEST", "value": "sha256:" + "9f86d081884c7d65" * 4}]}]},
        "status": {"containerStatuses": [{"imageID": "docker.io/library/nginx@sha256:" + "0a1b2c3d" * 8}]},
    }
    assert redaction.data(pod) == pod


# ---- time --------------------------------------------------------------------------------------------------------


HOSTILE = (
    "password", "password=", "eyJ", "-eyJ", "://", "a://b:", "-----BEGIN PRIVATE KEY-----", "kind: Secret\n",
    '"data":{', "authorization: ", "cookie=a=", "Bearer ", "A", "A/", "%41", "\\u0041", "a\n", "AAAAAAAAAAAAAAAA\n",
    "data:\n", "--token ", '"auth":"', "sk-", "$2", "@", 'key: "', "'", "kind: Secret data:\n  a: b\n",
)  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_no_text_takes_long_however_it_is_made(piece: str) -> None:
    """Four times the text takes about four times as long: nothing is quadratic."""
    took = []
    for amount in (50_000, 200_000):
        words = piece * (amount // len(piece))
        began = time.thread_time()
        redaction.text(words)
        took.append(time.thread_time() - began)
    assert took[1] < max(8 * took[0], 0.25), took
