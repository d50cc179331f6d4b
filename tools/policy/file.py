"""Policy by file: read strictly, anew when it has changed; while it is broken, the last good one holds."""

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from tools.policy.ours import Mark
from tools.policy.rule import Rule
from tools.policy.schema import WrittenPolicy, first_fault

LARGEST = 1 << 20  # bytes

log = logging.getLogger(__name__)


class BadPolicy(Exception):
    """The file cannot be used; the text says where and why."""


@dataclass(frozen=True, slots=True)
class FilePolicy:
    """rules and marks of the file; switched_off: names of built-in rules it puts out of force; digest: of its bytes;
    problem: why what lies there now is not what holds."""

    rules: tuple[Rule, ...] = ()
    marks: tuple[Mark, ...] = ()
    switched_off: frozenset[str] = frozenset()
    digest: str = ""
    problem: str = ""


def read(path: Path) -> FilePolicy:
    """Raises BadPolicy."""
    try:
        raw = path.read_bytes()
        if len(raw) > LARGEST:
            raise BadPolicy(f"{path} is larger than {LARGEST >> 20} MiB")
        written = WrittenPolicy.model_validate(yaml.load(raw, Loader=_Strict))
    except OSError as fault:
        raise BadPolicy(f"{path} cannot be read ({(fault.strerror or 'no such file').lower()})") from fault
    except ValidationError as fault:
        raise BadPolicy(f"{path}: {first_fault(fault)}") from fault
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as fault:
        raise BadPolicy(f"{path} is not YAML{_line(fault)}") from fault
    return FilePolicy(
        rules=tuple(rule.rule("file") for rule in written.rules if rule.enabled),
        marks=tuple(mark.mark() for mark in written.clusters),
        switched_off=frozenset(rule.name for rule in written.rules if not rule.enabled),
        digest=hashlib.sha256(raw).hexdigest()[:16],
    )


class _Strict(yaml.SafeLoader):
    """A key that stands twice would silently drop what stood there first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key) for key, _ in node.value]
        twice = next((key for number, key in enumerate(keys) if key in keys[:number]), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(None, None, f"{twice!r} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def _line(fault: Exception) -> str:
    mark = getattr(fault, "problem_mark", None)
    said = getattr(fault, "problem", None)
    return (f", line {mark.line + 1}" if mark else "") + (f" ({said})" if said else "")


class Watched:
    """One file, looked at whenever somebody asks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int, int] | None = None
        self._good: FilePolicy | None = None
        self._problem = ""

    def now(self) -> FilePolicy:
        """What holds. Raises BadPolicy when there never was a good one: then nothing may be allowed."""
        stamp = _stamp(self._path)
        if stamp != self._stamp:
            self._stamp = stamp
            self._read_anew()
        if self._good is None:
            raise BadPolicy(self._problem)
        return self._good

    @property
    def problem(self) -> str:
        return self._problem

    def _read_anew(self) -> None:
        try:
            self._good, self._problem = read(self._path), ""
        except BadPolicy as fault:
            self._problem = str(fault)
            log.error(
                "K8SMCP_POLICY: %s. %s", fault, "What held before holds on." if self._good else "Nothing is allowed."
            )


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)
