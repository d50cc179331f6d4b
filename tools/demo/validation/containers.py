"""Rules of containers: names, images, ports, environment, mounts, probes, resources."""

from typing import Any

from tools.demo import quantity
from tools.demo.validation import names
from tools.demo.validation.causes import (
    NOT_NEGATIVE,
    Cause,
    duplicate,
    forbidden,
    invalid,
    not_found,
    not_negative,
    one_of,
    required,
)

Json = dict[str, Any]

PROTOCOLS = ("SCTP", "TCP", "UDP")
PULL_POLICIES = ("Always", "IfNotPresent", "Never")
HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")
STANDARD_RESOURCES = ("cpu", "memory", "ephemeral-storage")


def check_containers(containers: list[Json], field: str, volumes: set[str], taken: set[str]) -> list[Cause]:
    """`taken`: names of the containers checked before; it grows."""
    found: list[Cause] = []
    ports: set[tuple[Any, Any, Any]] = set()
    for index, container in enumerate(containers):
        here = f"{field}[{index}]"
        found += _check_container(container, here, volumes)
        name = container.get("name") or ""
        if name and name in taken:
            found.append(duplicate(f"{here}.name", name))
        taken.add(name)
        for place, port in enumerate(container.get("ports") or []):
            key = (port.get("hostPort"), port.get("protocol"), port.get("hostIP"))
            if key[0] and key in ports:
                shown = f"{key[2] or ''}/{key[1]}/{key[0]}".lstrip("/")
                found.append(duplicate(f"{here}.ports[{place}].hostPort", shown))
            ports.add(key)
    return found


def _check_container(container: Json, field: str, volumes: set[str]) -> list[Cause]:
    found: list[Cause] = []
    name, image = container.get("name") or "", container.get("image") or ""
    if not name:
        found.append(required(f"{field}.name"))
    else:
        found += [invalid(f"{field}.name", name, why) for why in names.label(name)]
    if not image:
        found.append(required(f"{field}.image"))
    elif image != image.strip():
        found.append(invalid(f"{field}.image", image, "must not have leading or trailing whitespace"))
    for key in ("livenessProbe", "readinessProbe", "startupProbe"):
        if isinstance(container.get(key), dict):
            found += _check_probe(container[key], f"{field}.{key}", key)
    found += _check_ports(container.get("ports") or [], f"{field}.ports")
    found += _check_environment(container, field)
    found += _check_mounts(container.get("volumeMounts") or [], f"{field}.volumeMounts", volumes)
    found += one_of(f"{field}.imagePullPolicy", container.get("imagePullPolicy"), PULL_POLICIES, needed=True)
    return found + check_resources(container.get("resources") or {}, f"{field}.resources")


def _check_ports(ports: list[Json], field: str) -> list[Cause]:
    found: list[Cause] = []
    seen: set[str] = set()
    for index, port in enumerate(ports):
        here = f"{field}[{index}]"
        name, number = port.get("name") or "", port.get("containerPort") or 0
        if name:
            found += [invalid(f"{here}.name", name, why) for why in names.port_name(name)]
            if name in seen:
                found.append(duplicate(f"{here}.name", name))
            seen.add(name)
        if not number:
            found.append(required(f"{here}.containerPort"))
        else:
            found += [invalid(f"{here}.containerPort", number, why) for why in names.port_number(number)]
        if port.get("hostPort"):
            found += [invalid(f"{here}.hostPort", port["hostPort"], why) for why in names.port_number(port["hostPort"])]
        found += one_of(f"{here}.protocol", port.get("protocol"), PROTOCOLS, needed=True)
    return found


def _check_environment(container: Json, field: str) -> list[Cause]:
    found: list[Cause] = []
    for index, variable in enumerate(container.get("env") or []):
        here, name = f"{field}.env[{index}]", variable.get("name") or ""
        if not name:
            found.append(required(f"{here}.name"))
        else:
            found += [invalid(f"{here}.name", name, why) for why in names.environment_name(name)]
        source = variable.get("valueFrom")
        if isinstance(source, dict):
            found += _check_source(variable, source, f"{here}.valueFrom")
    for index, origin in enumerate(container.get("envFrom") or []):
        here = f"{field}.envFrom[{index}]"
        kinds = [key for key in ("configMapRef", "secretRef") if isinstance(origin.get(key), dict)]
        if len(kinds) != 1:
            why = (
                "must specify one of: `configMapRef` or `secretRef`"
                if not kinds
                else "may not have more than one field specified at a time"
            )
            found.append(invalid(here, "", why))
        found += [required(f"{here}.{key}.name") for key in kinds if not origin[key].get("name")]
    return found


def _check_source(variable: Json, source: Json, field: str) -> list[Cause]:
    found: list[Cause] = []
    if variable.get("value"):
        found.append(invalid(field, "", "may not be specified when `value` is not empty"))
    given = [key for key, value in source.items() if isinstance(value, dict)]
    if not given:
        kinds = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
        found.append(invalid(field, "", f"must specify one of: {kinds}"))
    elif len(given) > 1:
        found.append(invalid(field, "", "may not have more than one field specified at a time"))
    if isinstance(source.get("fieldRef"), dict):
        found += _check_field_path(source["fieldRef"].get("fieldPath") or "", f"{field}.fieldRef.fieldPath")
    for key in ("configMapKeyRef", "secretKeyRef"):
        reference = source.get(key)
        if isinstance(reference, dict):
            found += [required(f"{field}.{key}.{part}") for part in ("name", "key") if not reference.get(part)]
    return found


ENVIRONMENT_FIELDS = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)
OTHER_FIELDS = (
    "metadata.annotations",
    "metadata.labels",
    "spec.restartPolicy",
    "spec.schedulerName",
    "status.phase",
)


def _check_field_path(path: str, field: str) -> list[Cause]:
    """What an environment variable may take from its pod."""
    if not path:
        return [required(field)]
    name, _, key = path.partition("[")
    if name in ("metadata.annotations", "metadata.labels") and key.startswith("'") and key.endswith("']"):
        return [invalid(field, path, why) for why in names.qualified(key[1:-2].lower())]
    if path not in (*ENVIRONMENT_FIELDS, *OTHER_FIELDS):
        return [invalid(field, path, f"error converting fieldPath: field label not supported: {path}")]
    return one_of(field, path, ENVIRONMENT_FIELDS)


def _check_mounts(mounts: list[Json], field: str, volumes: set[str]) -> list[Cause]:
    found: list[Cause] = []
    paths: set[str] = set()
    for index, mount in enumerate(mounts):
        here, name, path = f"{field}[{index}]", mount.get("name") or "", mount.get("mountPath") or ""
        if not name:
            found.append(required(f"{here}.name"))
        if name not in volumes:
            found.append(not_found(f"{here}.name", name))
        if not path:
            found.append(required(f"{here}.mountPath"))
        if path in paths:
            found.append(invalid(f"{here}.mountPath", path, "must be unique"))
        paths.add(path)
        if mount.get("subPath", "").startswith("/"):
            found.append(invalid(f"{here}.subPath", mount["subPath"], "must be a relative path"))
    return found


def _check_probe(probe: Json, field: str, kind: str) -> list[Cause]:
    found: list[Cause] = []
    handlers = [each for each in HANDLERS if isinstance(probe.get(each), dict)]
    if not handlers:
        found.append(required(field, "must specify a handler type"))
    found += [forbidden(f"{field}.{each}", "may not specify more than 1 handler type") for each in handlers[1:]]
    for each in handlers[:1]:
        found += _check_handler(probe[each], f"{field}.{each}", each)
    for key in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"):
        found += not_negative(f"{field}.{key}", probe.get(key))
    if kind in ("livenessProbe", "startupProbe") and probe.get("successThreshold", 1) != 1:
        found.append(invalid(f"{field}.successThreshold", probe["successThreshold"], "must be 1"))
    return found


def _check_handler(action: Json, field: str, kind: str) -> list[Cause]:
    if kind == "exec":
        return [] if action.get("command") else [required(f"{field}.command")]
    found: list[Cause] = []
    if kind == "httpGet":
        if not action.get("path"):
            found.append(required(f"{field}.path"))
        found += one_of(f"{field}.scheme", action.get("scheme"), ("HTTP", "HTTPS"), needed=True)
    return [*check_port(action.get("port"), f"{field}.port"), *found]


def check_port(port: Any, field: str) -> list[Cause]:
    """A port by number or name."""
    if isinstance(port, str):
        return [invalid(field, port, why) for why in names.port_name(port)]
    return [invalid(field, port or 0, why) for why in names.port_number(port or 0)]


def check_resources(resources: Json, field: str) -> list[Cause]:
    found: list[Cause] = []
    limits = resources.get("limits") or {}
    for key in ("limits", "requests"):
        for name, amount in sorted((resources.get(key) or {}).items()):
            here = f"{field}.{key}[{name}]" if not _known(name) else f"{field}.{key}"
            if not _known(name):
                found += _check_resource_name(name, here)
            if quantity.parse(amount) < 0:
                found.append(invalid(f"{field}.{key}[{name}]", str(amount), NOT_NEGATIVE))
            if key == "requests" and name in limits and quantity.parse(amount) > quantity.parse(limits[name]):
                why = f"must be less than or equal to {name} limit of {limits[name]}"
                found.append(invalid(f"{field}.requests", str(amount), why))
    return found


def _known(name: str) -> bool:
    return name in STANDARD_RESOURCES or name.startswith("hugepages-") or "/" in name


def _check_resource_name(name: str, field: str) -> list[Cause]:
    broken = [invalid(field, name, why) for why in names.qualified(name)]
    return broken or [
        invalid(field, name, "must be a standard resource type or fully qualified"),
        invalid(field, name, "must be a standard resource for containers"),
    ]
