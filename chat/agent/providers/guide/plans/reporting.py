"""Tells findings to people: what is wrong, how we know, what would mend it, and the sentence to type."""

from chat.agent.providers.guide import phrasing
from chat.agent.providers.guide.diagnosis.finding import Finding, Severity
from chat.agent.providers.guide.rows import items
from chat.agent.providers.guide.steps import Found

HEADS = {Severity.CRITICAL: "Broken", Severity.WARNING: "Not well", Severity.NOTE: "Worth knowing"}
MOST_NOTES = 8
OPEN = "…"


def in_full(finding: Finding) -> str:
    """One finding, as the answer to "why"."""
    return phrasing.paragraphs(
        f"**{phrasing.thing(finding.thing)} {finding.title}.**",
        finding.cause,
        "**How I know**\n\n" + "\n".join(f"- {line}" for line in finding.evidence) if finding.evidence else "",
        f"**What would help**\n\n{finding.fix}",
        _next(finding.offers),
    )


def in_short(number: int, finding: Finding) -> str:
    """One finding among several."""
    lines = [f"{number}. **{phrasing.thing(finding.thing)}** {finding.title}. {finding.cause}"]
    lines += [f"   - {line}" for line in finding.evidence[:2]]
    if finding.offers:
        lines.append(f"   - {finding.fix} {phrasing.say(finding.offers[0])}")
    else:
        lines.append(f"   - {finding.fix}")
    return "\n".join(lines)


def grouped(findings: list[Finding], start: int = 1) -> str:
    """Findings under their severity, numbered through."""
    parts, number = [], start
    for severity in Severity:
        of_it = [finding for finding in findings if finding.severity is severity]
        if of_it:
            parts.append(f"### {HEADS[severity]}")
            parts.append("\n".join(in_short(number + place, finding) for place, finding in enumerate(of_it)))
            number += len(of_it)
    return "\n\n".join(parts)


def briefly(notes: list[Finding]) -> str:
    """Notes, a line each: they may well be meant."""
    if not notes:
        return ""
    lines = [f"- {phrasing.thing(note.thing)} {note.title}. {note.cause}".rstrip() for note in notes[:MOST_NOTES]]
    more = f"\n- …and {len(notes) - MOST_NOTES} more in the tool card above." if len(notes) > MOST_NOTES else ""
    return f"### {HEADS[Severity.NOTE]}\n\n" + "\n".join(lines) + more


def unread(found: Found) -> str:
    """What a k8s_diagnose answer could not look at."""
    kinds = [str(each.get("kind") or "") for each in items(found.data, "unread")]
    if not kinds:
        return ""
    return f"I could not look at {phrasing.listed([phrasing.code(kind) for kind in kinds[:12]])}: your account may not."


def offers_of(findings: list[Finding]) -> tuple[str, ...]:
    """The first offer of each, in the order in which they are numbered."""
    ordered = sorted(findings, key=lambda finding: finding.severity)
    return tuple(finding.offers[0] if finding.offers else "" for finding in ordered)


def _next(offers: tuple[str, ...]) -> str:
    if not offers:
        return ""
    if len(offers) == 1:
        told = phrasing.say(offers[0])
    else:
        told = "\n".join(f"{number}. {phrasing.say(offer)}" for number, offer in enumerate(offers, 1))
    ready = [offer for offer in offers if OPEN not in offer]
    hint = ""
    if any(OPEN in offer for offer in offers):
        hint = "Fill in the value where it says `…`" + (
            "; for the others a number is enough as an answer." if ready else "."
        )
    elif len(offers) > 1:
        hint = "A number is enough as an answer."
    elif ready:
        hint = "`yes` is enough as an answer."
    return phrasing.paragraphs(told, hint)
