"""Looks behind Services: which pods they should lead to, and why there are none."""

from chat.agent.providers.guide import calls
from chat.agent.providers.guide.diagnosis import services
from chat.agent.providers.guide.diagnosis.finding import Finding, Severity
from chat.agent.providers.guide.rows import Row, objects_of, rows_of, thing_of
from chat.agent.providers.guide.together import Asking, together

MOST_EXAMINED = 12
MOST_NAMES = 20


def examine_services(rows: list[Row], cluster: str, mended_by: list[Finding]) -> Asking[list[Finding]]:
    """`mended_by`: findings already made. A Service whose own workload is ill is not told again."""
    chosen = rows[:MOST_EXAMINED]
    places = dict.fromkeys(row.thing.namespace for row in chosen)
    asks = {
        ("services", place): calls.getting("services", [row.thing.name for row in chosen if row.thing.namespace == place], place, cluster)
        for place in places
    }  # fmt: skip
    asks |= {("deployments", place): calls.listing("deployments", place, cluster) for place in places}
    answers = yield from together(asks, "Looking at who stands behind the services…")
    bodies = [body for (what, _), found in answers.items() if what == "services" for body in objects_of(found)]
    more = {}
    for body in bodies:
        thing, selector = thing_of(body, "services"), services.selector_of(body)
        if selector:
            labels = ",".join(f"{key}={value}" for key, value in selector.items())
            more["pods", thing.namespace, thing.name] = calls.listing("pods", thing.namespace, cluster, label_selector=labels)
    for place in places:
        names = [row.thing.name for row in rows_of(answers["deployments", place], "deployments")][:MOST_NAMES]
        if names:
            more["workloads", place, ""] = calls.getting("deployments", names, place, cluster)
    further = yield from together(more)
    findings = []
    for body in bodies:
        thing = thing_of(body, "services")
        if ("pods", thing.namespace, thing.name) not in further:
            continue
        workloads = objects_of(further["workloads", thing.namespace, ""]) if ("workloads", thing.namespace, "") in further else []
        pods = rows_of(further["pods", thing.namespace, thing.name], "pods")
        finding = services.examine(body, workloads, pods)
        ill = {found.thing.name for found in mended_by if found.severity is not Severity.NOTE}
        if finding and not (pods and any(row.thing.name.startswith(f"{name}-") for row in pods for name in ill)):
            findings.append(finding)
    return findings
