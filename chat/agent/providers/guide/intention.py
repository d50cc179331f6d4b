"""What a person wants, as far as their words say it."""

from dataclasses import dataclass
from enum import StrEnum

EVERYWHERE = "*"


class Act(StrEnum):
    HELLO = "hello"
    THANKS = "thanks"
    HELP = "help"
    WHO = "who"
    YES = "yes"
    NO = "no"
    CHOOSE = "choose"
    GLOSSARY = "glossary"
    HOWTO = "howto"
    LIST = "list"
    COUNT = "count"
    GET = "get"
    DESCRIBE = "describe"
    LOGS = "logs"
    EVENTS = "events"
    TOP = "top"
    IMAGES = "images"
    WHY = "why"
    CHECK = "check"
    STATUS = "status"
    HISTORY = "history"
    CLUSTERS = "clusters"
    CLUSTER = "cluster"
    DISCOVER = "discover"
    CHANGED = "changed"
    RELATIONS = "relations"
    OWNERS = "owners"
    RELEASES = "releases"
    RIGHTS = "rights"
    RESTART = "restart"
    SCALE = "scale"
    DELETE = "delete"
    CORDON = "cordon"
    UNCORDON = "uncordon"
    UNDO = "undo"
    DRAIN = "drain"
    RERUN = "rerun"
    LABEL = "label"
    NAMESPACE = "namespace"
    APPLY = "apply"
    DRAFT = "draft"
    SET_ENV = "set_env"
    SET_IMAGE = "set_image"
    SET_RESOURCES = "set_resources"
    SET_SELECTOR = "set_selector"
    EXEC = "exec"
    AGAIN = "again"
    UNKNOWN = "unknown"


CHANGES = frozenset(
    {
        Act.RESTART,
        Act.SCALE,
        Act.DELETE,
        Act.CORDON,
        Act.UNCORDON,
        Act.UNDO,
        Act.DRAIN,
        Act.RERUN,
        Act.LABEL,
        Act.NAMESPACE,
        Act.APPLY,
        Act.SET_ENV,
        Act.SET_IMAGE,
        Act.SET_RESOURCES,
        Act.SET_SELECTOR,
        Act.EXEC,
    }
)
# Acts that are about one object and cannot begin without knowing which.
POINTED = frozenset(
    {
        Act.DESCRIBE,
        Act.GET,
        Act.LOGS,
        Act.WHY,
        Act.STATUS,
        Act.HISTORY,
        Act.RESTART,
        Act.SCALE,
        Act.DELETE,
        Act.UNDO,
        Act.SET_ENV,
        Act.SET_IMAGE,
        Act.SET_RESOURCES,
        Act.SET_SELECTOR,
        Act.EXEC,
        Act.CORDON,
        Act.UNCORDON,
        Act.DRAIN,
        Act.RERUN,
        Act.LABEL,
        Act.RELATIONS,
        Act.OWNERS,
    }
)


@dataclass(frozen=True, slots=True)
class Thing:
    """One object: `kind` as the API's plural ("deployments"); namespace empty for cluster-wide kinds."""

    kind: str
    name: str
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Intention:
    """One message read.

    kind: the API's plural, "workloads", the word as typed for kinds we do not know, or ""; name: as typed, may be
    a part; spare: further words that could be the name; namespace: "" not said, "*" everywhere; where: failing |
    pending | running | completed; pairs: what to set (variable, resource or label → value); number: replicas, or
    a revision; by: the number is a difference; choice: "the second one" is 2, "the last one" -1; text: the command,
    YAML, image or topic.
    """

    act: Act
    kind: str = ""
    name: str = ""
    spare: tuple[str, ...] = ()
    namespace: str = ""
    cluster: str = ""
    selector: str = ""
    container: str = ""
    node: str = ""
    where: str = ""
    sort: str = ""
    since: str = ""
    tail: int | None = None
    number: int | None = None
    by: bool = False
    choice: int = 0
    previous: bool = False
    pronoun: bool = False
    text: str = ""
    pairs: tuple[tuple[str, str], ...] = ()
