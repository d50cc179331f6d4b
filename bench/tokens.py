"""What answers cost a model: schemas and the answers to twenty everyday questions, beside a peer's and kubectl's.

The same demo cluster answers all three. Tokens are those of o200k_base when `rs_bpe` can be imported (it brings its
vocabulary along), else our own estimate; which, is told.
"""

import contextlib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import django

from bench import peer
from bench.questions import QUESTIONS, Call, Question

KUBECTL = os.environ.get("BENCH_KUBECTL", "kubectl")
Count = Callable[[str], int]
Answer = Callable[[Question], Awaitable[str]]


async def measure() -> dict[str, Any]:
    async with _demo() as kubeconfig:
        tokenizer, count = _tokenizer()
        parties: dict[str, dict[str, Any]] = {
            "ours": await _party(_ours(kubeconfig), count, _schemas()),
            "kubectl": await _party(_kubectl(kubeconfig), count, ""),
        }
        if program := peer.program():
            async with _peer(program, kubeconfig) as (answer, schemas):
                parties["peer"] = await _party(answer, count, schemas)
    return _told(tokenizer, parties, count)


def _told(tokenizer: str, parties: dict[str, dict[str, Any]], count: Count) -> dict[str, Any]:
    ours, theirs = parties["ours"], parties.get("peer")
    sums = {name: party["schemas"] + party["answers"] for name, party in parties.items()}
    ratio = round(sums["ours"] / sums["peer"], 3) if theirs else None
    return {
        "tokenizer": tokenizer,
        "questions": len(QUESTIONS),
        "peer_program": peer.PACKAGE if theirs else None,
        **parties,
        "all_schemas": count(_schemas(every=True)),
        "bytes_a_token": ours["bytes_a_token"],
        "ratio": ratio,
        "ratio_answers": round(ours["answers"] / theirs["answers"], 3) if theirs else None,
        "ratio_kubectl": round(ours["answers"] / parties["kubectl"]["answers"], 3),
        "goal": "always-loaded schemas <= 3000 tokens; with the answers at most half of the peer's, all facts there",
        "met": ratio is not None and ratio <= 0.5 and not ours["missing"] and ours["schemas"] <= 3000,
    }


async def _party(answer: Answer, count: Count, schemas: str) -> dict[str, Any]:
    """Tokens of its schemas and its answers, and which facts of which question those lack."""
    answers = {question.words: await answer(question) for question in QUESTIONS}
    told = {words: count(text) for words, text in answers.items()}
    lacking = {
        question.words: missing
        for question in QUESTIONS
        if (missing := [fact for fact in question.facts if fact.lower() not in answers[question.words].lower()])
    }
    size = sum(len(text.encode()) for text in answers.values())
    total = sum(told.values())
    return {
        "schemas": count(schemas),
        "answers": total,
        "by_question": told,
        "missing": lacking,
        "bytes_a_token": round(size / total, 2),
    }


def _tokenizer() -> tuple[str, Count]:
    try:
        from rs_bpe.bpe import openai
    except ImportError:
        from chat.agent.tokens import BYTES_A_TOKEN, estimated

        return f"estimate: {BYTES_A_TOKEN} bytes a token", estimated
    return "o200k_base", openai.o200k_base().count


@contextlib.asynccontextmanager
async def _demo() -> AsyncIterator[Path]:
    with tempfile.TemporaryDirectory(prefix="k8smcp-bench-") as home:
        os.environ["DJANGO_SETTINGS_MODULE"], os.environ["K8SMCP_HOME"] = "k8smcp.settings", home
        django.setup()
        from channels.db import database_sync_to_async
        from django.core.management import call_command

        from tools.demo import process

        await database_sync_to_async(call_command)("migrate", verbosity=0)
        kubeconfig = await database_sync_to_async(process.ensure_running)(Path(home))
        try:
            yield kubeconfig
        finally:
            process.end(Path(home))


# ---- ours --------------------------------------------------------------------------------------------------------


def _schemas(*, every: bool = False) -> str:
    """As a request lists them."""
    from chat.agent import deferral
    from chat.agent.ports import ToolOffer
    from tools import registry

    tools = registry.all_tools()
    offers = [ToolOffer(tool.name, tool.description, tool.input_schema(), not (tool.core or every)) for tool in tools]
    listed = deferral.loaded(offers)
    return _compact([[offer.name, offer.description, offer.input_schema] for offer in listed]) + deferral.named(offers)


def _ours(kubeconfig: Path) -> Answer:
    """What a model is given of each result."""
    from channels.db import database_sync_to_async

    from chat import given
    from chat.agent.diet import sent
    from tools import clusters, registry, toolbox
    from tools.identity import Acting
    from tools.kube.guard import Permit

    async def call(tool_name: str, arguments: dict[str, Any]) -> str:
        tool = registry.find(tool_name)
        permit = Permit("bench", cluster.name, tool.effect)
        outcome = await toolbox.run(tool, toolbox.parse(tool, arguments), cluster.name, permit, acting)
        if outcome.status != "completed":
            raise RuntimeError(f"{tool_name} {arguments}: {outcome.text}")
        return sent(given.answer("call_" + "0" * 32, tool_name, outcome.text))

    async def answer(question: Question) -> str:
        nonlocal cluster
        cluster = cluster or (await database_sync_to_async(clusters.register)(kubeconfig, is_demo=True))[0]
        calls = _with_pods(question.ours, kubeconfig)
        return "\n".join([await call(name, arguments) for name, arguments in calls])

    cluster: Any = None
    acting = Acting("bench", frozenset({"administrator"}))
    return answer


# ---- kubectl -----------------------------------------------------------------------------------------------------


def _kubectl(kubeconfig: Path) -> Answer:
    async def answer(question: Question) -> str:
        lines = _with_pods(question.kubectl, kubeconfig)
        return "\n".join(_run(kubeconfig, *line.split()) for line in lines)

    return answer


def _run(kubeconfig: Path, *words: str) -> str:
    done = subprocess.run(
        [KUBECTL, "--kubeconfig", str(kubeconfig), *words], capture_output=True, text=True, check=True
    )
    return done.stdout


def _with_pods(calls: Sequence[Any], kubeconfig: Path) -> Any:
    """With the names of pods for `{app}`."""

    def name(match: re.Match[str]) -> str:
        label = "job-name" if match[1] == "settlement" else "app"
        place = "payments" if match[1] in ("settlement", "fraud-model") else "shop"
        query = ("get", "pods", "-n", place, "-l", f"{label}={match[1]}", "-o", "name")
        return _run(kubeconfig, *query).split()[0].removeprefix("pod/")

    return json.loads(re.sub(r"\{([a-z-]+)\}", name, json.dumps(list(calls))))


# ---- the peer ----------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def _peer(program: str, kubeconfig: Path) -> AsyncIterator[tuple[Answer, str]]:
    async with peer.connected(program, kubeconfig) as client:
        listed = (await client.list_tools()).tools
        schemas = _compact([[tool.name, tool.description, tool.input_schema] for tool in listed])

        async def answer(question: Question) -> str:
            calls: Sequence[Call] = _with_pods(question.peer, kubeconfig)
            return "\n".join([await peer.called(client, name, arguments) for name, arguments in calls])

        yield answer, schemas


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
