"""The demo cluster's journal of requests: what was asked, by whom, and whether it could change anything."""

import json
import ssl
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from tests.portal import ROOT
from tools.demo import kubeconfig


@pytest.fixture
def cluster(tmp_path):
    command = [sys.executable, "-m", "tools.demo", "--home", str(tmp_path), "--journal", str(tmp_path / "journal")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    yield kubeconfig.read(tmp_path / kubeconfig.FILE_NAME)
    process.terminate()
    process.wait(10)
    process.stdout.close()


def create(access, name: str, query: str) -> int:
    headers = {"Authorization": f"Bearer {access.token}", "Content-Type": "application/json", "User-Agent": "me"}
    body = json.dumps({"metadata": {"name": name}}).encode()
    request = urllib.request.Request(access.server + "/api/v1/namespaces" + query, body, headers, method="POST")
    context = ssl.create_default_context(cadata=access.authority)
    try:
        with urllib.request.urlopen(request, context=context) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_each_request_is_one_line_that_tells_a_rehearsal_from_a_change(cluster, tmp_path):
    assert create(cluster, "one", "?dryRun=All&fieldManager=f") == 201
    assert create(cluster, "one", "?fieldManager=f") == 201
    assert create(cluster, "one", "") == 409
    lines = [json.loads(line) for line in (tmp_path / "journal").read_text().splitlines()]
    assert [(each["name"], each["dry_run"], each["status"], each["field_manager"]) for each in lines] == [
        ("one", True, 201, "f"),
        ("one", False, 201, "f"),
        ("one", False, 409, ""),
    ]
    assert {each["user_agent"] for each in lines} == {"me"}
    assert len({each["sha256"] for each in lines}) == 1
