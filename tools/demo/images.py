"""Image references: their parts, and whether a pull of them would succeed."""

import re
from typing import NamedTuple

UNKNOWN_HOST = "registry.invalid"
LIKELY_TAG = re.compile(r"\d|^(latest|stable|alpine|mainline|main|edge|slim|lts|bookworm|trixie|debug|nonroot)\b")


class Image(NamedTuple):
    """`host` is "" for Docker Hub; `name` is the path without the host."""

    host: str
    name: str
    tag: str


def parse_image(reference: str) -> Image:
    """Splits `host:port/path/name:tag@digest`; the tag defaults to latest."""
    plain, _, digest = reference.partition("@")
    first, slash, rest = plain.partition("/")
    has_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
    host, path = (first, rest) if has_host else ("", plain)
    name, _, tag = path.partition(":")
    return Image(host, name.removeprefix("library/"), tag or digest or "latest")


def pull_error(reference: str, known_tags: tuple[str, ...], plain: bool = False) -> str:
    """What the runtime says when the image cannot be had; "" when it can. `known_tags` empty: any likely one."""
    image = parse_image(reference)
    if image.host == UNKNOWN_HOST:
        if plain:
            return f'Failed to pull image "{reference}": manifest unknown'
        cause = f'failed to do request: Head "https://{image.host}/v2/{image.name}/manifests/{image.tag}": '
        return rpc_error("Unknown", reference, cause + f"dial tcp: lookup {image.host}: no such host")
    if image.tag in known_tags or (not known_tags and LIKELY_TAG.search(image.tag)):
        return ""
    return rpc_error("NotFound", reference, f"{full_name(image)}: not found")


def full_name(image: Image) -> str:
    host = image.host or "docker.io"
    path = image.name if "/" in image.name or image.host else f"library/{image.name}"
    return f"{host}/{path}:{image.tag}"


def rpc_error(code: str, reference: str, cause: str) -> str:
    name = full_name(parse_image(reference))
    unpack = f'failed to pull and unpack image "{name}": failed to resolve reference "{name}": {cause}'
    return f'Failed to pull image "{reference}": rpc error: code = {code} desc = {unpack}'
