"""The demo cluster answers as a recorded Kubernetes 1.36.2 API server did, but for what is listed with a reason."""

import json
import os
import sys
from pathlib import Path

import pytest

from tests.tools.demo.golden_replay import Replay
from tests.tools.demo.serving import served
from tools.demo.authentication import User
from tools.demo.bootstrap import bootstrap
from tools.demo.cluster import DemoCluster
from tools.demo.http import Receive, Scope, Send
from tools.demo.managed_fields import track
from tools.demo.server import Application, create_app
from tools.demo.store import Store

ROOT = Path(__file__).resolve().parents[3]
CORPUS = Path(os.environ.get("GOLDEN_CORPUS", ROOT.parent / "shared" / "kube" / "golden-1.36"))
EXPECTED = json.loads((Path(__file__).parent / "golden_expected.json").read_text())
USERS = {
    "fake-admin-token": User("admin", ("system:masters",), "u-admin"),
    "fake-viewer-token": User("viewer", ("viewers",), "u-viewer"),
    "fake-dev-token": User("dev", ("developers",), "u-dev"),
    "fake-portal-token": User("portal", ("portals",), "u-portal"),
}
pytestmark = [
    pytest.mark.golden,
    pytest.mark.skipif(
        not (CORPUS / "exchanges.jsonl").exists(),
        reason="No recorded answers: set GOLDEN_CORPUS to the folder that has exchanges.jsonl.",
    ),
]


def with_controllers(store: Store, cluster: DemoCluster) -> Application:
    """The API server with the cluster's controllers running in its event loop from the first request on."""
    application = create_app(store, cluster.logs, USERS)

    async def application_with_controllers(scope: Scope, receive: Receive, send: Send) -> None:
        cluster.start()
        await application(scope, receive, send)

    return application_with_controllers


@pytest.fixture(scope="module")
def differences() -> dict[str, list[str]]:
    """What differs, by exchange: phase `api` on an empty server, then phase `cluster` with controllers and nodes."""
    store = Store(seed=1, track=track)
    bootstrap(store)
    cluster = DemoCluster(store, {}, hasty=True, with_metrics=False)
    with served(lambda: create_app(store, cluster.logs, USERS)) as port:
        replay = Replay(port, CORPUS, patience=1.5)
        found = replay.play_all("api")
    store.compact()
    with served(lambda: with_controllers(store, DemoCluster.golden(store))) as port:
        replay.port, replay.patience = port, 15.0
        found |= replay.play_all("cluster")
    return found


def test_every_exchange_matches_or_is_known_not_to(
    differences: dict[str, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    known = EXPECTED["differ"]
    varying = EXPECTED["may_differ"]
    broken = {key: lines for key, lines in differences.items() if lines}
    news = [f"{key}: {lines[:3]}" for key, lines in broken.items() if key not in known and key not in varying]
    healed = [key for key in known if key not in broken]
    matching = len(differences) - len(broken)
    summary = f"{matching} of {len(differences)} exchanges match"
    with capsys.disabled():
        sys.stdout.write(f"\n{summary}\n")
    assert not news, f"{summary}; these no longer do:\n" + "\n".join(news)
    assert not healed, f"{summary}; take these off golden_expected.json, they match now: {healed}"


def test_the_expectation_names_only_recorded_exchanges_with_a_reason(differences: dict[str, list[str]]) -> None:
    listed = {**EXPECTED["differ"], **EXPECTED["may_differ"]}
    assert not listed.keys() - differences.keys()
    assert all(len(reason) > 10 for reason in listed.values())
