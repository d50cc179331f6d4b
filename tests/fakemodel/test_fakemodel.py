"""The fake in a process of its own, as journeys and benchmarks use it."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chat.agent.errors import ModelError
from chat.agent.limits import Limits
from chat.agent.loop import run
from chat.agent.providers.anthropic.provider import Anthropic
from tests.chat.agent.stage import Recorder, ask

ROOT = Path(__file__).parents[2]


@contextmanager
def fake(*words: str) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fakemodel", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
    assert process.returncode == 0


async def played(url: str, words: str, key: str = "any") -> Recorder:
    stage = Recorder()
    provider = Anthropic(model="m", api_key=key, base_url=url)
    try:
        await run(ask(words), provider, stage, Limits())
    finally:
        await provider.aclose()
    return stage


def said(stage: Recorder) -> str:
    """All the words of both rounds, in however many pieces they came: what arrives together is one."""
    return "".join(text for (text,) in stage.of("text_delta"))


def words(count: int) -> str:
    return "".join(f"word{number:05} " for number in range(count))


async def test_the_echo_calls_a_tool_and_then_talks_at_its_pace():
    with fake("--chunks", "11", "--rate", "100", "--tool", "k8s_list", "--arguments", '{"kind": "pods"}') as url:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
        begun = time.monotonic()
        stage = await played(url, "list all pods")
        took = time.monotonic() - begun
    assert stage.of("perform") == [(("k8s_list",),)]
    assert said(stage) == "I will look." + words(11)
    assert took >= 0.2  # some twenty events at a hundred a second


async def test_a_persons_words_may_set_the_echo():
    with fake() as url:
        stage = await played(url, 'chunks=7 think=1 tool=k8s_get arguments={"kind": "node", "name": "n1"}')
    assert stage.of("thinking_end") != []
    assert stage.of("perform") == [(("k8s_get",),)]
    assert said(stage) == "I will look." + words(7)


async def test_a_script_file_is_played_and_each_request_is_kept(tmp_path: Path):
    script, journal = tmp_path / "script.json", tmp_path / "journal"
    script.write_text(json.dumps({
        "stories": [{"when": "pods", "rounds": [{"blocks": [{"tool": "k8s_list"}]}, {"blocks": [{"text": "Three."}]}]}],
        "rounds": [{"blocks": [{"text": "Hello."}]}],
    }))  # fmt: skip
    with fake("--script", str(script), "--journal", str(journal), "--key", "secret") as url:
        assert (await played(url, "list pods", "secret")).text == "Three."
        assert (await played(url, "hi", "secret")).text == "Hello."
        with pytest.raises(ModelError, match="refused the key"):
            await played(url, "hi", "wrong")
    kept = [json.loads(line) for line in journal.read_text().splitlines()]
    assert [(entry["credential"], entry["key"]) for entry in kept] == [("bearer", "secret")] * 3 + [("bearer", "wrong")]
    assert kept[1]["body"]["messages"][-1]["content"][0]["type"] == "tool_result"
