"""Findings: predicates with their parties, dates, amounts and jurisdiction; and the sentences a draft must cover."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeVar

from agent.domain.alert import Sentence
from agent.domain.amounts import find_amounts
from agent.domain.reading import CounterFinding, Cue, CueKind, Finding, ReadAmount, ReadDate, RiskSentence
from agent.domain.taxonomy import ADVERSE_ROLES, CLEARING_STAGES, Stage
from agent.reading.dates import find_dates
from agent.reading.lexicon import Lexicon
from agent.reading.parties import Cast
from agent.reading.parts import Analysis, Predicate, Span
from agent.reading.places import country_codes

_SOFT_STAGES = frozenset({Stage.ALLEGATION, Stage.INVESTIGATION, Stage.APPEAL, Stage.SETTLED, Stage.TRIAL})
"""Stages whose words also serve civil life: without an offence beside them they make no risk sentence."""
_MOST = 2_000
_Placed = TypeVar("_Placed", ReadDate, ReadAmount)


def make_findings(
    text: str, sentences: Mapping[str, Sentence], analysis: Analysis, cast: Cast, lexicon: Lexicon
) -> tuple[Finding, ...]:
    """One finding a predicate, in the article's order."""
    by_sentence: dict[str, list[Predicate]] = defaultdict(list)
    for predicate in analysis.predicates:
        by_sentence[predicate.sentence].append(predicate)
    findings = []
    for sentence_id, predicates in by_sentence.items():
        sentence = sentences[sentence_id]
        words = text[sentence.start : sentence.end]
        dates = [date for date in find_dates(text, sentence.start, sentence.end, lexicon) if not _is_birth(text, date)]
        amounts = [
            ReadAmount(
                text=words[found.start : found.end][:200],
                start=sentence.start + found.start,
                end=sentence.start + found.end,
                value=found.value,
                currency=found.currency,
            )
            for found in find_amounts(words)
        ]
        codes = country_codes(words, lexicon.language)
        for predicate in predicates:
            findings.append(
                Finding(
                    sentence=sentence_id,
                    offences=predicate.offences[:8],
                    stage=predicate.stage,
                    in_absentia=predicate.in_absentia,
                    final=predicate.final,
                    negated=predicate.negated,
                    parties=cast.ids(predicate.accused)[:50],
                    victims=cast.ids(predicate.victims)[:50],
                    dates=tuple(_nearest(dates, predicate, predicates))[:20],
                    amounts=tuple(_nearest(amounts, predicate, predicates))[:20],
                    jurisdiction=_jurisdiction(codes, predicate, lexicon.language),
                    authority=predicate.authority,
                    cue_spans=predicate.cue_spans[:50],
                )
            )
    return tuple(sorted(findings, key=lambda finding: finding.cue_spans[:1])[:_MOST])


_BORN = re.compile(r"\bborn\b[^.;,]{0,40}$", re.IGNORECASE)


def _is_birth(text: str, date: ReadDate) -> bool:
    """``born in Riga in 1966``: when somebody was born dates no proceedings."""
    return _BORN.search(text, max(date.start - 50, 0), date.start) is not None


def _nearest(found: Sequence[_Placed], mine: Predicate, others: Sequence[Predicate]) -> list[_Placed]:
    """What stands nearer to this predicate's cues than to those of the sentence's other predicates."""
    if len(others) == 1:
        return list(found)
    return [part for part in found if min(others, key=lambda other: _distance((part.start, part.end), other)) is mine]


def _distance(span: Span, predicate: Predicate) -> int:
    return min((max(span[0] - end, start - span[1], 0) for start, end in predicate.cue_spans), default=1_000_000)


def _jurisdiction(codes: frozenset[str], predicate: Predicate, language: str) -> str | None:
    """The authority's country, else the only country its sentence names; two countries make none certain."""
    own = country_codes(predicate.authority, language) if predicate.authority else frozenset()
    for candidates in (own, codes):
        if len(candidates) == 1:
            return next(iter(candidates))
    return None


def untie_shared(findings: Sequence[Finding], cast: Cast, shared: Sequence[str], text: str) -> tuple[Finding, ...]:
    """Where two people bear one name, a sentence with the surname alone is held against neither."""
    loose: dict[str, set[str]] = {}
    for party in cast.parties:
        if party.name in shared:
            full = {
                mention.sentence
                for mention in party.mentions
                if mention.by_name and len(text[mention.start : mention.end].split()) > 1
            }
            loose[party.id] = {mention.sentence for mention in party.mentions} - full
    return tuple(
        finding.model_copy(
            update={"parties": tuple(one for one in finding.parties if finding.sentence not in loose.get(one, ()))}
        )
        for finding in findings
    )


def make_counter_findings(analysis: Analysis, cast: Cast) -> tuple[CounterFinding, ...]:
    """Counter-evidence with the parties of its sentence.

    A statement that only its speaker makes counter-evidence counts where the speaker, or for a lawyer anybody, is held
    to something.
    """
    adverse = {party.id for party in cast.parties if party.role in ADVERSE_ROLES}
    accused = adverse & {cast.at.get(span) for part in analysis.predicates if _accuses(part) for span in part.accused}
    return tuple(
        CounterFinding(
            kind=clue.kind,
            sentence=clue.sentence,
            by=clue.by[:200],
            interested=clue.interested,
            parties=cast.ids(clue.about)[:50],
        )
        for clue in analysis.counters[:500]
        if not clue.voice or (accused & {cast.at.get(span) for span in clue.speakers} if clue.speakers else accused)
    )


def _accuses(predicate: Predicate) -> bool:
    return not predicate.negated and predicate.stage not in CLEARING_STAGES


def find_risk_sentences(
    sentences: Mapping[str, Sentence],
    cues: Sequence[Cue],
    findings: Sequence[Finding],
    cast: Cast,
    subject: str | None,
    text: str,
) -> tuple[RiskSentence, ...]:
    """Sentences with an adverse cue that are, or may be, about the subject; all of them when there is no subject."""
    cues_of: dict[str, list[Cue]] = defaultdict(list)
    for cue in cues:
        if cue.kind is not CueKind.COUNTER_EVIDENCE and not cue.negated:
            cues_of[cue.sentence].append(cue)
    findings_of: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        findings_of[finding.sentence].append(finding)
    mentioned = cast.in_sentence()
    found, previous_about = [], False
    for sentence_id in sentences:
        own, here = findings_of[sentence_id], mentioned.get(sentence_id, set())
        tied = {party for finding in own for party in finding.parties}
        about = subject is None or subject in here or subject in tied or (previous_about and not here)
        previous_about = subject is not None and (subject in here or (previous_about and not here))
        adverse = _adverse_cues(cues_of[sentence_id], own)
        others_only = bool(own) and all(
            set(finding.parties) - cast.described and subject not in finding.parties for finding in own
        )
        if about and adverse and not (subject is not None and others_only):
            words = dict.fromkeys(text[cue.start : cue.end][:200] for cue in adverse)
            found.append(RiskSentence(sentence=sentence_id, cues=tuple(words)[:20]))
    return tuple(found[:5_000])


def _adverse_cues(cues: Sequence[Cue], findings: Sequence[Finding]) -> list[Cue]:
    stages = [cue for cue in cues if cue.kind is CueKind.STAGE and Stage(cue.value) not in CLEARING_STAGES]
    offences = [cue for cue in cues if cue.kind is CueKind.OFFENCE]
    stated = {span for finding in findings if not finding.negated for span in finding.cue_spans}
    hard = [cue for cue in stages if Stage(cue.value) not in _SOFT_STAGES and (cue.start, cue.end) in stated]
    return [*offences, *stages] if offences else hard
