"""What a kubeconfig may ask of the portal: nothing that starts programs, reads files or goes elsewhere unasked.

Two kinds of kubeconfig: the operator's own file, named at start, and a text that an administrator registered in the
portal. The second is treated as if a stranger had written it, because it was copied from somewhere.
"""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from tools.kube.errors import BadKubeconfig

WORDS = ("proxy-url", "insecure", "files", "loopback")  # what K8SMCP_KUBECONFIG_ALLOW may hold
_METADATA = frozenset({"100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"})
_METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "instance-data"})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Rules:
    """What is allowed of the dangerous fields. `anywhere`: no rules for the server's address; `aliases`: of YAML."""

    files: bool = False
    insecure: bool = False
    proxy: bool = False
    loopback: bool = False
    anywhere: bool = False
    aliases: bool = False
    largest: int = 128 << 10


def for_own_files(allowed: frozenset[str]) -> Rules:
    """The operator's own: beside the portal on the same machine, so files and addresses are theirs to choose."""
    return Rules(True, True, "proxy-url" in allowed, True, True, True, 1 << 20)


def for_registered(allowed: frozenset[str]) -> Rules:
    """A text that was registered in the portal."""
    return Rules(
        files="files" in allowed,
        insecure="insecure" in allowed,
        proxy="proxy-url" in allowed,
        loopback="loopback" in allowed,
    )


def check_server(server: str, rules: Rules, where: str) -> None:
    """Raises BadKubeconfig for an address the portal will not send credentials to. A name is looked at again, with the
    addresses it stands for, when the connection is made."""
    if rules.anywhere:
        return
    parts = urlsplit(server)
    host = (parts.hostname or "").rstrip(".").lower()
    if parts.scheme != "https" and not rules.insecure:
        raise BadKubeconfig(f"{where}: server begins with http, so credentials would be readable. Use https.")
    why = why_not(host, loopback=rules.loopback)
    if why:
        raise BadKubeconfig(f"{where}: server is {why}. Use the address of the API server itself.")


def why_not(host: str, *, loopback: bool) -> str:
    """Why no connection is made to this host, as words after "is"; empty when it may be."""
    if host in _METADATA_NAMES:
        return "the metadata service of a cloud, which gives credentials away"
    if host == "localhost" or host.endswith(".localhost"):
        return "" if loopback else "this machine (loopback)"
    address = _address(host)
    if address is not None:
        return _refused(address, loopback=loopback)
    return "a number in a form that hides the address" if _hides_a_number(host) else ""


def _address(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _hides_a_number(host: str) -> bool:
    """`127.1`, `0x7f000001`, `2130706433`: the resolver takes them for addresses."""
    try:
        socket.inet_aton(host)
    except OSError:
        return False
    return True


def _refused(address: Address, *, loopback: bool) -> str:
    plain = _unwrapped(address)
    if str(plain) in _METADATA:
        return "the metadata service of a cloud, which gives credentials away"
    if plain.is_loopback or plain.is_unspecified:
        return "" if loopback and plain.is_loopback else "this machine (loopback)"
    if plain.is_link_local:
        return "a link-local address, where clouds keep their metadata services"
    if plain.is_multicast or (plain.version == 4 and plain.is_reserved):
        return "no address of a single machine"
    return ""


def _unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that only carries it."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None) or address
