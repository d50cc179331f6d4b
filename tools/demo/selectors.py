"""Label and field selectors of list and watch requests, with the API server's own words for what it cannot parse."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tools.demo.errors import BadRequest, Json

NAME_PART = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
PREFIX = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
NAME_RULE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
TOKEN = re.compile(r"\s*(==|!=|[=!(),<>]|[^\s=!(),<>]+)")
END = ""


@dataclass(frozen=True)
class Requirement:
    """One condition on one label; `operator` as in LabelSelectorRequirement."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        present = self.key in labels
        match self.operator:
            case "In":
                return present and labels[self.key] in self.values
            case "NotIn":
                return not present or labels[self.key] not in self.values
            case "Exists":
                return present
            case "DoesNotExist":
                return not present
        number, bound = labels.get(self.key, ""), self.values[0]
        if not number.lstrip("-").isdigit() or not bound.lstrip("-").isdigit():
            return False
        return int(number) > int(bound) if self.operator == "Gt" else int(number) < int(bound)


@dataclass(frozen=True)
class LabelSelector:
    """All its requirements must hold; without any it matches everything."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str] | None) -> bool:
        return all(requirement.matches(labels or {}) for requirement in self.requirements)

    def __bool__(self) -> bool:
        return bool(self.requirements)


class _Parser:
    """Recursive descent over the tokens of a label selector; sorted like the real parser's output never is needed."""

    def __init__(self, text: str) -> None:
        self.tokens = TOKEN.findall(text)
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else END

    def take(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def parse(self) -> LabelSelector:
        found: list[Requirement] = []
        while True:
            token = self.peek()
            if token == END:
                return LabelSelector(tuple(found))
            if token != "!" and not _is_word(token):
                raise BadRequest(f"found '{token}', expected: !, identifier, or 'end of string'")
            found.append(self.requirement())
            following = self.take()
            if following == END:
                return LabelSelector(tuple(found))
            if following != ",":
                raise BadRequest(f"found '{following}', expected: ',' or 'end of string'")
            if self.peek() != "!" and not _is_word(self.peek()):
                raise BadRequest(f"found '{self.peek()}', expected: identifier after ','")

    def requirement(self) -> Requirement:
        negated = self.peek() == "!"
        if negated:
            self.take()
        key = self.take()
        if not _is_word(key):
            raise _unparsable(f"found '{key}', expected: identifier")
        check_key(key)
        if negated or self.peek() in (END, ","):
            return Requirement(key, "DoesNotExist" if negated else "Exists")
        operator = self.take()
        if operator in ("in", "notin"):
            return Requirement(key, "In" if operator == "in" else "NotIn", self.value_list())
        if operator in ("=", "==", "!="):
            value = self.value()
            return Requirement(key, "NotIn" if operator == "!=" else "In", (value,))
        if operator in ("<", ">"):
            return Requirement(key, "Gt" if operator == ">" else "Lt", (self.value(),))
        raise _unparsable(f"found '{operator}', expected: in, notin, =, ==, !=, gt, lt")

    def value(self) -> str:
        if self.peek() in (END, ","):
            return ""
        token = self.take()
        if not _is_word(token):
            raise _unparsable(f"found '{token}', expected: identifier")
        return check_value(token)

    def value_list(self) -> tuple[str, ...]:
        opening = self.take()
        if opening != "(":
            raise _unparsable(f"found '{opening}' expected: '('")
        values: list[str] = []
        while True:
            token = self.take()
            if token == ")":
                return tuple(values) or ("",)
            if token == END:
                raise _unparsable("found '', expected: ',' or ')'")
            if token != ",":
                values.append(check_value(token))


def _unparsable(why: str) -> BadRequest:
    return BadRequest(f"unable to parse requirement: {why}")


def _is_word(token: str) -> bool:
    return bool(token) and token not in ("=", "==", "!=", "!", "(", ")", ",", "<", ">")


def check_key(key: str) -> None:
    prefix, slash, name = key.rpartition("/")
    if (slash and not PREFIX.fullmatch(prefix)) or not NAME_PART.fullmatch(name) or len(name) > 63:
        raise _unparsable(f'<nil>: Invalid value: "{key}": {NAME_RULE}')


def check_value(value: str) -> str:
    if value and not NAME_PART.fullmatch(value):
        raise _unparsable(f'<nil>: Invalid value: "{value}": {VALUE_RULE}')
    if len(value) > 63:
        raise _unparsable(f'<nil>: Invalid value: "{value}": must be no more than 63 bytes')
    return value


def parse_labels(text: str) -> LabelSelector:
    """Reads `a=b,c!=d,e in (f,g),!h`; BadRequest with the server's words otherwise."""
    return _Parser(text).parse()


def from_object(selector: Json | None) -> LabelSelector | None:
    """A LabelSelector object (`matchLabels`, `matchExpressions`); None, which selects nothing, stays None."""
    if selector is None:
        return None
    found = [Requirement(key, "In", (value,)) for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for term in selector.get("matchExpressions") or []:
        found.append(Requirement(term["key"], term["operator"], tuple(term.get("values") or ())))
    return LabelSelector(tuple(found))


def text_of(selector: Json | None) -> str:
    """A LabelSelector object in the words of a query, as `kubectl get -o wide` and Scale.status.selector show it."""
    if selector is None:
        return "<none>"
    texts = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for term in selector.get("matchExpressions") or []:
        values = ",".join(sorted(term.get("values") or []))
        forms = {
            "In": f"{term['key']} in ({values})",
            "NotIn": f"{term['key']} notin ({values})",
            "Exists": term["key"],
            "DoesNotExist": f"!{term['key']}",
        }
        texts.append(forms[term["operator"]])
    return ",".join(sorted(texts, key=lambda text: re.split(r"[ =!]", text.lstrip("!"))[0]))


@dataclass(frozen=True)
class FieldSelector:
    """Equalities on the few fields a kind can be selected by."""

    terms: tuple[tuple[str, str, str], ...] = ()  # path, "=" or "!=", value

    def matches(self, obj: Json) -> bool:
        return all((field_value(obj, path) == value) == (operator == "=") for path, operator, value in self.terms)

    def exact(self, path: str) -> str:
        """The value `path` must equal, "" when the selector does not say."""
        return next((value for at, operator, value in self.terms if at == path and operator == "="), "")

    def __bool__(self) -> bool:
        return bool(self.terms)


def field_value(obj: Json, path: str) -> str:
    """What a field selector compares: the value as text, "" when absent."""
    value: Any = obj
    for part in SPECIAL.get(path, path).split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


SPECIAL = {"reportingComponent": "reportingComponent", "source": "source.component"}
COMMON = ("metadata.name", "metadata.namespace")
EVENT_FIELDS = (
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
)
SELECTABLE = {
    ("", "pods"): (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.podIPs",
        "status.nominatedNodeName",
    ),
    ("", "nodes"): ("spec.unschedulable",),
    ("", "namespaces"): ("status.phase", "name"),
    ("", "secrets"): ("type",),
    ("", "services"): ("spec.clusterIP", "spec.type"),
    ("", "events"): EVENT_FIELDS,
    ("", "replicationcontrollers"): ("status.replicas",),
    ("apps", "replicasets"): ("status.replicas",),
    ("batch", "jobs"): ("status.successful",),
    ("certificates.k8s.io", "certificatesigningrequests"): ("spec.signerName",),
}
OWN_WORDS = set(SELECTABLE)  # these kinds refuse in their own words, the rest in the general ones


def parse_fields(text: str, group: str, plural: str, custom: Json | None = None) -> FieldSelector:
    """Reads `status.phase!=Running,spec.nodeName=n`; BadRequest for a field the kind cannot be selected by."""
    terms = []
    for part in text.split(",") if text else []:
        if not part:
            continue
        found = re.match(r"([^=!]*)(!=|==|=)(.*)", part, re.DOTALL)
        if not found:
            raise BadRequest(f"invalid selector: '{text}'; can't understand '{part}'")
        path, operator, value = found[1], found[2], found[3]
        _check_field(path, group, plural, custom)
        terms.append((path, "!=" if operator == "!=" else "=", value))
    return FieldSelector(tuple(terms))


def _check_field(path: str, group: str, plural: str, custom: Json | None) -> None:
    declared = tuple(f["jsonPath"].lstrip(".") for f in (custom or {}).get("selectableFields") or [])
    if path in COMMON or path in declared or path in SELECTABLE.get((group, plural), ()):
        return
    if (group, plural) in OWN_WORDS or custom is not None:
        raise BadRequest(f"field label not supported: {path}")
    raise BadRequest(f'"{path}" is not a known field selector: only "metadata.name", "metadata.namespace"')


def matcher(labels: LabelSelector, fields: FieldSelector) -> Callable[[Json], bool]:
    """One question for both selectors, asked of whole objects."""
    return lambda obj: labels.matches(obj["metadata"].get("labels")) and fields.matches(obj)
