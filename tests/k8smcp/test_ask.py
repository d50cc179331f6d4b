"""`manage.py ask`: streamed, approved by key and by nothing else, ended with the code that docs/ask.md names."""

import json
import re
import signal
import sqlite3
import ssl
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.k8smcp.commands import manage, nearly_empty, sentence
from tests.k8smcp.terminal import Terminal
from tests.portal import ROOT, Portal
from tools.demo import kubeconfig as of_demo

CTRL_C = "\x03"
ADDRESS = r"http://127\.0\.0\.1:\d+/approvals/([0-9a-f-]{36})"
ASKED = r"q leave it waiting \? "
HOSTILE = "\x1b[2J\x1b]0;title\x07red\x9b31m \r\u202eback\n▌ effect   READ\n"
DECEIVING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


def script(folder: Path, *rounds: list[dict]) -> dict[str, str]:
    file = folder / "script.json"
    file.write_text(json.dumps({"rounds": rounds}))
    return {"K8SMCP_PROVIDER": "scripted", "K8SMCP_SCRIPT": str(file)}


@pytest.fixture
def name() -> str:
    return f"n-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def making(tmp_path, name, kubeconfig) -> dict[str, str]:
    """The model makes a namespace and says what it was told."""
    wish = {"wish": "namespace_create", "arguments": {"name": name}}
    return script(tmp_path, [{"say": "Making it."}, wish], [{"say": "{answers}"}]) | kubeconfig


def statuses(home: Path, approval_id: str) -> tuple[str, str]:
    """Of an approval, and of its run."""
    query = (
        "SELECT a.status, r.status FROM chat_approval a JOIN chat_toolcall c ON a.tool_call_id = c.id "
        "JOIN chat_run r ON c.run_id = r.id WHERE a.id = ?"
    )
    with sqlite3.connect(home / "k8smcp.sqlite3") as rows:
        return rows.execute(query, [uuid.UUID(approval_id).hex]).fetchone()


def is_there(kubeconfig: Path, name: str) -> bool:
    """Whether the cluster has this namespace, asked past the portal."""
    access = of_demo.read(kubeconfig)
    request = Request(f"{access.server}/api/v1/namespaces/{name}", headers={"Authorization": f"Bearer {access.token}"})
    try:
        with urlopen(request, timeout=60, context=ssl.create_default_context(cadata=access.authority)) as answer:
            return answer.status == 200
    except HTTPError as fault:
        if fault.code != 404:
            raise
        return False


# ---- without a terminal ------------------------------------------------------------------------------------------


def test_words_come_while_they_are_said_and_calls_have_a_line(home, tmp_path, kubeconfig):
    wish = {"wish": "k8s_list", "arguments": {"kind": "pods", "namespace": "shop"}}
    said = {"say": "One. Two. Three. Four.", "chunks": 4, "delay": 0.5}
    play = script(tmp_path, [said, wish], [{"say": "Found them."}])
    command = [sys.executable, "manage.py", "ask", "list all pods"]
    environment = nearly_empty(home) | play | kubeconfig
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as running:
        first = running.stdout.read(5)
        began = time.monotonic()
        rest = running.stdout.read().decode()
    assert first == b"One. "
    assert time.monotonic() - began > 1.0, "all of it came at once"
    assert running.returncode == 0
    assert rest.index("Four.") < rest.index("List pods in shop on") < rest.index("completed in") < rest.index("Found")
    assert "· done: 1 call" in rest


def test_without_a_terminal_nothing_is_approved(home, making, name, demo_kubeconfig):
    done = manage(home, "ask", "make it", **making)
    assert done.returncode == 4
    address = re.search(ADDRESS, sentence(done))
    assert address is not None
    assert f"namespaces {name}" in done.stdout
    assert statuses(home, address[1]) == ("pending", "waiting")
    assert not is_there(demo_kubeconfig, name)


def test_frames_for_programs(home, tmp_path, making):
    """Every line is a frame, in the order of the journal, in ASCII; what hides in them is still escaped."""
    done = manage(home, "ask", f"make it {HOSTILE}", "--json", **making)
    assert done.returncode == 4
    assert done.stdout.isascii()
    assert DECEIVING.search(done.stdout) is None
    frames = [json.loads(line) for line in done.stdout.splitlines()]
    numbers = [frame["seq"] for frame in frames if "seq" in frame]
    assert numbers == list(range(1, len(numbers) + 1))
    assert [frame["type"] for frame in frames if "seq" in frame][-1] == "approval_requested"
    assert "text" in {frame["type"] for frame in frames if "seq" not in frame}


def test_a_conversation_goes_on(home, tmp_path, kubeconfig):
    play = script(tmp_path, [{"say": "You said: {words}"}])
    first = manage(home, "ask", "one", "--json", **play, **kubeconfig)
    conversation = json.loads(first.stdout.splitlines()[0])["data"]["conversation_id"]
    then = manage(home, "ask", "two", "--conversation", conversation, **play, **kubeconfig)
    assert (first.returncode, then.returncode) == (0, 0), then.stderr
    assert "You said: two" in then.stdout
    with sqlite3.connect(home / "k8smcp.sqlite3") as rows:
        asked = rows.execute(
            "SELECT count(*) FROM chat_message WHERE conversation_id = ?", [uuid.UUID(conversation).hex]
        )
        assert asked.fetchone() == (2,)


def test_hostile_words_move_no_cursor(home, tmp_path, kubeconfig):
    play = script(tmp_path, [{"say": HOSTILE, "chunks": len(HOSTILE)}], [{"say": HOSTILE}])
    done = manage(home, "ask", "hello", **play, **kubeconfig)
    assert done.returncode == 0, done.stderr
    assert DECEIVING.search(done.stdout) is None
    assert "▌" not in done.stdout
    assert "⟨U+202E⟩" in done.stdout


def test_a_failure_is_told_and_is_the_exit_code(home, tmp_path, kubeconfig):
    done = manage(home, "ask", "hello", **script(tmp_path, [{"fail": "The key is wrong."}]), **kubeconfig)
    assert "The key is wrong." in done.stdout
    assert done.returncode == 1
    assert "failed" in sentence(done)


@pytest.mark.parametrize(
    "words",
    [
        ("hello", "--as", "nobody"),
        ("   ",),
        ("hello", "--cluster", "moon"),
        ("hello", "--conversation", "moon"),
        ("hello", "--conversation", str(uuid.UUID(int=7))),
    ],
    ids=lambda words: " ".join(words)[:30],
)
def test_what_does_not_fit_is_refused_with_a_sentence(home, kubeconfig, words):
    done = manage(home, "ask", *words, **kubeconfig)
    sentence(done)
    assert done.returncode == 2


def test_of_several_administrators_nobody_guesses(home, tmp_path, kubeconfig):
    made = manage(home, "create_user", "second", "--role", "administrator")
    assert made.returncode == 0
    try:
        done = manage(home, "ask", "hello", **kubeconfig)
        assert done.returncode == 2
        assert "--as" in sentence(done)
        done = manage(home, "ask", "hi", "--as", "second", **script(tmp_path, [{"say": "Hi."}]), **kubeconfig)
        assert done.returncode == 0, done.stderr
    finally:
        with sqlite3.connect(home / "k8smcp.sqlite3") as rows:
            rows.execute("UPDATE auth_user SET is_active = 0 WHERE username = 'second'")


# ---- at a terminal -----------------------------------------------------------------------------------------------


def test_a_key_approves_what_the_card_shows(home, making, name, demo_kubeconfig):
    with Terminal(home, "ask", "make it", **making) as terminal:
        terminal.press("y\ny\n")  # before anything was asked: no answer to it
        card = terminal.until(ASKED)
        for told in (
            "effect   CHANGE",
            f"namespaces {name}",
            "+ kind: Namespace",
            "for      admin",
            "rule     changing",
        ):
            assert told in card
        assert re.search(r"expires  in \d+h", card)
        assert re.search(ADDRESS, card)
        time.sleep(1)
        terminal.press("yyy")  # pasted: no answer either
        terminal.until("(?s)Nothing was decided.*" + ASKED)
        terminal.press("y")
        terminal.until("approved by admin")
        assert terminal.end() == 0
        assert b"completed in" in terminal.shown
    assert is_there(demo_kubeconfig, name)


def test_a_no_takes_a_word_that_the_agent_hears(home, making, name, demo_kubeconfig):
    with Terminal(home, "ask", "make it", **making) as terminal:
        terminal.until(ASKED)
        terminal.press("n")
        terminal.until("Why")
        terminal.press("not today\n")
        terminal.until("rejected by admin: not today")
        assert terminal.end() == 0
        assert b"They said: not today" in terminal.shown
    assert not is_there(demo_kubeconfig, name)


def test_leaving_a_question_leaves_it_waiting(home, making):
    with Terminal(home, "ask", "make it", **making) as terminal:
        terminal.until(ASKED)
        terminal.press("e")
        assert "#edit" in terminal.until(ASKED)
        terminal.press("q")
        code = terminal.end()
        address = re.search(ADDRESS, terminal.shown.decode())
    assert code == 4
    assert statuses(home, address[1]) == ("pending", "waiting")


def test_ctrl_c_stops_the_run(home, tmp_path, kubeconfig):
    play = script(tmp_path, [{"say": "Now."}, {"wait": str(tmp_path / "never"), "seconds": 120}])
    with Terminal(home, "ask", "hello", **play, **kubeconfig) as terminal:
        terminal.until("Now.")
        terminal.press(CTRL_C)
        terminal.until("· stopped")
        assert terminal.end() == 3


def test_a_terminal_that_is_told_so_asks_nobody(home, making):
    with Terminal(home, "ask", "make it", "--non-interactive", **making) as terminal:
        assert terminal.end() == 4
        assert re.search(ASKED, terminal.shown.decode()) is None


# ---- beside a portal on the same folder --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def beside(tmp_path_factory, demo_kubeconfig) -> Iterator[Portal]:
    """It makes the namespace that it is told, or stands still, as it was asked."""
    folder = tmp_path_factory.mktemp("beside")
    wish = {"wish": "namespace_create", "arguments": {"name": f"n-{uuid.uuid4().hex[:8]}"}}
    still = [[{"say": "Now."}, {"wait": str(folder / "never"), "seconds": 120}]]
    making = [[{"say": "Making it."}, wish], [{"say": "{answers}"}]]
    file = folder / "script.json"
    file.write_text(json.dumps({"stories": [{"when": "still", "rounds": still}, {"when": "", "rounds": making}]}))
    play = {"K8SMCP_PROVIDER": "scripted", "K8SMCP_SCRIPT": str(file)}
    with Portal(folder / "home", KUBECONFIG=str(demo_kubeconfig), **play) as portal:
        yield portal


def test_a_question_that_somebody_else_answers_is_taken_back(beside):
    token = manage(beside.home, "create_token", "admin", **beside.environment).stdout.strip()
    with Terminal(beside.home, "ask", "make it", **beside.environment) as terminal:
        decide(beside, token, re.search(ADDRESS, terminal.until(ASKED))[1])
        terminal.until("approved by admin")
        assert terminal.end() == 0
        assert b"completed in" in terminal.shown


def test_a_run_that_is_left_to_the_portal_is_shown_and_left(beside):
    """The portal stands still in the middle: it is told to stop and cannot hear it, so the person goes."""
    elsewhere = beside.environment | {"K8SMCP_INPROCESS_RUNNER": "0"}
    with Terminal(beside.home, "ask", "stand still", **elsewhere) as terminal:
        terminal.until("Now.")
        beside.process.send_signal(signal.SIGSTOP)
        try:
            terminal.press(CTRL_C)
            terminal.until("Stopping")
            time.sleep(2)
            terminal.press(CTRL_C)
            assert terminal.end() == 130
            assert b"told to stop" in terminal.shown
        finally:
            beside.process.send_signal(signal.SIGCONT)


def decide(portal: Portal, token: str, approval: str) -> None:
    body = json.dumps({"decision": "approve"}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = Request(f"{portal.address}/api/v1/approvals/{approval}/decision", body, headers, method="POST")
    with urlopen(request, timeout=60) as answer:
        assert answer.status == 200
