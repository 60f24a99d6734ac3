"""A record as a page for a person at a terminal: recommendation, claims with their words, the article with marks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from agent.cli.exits import plain
from agent.domain.alert import Alert
from agent.domain.record import TriageRecord
from agent.domain.summary import Event, Quotes
from agent.domain.taxonomy import CLEARING_STAGES, CONTESTING_KINDS, IdentityVerdict, RecommendationValue, Stage

_COLOURS = {
    RecommendationValue.ESCALATE: "bold red",
    RecommendationValue.REVIEW: "bold yellow",
    RecommendationValue.CANNOT_ASSESS: "bold magenta",
    RecommendationValue.CLOSE_NOT_MATERIAL: "bold green",
    RecommendationValue.CLOSE_FALSE_POSITIVE: "bold green",
}
_MEANINGS = {
    RecommendationValue.ESCALATE: "escalate to a second look",
    RecommendationValue.REVIEW: "for an analyst to review",
    RecommendationValue.CANNOT_ASSESS: "could not be assessed: a person must read the article",
    RecommendationValue.CLOSE_NOT_MATERIAL: "may be closed as not material, by a person",
    RecommendationValue.CLOSE_FALSE_POSITIVE: "may be closed as a false positive, by a person",
}
_CONVICTED, _ALLEGED, _MITIGATING, _CONTESTED = "bold red", "yellow", "green", "magenta"
_LIKELIHOODS = {
    IdentityVerdict.CONFIRMED: _CONVICTED,
    IdentityVerdict.PROBABLE: _CONVICTED,
    IdentityVerdict.POSSIBLE: _ALLEGED,
    IdentityVerdict.MISMATCH: _MITIGATING,
    IdentityVerdict.UNKNOWN_SUBJECT: "",
    IdentityVerdict.CANNOT_ASSESS: "",
}
_LONGEST_ARTICLE = 20_000


def print_record(alert: Alert, record: TriageRecord, *, brief: bool = False) -> None:
    """Print one record to standard output; styles vanish by themselves where there is no terminal."""
    console = Console(highlight=False, markup=False, soft_wrap=False)
    console.print(_heading(alert, record))
    for title, lines in _sections(record):
        if lines:
            console.print(Text(title, style="bold"))
            for line in lines:
                console.print(Padding(line, (0, 0, 0, 2)))
    if not brief:
        console.print(Text("Article, evidence marked", style="bold"))
        console.print(Padding(_marked_article(alert, record), (0, 0, 0, 2)))
    console.print(Text(_provenance(record), style="dim"))
    console.print()


def _heading(alert: Alert, record: TriageRecord) -> RenderableType:
    value = record.recommendation.value
    party = next((party for party in record.summary.parties if party.id == record.summary.subject_party), None)
    given = alert.subject.name if alert.subject is not None else "(blank)"
    lines = [
        Text.assemble((value.value.upper().replace("_", " "), _COLOURS[value]), f"  {_MEANINGS[value]}"),
        Text(plain(f"Screened: {given}    Article's subject: {party.name if party else 'not determined'}")),
        Text(f"Reasons: {', '.join(record.recommendation.reasons) or 'none'}"),
    ]
    if record.drafter == "extractive":
        why = record.provenance.fallback_reason
        lines.append(Text("Drafted by rules from the article's own sentences, not by a model.", style="italic"))
        if why:
            lines.append(Text(plain(why), style="yellow"))
    title = Text(plain(f"Alert {record.alert_id}"))
    return Panel(Group(*lines), title=title, title_align="left", border_style=_COLOURS[value])


def _sections(record: TriageRecord) -> Iterator[tuple[str, Sequence[RenderableType]]]:
    summary = record.summary
    yield "Summary", [Text(plain(summary.narrative))] if summary.narrative else []
    yield (
        "Planted or hidden text",
        [Text(plain(f"{mark.kind}: {mark.text}"), style="magenta") for mark in record.marks[:10]],
    )
    yield "Events", [_event(record, event) for event in summary.events]
    yield (
        "For the other side",
        [
            _claim(
                f"{entry.id} {entry.kind.replace('_', ' ')} — by {entry.by}",
                entry.quotes,
                _CONTESTED if entry.kind in CONTESTING_KINDS else _MITIGATING,
            )
            for entry in summary.counter_evidence
        ],
    )
    yield "People and firms", [_parties(record)] if summary.parties else []
    yield "Same person?", [_identity(record)]
    yield "Candidates", _candidates(record)
    yield (
        "Not covered by the draft",
        [Text(plain(f"{omission.sentence}: {omission.text}"), style="yellow") for omission in record.omissions],
    )
    yield (
        "Statements without proof in the article",
        [
            Text(plain(f"{entry.claim}: “{entry.text}” ({entry.reason})"), style="yellow")
            for entry in record.grounding.ungrounded
        ]
        + [Text(plain(word), style="yellow") for word in record.grounding.unsupported],
    )
    yield "Set back by the checks", [Text(plain(line)) for line in record.grounding.lowered]
    yield "Earlier decisions like this", list(_precedents(record))
    yield "Missing", [Text(plain(line)) for line in summary.missing_information]
    yield "Next steps", [Text(plain(line)) for line in summary.next_steps]
    yield "Notes", [Text(plain(line)) for line in record.notes]


def _precedents(record: TriageRecord) -> Iterator[RenderableType]:
    """How cases like this were decided, with how all were: as many are shown of each outcome, which is no base rate."""
    if record.precedents and record.outcome_counts:
        counts = ", ".join(f"{count} {outcome.replace('_', ' ')}" for outcome, count in record.outcome_counts.items())
        yield Text(plain(f"The nearest of each outcome; all decisions together: {counts}."), style="dim")
    for shown in record.precedents:
        how = f"{shown.precedent_id}: {shown.outcome.replace('_', ' ')} ({shown.reason_code.replace('_', ' ')})"
        imported = ", imported" if shown.imported else ""
        alike, differs = "; ".join(shown.alike) or "nothing named", "; ".join(shown.differs) or "nothing"
        yield Text(plain(f"{how}{imported}; alike: {alike}; differs: {differs}"))


def _event(record: TriageRecord, event: Event) -> RenderableType:
    names = {party.id: party.name for party in record.summary.parties}
    who = ", ".join(names.get(party, party) for party in event.parties) or "not clear against whom"
    parts = [who, ", ".join(event.offences).replace("_", " ")]
    parts += ["in absentia"] if event.in_absentia else []
    parts += [event.date.text] if event.date else []
    parts += [place for place in (event.jurisdiction, event.authority) if place]
    parts += [amount.text for amount in event.amounts]
    head = f"{event.id} {event.stage.value.upper().replace('_', ' ')}: {'; '.join(parts)}"
    return _claim(head, event.quotes, _event_style(event))


def _event_style(event: Event) -> str:
    if event.stage in CLEARING_STAGES:
        return _MITIGATING
    return _CONVICTED if event.stage in {Stage.CONVICTED, Stage.PENALTY, Stage.SANCTIONED} else _ALLEGED


def _claim(head: str, quotes: Quotes, style: str) -> RenderableType:
    lines = [Text(plain(head), style=style)]
    for quote in quotes:
        found = f"word for word, {quote.sentence}" if quote.start is not None else "NOT FOUND in the article"
        lines.append(Text.assemble(plain(f"   “{' '.join(quote.text.split())}”"), (f"  [{found}]", "dim")))
    return Group(*lines)


def _parties(record: TriageRecord) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for party in record.summary.parties:
        stated = "; ".join(f"{one.name} {one.value}".replace("_", " ") for one in party.identifiers)
        table.add_row(Text(plain(party.name)), Text(party.role.value.upper()), Text(plain(stated)))
    return table


def _identity(record: TriageRecord) -> RenderableType:
    identity = record.summary.identity
    features = "; ".join(
        f"{one.name}: {one.given or '?'} / {one.stated or '?'} = {one.verdict}" for one in identity.features
    )
    return Text(plain(f"{identity.verdict.value.replace('_', ' ')}{'  (' + features + ')' if features else ''}"))


def _candidates(record: TriageRecord) -> list[RenderableType]:
    """Who can be the subject, likeliest first, each with the profiles held against it."""
    subject, lines = record.summary.subject_party, list[RenderableType]()
    for place, candidate in enumerate(record.candidates, start=1):
        head = f"{place}. {candidate.name}, {candidate.reason}"
        head += " (the draft's subject)" if candidate.party == subject and len(record.candidates) > 1 else ""
        head += f" — {candidate.note}" if candidate.note else ""
        lines.append(Text(plain(head)))
        for one in candidate.profiles:
            other = f", there {one.matched_name}" if one.matched_name != candidate.name else ""
            verdict = one.verdict.value.replace("_", " ").upper()
            words = Text.assemble((verdict, _LIKELIHOODS[one.verdict]), plain(f": {one.explanation}"))
            lines.append(Text(plain(f"   profile {one.profile_id}{other}"), style="dim"))
            lines.append(Padding(words, (0, 0, 0, 5)))
    return lines


def _marked_article(alert: Alert, record: TriageRecord) -> Text:
    """The stored text with evidence styled where it stands; invisible characters are written out after styling."""
    text = alert.article.text[:_LONGEST_ARTICLE]
    styles = [""] * len(text)
    for start, end, style in _spans(record):
        styles[start:end] = [style] * (min(end, len(text)) - start) if start < len(text) else []
    marked, begin = Text(), 0
    for at in range(1, len(text) + 1):
        if at == len(text) or styles[at] != styles[begin]:
            marked.append(plain(text[begin:at]), style=styles[begin] or None)
            begin = at
    if len(alert.article.text) > _LONGEST_ARTICLE:
        marked.append(f"\n[{len(alert.article.text) - _LONGEST_ARTICLE} more characters: `triage draft --json`]", "dim")
    return marked


def _spans(record: TriageRecord) -> Iterator[tuple[int, int, str]]:
    summary = record.summary
    for entry in summary.counter_evidence:
        style = _CONTESTED if entry.kind in CONTESTING_KINDS else _MITIGATING
        yield from _placed(entry.quotes, f"{style} underline")
    for event in sorted(summary.events, key=lambda event: _event_style(event) == _CONVICTED):
        yield from _placed(event.quotes, f"{_event_style(event)} underline")
    for mark in record.marks:
        yield mark.start, mark.end, "black on magenta"


def _placed(quotes: Quotes, style: str) -> Iterator[tuple[int, int, str]]:
    for quote in quotes:
        if quote.start is not None and quote.end is not None:
            yield quote.start, quote.end, style


def _provenance(record: TriageRecord) -> str:
    origin, grounding = record.provenance, record.grounding
    parts = [
        f"{grounding.found} of {grounding.quotes} quotes found word for word",
        f"drafter {record.drafter}",
        *([f"model {origin.model}"] if origin.model else []),
        *([f"prompt {origin.prompt}"] if origin.prompt else []),
        f"policy {origin.policy_hash[:19]}",
        f"version {origin.code_version}",
        f"{origin.latency_ms} ms",
    ]
    if origin.usage.calls or origin.usage.input_tokens:
        cost = f"${origin.usage.cost_usd:.4f}" if origin.usage.cost_usd is not None else "price unknown"
        parts.append(f"{origin.usage.input_tokens}+{origin.usage.output_tokens} tokens, {cost}")
    return plain(" · ".join(parts))
