"""Which names say that their value is a secret, and which values look made by a machine. Pure."""

import re
from functools import lru_cache

_SECRET_FIELD = re.compile(
    r"(?i)(?:pass(?:word|wd|phrase|code)|(?:^|[_.-])(?:pwd|pass)|(?<!secret)(?<!secret[_-])"
    r"(?:api|access|private|signing|encryption|account|client|secret[_-]?access)[_-]?key"
    r"|(?:client|app|shared|webhook|consumer)[_-]?secret|token|credentials?|key-data|\.dockerconfigjson|\.dockercfg"
    r"|tls\.key|ssh-privatekey)$"
)
_SECRET_VARIABLE = re.compile(
    r"(?i)(passw|passphrase|secret|token|credential|private_?key|api_?key|access_?key|_pass$|_pwd$|^pwd$)"
)
_NO_SECRET_VARIABLE = re.compile(r"(?i)(_name|_file|_path|_dir|_ref|_ttl|_url|_host|_enabled|_expiry|_length)$")
_SUMS = re.compile(r"(?i)(hash|sha|digest|checksum|uid|uuid|version|revision|commit|cert|certificate|ca|bundle|id)$")
_PUBLIC = re.compile(
    r"(?i)(^|[_.-])(ca|ca\.crt|crt|cert|user|username|login|host|hostname|port|database|dbname|db|name|namespace|type"
    r"|engine|region|bucket|email|scheme|protocol|server|version|mode|env|environment|labels?)$"
)
_WORD = re.compile(r"[A-Za-z0-9]{12,}")
_STEP = re.compile(r"[a-z](?=[0-9])|[0-9](?=[A-Za-z])|[a-z](?=[A-Z])|[A-Z](?=[0-9])|[A-Z](?=[A-Z][a-z])")
_WHOLE_WORD = re.compile(r"[A-Za-z0-9_+/=.~-]{20,}")


@lru_cache(maxsize=8192)
def is_secret_field(name: str) -> bool:
    """A field, a key of a ConfigMap, an annotation: `password`, `apiKey`, `status.token`; not `secretName`."""
    return bool(_SECRET_FIELD.search(name))


@lru_cache(maxsize=8192)
def is_secret_variable(name: str) -> bool:
    return bool(_SECRET_VARIABLE.search(name)) and not _NO_SECRET_VARIABLE.search(name)


@lru_cache(maxsize=8192)
def is_public(name: str) -> bool:
    """A key of a Secret whose value is no secret in itself: `username`, `ca.crt`."""
    return bool(_PUBLIC.search(name))


def is_sum(name: str) -> bool:
    """Names of values that look random and are meant to be seen: checksums, digests, uids."""
    return bool(_SUMS.search(name))


def random(word: str) -> bool:
    """A run of 12 or more letters and digits that no person would have chosen as a word."""
    return any(len(_STEP.findall(run)) * 5 >= len(run) for run in _WORD.findall(word))


def random_whole(value: str) -> bool:
    """A whole value that is one random word: a literal that was pasted where a reference should be."""
    if not _WHOLE_WORD.fullmatch(value) or not random(value):
        return False
    return any(c.isupper() for c in value) and any(c.islower() for c in value) and any(c.isdigit() for c in value)
