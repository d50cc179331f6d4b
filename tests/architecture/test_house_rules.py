"""The rules of the house, so that nobody needs to remember them."""

import ast
import re
import subprocess
import sys

import pytest

from chat.audit.kinds import KINDS
from chat.event_types import EVENT_TYPES
from tests.architecture.sources import PRODUCT, ROOT, TESTS, Source, called, committed
from tests.environment import OURS

LONGEST_FILE, LONGEST_TEST, LONGEST_FUNCTION, MOST_PARAMETERS, DEEPEST = 300, 500, 60, 6, 4
MAY_CATCH_EVERYTHING = {
    "chat/runner.py", "tools/toolbox.py", "chat/rest/door.py", "chat/web/hub.py", "tools/demo/server.py",
}  # fmt: skip
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "services", "misc"}
NESTING = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
MODELS = (
    "Share|Revocation|Throttle|Command|Conversation|Message|Run|Event|ToolCall|Approval"
    "|AccessToken|SignInLink|JournalState|Budget|Pot|Reservation"
)
AUDIT = "AuditRow|AuditHead"
POLICY = "PolicyRule|PolicyState|PolicyChange|ProductionNamespace|Grant"


def found(sources: list[Source], faults) -> list[str]:
    return [f"{source.name}:{line}" for source in sources for line in faults(source)]


# ---- shape -------------------------------------------------------------------------------------------------------


def test_every_module_begins_with_the_sentence_that_says_its_duty():
    def faults(source: Source) -> list[int]:
        first = (ast.get_docstring(source.tree) or "").split("\n\n")[0]
        starts = source.text.startswith(('"""', "#!"))
        return [] if not source.text or (starts and re.search(r"[.:]$", first)) else [1]

    assert found([*PRODUCT, *TESTS], faults) == []


def test_files_are_short():
    long = {each.name: n for each in PRODUCT if (n := each.text.count("\n")) > LONGEST_FILE}
    long |= {each.name: n for each in TESTS if (n := each.text.count("\n")) > LONGEST_TEST}
    assert long == {}


def test_functions_are_short_and_take_few_parameters():
    def faults(source: Source) -> list[str]:
        return [
            f"{node.lineno} {node.name}"
            for node in source.nodes(*FUNCTIONS)
            if node.end_lineno - node.lineno >= LONGEST_FUNCTION
            or (
                "PLR0913" not in source.text.splitlines()[node.lineno - 1]
                and len([*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]) - _bound(node)
                > MOST_PARAMETERS
            )
        ]

    assert found(PRODUCT, faults) == []


def _bound(node: ast.FunctionDef) -> bool:
    return bool(node.args.args) and node.args.args[0].arg in ("self", "cls")


def test_nothing_nests_deep():
    def faults(source: Source) -> list[str]:
        return [f"{node.lineno} {node.name}" for node in source.nodes(*FUNCTIONS) if _depth(node) > DEEPEST]

    assert found(PRODUCT, faults) == []


def _depth(node: ast.AST) -> int:
    inner = [child for child in ast.iter_child_nodes(node) if not isinstance(child, FUNCTIONS)]
    deepest = max((_depth(child) for child in inner), default=0)
    return deepest + (isinstance(node, NESTING) and not _else_if(node))


def _else_if(node: ast.AST) -> bool:
    """`elif` stands as deep as its `if`."""
    return isinstance(node, ast.If) and bool(node.orelse) and isinstance(node.orelse[0], ast.If)


def test_no_module_has_a_name_that_says_nothing():
    assert [
        each.name for each in [*PRODUCT, *TESTS] if each.path.stem in VAGUE and each.name != _KUBERNETES_SERVICES
    ] == []


def test_nothing_is_printed_and_nothing_is_left_for_later():
    def faults(source: Source) -> list[int]:
        later = [n for n, line in enumerate(source.text.splitlines(), 1) if re.search(r"\b(TODO|FIXME|XXX)\b", line)]
        return [node.lineno for node in source.nodes(ast.Call) if called(node) == "print"] + later

    assert found(PRODUCT, faults) == []


def test_everything_is_caught_only_at_the_outermost_places():
    def faults(source: Source) -> list[int]:
        broad = [node for node in source.nodes(ast.ExceptHandler) if node.type is None or _everything(node.type)]
        return [node.lineno for node in broad if source.name not in MAY_CATCH_EVERYTHING and not _passes_on(node)]

    assert found(PRODUCT, faults) == []


def _passes_on(node: ast.ExceptHandler) -> bool:
    last = node.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def _everything(caught: ast.expr) -> bool:
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(ast.unparse(name) in ("Exception", "BaseException") for name in names)


_KUBERNETES_SERVICES = "chat/agent/providers/guide/diagnosis/services.py"  # the kind, not a drawer

# ---- who may do what ---------------------------------------------------------------------------------------------


def test_only_the_journal_makes_events():
    pattern = re.compile(r"(?<![\w.])Event\(|\bEvent\.objects\.(bulk_)?(create|get_or_create|update_or_create)\b")
    makers = {each.name for each in PRODUCT if pattern.search(each.text) and each.name != "chat/models/event.py"}
    assert makers == {"chat/journal.py"}


def test_nobody_changes_or_deletes_an_event():
    pattern = re.compile(r"\bEvent\.objects\b[^\n]*\.(update|delete)\(|\bevents?\.(save|delete|update)\(")
    assert [each.name for each in PRODUCT if pattern.search(each.text)] == []


def test_only_the_actions_write():
    """Each model of the conversation is made, changed and deleted in `chat/actions` (events in the journal)."""
    verbs = "create|bulk_create|update|delete|get_or_create|update_or_create|bulk_update"
    pattern = re.compile(rf"\b({MODELS}|{POLICY})\.objects\b(?:[^\n=]|\n\s+)*?\.({verbs})\(")
    writers = {each.name for each in PRODUCT if pattern.search(each.text)}
    assert {name for name in writers if not name.startswith("chat/actions/")} <= {"chat/journal.py"}


def test_only_the_audit_writes_its_rows():
    pattern = re.compile(rf"(?<![\w.])AuditRow\(|\b({AUDIT})\.objects\b[^\n]*\.(create|bulk_create|update|delete)\(")
    writers = {each.name for each in PRODUCT if pattern.search(each.text) and each.name != "chat/models/audit_row.py"}
    assert writers == {"chat/audit/writing.py", "chat/audit/verify.py"}


def test_every_kind_of_audit_row_has_its_words():
    pattern = re.compile(r"\b(?:record|_alone|_about)\(\s*\"([\w.]+)\"")
    writers = [each for each in PRODUCT if "chat import audit" in each.text or "/audit/" in each.name]
    told = {kind for each in writers for kind in pattern.findall(each.text)}
    assert told <= set(KINDS)
    documented = (ROOT / "docs" / "audit.md").read_text()
    assert [kind for kind in KINDS if f"`{kind}`" not in documented] == []


def test_only_the_doorbell_touches_the_channel_layer():
    pattern = re.compile(r"\bget_channel_layer\b|\.group_(send|add|discard)\(|channel_layer\.send\(")
    assert [each.name for each in PRODUCT if pattern.search(each.text)] == ["chat/doorbell.py"]


def test_only_the_kube_client_speaks_to_clusters():
    pattern = re.compile(
        r"^\s*(?:import|from) (aiohttp|kubernetes|requests|urllib3|urllib\.request|http\.client)\b", re.M
    )
    speakers = {each.name for each in PRODUCT if pattern.search(each.text)}
    assert {name for name in speakers if not name.startswith(("tools/kube/", "tools/demo/"))} == set()


def test_no_shell_and_no_kubectl():
    pattern = re.compile(r"os\.system|os\.popen|shell=True|create_subprocess_shell|\[\"kubectl\"")
    assert [each.name for each in PRODUCT if pattern.search(each.text)] == []
    starting = re.compile(r"\bsubprocess(_exec)?\b|\bos\.(exec|spawn|posix_spawn|fork)")
    starters = {each.name for each in PRODUCT if starting.search(each.text)}
    assert starters <= {"tools/demo/process.py", "tools/servers/groups.py"}


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_every_event_type_has_a_partial(kind):
    assert (ROOT / "templates" / "chat" / "events" / f"_{kind}.html").is_file()


# ---- what starting costs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "start",
    ["import k8smcp.asgi", "import sys; sys.argv = ['manage.py', 'check']; import manage; manage.main()"],
    ids=["asgi", "check"],
)
def test_starting_does_not_load_the_big_libraries(start, tmp_path):
    big = ("anthropic", "kubernetes", "mcp", "pandas", "numpy")
    code = (
        f"{start}\nimport sys\nsys.stdout.write('loaded: ' + ' '.join(name for name in {big!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=_bare(tmp_path), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded: "


def _bare(home) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "HOME": str(home), "K8SMCP_HOME": str(home)}


def test_no_committed_file_knows_the_machine_it_was_written_on():
    here = re.compile(r"/work/|/root/|/home/[a-z]+/|/tmp/[a-z]|/Users/[a-z]+/")
    told = []
    for path in committed():
        if path.suffix in (".py", ".md", ".toml", ".html", ".js", ".css", ".txt", ".lock", "") and path != _THIS:
            text = path.read_text(encoding="utf-8", errors="replace")
            told += [f"{path.relative_to(ROOT)}: {match.group()}" for match in here.finditer(text)]
    assert told == []


_THIS = ROOT / "tests" / "architecture" / "test_house_rules.py"


def test_every_variable_of_the_contract_is_read_in_one_place():
    """Only the wiring reads the environment; everything else asks the settings."""
    readers = {each.name for each in PRODUCT if re.search(r"os\.environ|os\.getenv", each.text)}
    allowed = {"manage.py", "k8smcp/environment.py", "k8smcp/asgi.py", "k8smcp/management/commands/start.py"}
    allowed |= {
        "chat/management/commands/create_user.py",
        "tools/clusters.py",
        "tools/demo/process.py",
        "tools/management/commands/demo_cluster.py",
    }
    assert readers <= allowed
    assert OURS
