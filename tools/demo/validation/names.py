"""The forms names take in Kubernetes, and what the server says when one is broken."""

import re

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = f"({_QUALIFIED})?"

LABEL_FORM = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    f"an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{_LABEL}')"
)
SUBDOMAIN_FORM = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    f"end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN}')"
)
_QUALIFIED_FORM = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    f"(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_QUALIFIED}')"
)
VALUE_FORM = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    f"'{_VALUE}')"
)
KEY_FORM = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
ENVIRONMENT_FORM = "a valid environment variable name must consist only of printable ASCII characters other than '='"
PORT_FORM = "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"


def _full(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text, re.ASCII) is not None


def label(text: str) -> list[str]:
    """A DNS label, as for namespaces, containers, volumes and Services."""
    found = ["must be no more than 63 characters"] if len(text) > 63 else []
    return found if _full(_LABEL, text) else [*found, LABEL_FORM]


def subdomain(text: str) -> list[str]:
    """A DNS subdomain, as for most objects."""
    found = ["must be no more than 253 characters"] if len(text) > 253 else []
    return found if _full(_SUBDOMAIN, text) else [*found, SUBDOMAIN_FORM]


def path_segment(text: str) -> list[str]:
    """Anything that fits into an address, as for RBAC objects."""
    if text in (".", ".."):
        return [f"may not be '{text}'"]
    return [f"may not contain '{part}'" for part in ("/", "%") if part in text]


def qualified(text: str) -> list[str]:
    """A label or annotation key: optional domain, slash, name."""
    parts = text.split("/")
    if len(parts) > 2:
        prefixed = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        return [f"a valid label key {_QUALIFIED_FORM} {prefixed}"]
    name, found = parts[-1], []
    if len(parts) == 2:
        if not parts[0]:
            found.append("prefix part must be non-empty")
        else:
            found += [f"prefix part {each}" for each in subdomain(parts[0])]
    if not name:
        found.append("name part must be non-empty")
    elif len(name) > 63:
        found.append("name part must be no more than 63 bytes")
    return found if _full(_QUALIFIED, name) else [*found, f"name part {_QUALIFIED_FORM}"]


def label_value(text: str) -> list[str]:
    found = ["must be no more than 63 bytes"] if len(text.encode()) > 63 else []
    return found if _full(_VALUE, text) else [*found, VALUE_FORM]


def config_key(text: str) -> list[str]:
    """A key of a ConfigMap or Secret."""
    found = ["must be no more than 253 characters"] if len(text) > 253 else []
    if not _full("[-._a-zA-Z0-9]+", text):
        return [*found, KEY_FORM]
    if text in (".", "..") or text.startswith(".."):
        return [*found, f"must not be '{text}'" if text in (".", "..") else "must not start with '..'"]
    return found


def environment_name(text: str) -> list[str]:
    return [] if text and all(" " <= each <= "~" and each != "=" for each in text) else [ENVIRONMENT_FORM]


def port_name(text: str) -> list[str]:
    """An IANA service name, as for container ports."""
    found = [] if len(text) <= 15 else ["must be no more than 15 characters"]
    if not _full("[-a-z0-9]+", text):
        found.append(PORT_FORM)
    if not re.search("[a-z]", text):
        found.append("must contain at least one letter (a-z)")
    if "--" in text:
        found.append("must not contain consecutive hyphens")
    if text.startswith("-") or text.endswith("-"):
        found.append("must not begin or end with a hyphen")
    return found


def port_number(number: int) -> list[str]:
    return [] if 1 <= number <= 65535 else ["must be between 1 and 65535, inclusive"]
