"""Looks behind Services: which pods they should lead to, and why there are none."""

from chat.agent.providers.guide import calls
from chat.agent.providers.guide.diagnosis import services
from chat.agent.providers.guide.diagnosis.finding import Finding
from chat.agent.providers.guide.rows import Row, objects_of, rows_of, thing_of
from chat.agent.providers.guide.together import Asking, together

MOST_EXAMINED = 12
TEMPLATE_LABELS = "spec.template.metadata.labels"
LABELS = "metadata.labels"


def examine_services(rows: list[Row], cluster: str) -> Asking[list[Finding]]:
    """`rows`: Services that nobody answers for."""
    chosen = rows[:MOST_EXAMINED]
    asks = {}
    for place in dict.fromkeys(row.thing.namespace for row in chosen):
        names = [row.thing.name for row in chosen if row.thing.namespace == place]
        asks["services", place] = calls.getting("services", names, place, cluster)
        asks["deployments", place] = calls.listing("deployments", place, cluster, columns=[TEMPLATE_LABELS])
        asks["pods", place] = calls.listing("pods", place, cluster, columns=[LABELS])
    answers = yield from together(asks, "Looking who stands behind the services…" if asks else "")
    findings = []
    for (what, place), found in answers.items():
        for body in objects_of(found) if what == "services" else []:
            workloads = {
                row.thing.name: labels_of(row[TEMPLATE_LABELS.upper()])
                for row in rows_of(answers["deployments", place], "deployments")
            }
            wanted = services.selector_of(body).items()
            behind = [
                row.thing
                for row in rows_of(answers["pods", place], "pods")
                if wanted <= labels_of(row[LABELS.upper()]).items()
            ]
            finding = services.examine(body, workloads, behind)
            findings += [finding] if finding and thing_of(body, "services").name else []
    return findings


def labels_of(cell: str) -> dict[str, str]:
    """ "app=web,tier=front" as a dict."""
    return dict(pair.split("=", 1) for pair in cell.split(",") if "=" in pair)
