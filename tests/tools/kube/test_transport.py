"""The wire under faults: writes go out once, reads a few times, and nothing goes elsewhere."""

import asyncio
import contextlib
import gzip
import socket
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from tests.tools.api import answering, cut, in_turn, permit, serving
from tools.effects import Effect
from tools.kube import connections
from tools.kube.errors import Ambiguous, BadAnswer, BadKubeconfig, NotPermitted, TooLarge, Unreachable
from tools.kube.kubeconfig import Access
from tools.kube.transport import Request, Transport

POD = "/api/v1/namespaces/shop/pods/web-1"
OK = answering({"kind": "Pod"})
WRITES = [
    Request("POST", "/api/v1/namespaces/shop/pods", body=b"{}"),
    Request("PUT", POD, body=b"{}"),
    Request("PATCH", POD, body=b"{}", content_type="application/merge-patch+json"),
    Request("DELETE", POD),
]


@pytest.mark.parametrize("write", WRITES, ids=lambda request: request.method)
async def test_a_write_whose_connection_is_cut_is_sent_once_and_told_as_unknown(write: Request) -> None:
    async with serving(cut) as api:
        with pytest.raises(Ambiguous, match="may have happened"):
            await api.transport().send(write, permit())
        assert len(api.seen) == 1


@pytest.mark.parametrize("write", WRITES, ids=lambda request: request.method)
async def test_a_write_on_a_connection_that_was_used_before_is_sent_once_too(write: Request) -> None:
    async with serving(in_turn(OK, cut)) as api:
        transport = api.transport()
        await transport.send(Request("GET", POD), permit())
        with pytest.raises(Ambiguous):
            await transport.send(write, permit())
        assert api.sent(write.method) == 1


@pytest.mark.parametrize("code", [429, 503])
async def test_a_write_is_not_repeated_when_the_server_is_busy(code: int) -> None:
    async with serving(answering({}, code, **{"Retry-After": "0"})) as api:
        answer = await api.transport().send(WRITES[0], permit())
        assert (answer.status, len(api.seen)) == (code, 1)


async def test_a_write_that_gets_no_answer_in_time_is_unknown() -> None:
    async def silent(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(5)
        return web.Response()

    async with serving(silent) as api:
        with pytest.raises(Ambiguous):
            await api.transport().send(Request("DELETE", POD, seconds=0.1), permit())
        assert len(api.seen) == 1


async def test_a_read_whose_connection_is_cut_is_tried_again() -> None:
    async with serving(in_turn(cut, cut, OK)) as api:
        answer = await api.transport().send(Request("GET", POD), permit())
        assert (answer.status, len(api.seen)) == (200, 3)


async def test_a_read_is_given_up_after_two_more_tries() -> None:
    async with serving(cut) as api:
        with pytest.raises(Unreachable, match="broke before the answer was complete"):
            await api.transport().send(Request("GET", POD), permit())
        assert len(api.seen) == 3


async def test_a_busy_server_is_asked_again_when_it_says_so() -> None:
    busy = answering({}, 429, **{"Retry-After": "0"})
    async with serving(in_turn(busy, answering({}, 503, **{"Retry-After": "0"}), OK)) as api:
        assert (await api.transport().send(Request("GET", POD), permit())).status == 200


async def test_a_server_that_asks_for_an_hour_is_not_waited_for() -> None:
    async with serving(answering({}, 429, **{"Retry-After": "3600"})) as api:
        answer = await api.transport().send(Request("GET", POD), permit())
        assert (answer.status, len(api.seen)) == (429, 1)


async def test_a_silent_server_is_not_asked_again() -> None:
    async def silent(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(5)
        return web.Response()

    async with serving(silent) as api:
        with pytest.raises(Unreachable, match="did not answer within"):
            await api.transport().send(Request("GET", POD, seconds=0.1), permit())
        assert len(api.seen) == 1


async def test_a_redirect_is_not_followed_with_our_credentials() -> None:
    async with serving(OK) as elsewhere, serving(answering({}, 302, Location=elsewhere.server)) as api:
        answer = await api.transport(token="secret").send(Request("GET", POD), permit())
        assert answer.status == 302
        assert elsewhere.seen == []


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(answering("proxy")) as proxy, serving(OK) as api:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.server)
        assert (await api.transport().send(Request("GET", POD), permit())).status == 200
        assert proxy.seen == []


async def test_a_cookie_of_one_answer_is_not_sent_with_the_next_request() -> None:
    async with serving(answering({}, 200, **{"Set-Cookie": "a=b"})) as api:
        transport = api.transport()
        await transport.send(Request("GET", POD), permit())
        await transport.send(Request("GET", POD), permit())
        assert all("Cookie" not in headers for headers in api.headers)


@pytest.mark.parametrize("compressed", [False, True])
async def test_an_answer_beyond_the_limit_is_refused_however_it_is_packed(compressed: bool) -> None:
    async def large(request: web.Request) -> web.StreamResponse:
        body = b" " * 300_000
        packed = {"Content-Encoding": "gzip"} if compressed else {}
        return web.Response(body=gzip.compress(body) if compressed else body, headers=packed)

    async with serving(large) as api:
        transport = api.transport()
        with pytest.raises(TooLarge, match="Narrow it"):
            await transport.send(Request("GET", POD, largest=200_000), permit())
        answer = await transport.send(Request("GET", POD, largest=200_000, cut_at_largest=True), permit())
        assert (len(answer.body), answer.cut) == (200_000, True)


async def test_nothing_leaves_without_a_permit() -> None:
    async with serving(OK) as api:
        for allowed in (None, permit(Effect.READ), permit(cluster="other")):
            with pytest.raises(NotPermitted):
                await api.transport().send(WRITES[3], allowed)
            with pytest.raises(NotPermitted):
                await api.transport().websocket(f"{POD}/exec", [("command", "id")], ("v4.channel.k8s.io",), allowed)
        assert api.seen == []


async def test_a_closed_port_is_unreachable_and_nothing_was_sent() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    transport = Transport("test", Access(name="test", server=f"http://127.0.0.1:{port}"))
    for request in (Request("GET", POD), WRITES[3]):
        with pytest.raises(Unreachable, match="connection was refused"):
            await transport.send(request, permit())


async def test_a_server_that_does_not_speak_tls_is_told_as_a_matter_of_certificates() -> None:
    async with serving(OK) as api:
        transport = Transport("test", Access(name="test", server=api.server.replace("http:", "https:")))
        with pytest.raises(Unreachable, match=r"certificate|refused"):
            await transport.send(Request("GET", POD), permit())


async def test_a_server_that_does_not_speak_http_is_told_as_such() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(BadAnswer, match="does not speak HTTP"):
            await Transport("test", Access(name="test", server=f"http://127.0.0.1:{port}")).send(
                Request("GET", POD), permit()
            )


async def test_an_unusable_certificate_is_told_as_a_fault_of_the_kubeconfig() -> None:
    access = Access(name="test", server="https://127.0.0.1:1", client_certificate="nonsense", client_key="nonsense")
    for _ in range(2):
        with pytest.raises(BadKubeconfig, match="certificates of cluster"):
            await Transport("test", access).send(Request("GET", POD), permit())
    async with serving(OK) as api:
        assert (await api.transport().send(Request("GET", POD), permit())).status == 200


async def test_a_token_file_is_read_anew_for_each_request(tmp_path: Path) -> None:
    file = tmp_path / "token"
    async with serving(OK) as api:
        transport = api.transport(token_file=str(file))
        for token in ("first", "second"):
            file.write_text(f"{token}\n")
            await transport.send(Request("GET", POD), permit())
        assert [headers["Authorization"] for headers in api.headers] == ["Bearer first", "Bearer second"]


async def test_a_missing_token_file_is_a_fault_of_the_kubeconfig(tmp_path: Path) -> None:
    async with serving(OK) as api:
        with pytest.raises(BadKubeconfig, match="token"):
            await api.transport(token_file=str(tmp_path / "gone")).send(Request("GET", POD), permit())


async def test_a_name_and_password_are_sent_as_basic() -> None:
    async with serving(OK) as api:
        await api.transport(username="u", password="p").send(Request("GET", POD), permit())
        assert api.headers[0]["Authorization"] == "Basic dTpw"


async def test_all_requests_of_one_cluster_share_one_pool() -> None:
    async with serving(OK) as api:
        first = await connections.session(api.access())
        assert await connections.session(api.access()) is first
        assert await connections.session(api.access(token="other")) is first
        assert await connections.session(api.access(tls_server_name="other")) is not first
        await connections.close_all()
        assert first.closed


def test_connections_close_with_their_event_loop() -> None:
    async def ask() -> object:
        async with serving(OK) as api:
            await api.transport().send(Request("GET", POD), permit())
            return await connections.session(api.access())

    session = asyncio.run(ask())
    assert session.closed  # type: ignore[attr-defined]


def test_hosts_that_only_older_rules_accept_are_trusted() -> None:
    """Many clusters' own authorities lack extensions that newer Pythons insist on."""
    rest = connections._rest_client(Access(name="t", server="https://127.0.0.1:1"))
    assert not rest.ssl_context.verify_flags & ssl.VERIFY_X509_STRICT
    assert rest.ssl_context.verify_mode is ssl.CERT_REQUIRED
    assert rest.ssl_context.check_hostname


async def test_a_cluster_that_answers_no_connection_costs_nobody_else_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.kube.transport.CONNECT_SECONDS", 0.3)
    monkeypatch.setattr("tools.kube.connections.REST_SECONDS", 0.5)
    with socket.socket() as deaf, contextlib.ExitStack() as waiting:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(3):  # whoever comes after these is not even answered
            caller = waiting.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(deaf.getsockname())
        access = Access(name="deaf", server=f"http://127.0.0.1:{deaf.getsockname()[1]}")
        with pytest.raises(Unreachable, match="no connection within"):
            await Transport("test", access).send(Request("GET", POD), permit())
        async with serving(OK) as api:
            with pytest.raises(Unreachable, match="left alone"):
                await Transport("test", replace(access, token="of another")).send(Request("GET", POD), permit())
            assert (await api.transport().send(Request("GET", POD), permit())).status == 200
        await asyncio.sleep(0.5)
        with pytest.raises(Unreachable, match="no connection within"):
            await Transport("test", access).send(Request("GET", POD), permit())
