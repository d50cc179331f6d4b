"""What is wrong here: looks at a namespace, or at everything, and tells all faults by how grave they are."""

from chat.agent.providers.guide import calls, phrasing
from chat.agent.providers.guide.diagnosis import others
from chat.agent.providers.guide.diagnosis.finding import Finding, Note
from chat.agent.providers.guide.diagnosis.health import is_ill
from chat.agent.providers.guide.intention import EVERYWHERE, Thing
from chat.agent.providers.guide.plans.gathering import Notebook, examine_pods, log_text, notes_of, one_of_each
from chat.agent.providers.guide.plans.reporting import grouped, in_full, offers_of
from chat.agent.providers.guide.plans.wiring import examine_services
from chat.agent.providers.guide.rows import Row, objects_of, rows_of
from chat.agent.providers.guide.steps import Call, Plan, Reply, Scene
from chat.agent.providers.guide.together import Asking, together

LOOKED_AT = ("pods", "deployments", "services", "endpoints", "jobs", "persistentvolumeclaims")
MOST_WARNINGS = 6
MOST_JOBS = 5
ORDINARY = frozenset(
    {"BackOff", "Failed", "FailedScheduling", "Unhealthy", "BackoffLimitExceeded", "OOMKilling", "Killing"}
)
NOBODY = frozenset({"<none>", "<unset>", ""})


def check(scene: Scene) -> Plan:
    """Reads everything that can be ill at once, then looks closer at what is."""
    wish = scene.intention
    place, cluster = wish.namespace, wish.cluster
    asks = {kind: calls.listing(kind, place, cluster) for kind in LOOKED_AT}
    everywhere = place in {"", EVERYWHERE}
    if everywhere:
        asks["nodes"] = calls.listing("nodes", "", cluster)
    asks["events"] = calls.events(place, cluster, limit=100)
    answers = yield from together(asks, f"Looking at everything {phrasing.place(place).replace('`', '')}…")
    if answers["pods"].failed:
        return Reply(phrasing.plain(answers["pods"].text))
    rows = {kind: rows_of(answers[kind], kind) for kind in answers if kind != "events"}
    notebook = Notebook(notes_of(answers["events"]))
    findings = yield from _findings(rows, notebook, cluster)
    alive = {(row.thing.namespace, row.thing.name) for row in rows["pods"]}
    current = [note for note in notebook.notes if note.kind != "Pod" or (note.namespace, note.name) in alive]
    return _told(place, rows, findings, _unexplained(current, findings))


def _findings(rows: dict[str, list[Row]], notebook: Notebook, cluster: str) -> Asking[list[Finding]]:
    jobs = [row for row in rows["jobs"] if is_ill(row)]
    job_pods = tuple(f"{row.thing.name}-" for row in jobs)
    ill = [row for row in rows["pods"] if is_ill(row) and not row.thing.name.startswith(job_pods or "\0")]
    findings = yield from examine_pods(one_of_each(ill), notebook, cluster)
    findings = list({(finding.thing, finding.title): finding for finding in findings}.values())
    findings += yield from _others(rows, ill, cluster)
    told = {(finding.thing.name, finding.thing.namespace) for finding in findings}
    lonely = [row for row in _nobody_behind(rows) if (row.thing.name, row.thing.namespace) not in told]
    findings += yield from examine_services(lonely, cluster)
    for claim in rows["persistentvolumeclaims"]:
        found = others.examine_claim(claim, list(notebook.about(claim.thing)))
        findings += [found] if found else []
    return sorted(findings, key=lambda finding: finding.severity)


def _nobody_behind(rows: dict[str, list[Row]]) -> list[Row]:
    empty = {row.thing.name + "/" + row.thing.namespace for row in rows["endpoints"] if row["ENDPOINTS"] in NOBODY}
    known = {row.thing.name + "/" + row.thing.namespace for row in rows["endpoints"]}
    return [
        row
        for row in rows["services"]
        if f"{row.thing.name}/{row.thing.namespace}" in empty
        or (known and f"{row.thing.name}/{row.thing.namespace}" not in known)
    ]


def _others(rows: dict[str, list[Row]], ill_pods: list[Row], cluster: str) -> Asking[list[Finding]]:
    """Failed Jobs, nodes that are not Ready, and Deployments that lack pods while none of their pods is ill."""
    jobs = [row.thing for row in rows["jobs"] if is_ill(row)][:MOST_JOBS]
    nodes = [row.thing for row in rows.get("nodes", []) if is_ill(row)]
    short = [row.thing for row in rows["deployments"] if is_ill(row) and not _has_any(row.thing, ill_pods)]
    asks: dict[tuple[str, Thing], Call] = {
        ("object", thing): calls.getting(thing.kind, thing.name, thing.namespace, cluster)
        for thing in (*jobs, *nodes, *short)
    }
    asks |= {("log", thing): calls.logs(thing, cluster, tail=40) for thing in jobs}
    answers = yield from together(asks, "Reading what the failed jobs said…" if jobs else "")
    findings = []
    for (what, thing), found in answers.items():
        for body in objects_of(found) if what == "object" else []:
            match thing.kind:
                case "jobs":
                    finding = others.examine_job(body, log_text(answers["log", thing]))
                case "nodes":
                    finding = others.examine_node(body)
                case _:
                    finding = others.examine_rollout(body)
            findings += [finding] if finding else []
    return findings


def _has_any(thing: Thing, pods: list[Row]) -> bool:
    return any(pod.thing.namespace == thing.namespace and pod.thing.name.startswith(f"{thing.name}-") for pod in pods)


def _unexplained(notes: list[Note], findings: list[Finding]) -> list[Note]:
    """Warnings about things that no finding speaks of."""
    told = [(finding.thing.namespace, finding.thing.name) for finding in findings]

    def about_told(note: Note) -> bool:
        return any(note.namespace == space and note.name.startswith(name) for space, name in told)

    return [note for note in notes if note.type == "Warning" and not about_told(note)][:MOST_WARNINGS]


def _told(place: str, rows: dict[str, list[Row]], findings: list[Finding], warnings: list[Note]) -> Reply:
    where = phrasing.place(place)
    seen = phrasing.listed(
        [
            phrasing.counted(len(rows[kind]), kind.removesuffix("s"))
            for kind in ("pods", "deployments", "services", "jobs", "nodes")
            if rows.get(kind)
        ]
    )
    if not any(rows.values()):
        return Reply(
            f"There is nothing {where}. See the namespaces with {phrasing.code('list namespaces')}.",
            offers=("list namespaces",),
        )
    notes = _warnings(warnings)
    if not findings:
        return Reply(
            phrasing.paragraphs(
                f"**Nothing is wrong {where} that I can see.**", f"I looked at {seen}: all of them are well.", notes
            )
        )
    if len(findings) == 1:
        only = findings[0]
        return Reply(
            phrasing.paragraphs(f"I looked at {seen} {where}. One thing is wrong.", in_full(only), notes),
            focus=only.thing,
            offers=only.offers,
        )
    count = phrasing.counted(len(findings), "thing needs", "things need")
    lead = f"I looked at {seen} {where}. **{count} attention:**"
    closing = (
        "Type one of the sentences, or answer with a number for the ones that need no "
        "value filled in. Ask `why is … failing` for more about one."
    )
    return Reply(
        phrasing.paragraphs(lead, grouped(findings), notes, closing),
        shown=tuple(finding.thing for finding in findings),
        offers=offers_of(findings),
    )


def _warnings(notes: list[Note]) -> str:
    if not notes:
        return ""
    rows = [
        (
            phrasing.cell(note.reason),
            phrasing.cell(f"{note.kind}/{note.name}"),
            phrasing.cell(note.namespace),
            str(note.count),
            phrasing.cell(note.message, 140),
        )
        for note in notes
    ]
    return "### Other warnings\n\n" + phrasing.table(("Reason", "About", "Namespace", "Times", "Message"), rows)
