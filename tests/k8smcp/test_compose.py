"""compose.yaml and the Dockerfile, as far as they can be read without running them: nothing in them is made up."""

import re
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from tests.k8smcp.commands import manage
from tests.portal import ROOT

TEXT = (ROOT / "compose.yaml").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
VARIABLE = re.compile(r"\$\{(\w+)(?::([?-])([^}]*))?\}")
GIVEN = {
    "POSTGRES_PASSWORD": "5f5f",
    "SECRET_KEY": "s" * 64,
    "KUBECONFIG": "/kubeconfig",
    "K8SMCP_ADMIN_PASSWORD": "a-long-enough-word",
}


def filled(value: str) -> str:
    """As compose does it, with nothing set but GIVEN."""
    return VARIABLE.sub(lambda found: GIVEN.get(found[1]) or (found[3] if found[2] == "-" else ""), value)


def test_there_are_two_web_processes_and_two_workers_on_postgresql_and_redis():
    commands = sorted(" ".join(service["command"]) for service in OURS.values())
    assert commands == ["agentworker --concurrency 16"] * 2 + ["start"] * 2 + ["start --prepare"]
    assert {name: SERVICES[name]["image"] for name in ("postgres", "redis")} == {
        "postgres": "postgres:16",
        "redis": "redis:7",
    }


@pytest.mark.parametrize("name", OURS)
def test_a_service_runs_a_command_that_exists_in_an_environment_that_passes_the_checks(name, tmp_path):
    service = OURS[name]
    assert service["command"][0] in get_commands()
    variables = {key: filled(value) for key, value in service["environment"].items()}
    done = manage(tmp_path, "check", **variables)
    assert "no issues" in done.stdout, done.stderr


def test_every_variable_is_one_that_the_portal_knows():
    known = (ROOT / "README.md").read_text() + (ROOT / "k8smcp" / "settings.py").read_text()
    named = {key for service in OURS.values() for key in service["environment"]}
    named |= {found[0] for found in VARIABLE.findall(TEXT)} - {"POSTGRES_PASSWORD"}
    assert {name for name in named if not re.search(rf"\b{name}\b", known)} == set()


def test_what_must_be_given_is_asked_for_with_a_sentence():
    asked = {name: sentence for name, kind, sentence in VARIABLE.findall(TEXT) if kind == "?"}
    assert asked.keys() == GIVEN.keys()
    for name, sentence in asked.items():
        assert re.fullmatch(rf"Set {name}[ ,].*\.", sentence)


def test_everybody_waits_for_what_they_need():
    for name, service in OURS.items():
        waits = {other: how["condition"] for other, how in service["depends_on"].items()}
        if name == "prepare":
            assert waits == {"postgres": "service_healthy"}
        else:
            assert waits == {"prepare": "service_completed_successfully", "redis": "service_healthy"}
    for name in ("web-1", "web-2"):
        assert "/readyz" in SERVICES[name]["healthcheck"]["test"][-1]
    assert "pg_isready" in SERVICES["postgres"]["healthcheck"]["test"]


def test_the_image_is_made_of_what_is_there_and_runs_as_nobody_special():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    copied = [word for line in lines if line.startswith("COPY") for word in line.split()[1:-1]]
    assert {"manage.py", "k8smcp", "chat", "tools", "templates", "static", "requirements.lock"} <= set(copied)
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert let_in == set(copied)
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert "USER portal" in lines
