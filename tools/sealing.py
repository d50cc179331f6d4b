"""Credentials that were entrusted to the portal: sealed before they reach the database, opened only to be used.

The key lies beside the database (`K8SMCP_HOME/credentials-key`) or comes from K8SMCP_CREDENTIALS_KEY, which all
processes of a portal on several machines must share. Of several keys the first seals and all open, so a new one can be
put in front and the old one taken away once `manage.py reseal_credentials` has run.
"""

import contextlib
import json
import os
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from tools.kube.errors import BadKubeconfig

FILE = "credentials-key"


class BadKey(BadKubeconfig):
    """The keys cannot be used, or do not open what was sealed."""


def seal(purpose: str, text: str) -> str:
    """`purpose` is sealed in with it: what was meant for one thing cannot be put in the place of another."""
    return _box().encrypt(json.dumps([purpose, text]).encode()).decode("ascii")


def open_sealed(purpose: str, sealed: str) -> str:
    """Raises BadKey when it was sealed with a key that is not here any more, or for something else."""
    try:
        meant_for, text = json.loads(_box().decrypt(sealed.encode()))
    except (InvalidToken, ValueError):
        raise BadKey(
            "The portal cannot open the stored credentials: they were sealed with another key. "
            "Put that key into K8SMCP_CREDENTIALS_KEY as well, or store the credentials again."
        ) from None
    if meant_for != purpose:
        raise BadKey("The stored credentials belong to something else, so they are not used. Store them again.")
    return str(text)


def reseal(sealed: str) -> str:
    """The same, sealed with the first key. Raises BadKey."""
    try:
        return _box().rotate(sealed.encode()).decode("ascii")
    except InvalidToken:
        raise BadKey("Credentials were sealed with a key that is not here any more. Store them again.") from None


def _box() -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in _keys()])
    except ValueError:
        raise BadKey(
            "K8SMCP_CREDENTIALS_KEY, or the file credentials-key, holds something that is no key. "
            "A key is 32 random bytes in URL-safe base64."
        ) from None


def _keys() -> list[str]:
    if settings.K8SMCP_CREDENTIALS_KEY:
        return list(settings.K8SMCP_CREDENTIALS_KEY)
    return _kept(settings.K8SMCP_HOME / FILE).split()


def _kept(file: Path) -> str:
    """The file's content. It is put in place whole, so of two processes that make it at once both use the same."""
    if not file.exists():
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=".credentials-key-")  # mode 0600
        with os.fdopen(handle, "w") as opened:
            opened.write(Fernet.generate_key().decode() + "\n")
        with contextlib.suppress(FileExistsError):
            os.link(temporary, file)
        os.unlink(temporary)
    return file.read_text()
