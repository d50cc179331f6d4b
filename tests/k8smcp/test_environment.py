"""Every variable: what it means, that an empty one is unset, and that nonsense is one sentence that names it."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from k8smcp.environment import Environment


def env(**variables: str) -> Environment:
    return Environment(variables)


def refused(name: str, accepts: str, read) -> None:
    with pytest.raises(ImproperlyConfigured) as fault:
        read()
    told = str(fault.value)
    assert told.startswith(name)
    assert accepts in told
    assert told.endswith(".")
    assert "\n" not in told


@pytest.mark.parametrize("value", ["2", "maybe", "-1", "yesno", "None"])
def test_a_switch_accepts_1_or_0(value):
    refused("K8SMCP_READ_ONLY", "1 or 0", lambda: env(K8SMCP_READ_ONLY=value).switch("K8SMCP_READ_ONLY", False))


@pytest.mark.parametrize(("value", "read"), [("1", True), ("true", True), ("ON", True), ("0", False), (" no ", False)])
def test_a_switch_is_read_as_people_write_it(value, read):
    assert env(K8SMCP_DEMO=value).optional_switch("K8SMCP_DEMO") is read


def test_an_empty_variable_is_unset():
    empty = env(A="", B="  ")
    assert empty.switch("A", True) is True
    assert empty.optional_switch("B") is None
    assert empty.number("A", 7, least=1, most=9) == 7
    assert empty.words("B") == []
    assert empty.text("A", "default") == "default"
    assert empty.choice("A", ("x",)) == ""


@pytest.mark.parametrize("value", ["0", "65536", "-1", "80.5", "http", "1e3", "٣", "9" * 5000, "0x50"])
def test_a_number_accepts_its_range(value):
    refused("PORT", "from 1 to 65535", lambda: env(PORT=value).number("PORT", 8000, least=1, most=65535))


@pytest.mark.parametrize("value", ["short", "x" * 23, "x" * 30 + " y", "é" * 30, "x" * 30 + "\ny"])
def test_a_secret_is_long_enough_and_not_told(value):
    with pytest.raises(ImproperlyConfigured, match="24 characters") as fault:
        env(K8SMCP_METRICS_TOKEN=value).secret("K8SMCP_METRICS_TOKEN")
    assert value not in str(fault.value)
    assert env(K8SMCP_METRICS_TOKEN="x" * 24).secret("K8SMCP_METRICS_TOKEN") == "x" * 24


def test_programs_of_mcp_are_named_as_json():
    given = '{"files": ["mcp-files", "--root", "/srv"]}'
    assert env(P=given).programs("P")["files"].command == ("mcp-files", "--root", "/srv")
    assert env().programs("P") == {}
    for wrong in ("mcp-files", '{"files": "mcp-files"}', '{"a b": ["mcp-files"]}'):
        refused("PROGRAMS", "JSON", lambda value=wrong: env(PROGRAMS=value).programs("PROGRAMS"))


def test_a_choice_names_what_there_is():
    read = env(K8SMCP_PROVIDER="openai")
    refused("K8SMCP_PROVIDER", "anthropic or guide", lambda: read.choice("K8SMCP_PROVIDER", ("anthropic", "guide")))


@pytest.mark.parametrize(
    "value", ["localhost:6379", "redis://", "http://x", "redis://host:port", "redis://h:99999", "redis://[x"]
)
def test_an_address_names_its_schemes(value):
    refused("REDIS_URL", "redis://", lambda: env(REDIS_URL=value).address("REDIS_URL", ("redis", "rediss", "unix")))


@pytest.mark.parametrize("value", ["redis://127.0.0.1:6379/1", "rediss://user:word@host/0", "unix:///run/redis.sock"])
def test_an_address_is_kept_as_it_is(value):
    assert env(REDIS_URL=value).address("REDIS_URL", ("redis", "rediss", "unix")) == value


@pytest.mark.parametrize(
    "value", ["portal.example.org", "https://a.example, b.example", "ftp://x", "https://a.example/path"]
)
def test_an_origin_has_a_scheme_and_no_path(value):
    read = env(CSRF_TRUSTED_ORIGINS=value)
    refused("CSRF_TRUSTED_ORIGINS", "https://", lambda: read.origins("CSRF_TRUSTED_ORIGINS"))


def test_origins_are_separated_by_commas():
    read = env(CSRF_TRUSTED_ORIGINS="https://a.example, http://b.example:8080,")
    assert read.origins("CSRF_TRUSTED_ORIGINS") == ["https://a.example", "http://b.example:8080"]


@pytest.mark.parametrize(
    "value",
    [
        "mysql://u@h/d",
        "file.sqlite3",
        "postgres",
        "postgres://h:port/d",
        "postgres://h",
        "sqlite://",
        "sqlite://:memory:",
    ],
)
def test_a_database_is_sqlite_or_postgres(value):
    refused("DATABASE_URL", "postgres://", lambda: env(DATABASE_URL=value).database(Path("here")))


def test_the_database_is_a_file_of_the_home_unless_said_otherwise():
    made = env().database(Path("/srv/home"))
    assert made["ENGINE"].endswith("sqlite3")
    assert made["NAME"] == "/srv/home/k8smcp.sqlite3"
    assert "journal_mode=WAL" in made["OPTIONS"]["init_command"]
    other = env(DATABASE_URL="postgres://me:word@db:5433/portal").database(Path("/srv/home"))
    assert (other["HOST"], other["PORT"], other["NAME"], other["USER"]) == ("db", 5433, "portal", "me")
    assert other["OPTIONS"]["pool"]


def test_the_home_is_made_and_a_file_is_no_home(tmp_path):
    assert env(K8SMCP_HOME=str(tmp_path / "a" / "b")).folder("K8SMCP_HOME", tmp_path).is_dir()
    (tmp_path / "file").touch()
    for value in (tmp_path / "file", tmp_path / "file" / "below"):
        refused(
            "K8SMCP_HOME", "folder", lambda value=value: env(K8SMCP_HOME=str(value)).folder("K8SMCP_HOME", tmp_path)
        )
