"""Kubeconfigs that were registered in the portal, as if a stranger had written them: each refusal names its field."""

import base64
import socket
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp.abc import AbstractResolver, ResolveResult

from tests.tools.api import answering, permit, serving
from tools.kube import kubeconfig
from tools.kube.connections import GuardedResolver
from tools.kube.errors import BadKubeconfig, Unreachable
from tools.kube.strictness import for_own_files, for_registered, why_not
from tools.kube.transport import Request, Transport

PEM = base64.b64encode(b"-----BEGIN CERTIFICATE-----\nTUlJQg==\n-----END CERTIFICATE-----\n").decode()


def document(*, user: Any = None, cluster: Any = None, **more: Any) -> str:
    return yaml.safe_dump(
        {
            "clusters": [{"name": "c", "cluster": {"server": "https://10.0.0.1:6443"} | (cluster or {})}],
            "users": [{"name": "u", "user": {"token": "t"} | (user or {})}],
            "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "u"}}],
        }
        | more
    )


def read(text: str, *allowed: str, context: str = "") -> kubeconfig.Access:
    return kubeconfig.read_text(text, context, for_registered(frozenset(allowed)))


def test_an_ordinary_text_is_read() -> None:
    access = read(document(cluster={"certificate-authority-data": PEM}))
    assert (access.server, access.token, access.guarded) == ("https://10.0.0.1:6443", "t", True)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"user": {"exec": {"command": "/bin/sh"}}}, "exec"),
        ({"user": {"auth-provider": {"name": "gcp", "config": {"cmd-path": "/bin/sh"}}}}, "auth-provider"),
        ({"user": {"tokenFile": "/etc/passwd"}}, "tokenFile"),
        ({"user": {"client-certificate": "/etc/passwd"}}, "client-certificate"),
        ({"user": {"client-key": "../../etc/shadow"}}, "client-key"),
        ({"cluster": {"certificate-authority": "/etc/hosts"}}, "certificate-authority"),
        ({"cluster": {"proxy-url": "http://10.0.0.9:3128"}}, "proxy-url"),
        ({"cluster": {"insecure-skip-tls-verify": True}}, "insecure-skip-tls-verify"),
        ({"user": {"as": "system:admin"}}, "as"),
        ({"user": {"as-groups": ["system:masters"]}}, "as-groups"),
        ({"user": {"token": "a\r\nImpersonate-User: root"}}, "token"),
        ({"cluster": {"server": "http://10.0.0.1"}}, "server"),
        ({"cluster": {"server": "file:///etc/passwd"}}, "server"),
        ({"cluster": {"server": "https://10.0.0.1/?x=1"}}, "server"),
        ({"cluster": {"server": "https://u:p@10.0.0.1"}}, "server"),
    ],
)
def test_what_would_run_read_or_go_elsewhere_is_refused_with_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadKubeconfig, match=rf"\b{field}\b"):
        read(document(**changes))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.8.9.1", "localhost", "kube.localhost", "LOCALHOST.", "[::1]", "0.0.0.0", "[::]",
        "169.254.169.254", "169.254.1.1", "[fe80::1]", "[::ffff:169.254.169.254]", "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]", "[fd00:ec2::254]", "100.100.100.200",
        "168.63.129.16", "metadata.google.internal", "224.0.0.1", "255.255.255.255",
        "2130706433", "0x7f000001", "127.1", "0177.0.0.1", "0x7f.1",
    ],
)  # fmt: skip
def test_an_address_that_leads_back_or_to_metadata_is_refused(host: str) -> None:
    with pytest.raises(BadKubeconfig, match="server"):
        read(document(cluster={"server": f"https://{host}:6443"}))


@pytest.mark.parametrize("host", ["10.0.0.1", "192.168.49.2", "[fd12::1]", "[2001:db8::1]", "api.example.org"])
def test_an_address_of_ones_own_network_is_fine(host: str) -> None:
    assert read(document(cluster={"server": f"https://{host}:6443"})).server == f"https://{host}:6443"


def test_an_administrator_allows_by_word(tmp_path: Path) -> None:
    loopback = document(cluster={"server": "https://127.0.0.1:6443"})
    assert read(loopback, "loopback").server == "https://127.0.0.1:6443"
    with pytest.raises(BadKubeconfig, match="server"):
        read(document(cluster={"server": "https://169.254.169.254"}), "loopback", "insecure", "files", "proxy-url")
    insecure = read(document(cluster={"insecure-skip-tls-verify": True}), "insecure")
    assert (insecure.insecure, insecure.questionable) == (True, ("insecure-skip-tls-verify of cluster c",))
    assert read(document(cluster={"proxy-url": "http://10.0.0.9:3128"}), "proxy-url").proxy == "http://10.0.0.9:3128"
    with pytest.raises(BadKubeconfig, match="never starts"):
        read(document(user={"exec": {"command": "x"}}), "files", "insecure", "proxy-url", "loopback")


def test_the_operators_own_file_may_name_files_but_no_proxy(tmp_path: Path) -> None:
    (tmp_path / "ca").write_text("PEM")
    file = tmp_path / "config"
    file.write_text(document(cluster={"certificate-authority": "ca", "insecure-skip-tls-verify": True}))
    (access,) = kubeconfig.read(file)
    assert access.questionable == ("certificate-authority of cluster c", "insecure-skip-tls-verify of cluster c")
    file.write_text(document(cluster={"proxy-url": "http://10.0.0.9:3128"}))
    with pytest.raises(BadKubeconfig, match=r"proxy-url.*K8SMCP_KUBECONFIG_ALLOW=proxy-url"):
        kubeconfig.read(file)
    (access,) = kubeconfig.read(file, for_own_files(frozenset({"proxy-url"})))
    assert access.proxy == "http://10.0.0.9:3128"


# ---- size and shape ----------------------------------------------------------------------------------------------


def test_a_large_text_is_refused_before_it_is_read() -> None:
    with pytest.raises(BadKubeconfig, match="128 KiB"):
        read("a: " + "x" * (10 << 20))


@pytest.mark.parametrize(
    "bomb",
    [
        "a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\n",
        "a: &a {x: 1}\nb: {<<: *a}\n",
        "a: &a [*a]\n",
    ],
)
def test_aliases_are_refused(bomb: str) -> None:
    with pytest.raises(BadKubeconfig, match="aliases"):
        read(bomb)


@pytest.mark.parametrize(
    "text", ["[" * 60_000, "{a: " * 30_000, "\x00", "- 1", "", "!!python/name:os.system ''", "a: 2026-99-99"]
)
def test_a_text_that_is_no_kubeconfig_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(BadKubeconfig, match=r"kubeconfig.*\.$"):
        read(text)


def test_of_several_contexts_one_is_named() -> None:
    contexts = [{"name": name, "context": {"cluster": "c", "user": "u"}} for name in ("a", "b")]
    text = document(contexts=contexts)
    with pytest.raises(BadKubeconfig, match=r"which context.*a, b"):
        read(text)
    assert read(text, context="b").name == "b"
    assert read(document(contexts=contexts, **{"current-context": "a"})).name == "a"


# ---- names -------------------------------------------------------------------------------------------------------


class Changing(AbstractResolver):
    """A name that stands for another address each time it is asked."""

    def __init__(self, *addresses: str) -> None:
        self.left = list(addresses)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        address = self.left.pop(0)
        return [ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        pass


async def test_a_name_that_changes_its_address_is_looked_at_when_the_connection_is_made() -> None:
    resolver = GuardedResolver(False, Changing("10.0.0.1", "169.254.169.254", "127.0.0.1", "::ffff:127.0.0.1"))
    assert (await resolver.resolve("api.example.org", 6443))[0]["host"] == "10.0.0.1"
    for _ in range(3):
        with pytest.raises(OSError, match=r"api\.example\.org is"):
            await resolver.resolve("api.example.org", 6443)


async def test_no_connection_is_made_to_a_name_that_leads_back_to_this_machine() -> None:
    async with serving(answering({"kind": "Pod"})) as api:
        server = api.server.replace("127.0.0.1", "localhost")
        for guarded in (True, False):
            transport = Transport("test", kubeconfig.Access(name="test", server=server, guarded=guarded))
            if guarded:
                with pytest.raises(Unreachable, match=r"localhost is this machine"):
                    await transport.send(Request("GET", "/version"), permit())
                assert api.seen == []
            else:
                await transport.send(Request("GET", "/version"), permit())
        assert len(api.seen) == 1


def test_an_address_with_a_zone_is_looked_at_too() -> None:
    assert why_not("fe80::1%eth0", loopback=True)
