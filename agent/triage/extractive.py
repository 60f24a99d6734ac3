"""The extractive drafter: the reader's findings as a RiskSummary, every claim a sentence of the article.

It writes nothing of its own: a claim is the sentence that carries it, and the narrative joins facts that the reader
found in such sentences, attributed to the article and in the past tense.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from agent.domain.alert import Article, Sentence
from agent.domain.reading import Finding, ReadDate, Reading, ReadParty, StatedAttribute, SubjectBasis
from agent.domain.record import Draft
from agent.domain.reference import Dossier
from agent.domain.summary import (
    Amount,
    CounterEvidence,
    Event,
    EventDate,
    Identifier,
    Party,
    PrecedentNote,
    Quote,
    RiskSummary,
    SourceAssessment,
)
from agent.domain.taxonomy import (
    CLEARING_STAGES,
    STAGE_CHAIN,
    CounterEvidenceKind,
    FeatureName,
    Offence,
    PartyKind,
    Role,
    Stage,
)
from agent.triage.narrative import NO_SUBJECT, NOTHING_ADVERSE, SUBJECT_ABSENT, UNPLACED, write_narrative

EXTRACTIVE = "extractive"
_NEEDS_OFFENCE = frozenset({Stage.ALLEGATION, Stage.APPEAL, Stage.UNDETERMINED, Stage.TRIAL, Stage.SETTLED})
"""Stages whose words alone accuse nobody of anything."""
_STEPS = frozenset({Stage.ALLEGATION, Stage.INVESTIGATION, Stage.ARRESTED, Stage.CHARGED, Stage.TRIAL})
"""Stages that a trial or conviction for the same offences has passed through."""
_LONGEST_CLAIM = 600
_LONGEST_QUOTE = 1_500
_MOST = {"parties": 30, "events": 24, "counter": 24, "quotes": 8, "offences": 8}


@dataclass(slots=True)
class _EventParts:
    """Findings that speak of one event."""

    parties: tuple[str, ...]
    stage: Stage
    offences: dict[Offence, None] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


class ExtractiveDrafter:
    """Drafts with no model. Its recommendation is never to close (the policy sees to that)."""

    name = EXTRACTIVE

    def draft(self, dossier: Dossier) -> Draft:
        """A draft whose every quote is a sentence of the article."""
        return Draft(summary=summarise_reading(dossier), drafter=EXTRACTIVE)


def summarise_reading(dossier: Dossier) -> RiskSummary:
    """The reading in the summary's shape: parties, events, counter-evidence, narrative, what is missing."""
    reading, article = dossier.reading, dossier.alert.article
    if not reading.readable:
        return RiskSummary(
            source_assessment=SourceAssessment(kind=reading.source_kind, note=reading.unreadable_reason or ""),
            missing_information=(reading.unreadable_reason or "The text could not be read.",),
            next_steps=("Have a person read the article: nothing in it was assessed.",),
        )
    sentences = reading.sentences()
    events = tuple(_events(reading, article, sentences))
    counter = tuple(_counter_evidence(reading, article, sentences))
    parties = tuple(_parties(reading, article, sentences, events))
    known = {party.id for party in parties}
    subject = reading.subject if reading.subject in known else None
    return RiskSummary(
        parties=parties,
        subject_party=subject,
        events=events,
        counter_evidence=counter,
        source_assessment=SourceAssessment(
            kind=reading.source_kind,
            attributed_to=reading.source_names[:10],
            note=reading.notes[0] if reading.notes else "",
        ),
        narrative=write_narrative(parties, subject, events, counter, _opening(reading)),
        missing_information=tuple(_missing(reading, events))[:12],
        next_steps=tuple(_next_steps(reading, events, counter))[:12],
        precedents=tuple(
            PrecedentNote(
                id=match.precedent.precedent_id,
                alike="; ".join(match.alike)[:600],
                differs="; ".join(match.differs)[:600],
            )
            for match in dossier.precedents[:10]
        ),
    )


def _opening(reading: Reading) -> str:
    """What the narrative says where nothing is held against the subject; only a sound reading found nothing."""
    if reading.subject_basis is SubjectBasis.NOT_IN_TEXT:
        return SUBJECT_ABSENT
    if reading.subject is None:
        return NO_SUBJECT
    if reading.risk_sentences:
        return UNPLACED
    return NOTHING_ADVERSE


def _events(reading: Reading, article: Article, sentences: dict[str, Sentence]) -> Iterator[Event]:
    risky = {risk.sentence for risk in reading.risk_sentences}
    cleared = {party.id for party in reading.parties if party.role is Role.EXONERATED}
    grouped = list(_group((finding for finding in reading.findings if _is_event(finding, risky)), cleared))
    order = {sentence_id: index for index, sentence_id in enumerate(sentences)}
    grouped.sort(key=lambda parts: (reading.subject not in parts.parties, order[parts.findings[0].sentence]))
    for number, parts in enumerate(grouped[: _MOST["events"]], start=1):
        lead = max(
            (f for f in parts.findings if f.stage is parts.stage),
            key=lambda finding: (len(finding.offences), bool(finding.parties)),
        )
        sentence = sentences[lead.sentence]
        own = [finding for finding in parts.findings if finding.stage is parts.stage]
        core = [finding for finding in own if finding.offences] or own
        date = _date_of(core)
        yield Event(
            id=f"E{number}",
            offences=tuple(parts.offences)[: _MOST["offences"]] or (Offence.OTHER,),
            stage=parts.stage,
            in_absentia=any(finding.in_absentia for finding in parts.findings),
            final=any(finding.final for finding in parts.findings),
            parties=parts.parties[:12],
            claim=_cut(article.text[sentence.start : sentence.end], _LONGEST_CLAIM),
            date=EventDate(text=date.text, iso=date.iso) if date is not None else None,
            jurisdiction=next((part.jurisdiction for part in [lead, *core] if part.jurisdiction), None),
            authority=next((part.authority for part in [lead, *core] if part.authority), None),
            amounts=tuple(
                dict.fromkeys(
                    Amount(text=amount.text, value=amount.value, currency=amount.currency)
                    for finding in core
                    for amount in finding.amounts
                )
            )[:8],
            quotes=_quotes((finding.sentence for finding in parts.findings), article, sentences),
        )


def _is_event(finding: Finding, risky: set[str]) -> bool:
    if finding.negated or (not finding.parties and finding.sentence not in risky):
        return False
    if finding.offences:
        return True
    return bool(finding.parties) and finding.stage not in _NEEDS_OFFENCE


def _group(findings: Iterable[Finding], cleared: set[str]) -> Iterator[_EventParts]:
    """One event for findings of one stage about the same parties that share an offence, or name none.

    What had been held against a cleared party goes with the clearing: nobody acquitted is shown as convicted.
    """
    events: list[_EventParts] = []
    pending: list[Finding] = []
    overtaken: list[Finding] = []
    for finding in findings:
        if finding.parties and set(finding.parties) <= cleared and finding.stage not in CLEARING_STAGES:
            overtaken.append(finding)
            continue
        if not finding.offences:
            pending.append(finding)
            continue
        home = next((event for event in events if _same_event(event, finding)), None)
        if home is None:
            home = _EventParts(parties=finding.parties, stage=finding.stage)
            events.append(home)
        home.findings.append(finding)
        home.offences.update(dict.fromkeys(finding.offences))
    events = list(_without_steps(events))
    for finding in pending:
        kin = [event for event in events if event.parties == finding.parties and event.stage is finding.stage]
        home = kin[-1] if kin else None
        if home is None:
            home = _EventParts(parties=finding.parties, stage=finding.stage)
            events.append(home)
        home.findings.append(finding)
    for finding in overtaken:
        home = next((e for e in events if e.stage in CLEARING_STAGES and set(finding.parties) & set(e.parties)), None)
        if home is not None:
            home.findings.append(finding)
            home.offences.update(dict.fromkeys(finding.offences))
    yield from events


def _without_steps(events: Sequence[_EventParts]) -> Iterator[_EventParts]:
    """Charge and trial that led to a reported trial or conviction are its steps: their sentences prove it too."""
    ends = [event for event in events if event.stage in {Stage.TRIAL, Stage.CONVICTED} and event.parties]
    for event in events:
        end = next((other for other in reversed(ends) if other is not event and _is_step(event, other)), None)
        if end is None:
            yield event
        else:
            end.findings.extend(event.findings)


def _is_step(event: _EventParts, end: _EventParts) -> bool:
    if (
        event.stage not in _STEPS
        or STAGE_CHAIN[event.stage] >= STAGE_CHAIN[end.stage]
        or event.parties != end.parties
        or not event.offences.keys() <= end.offences.keys()
    ):
        return False
    return not any(finding.amounts or finding.dates for finding in event.findings)


def _same_event(event: _EventParts, finding: Finding) -> bool:
    if event.stage is not finding.stage or event.parties != finding.parties:
        return False
    years = {date.iso[:4] for part in event.findings for date in part.dates if date.iso}
    own = {date.iso[:4] for date in finding.dates if date.iso}
    if years and own and not years & own:
        return False
    return bool(event.offences.keys() & set(finding.offences))


def _date_of(findings: Sequence[Finding]) -> ReadDate | None:
    """The most exact date of the findings, the first of equals."""
    dates = [date for finding in findings for date in finding.dates]
    return max(dates, key=lambda date: len(date.iso or ""), default=None)


def _counter_evidence(reading: Reading, article: Article, sentences: dict[str, Sentence]) -> Iterator[CounterEvidence]:
    """Counter-evidence about whoever something is held against, in the article's order: one a kind and sentence."""
    number = 0
    for finding in reading.counter_findings:
        accused = {party for part in reading.findings if not part.negated for party in part.parties}
        if not accused and finding.kind is CounterEvidenceKind.POLITICAL_MOTIVATION:
            continue
        if number == _MOST["counter"]:
            return
        number += 1
        sentence = sentences[finding.sentence]
        yield CounterEvidence(
            id=f"C{number}",
            kind=finding.kind,
            by=_speaker(finding.by, finding.interested),
            claim=_cut(article.text[sentence.start : sentence.end], _LONGEST_CLAIM),
            quotes=_quotes([finding.sentence], article, sentences),
        )


def _speaker(by: str, interested: bool) -> str:
    marked = f"{by} (interested party)" if interested and by != "not stated" else by
    return marked[:200]


def _parties(
    reading: Reading, article: Article, sentences: dict[str, Sentence], events: Sequence[Event]
) -> Iterator[Party]:
    """The subject, everyone with a part in what is reported, then people merely mentioned."""
    in_events = {party for event in events for party in event.parties}
    kept = [
        party
        for party in reading.parties
        if party.id == reading.subject
        or party.id in in_events
        or party.role is not Role.MENTIONED
        or party.kind is PartyKind.PERSON
    ]
    kept.sort(key=lambda party: (party.id != reading.subject, party.id not in in_events, party.role is Role.MENTIONED))
    number = 0
    for party in kept[: _MOST["parties"]]:
        identifiers = []
        for attribute in party.attributes[:12]:
            number += 1
            identifiers.append(_identifier(f"I{number}", attribute, article, sentences))
        carried = party.role_sentences or tuple(m.sentence for m in party.mentions if m.by_name)[:1]
        yield Party(
            id=party.id,
            name=party.name,
            kind=party.kind,
            role=party.role,
            aliases=_aliases(party),
            identifiers=tuple(identifiers),
            quotes=_quotes(carried[:3], article, sentences),
        )


def _aliases(party: ReadParty) -> tuple[str, ...]:
    return tuple(alias for alias in party.aliases if alias != party.name)[:12]


def _identifier(
    identifier_id: str, attribute: StatedAttribute, article: Article, sentences: dict[str, Sentence]
) -> Identifier:
    return Identifier(
        id=identifier_id,
        name=attribute.name,
        value=attribute.value,
        quotes=_quotes([attribute.sentence], article, sentences),
    )


def _quotes(sentence_ids: Iterable[str], article: Article, sentences: dict[str, Sentence]) -> tuple[Quote, ...]:
    quotes = []
    for sentence_id in list(dict.fromkeys(sentence_ids))[: _MOST["quotes"]]:
        sentence = sentences[sentence_id]
        end = min(sentence.end, sentence.start + _LONGEST_QUOTE)
        quotes.append(
            Quote(text=article.text[sentence.start : end], sentence=sentence_id, start=sentence.start, end=end)
        )
    return tuple(quotes)


def _cut(text: str, limit: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 2].rsplit(" ", 1)[0] + " …"


def _missing(reading: Reading, events: Sequence[Event]) -> Iterator[str]:
    subject = reading.party(reading.subject) if reading.subject else None
    if subject is None:
        yield "Whom the alert is about could not be determined from the text."
    else:
        stated = {attribute.name for attribute in subject.attributes}
        person = subject.kind is not PartyKind.ORGANISATION
        if person and not stated & {FeatureName.AGE, FeatureName.BIRTH_DATE}:
            yield "The text states no age or date of birth of the subject."
        if person and FeatureName.NATIONALITY not in stated:
            yield "The text states no nationality of the subject."
    for event in events:
        if event.date is not None and event.date.iso is None:
            yield f"{event.id}: the year of “{event.date.text}” is not stated."
        if event.stage is Stage.UNDETERMINED:
            yield f"{event.id}: how far this got in law is not stated."
        if not event.parties:
            yield f"{event.id}: the sentence does not say clearly against whom this is held."
    for name in reading.ambiguous_names[:3]:
        yield f"More than one person of the text may be meant by “{name}”."


def _next_steps(reading: Reading, events: Sequence[Event], counter: Sequence[CounterEvidence]) -> Iterator[str]:
    yield "Check that the party of the article is the screened subject."
    if any(STAGE_CHAIN.get(event.stage, 0) in range(1, 6) for event in events):
        yield "Find out how the proceedings stand today: the article tells their state at its date only."
    if counter and any(event.stage not in CLEARING_STAGES for event in events):
        yield "Weigh the counter-evidence and who gives it."
    if reading.marks:
        yield "Read the marked stretches: they are aimed at software, or hidden from the eye."
