"""`manage.py check`: what cannot work is refused, what is doubtful is told."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks import Error, Warning

from k8smcp import checks, daphne_bounds, mounts
from tests.k8smcp.commands import manage, sentence
from tests.portal import ROOT, free_port
from tools.servers.programs import Program


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


def test_a_program_of_mcp_that_cannot_be_found_is_told(settings):
    here, gone = Program("here", (sys.executable, "-V")), Program("gone", ("/no/such/program", "--key=tr0ub4dor"))
    settings.K8SMCP_MCP_PROGRAMS = {"here": here}
    assert checks.programs_of_mcp_are_there() == []
    settings.K8SMCP_MCP_PROGRAMS = {"here": here, "gone": gone}
    found = checks.programs_of_mcp_are_there()
    assert [type(each) for each in found] == [Warning]
    assert '"gone"' in found[0].msg
    assert "tr0ub4dor" not in str(found)


def test_programs_of_mcp_that_make_no_sense_stop_the_start(tmp_path):
    done = manage(tmp_path, "check", K8SMCP_MCP_PROGRAMS='{"files": "rm -rf /"}')
    assert done.returncode != 0
    assert "K8SMCP_MCP_PROGRAMS accepts JSON" in sentence(done)


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


# ---- SQLite on a drive that other machines have ------------------------------------------------------------------

TABLE = """\
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 27 0:40 / /srv rw,relatime shared:1 - nfs4 files:/srv rw
31 30 254:1 / /srv/local rw,relatime master:2 - xfs /dev/vdb rw
32 27 0:41 / /mnt/with\\040space rw - fuse.sshfs me@there:/ rw
33 27 0:42 / /mnt/hidden rw - cifs //server/share rw
34 33 254:2 / /mnt/hidden rw - ext4 /dev/vdc rw
"""


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("/srv/portal/k8smcp.sqlite3", "nfs4"),
        ("/mnt/with space/k8smcp.sqlite3", "fuse.sshfs"),
        ("/srv/local/k8smcp.sqlite3", None),
        ("/srv-of-another-name/k8smcp.sqlite3", None),
        ("/mnt/hidden/k8smcp.sqlite3", None),
        ("/var/lib/k8smcp.sqlite3", None),
    ],
)
def test_a_network_drive_is_known_by_the_deepest_mount(file, kind):
    found = mounts.network_drive(Path(file), TABLE)
    assert (found and found.kind) == kind


def test_the_root_of_a_sandbox_is_no_network_drive():
    assert mounts.network_drive(Path("/k8smcp.sqlite3"), "1 0 0:1 / / rw - 9p none rw\n") is None
    assert mounts.network_drive(Path("/c/k8smcp.sqlite3"), "1 0 0:1 / /c rw - 9p C: rw\n") is not None


def test_sqlite_on_a_network_drive_is_refused(settings, monkeypatch, tmp_path):
    place = tmp_path.resolve()
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.sqlite3")
    monkeypatch.setitem(settings.DATABASES["default"], "NAME", str(place / "k8smcp.sqlite3"))
    table = tmp_path / "mountinfo"
    monkeypatch.setattr(mounts, "TABLE", table)
    table.write_text(f"1 0 0:1 / {place} rw - nfs4 files:/ rw\n")
    (found,) = checks.sqlite_is_on_a_drive_of_this_machine()
    assert isinstance(found, Error)
    assert f"nfs4 at {place}" in found.msg
    assert "K8SMCP_HOME" in found.msg
    table.write_text(f"1 0 0:1 / {place} rw - ext4 /dev/vda rw\n")
    assert checks.sqlite_is_on_a_drive_of_this_machine() == []
    table.unlink()
    assert checks.sqlite_is_on_a_drive_of_this_machine() == []


# ---- several processes -------------------------------------------------------------------------------------------

SERVICES = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1"}


def test_several_machines_with_a_key_each_are_told(tmp_path):
    assert "SECRET_KEY" in manage(tmp_path, "check", **SERVICES).stderr
    fine = manage(tmp_path, "check", SECRET_KEY="x" * 50, **SERVICES)
    assert "no issues" in fine.stdout


def test_one_machine_may_keep_the_key_it_made(tmp_path):
    assert "no issues" in manage(tmp_path, "check", DATABASE_URL=SERVICES["DATABASE_URL"]).stdout


# ---- production --------------------------------------------------------------------------------------------------


def test_a_deployment_is_told_only_what_its_operator_can_change(tmp_path):
    open_to_all = manage(tmp_path, "check", "--deploy")
    assert open_to_all.stderr.count("WARNINGS") == 1
    assert "1 issue" in open_to_all.stderr
    assert "CSRF_TRUSTED_ORIGINS" in open_to_all.stderr
    fine = manage(tmp_path, "check", "--deploy", CSRF_TRUSTED_ORIGINS="https://portal.example.com")
    assert "no issues" in fine.stdout


def test_behind_tls_cookies_are_sent_through_tls_alone(tmp_path):
    code = "from django.conf import settings; print(settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE)"
    for origins, secure in (("https://a.example", True), ("https://a.example,http://b.example", False), ("", False)):
        done = manage(tmp_path, "shell", "-v", "0", "-c", code, CSRF_TRUSTED_ORIGINS=origins)
        assert done.stdout.split() == [str(secure)] * 2


def test_runserver_is_refused_in_production(tmp_path):
    assert sentence(manage(tmp_path, "runserver", "--noreload", str(free_port()))).endswith(daphne_bounds.REFUSAL)


def daphne(home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "K8SMCP_HOME": str(home), "PYTHONWARNINGS": "ignore"}
    # A port that cannot be had: a daphne that is let in says so, and one that is refused never gets there.
    command = [sys.executable, "-m", "daphne", "-b", "256.0.0.1", "-p", "1", "k8smcp.asgi:application"]
    return subprocess.run(
        command, cwd=ROOT, env=environment | variables, capture_output=True, text=True, timeout=60, check=False
    )


def test_daphne_is_refused_in_production(tmp_path):
    assert sentence(daphne(tmp_path)) == daphne_bounds.REFUSAL


def test_a_worker_without_redis_says_that_it_is_seen_late(tmp_path):
    assert manage(tmp_path, "start", "--prepare", K8SMCP_DEMO="0").returncode == 0
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "K8SMCP_HOME": str(tmp_path)}
    command = [sys.executable, "manage.py", "agentworker"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as worker:
        assert "REDIS_URL" in worker.stderr.readline()
        worker.kill()


def test_a_credentials_key_that_is_none_is_told_at_the_start(tmp_path):
    done = manage(tmp_path, "check", K8SMCP_CREDENTIALS_KEY="hunter2")
    assert done.returncode != 0
    assert "K8SMCP_CREDENTIALS_KEY" in done.stderr
    assert "hunter2" not in done.stderr
    wrong = manage(tmp_path, "check", K8SMCP_KUBECONFIG_ALLOW="exec")
    assert "K8SMCP_KUBECONFIG_ALLOW" in wrong.stderr
    assert "proxy-url, insecure, files, loopback" in wrong.stderr
