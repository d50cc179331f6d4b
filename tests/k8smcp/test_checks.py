"""`manage.py check`: what cannot work is refused, what is doubtful is told."""

import pytest
from django.core.checks import Error, Warning

from k8smcp import checks
from tests.k8smcp.commands import manage


def test_without_any_variable_everything_is_fine(tmp_path):
    done = manage(tmp_path, "check")
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(("provider", "missing"), [("anthropic", "ANTHROPIC_API_KEY"), ("scripted", "K8SMCP_SCRIPT")])
def test_a_provider_without_what_it_needs_is_refused(settings, provider, missing):
    settings.K8SMCP_PROVIDER = provider
    settings.ANTHROPIC_API_KEY = settings.ANTHROPIC_BASE_URL = settings.K8SMCP_SCRIPT = ""
    found = checks.the_model_can_be_reached()
    assert [type(each) for each in found] == [Error]
    assert missing in found[0].msg


@pytest.mark.parametrize("given", ["ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"])
def test_a_key_or_an_address_is_enough(settings, given):
    settings.K8SMCP_PROVIDER = "anthropic"
    setattr(settings, given, "http://127.0.0.1:1")
    assert checks.the_model_can_be_reached() == []


def test_listening_to_other_machines_without_allowed_hosts_is_told(settings):
    settings.HOST = "0.0.0.0"
    assert [type(each) for each in checks.other_machines_are_let_in_on_purpose()] == [Warning]
    for own in ("127.0.0.1", "localhost", "::1"):
        settings.HOST = own
        assert checks.other_machines_are_let_in_on_purpose() == []


@pytest.mark.parametrize(
    ("name", "value", "accepts"),
    [
        ("PORT", "http", "whole number"),
        ("K8SMCP_PROVIDER", "openai", "anthropic or guide"),
        ("DATABASE_URL", "mysql://u@h/d", "postgres://"),
    ],
)
def test_nonsense_stops_every_command_with_one_sentence(tmp_path, name, value, accepts):
    done = manage(tmp_path, "check", **{name: value})
    assert done.returncode != 0
    told = done.stderr.strip()
    assert told.count("\n") == 0
    assert name in told
    assert accepts in told


def test_a_home_that_is_a_file_stops_every_command_with_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    done = manage(tmp_path, "check", K8SMCP_HOME=str(tmp_path / "file"))
    assert done.returncode != 0
    assert done.stderr.strip().count("\n") == 0
    assert "K8SMCP_HOME" in done.stderr
