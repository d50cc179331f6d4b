"""`start` and the commands of the contract, as people type them."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.k8smcp.commands import manage, sentence
from tests.portal import ROOT, Portal, free_port, say, until


@pytest.fixture
def nowhere(tmp_path) -> dict[str, str]:
    """A kubeconfig whose cluster does not answer."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    cluster = {"name": "gone", "cluster": {"server": f"http://127.0.0.1:{port}"}}
    context = {"name": "gone", "context": {"cluster": "gone", "user": "me"}}
    file = tmp_path / "gone.yaml"
    users = [{"name": "me", "user": {"token": "t"}}]
    file.write_text(yaml.safe_dump({"clusters": [cluster], "contexts": [context], "users": users}))
    return {"KUBECONFIG": str(file)}


# ---- starts that are refused -------------------------------------------------------------------------------------


def test_a_taken_port_is_a_sentence(tmp_path, nowhere):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        told = sentence(manage(tmp_path, "start", PORT=port, **nowhere))
    assert port in told
    assert "PORT" in told


@pytest.mark.parametrize("content", [None, "", "{", "just text", "clusters: 5", "[]", "contexts: []"], ids=range(7))
def test_a_wrong_kubeconfig_is_a_sentence(tmp_path, content):
    file = tmp_path / "kubeconfig.yaml"
    if content is not None:
        file.write_text(content)
    told = sentence(manage(tmp_path, "start", "--prepare", KUBECONFIG=str(file)))
    assert "KUBECONFIG" in told


def test_a_database_that_cannot_be_opened_is_a_sentence(tmp_path, nowhere):
    url = f"sqlite:///{tmp_path}/not/there/db.sqlite3"
    assert "DATABASE_URL" in sentence(manage(tmp_path, "start", "--prepare", DATABASE_URL=url, **nowhere))


@pytest.mark.parametrize("password", ["abc12", "password", "12345678"])
def test_a_weak_password_is_a_sentence(tmp_path, nowhere, password):
    told = sentence(manage(tmp_path, "start", "--prepare", K8SMCP_ADMIN_PASSWORD=password, **nowhere))
    assert "K8SMCP_ADMIN_PASSWORD" in told
    assert password not in told or password == "password"


def test_several_workers_need_redis(tmp_path, nowhere):
    assert "REDIS_URL" in sentence(manage(tmp_path, "start", "--workers", "2", **nowhere))


# ---- starts that work --------------------------------------------------------------------------------------------


def test_a_given_password_is_the_way_in_and_no_link_is_printed(tmp_path, nowhere):
    done = manage(tmp_path, "start", "--prepare", K8SMCP_ADMIN_PASSWORD="a-long-enough-word", **nowhere)
    assert done.returncode == 0, done.stderr
    assert "/sign-in/" not in done.stdout
    assert "admin" in done.stdout
    assert "a-long-enough-word" not in done.stdout
    again = manage(tmp_path, "start", "--prepare", **nowhere)
    assert "/sign-in/" not in again.stdout


def test_the_secrets_of_the_home_are_for_its_owner_alone(tmp_path, nowhere):
    home = tmp_path / "home"
    assert manage(tmp_path, "start", "--prepare", K8SMCP_HOME=str(home), **nowhere).returncode == 0
    assert home.stat().st_mode & 0o077 == 0
    assert (home / "secret-key").stat().st_mode & 0o077 == 0
    kept = (home / "secret-key").read_text()
    assert manage(tmp_path, "check", K8SMCP_HOME=str(home)).returncode == 0
    assert (home / "secret-key").read_text() == kept
    assert len(kept) >= 50


async def test_without_a_reachable_cluster_the_portal_starts_and_tools_say_so(tmp_path, nowhere):
    script = tmp_path / "script.json"
    script.write_text(
        json.dumps({"rounds": [[{"wish": "k8s_list", "arguments": {"kind": "pods"}}], [{"say": "{answers}"}]]})
    )
    with Portal(tmp_path / "home", K8SMCP_PROVIDER="scripted", K8SMCP_SCRIPT=str(script), **nowhere) as portal:
        portal.sign_in()
        async with portal.connect() as wire:
            await say(wire, type="send", text="list all pods")
            complete = (await until(wire, "complete"))["data"]
        assert [call["status"] for call in complete["tool_calls"]] == ["failed"]
        assert "gone" in complete["message"]
        assert complete["outcome"] == "done"
        assert json.loads(portal.page("/api/health"))["status"] == "ok"


# ---- people and tokens -------------------------------------------------------------------------------------------


def test_create_user_and_create_token(home):
    made = manage(
        home, "create_user", "olga", "--role", "operator", "--password-env", "WORD", WORD="a-long-enough-word"
    )
    assert made.stdout.strip() == "olga is operator."
    token = manage(home, "create_token", "olga")
    assert token.stdout.startswith("k8smcp_")
    assert token.stdout.count("\n") == 1
    assert token.stdout.strip().isascii()
    assert " " not in token.stdout
    with sqlite3.connect(home / "k8smcp.sqlite3") as rows:
        kept = rows.execute("SELECT digest, scope FROM chat_accesstoken").fetchall()
    assert [scope for _, scope in kept] == ["approve"]
    assert token.stdout.strip() not in kept[0]


@pytest.mark.parametrize(
    "words",
    [
        ("create_user", ""),
        ("create_user", "a b<c>"),
        ("create_user", "x" * 151),
        ("create_user", "admin"),
        ("create_user", "eve", "--password-env", "NOT_SET"),
        ("create_token", "nobody"),
        ("create_token", "admin", "--days", "0"),
        ("create_token", "admin", "--days", "99999999"),
    ],
    ids=lambda words: " ".join(words)[:30],
)
def test_what_does_not_fit_is_a_sentence(home, words):
    sentence(manage(home, *words))


def test_a_command_before_the_first_start_says_what_to_do(tmp_path):
    done = manage(tmp_path, "create_token", "admin")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "start --prepare" in done.stderr


# ---- the demo cluster alone --------------------------------------------------------------------------------------


def test_demo_cluster_prints_the_path_of_its_kubeconfig_and_serves(tmp_path):
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "K8SMCP_HOME": str(tmp_path),
        "PYTHONWARNINGS": "ignore",
    }
    command = [sys.executable, "manage.py", "demo_cluster", "--port", str(free_port())]
    with subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True) as serving:
        try:
            path = Path(serving.stdout.readline().strip())
            assert path == tmp_path / "demo-kubeconfig.yaml"
            done = manage(tmp_path / "portal", "start", "--prepare", KUBECONFIG=str(path))
            assert done.returncode == 0, done.stderr
            told = manage(tmp_path / "portal", "ask", "list namespaces", KUBECONFIG=str(path))
            assert "payments" in told.stdout
        finally:
            serving.terminate()
            serving.wait(20)
