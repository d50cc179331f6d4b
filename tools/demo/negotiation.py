"""Which form an answer takes: plain JSON, YAML, a Table or bare metadata, from the Accept header."""

from dataclasses import dataclass

from tools.demo.errors import ApiError
from tools.demo.http import Request

MEDIA_TYPES = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
PATCH_TYPES = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
)


@dataclass(frozen=True)
class Form:
    """The chosen form: `convert` is "", Table, PartialObjectMetadata or PartialObjectMetadataList."""

    media_type: str = "application/json"
    convert: str = ""
    version: str = "v1"


def accepted(request: Request) -> list[tuple[str, dict[str, str]]]:
    """The clauses of the Accept header by falling quality: media type and parameters."""
    clauses = []
    for clause in request.header("accept").split(","):
        media_type, *parameters = (part.strip() for part in clause.split(";"))
        pairs = {key: value for key, _, value in (parameter.partition("=") for parameter in parameters)}
        if media_type:
            clauses.append((media_type, pairs))
    return sorted(clauses, key=lambda clause: -_quality(clause[1]))


def _quality(parameters: dict[str, str]) -> float:
    try:
        return float(parameters.get("q", "1"))
    except ValueError:
        return 0.0


def negotiate(request: Request) -> Form:
    """The first clause this server can serve; 406 when there is none. No Accept header means JSON."""
    clauses = accepted(request)
    if not clauses:
        return Form()
    if not any(_media_type(media_type) for media_type, _ in clauses):
        text = f"406: Not Acceptable\n\nAvailable representations: {MEDIA_TYPES}"
        raise ApiError(406, text, details={})
    for media_type, parameters in clauses:
        known = _media_type(media_type)
        convert, version = parameters.get("as", ""), parameters.get("v", "")
        if not known:
            continue
        if not convert:
            return Form(known)
        tables = convert == "Table" and version in ("v1", "v1beta1")
        metadata = convert in ("PartialObjectMetadata", "PartialObjectMetadataList") and version in ("v1", "v1beta1")
        if parameters.get("g") == "meta.k8s.io" and (tables or metadata):
            return Form(known, convert, version)
    raise not_acceptable()


def not_acceptable() -> ApiError:
    return ApiError(406, f"only the following media types are accepted: {MEDIA_TYPES}")


def _media_type(wanted: str) -> str:
    """The type this server answers with for a wanted one, "" if it cannot."""
    if wanted in ("*/*", "application/*", "application/json"):
        return "application/json"
    return "application/yaml" if wanted == "application/yaml" else ""


def body_type(request: Request) -> str:
    """`json`, `yaml` or `protobuf`, from the Content-Type of a written object; 415 for anything else."""
    content_type = request.header("content-type").partition(";")[0].strip()
    if content_type in ("", "application/json"):
        return "json"
    if content_type in ("application/yaml", "application/vnd.kubernetes.protobuf"):
        return content_type.rpartition("application/")[2].rpartition(".")[2]
    text = f"the body of the request was in an unknown format - accepted media types include: {MEDIA_TYPES}"
    raise ApiError(415, text)


def patch_type(request: Request, custom: bool) -> str:
    """The patch's media type; 415 for one this server does not know, or a strategic one for a custom resource."""
    content_type = request.header("content-type").partition(";")[0].strip()
    if content_type not in PATCH_TYPES:
        raise ApiError(415, "415: Unsupported Media Type", details={})
    if custom and "strategic" in content_type:
        known = ", ".join(kind for kind in PATCH_TYPES if "strategic" not in kind)
        text = f"the body of the request was in an unknown format - accepted media types include: {known}"
        raise ApiError(415, text)
    return content_type
