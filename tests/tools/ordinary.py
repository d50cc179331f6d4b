"""Log lines as ordinary programs write them, full of digests, ids and sums, and without a single secret."""

import base64
import random
from collections.abc import Callable, Iterator

_WORDS = ("request", "served", "cache", "order", "paid", "worker", "started", "queue", "drained", "retry", "page")
_SERVICES = ("checkout", "catalog", "token-service", "session-store", "secret-sync", "passport-api", "basic-auth-proxy")
_HEX, _LOWER = "0123456789abcdef", "bcdfghjklmnpqrstvwxz2456789"


def lines(seed: int, amount: int) -> Iterator[str]:
    """`amount` characters and a little more, the same for the same seed."""
    dice = random.Random(seed)
    made = 0
    while made < amount:
        line = dice.choice(_KINDS)(dice)
        made += len(line) + 1
        yield line


def _hex(dice: random.Random, length: int) -> str:
    return "".join(dice.choices(_HEX, k=length))


def _uid(dice: random.Random) -> str:
    return "-".join(_hex(dice, n) for n in (8, 4, 4, 4, 12))


def _pod(dice: random.Random) -> str:
    tail = "".join(dice.choices(_LOWER, k=5))
    return f"{dice.choice(_SERVICES)}-{''.join(dice.choices(_LOWER, k=10))}-{tail}"


def _address(dice: random.Random) -> str:
    return f"10.{dice.randrange(256)}.{dice.randrange(256)}.{dice.randrange(256)}"


def _when(dice: random.Random) -> str:
    return f"2026-11-26T{dice.randrange(24):02}:{dice.randrange(60):02}:00.{dice.randrange(10**6):06}Z"


def _access(dice: random.Random) -> str:
    path = dice.choice(("/", "/api/v1/tokens", "/login?next=/cart", f"/orders/{_uid(dice)}", "/static/app.3f9a1c.js"))
    return f'{_address(dice)} - - [{_when(dice)}] "GET {path} HTTP/1.1" 200 {dice.randrange(9999)} "-" "curl/8.5.0"'


def _json_line(dice: random.Random) -> str:
    return (
        f'{{"level":"info","ts":"{_when(dice)}","msg":"{" ".join(dice.choices(_WORDS, k=4))}",'
        f'"trace_id":"{_hex(dice, 32)}","span_id":"{_hex(dice, 16)}","tokens":{dice.randrange(900)},'
        f'"key":"{dice.choice(_SERVICES)}/{dice.randrange(99)}"}}'
    )


def _klog(dice: random.Random) -> str:
    return (
        f"I1126 10:00:{dice.randrange(60):02}.123456       1 controller.go:{dice.randrange(999)}] "
        f'"Reconciled" kind="Secret" namespace="shop" name="{dice.choice(_SERVICES)}-tls" '
        f'resourceVersion="{dice.randrange(10**6)}"'
    )


def _pulled(dice: random.Random) -> str:
    image = f"registry.example.com:5000/shop/{dice.choice(_SERVICES)}:1.{dice.randrange(99)}"
    return f"Pulled image {image}@sha256:{_hex(dice, 64)}"


def _mounted(dice: random.Random) -> str:
    return (
        f'MountVolume.SetUp failed for volume "kube-api-access-{"".join(dice.choices(_LOWER, k=5))}" : secret '
        f'"{dice.choice(_SERVICES)}-tls" not found, pod {_pod(dice)} uid {_uid(dice)}'
    )


def _commit(dice: random.Random) -> str:
    return f'checked out {_hex(dice, 40)} (checksum/config: {_hex(dice, 64)}), etag W/"{_hex(dice, 20)}"'


def _java(dice: random.Random) -> str:
    return f"\tat shop.auth.TokenService.refreshAccessToken(TokenService.java:{dice.randrange(400)}) ~[app.jar]"


def _said(dice: random.Random) -> str:
    return dice.choice((
        "error: password authentication failed for user \"app\"",
        "Basic information: 3 replicas, bearer of news, authorization denied for user bob",
        "the token has expired, ask for a new secret; no key was given",
        "  secretName: checkout-tls",
        "  tokenExpirationSeconds: 3607",
        "connecting to postgres://db.shop.svc.cluster.local:5432/app?sslmode=require",
        "https://grafana.example.com/d/abc?orgId=1&from=now-6h",
    ))  # fmt: skip


def _public(dice: random.Random) -> str:
    return "caBundle: " + base64.b64encode(b"-----BEGIN CERTIFICATE-----\n" + dice.randbytes(200)).decode()


_KINDS: tuple[Callable[[random.Random], str], ...] = (
    _access, _access, _json_line, _json_line, _klog, _pulled, _mounted, _commit, _java, _said, _public,
)  # fmt: skip
