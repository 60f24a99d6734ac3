"""Whom the alert is about: the header's name where the article has it, else the party most is held against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from agent.domain.alert import Sentence, Subject
from agent.domain.reading import Finding, SubjectBasis
from agent.domain.taxonomy import STAGE_CHAIN, Stage
from agent.reading.names import name_tokens, same_name, similar_name
from agent.reading.parties import Cast

_OFF_CHAIN_WEIGHT = 4
_LEAD = 3


def find_subject(
    subject: Subject | None,
    cast: Cast,
    findings: Sequence[Finding],
    sentences: Mapping[str, Sentence],
    title: str | None,
) -> tuple[str | None, SubjectBasis]:
    """The subject's party id and how it was determined; no id when nobody stands out."""
    if subject is not None:
        return _named(subject, cast)
    held = _weigh_findings(findings)
    prominence = _weigh_mentions(cast, sentences, title)
    lead = set(list(sentences)[:_LEAD])
    introduced_late = {
        party.id for party in cast.parties if party.id in cast.described and party.mentions[0].sentence not in lead
    }
    held = Counter({party: weight for party, weight in held.items() if party not in introduced_late})
    if held:
        ranked = sorted(
            held, key=lambda party: (party not in cast.described, held[party], prominence[party]), reverse=True
        )
        return ranked[0], SubjectBasis.INFERRED
    ranked = sorted(prominence, key=lambda party: prominence[party], reverse=True)
    if ranked and (len(ranked) == 1 or prominence[ranked[0]] >= 2 * prominence[ranked[1]]):
        return ranked[0], SubjectBasis.INFERRED
    return None, SubjectBasis.UNDETERMINED


def _named(subject: Subject, cast: Cast) -> tuple[str | None, SubjectBasis]:
    names = (subject.name, *subject.aliases)
    tokens = [set(name_tokens(name)) for name in names]
    fits = [
        party
        for party in cast.parties
        if party.id not in cast.described
        and any(same_name(name, own) for name in names for own in (party.name, *party.aliases))
    ]
    if not fits:
        fits = [
            party
            for party in cast.parties
            if party.id not in cast.described and any(similar_name(name, party.name) for name in names)
        ]
    if not fits:
        return None, SubjectBasis.NOT_IN_TEXT
    best = max(
        fits, key=lambda party: (max(len(own & set(name_tokens(party.name))) for own in tokens), len(party.mentions))
    )
    return best.id, SubjectBasis.HEADER


def _weigh_findings(findings: Sequence[Finding]) -> Counter[str]:
    weights: Counter[str] = Counter()
    for finding in findings:
        if finding.negated or not (finding.offences or finding.stage in STAGE_CHAIN):
            continue
        if finding.stage in {Stage.ALLEGATION, Stage.UNDETERMINED} and not finding.offences:
            continue
        for party in finding.parties:
            weights[party] += STAGE_CHAIN.get(finding.stage, _OFF_CHAIN_WEIGHT)
    return weights


def _weigh_mentions(cast: Cast, sentences: Mapping[str, Sentence], title: str | None) -> Counter[str]:
    """Mentions by name, those of the first sentences and of the title counting more."""
    lead = set(list(sentences)[:_LEAD])
    weights: Counter[str] = Counter()
    for party in cast.parties:
        named = [mention for mention in party.mentions if mention.by_name]
        weights[party.id] = len(party.mentions) + 2 * sum(mention.sentence in lead for mention in named)
        if title and set(name_tokens(party.name)[-1:]) & set(name_tokens(title)):
            weights[party.id] += 3
    return weights
