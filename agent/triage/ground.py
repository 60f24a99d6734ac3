"""Grounding: what a draft claims is kept only as far as the article's own words carry it.

- A quote is the article's slice, or it is listed as ungrounded; nothing is accepted by similarity.
- A stage beyond allegation needs a quoted sentence that carries it, un-negated, and speaks of a party of the event.
  Where the reader found that the sentence holds the stage against other parties only, it does not count.
- An adverse role needs a quoted sentence that speaks of the party, and not only as the victim.
- A party stays in an event when a quoted sentence, or the sentence directly ahead of one, speaks of it. A quote about
  somebody else therefore takes the party out, and an event left without parties has no stage.
- A name that fits two people of the article ties nothing: the claim is marked unclear.
- Dates, amounts, authorities and countries are checked against the text; what the text does not say is cleared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from agent.domain.alert import Article, Sentence
from agent.domain.reading import Reading
from agent.domain.record import Grounding, Ungrounded
from agent.domain.summary import CounterEvidence, Event, Party, Quote, Quotes, RiskSummary
from agent.domain.taxonomy import ADVERSE_ROLES, Role, Stage
from agent.triage.evidence import ArticleIndex, TiedParty, tie_parties
from agent.triage.particulars import check_particulars
from agent.triage.support import Sources
from agent.triage.wording import find_wording_faults

BYSTANDER_ROLES: Final = frozenset(
    {
        Role.VICTIM,
        Role.WITNESS,
        Role.LAWYER,
        Role.JOURNALIST,
        Role.OFFICIAL,
        Role.PLAINTIFF,
        Role.WHISTLEBLOWER,
        Role.MENTIONED,
        Role.NAMESAKE,
    }
)
"""Roles against which no event may be held."""

_UNPROVEN: Final = frozenset({Stage.ALLEGATION, Stage.UNDETERMINED})
"""Stages that claim nothing an authority did."""
_MOST_UNGROUNDED, _MOST_UNSUPPORTED, _MOST_LOWERED = 500, 200, 100
_PHRASE, _LINE = 200, 600


@dataclass(slots=True)
class _Report:
    """What grounding finds on its way."""

    quotes: int = 0
    found: int = 0
    ungrounded: list[Ungrounded] = field(default_factory=list)
    unsupported: list[str] = field(default_factory=list)
    lowered: list[str] = field(default_factory=list)

    def finish(self) -> Grounding:
        unsupported = dict.fromkeys(phrase[:_PHRASE] for phrase in self.unsupported)
        return Grounding(
            quotes=self.quotes,
            found=self.found,
            ungrounded=tuple(self.ungrounded[:_MOST_UNGROUNDED]),
            unsupported=tuple(unsupported)[:_MOST_UNSUPPORTED],
            lowered=tuple(dict.fromkeys(line[:_LINE] for line in self.lowered))[:_MOST_LOWERED],
        )


def ground_summary(
    summary: RiskSummary, article: Article, reading: Reading, dossier_texts: Sequence[str] = ()
) -> tuple[RiskSummary, Grounding]:
    """Check a drafted summary against its article; returns what holds, and a report of what did not.

    ``dossier_texts`` are the texts a narrative may draw on beside the article: the subject's name as the alert gives
    it, and the profiles and precedents the summary cites.
    """
    index = ArticleIndex(article, reading)
    report = _Report()
    summary = _drop_repeated_parties(summary, report)
    summary = _locate_quotes(summary, index, report)
    tied = tie_parties(summary, reading)
    summary = _check_roles(summary, index, tied, report)
    facts = Sources(article, (), reading.language)
    sources = Sources(article, dossier_texts, reading.language) if dossier_texts else facts
    roles = {party.id: party.role for party in summary.parties}
    if not reading.readable:
        report.lowered.append("every stage: the text could not be read, so no stage could be checked")
    events = tuple(_check_event(event, roles, index, tied, facts, report) for event in summary.events)
    if summary.subject_party is not None and summary.subject_party not in tied:
        report.lowered.append(f"subject: {summary.subject_party} is no party of the summary")
        summary = summary.model_copy(update={"subject_party": None})
    summary = summary.model_copy(update={"events": events})
    _check_words(summary, sources, report)
    return summary, report.finish()


def _drop_repeated_parties(summary: RiskSummary, report: _Report) -> RiskSummary:
    """Keep the first party of an id: a second one could contradict its role unseen."""
    kept: dict[str, Party] = {}
    for party in summary.parties:
        if party.id in kept:
            report.lowered.append(f"{party.id} {party.name}: left out, its id is already {kept[party.id].name}'s")
        kept.setdefault(party.id, party)
    return summary.model_copy(update={"parties": tuple(kept.values())})


def _locate_quotes(summary: RiskSummary, index: ArticleIndex, report: _Report) -> RiskSummary:
    def locate(claim: str, quotes: Quotes) -> Quotes:
        located = []
        for quote in quotes:
            placed, reason = index.locate(quote)
            located.append(placed)
            report.quotes += 1
            report.found += reason is None
            if reason is not None:
                report.ungrounded.append(Ungrounded(claim=claim, text=quote.text, reason=reason))
        return tuple(located)

    def locate_claim(claim: Event | CounterEvidence) -> Quotes:
        if not claim.quotes:
            text = claim.claim or claim.id
            report.ungrounded.append(Ungrounded(claim=claim.id, text=text, reason="the claim comes without a quote"))
        return locate(claim.id, claim.quotes)

    parties = tuple(
        party.model_copy(
            update={
                "quotes": locate(party.id, party.quotes),
                "identifiers": tuple(
                    identifier.model_copy(update={"quotes": locate(identifier.id, identifier.quotes)})
                    for identifier in party.identifiers
                ),
            }
        )
        for party in summary.parties
    )
    events = tuple(event.model_copy(update={"quotes": locate_claim(event)}) for event in summary.events)
    counter = tuple(entry.model_copy(update={"quotes": locate_claim(entry)}) for entry in summary.counter_evidence)
    return summary.model_copy(update={"parties": parties, "events": events, "counter_evidence": counter})


def _check_roles(summary: RiskSummary, index: ArticleIndex, tied: dict[str, TiedParty], report: _Report) -> RiskSummary:
    def check(party: Party) -> Party:
        if party.role not in ADVERSE_ROLES:
            return party
        events = [event for event in summary.events if party.id in event.parties]
        quotes = [*party.quotes, *(quote for event in events for quote in event.quotes)]
        reason = _why_role_fails(quotes, index, tied[party.id])
        if reason is None:
            return party
        report.lowered.append(f"{party.id} {party.name}: role {party.role} set to undetermined: {reason}")
        return party.model_copy(update={"role": Role.UNDETERMINED})

    return summary.model_copy(update={"parties": tuple(check(party) for party in summary.parties)})


def _why_role_fails(quotes: Sequence[Quote], index: ArticleIndex, tied: TiedParty) -> str | None:
    if tied.unclear:
        return "two people of the article answer to the name"
    if not index.speaks_of(quotes, tied):
        return "no quoted sentence speaks of the party"
    against = [read for read in tied.read if any(read.id in finding.parties for finding in index.reading.findings)]
    if not against and any(read.role is Role.VICTIM for read in tied.read):
        return "the article's sentences make the party the victim"
    return None


def _check_event(
    event: Event,
    roles: dict[str, Role],
    index: ArticleIndex,
    tied: dict[str, TiedParty],
    facts: Sources,
    report: _Report,
) -> Event:
    kept = []
    for party_id in dict.fromkeys(event.parties):
        reason = _why_party_leaves(event, party_id, roles, index, tied)
        if reason is None:
            kept.append(party_id)
        else:
            report.lowered.append(f"{event.id}: {party_id} is not held to it: {reason}")
    event = event.model_copy(update={"parties": tuple(kept)})
    event = _check_stage(event, index, tied, report)
    event, problems, unsupported = check_particulars(event, index, facts)
    report.lowered.extend(f"{event.id}: {problem}" for problem in problems)
    report.unsupported.extend(unsupported)
    return event


def _why_party_leaves(
    event: Event, party_id: str, roles: dict[str, Role], index: ArticleIndex, tied: dict[str, TiedParty]
) -> str | None:
    if party_id not in tied:
        return "no such party in the summary"
    if roles[party_id] in BYSTANDER_ROLES:
        return f"its role is {roles[party_id]}"
    if tied[party_id].unclear:
        return "unclear, two people of the article answer to the name"
    sentences = index.sentences_of(event.quotes)
    if not sentences:
        return None  # nothing found to compare with: the unfound quotes are reported, and no stage will hold
    ahead = [before for sentence in sentences if (before := index.before(sentence)) is not None]
    if index.speaks_of(event.quotes, tied[party_id]):
        return None
    if any(index.mentions(sentence, tied[party_id]) for sentence in ahead):
        return None
    return "the quoted sentences speak of somebody else"


def _check_stage(event: Event, index: ArticleIndex, tied: dict[str, TiedParty], report: _Report) -> Event:
    if event.stage in _UNPROVEN:
        return event
    if not index.reading.readable:
        return event.model_copy(update={"stage": Stage.UNDETERMINED})
    parties = [tied[party_id] for party_id in event.parties]
    if not parties:
        reason = "it is held against nobody"
    elif not any(quote.start is not None for quote in event.quotes):
        reason = "no quote of it was found"
    elif not any(
        _supports_stage(sentence, event.stage, index, parties) for sentence in index.sentences_of(event.quotes)
    ):
        reason = "no quoted sentence says so of its parties"
    else:
        return event
    report.lowered.append(f"{event.id}: stage {event.stage} set to undetermined: {reason}")
    return event.model_copy(update={"stage": Stage.UNDETERMINED})


def _supports_stage(sentence: Sentence, stage: Stage, index: ArticleIndex, parties: Sequence[TiedParty]) -> bool:
    if not index.carries_stage(sentence, stage) or not any(index.mentions(sentence, party) for party in parties):
        return False
    read = {read.id for party in parties for read in party.read}
    held = [set(finding.parties) for finding in index.findings_in(sentence) if finding.stage is stage]
    # The reader says whom the sentence holds it against: a quote about another person is no support.
    return not (read and held and all(against and not against & read for against in held))


def _check_words(summary: RiskSummary, sources: Sources, report: _Report) -> None:
    texts = [summary.narrative, *(event.claim for event in summary.events)]
    for entry in summary.counter_evidence:
        texts += [entry.by, entry.claim]
    for party in summary.parties:
        texts += [party.name, *party.aliases]
    texts += summary.source_assessment.attributed_to
    for text in texts:
        report.unsupported += sources.find_unsupported(text)
    report.unsupported += find_wording_faults(summary.narrative, sources)
