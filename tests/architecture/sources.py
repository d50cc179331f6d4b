"""The files of the product as trees: what the house rules are checked on."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("k8smcp", "chat", "tools")


@dataclass(frozen=True)
class Source:
    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    def nodes(self, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        return (node for node in ast.walk(self.tree) if isinstance(node, kinds))


def committed() -> list[Path]:
    """Every file that is in the repository, or will be with the next commit."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def python(*folders: str) -> list[Source]:
    return [
        Source(path)
        for path in committed()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in folders and "migrations" not in path.parts
    ]


PRODUCT = [*python(*PACKAGES), Source(ROOT / "manage.py")]
TESTS = python("tests", "bench")


def called(node: ast.AST) -> str:
    """The dotted name of what is called, as written: `Event.objects.create`."""
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""
