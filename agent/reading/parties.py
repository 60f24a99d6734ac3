"""Parties put together from an analysis: one entry a person or organisation, with mentions, role and attributes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from agent.domain.alert import Mention, Sentence
from agent.domain.reading import ReadParty, StatedAttribute
from agent.domain.taxonomy import ADVERSE_ROLES, CLEARING_STAGES, FeatureName, Offence, Role, Stage
from agent.reading.inheritance import Told, inherit_offences, name_described, tie_clearings
from agent.reading.names import Naming, name_tokens
from agent.reading.parts import Analysis, Predicate, Span

_ROLE_BY_STAGE: Mapping[Stage, Role] = {
    Stage.CONVICTED: Role.OFFENDER,
    Stage.PENALTY: Role.OFFENDER,
    Stage.CHARGED: Role.ACCUSED,
    Stage.TRIAL: Role.ACCUSED,
    Stage.SETTLED: Role.ACCUSED,
    Stage.SANCTIONED: Role.ACCUSED,
    Stage.ASSET_SEIZURE: Role.ACCUSED,
    Stage.ALLEGATION: Role.ACCUSED,
    Stage.ARRESTED: Role.SUSPECT,
    Stage.WANTED: Role.SUSPECT,
    Stage.INVESTIGATION: Role.SUSPECT,
}
_STRENGTH = (Role.OFFENDER, Role.ACCUSED, Role.SUSPECT)
_BY_NOUN = (
    Role.VICTIM,
    Role.WHISTLEBLOWER,
    Role.PLAINTIFF,
    Role.LAWYER,
    Role.JOURNALIST,
    Role.OFFICIAL,
    Role.WITNESS,
    Role.ASSOCIATE,
)
_WEAK = frozenset({Stage.ALLEGATION, Stage.INVESTIGATION, Stage.UNDETERMINED, Stage.APPEAL})


@dataclass(frozen=True, slots=True)
class Cast:
    """The parties of an article, and which party stands at a span."""

    parties: tuple[ReadParty, ...]
    at: Mapping[Span, str]
    ambiguous: tuple[str, ...]
    described: frozenset[str] = frozenset()
    """Parties the article introduces without a name."""

    def ids(self, spans: Iterable[Span]) -> tuple[str, ...]:
        """Party ids of the spans, each once, in order; spans of no party are left out."""
        return tuple(dict.fromkeys(self.at[span] for span in spans if span in self.at))

    def in_sentence(self) -> dict[str, set[str]]:
        """Sentence id → ids of the parties it mentions, by name or by a resolved pointer."""
        found: dict[str, set[str]] = defaultdict(set)
        for party in self.parties:
            for mention in party.mentions:
                found[mention.sentence].add(party.id)
        return found


def put_together(
    analysis: Analysis,
    naming: Naming,
    not_names: frozenset[tuple[str, ...]],
    sentences: Mapping[str, Sentence],
    text: str,
) -> Cast:
    """Parties in order of appearance; completes the analysis' predicates with the offences they inherit.

    ``not_names`` holds folded names that are places, not parties.
    """
    kept = [cluster for cluster in naming.clusters if cluster.known or name_tokens(cluster.name) not in not_names]
    named = name_described(kept, analysis.predicates, sentences, _what_is_told(analysis))
    clusters = [cluster for index, cluster in enumerate(kept) if index not in named]
    number = {id(cluster): f"P{place}" for place, cluster in enumerate(clusters, start=1)}
    at: dict[Span, str] = {}
    mentions: dict[str, list[Mention]] = defaultdict(list)
    for index, cluster in enumerate(kept):
        party_id = number[id(kept[named.get(index, index)])]
        for span in cluster.spans:
            at[(span.start, span.end)] = party_id
            mention = Mention(start=span.start, end=span.end, sentence=span.sentence, by_name=not span.described)
            mentions[party_id].append(mention)
    for pointer in analysis.pointers:
        place = (pointer.start, pointer.end)
        if pointer.target in at:
            at[place] = at[pointer.target]
            mentions[at[place]].append(
                Mention(start=pointer.start, end=pointer.end, sentence=pointer.sentence, by_name=False)
            )
    mentioned: dict[str, set[str]] = defaultdict(set)
    for party_id, places in mentions.items():
        for one in places:
            mentioned[one.sentence].add(party_id)
    analysis.predicates = tie_clearings(analysis.predicates, at, mentioned)
    analysis.predicates = inherit_offences(analysis.predicates, at, sentences, text)
    parties = []
    for cluster in clusters[:500]:
        party_id = number[id(cluster)]
        role, carried_by = _role_of(party_id, analysis, at)
        aliases = dict.fromkeys(span.name for span in cluster.spans if span.name != cluster.name)
        parties.append(
            ReadParty(
                id=party_id,
                name=cluster.name[:300],
                aliases=tuple(aliases)[:12],
                kind=cluster.kind,
                role=role,
                role_sentences=carried_by[:10],
                attributes=_attributes_of(party_id, analysis, at),
                mentions=tuple(sorted(mentions[party_id], key=lambda mention: mention.start)[:5_000]),
            )
        )
    known = {party.id for party in parties}
    described = frozenset(number[id(cluster)] for cluster in clusters if cluster.described)
    placed = {span: found for span, found in at.items() if found in known}
    return Cast(tuple(parties), placed, naming.ambiguous, described & known)


def _what_is_told(analysis: Analysis) -> Told:
    harmed = {clue.span for clue in analysis.roles if clue.role is Role.VICTIM}
    return Told(
        identified=dict(analysis.identified),
        aged=frozenset(clue.span for clue in analysis.attributes if clue.name is FeatureName.AGE),
        court=analysis.court | harmed,
    )


def _role_of(party_id: str, analysis: Analysis, at: Mapping[Span, str]) -> tuple[Role, tuple[str, ...]]:
    """The role its sentences give it: held against it first, then cleared, then done to it, then a noun beside it."""
    held = [
        part
        for part in analysis.predicates
        if not part.negated and any(at.get(span) == party_id for span in part.accused)
    ]
    nouns = [clue for clue in analysis.roles if at.get(clue.span) == party_id]
    adverse = [
        part for part in held if part.stage not in CLEARING_STAGES and (part.offences or part.stage not in _WEAK)
    ]
    firm = [part for part in adverse if part.stage not in _WEAK or part.offences]
    cleared = [part for part in held if part.stage in CLEARING_STAGES]
    if cleared and not _stands_beside_clearing(adverse, cleared):
        return Role.EXONERATED, _sentences(cleared)
    professional = any(clue.role in {Role.LAWYER, Role.OFFICIAL, Role.JOURNALIST} for clue in nouns)
    beside_work = professional and all(part.stage is Stage.UNDETERMINED for part in firm) and len(firm) < 2
    if firm and not beside_work:
        return _strongest(firm)
    harmed = [part for part in analysis.predicates if any(at.get(span) == party_id for span in part.victims)]
    if harmed:
        return Role.VICTIM, _sentences(harmed)
    for role in _BY_NOUN:
        beside = tuple(dict.fromkeys(clue.sentence for clue in nouns if clue.role is role))
        if beside:
            return role, beside
    return (Role.UNDETERMINED, ()) if firm else (Role.MENTIONED, ())


def _strongest(held: Sequence[Predicate]) -> tuple[Role, tuple[str, ...]]:
    roles = {part: _ROLE_BY_STAGE.get(part.stage, Role.ACCUSED) for part in held}
    role = min(roles.values(), key=_STRENGTH.index)
    return role, _sentences([part for part in held if roles[part] is role])


def _stands_beside_clearing(adverse: Sequence[Predicate], cleared: Sequence[Predicate]) -> bool:
    """Whether something is still held against a party that was cleared: other offences, or a conviction after it."""
    partial = [part for part in cleared if part.stage in {Stage.ACQUITTED, Stage.DISMISSED}]
    for part in adverse:
        if part.stage in {Stage.CONVICTED, Stage.PENALTY} and any(part.sentence == other.sentence for other in partial):
            return True
    firm = [part for part in adverse if part.stage in {Stage.CONVICTED, Stage.PENALTY}]
    undone = any(part.stage in {Stage.OVERTURNED, Stage.PARDONED} for part in cleared)
    gone: set[Offence] = {offence for part in cleared for offence in part.offences}
    if firm and not gone and not undone:
        return True
    for part in adverse:
        if part.stage in {Stage.CONVICTED, Stage.PENALTY, Stage.SANCTIONED, Stage.WANTED} and gone:
            if part.offences and not gone & set(part.offences):
                return True
        elif part.offences and gone and not gone & set(part.offences):
            return True
    return False


def _sentences(predicates: Sequence[Predicate]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.sentence for part in predicates))


def _attributes_of(party_id: str, analysis: Analysis, at: Mapping[Span, str]) -> tuple[StatedAttribute, ...]:
    found: dict[tuple[str, str], StatedAttribute] = {}
    for clue in analysis.attributes:
        if at.get(clue.span) == party_id and clue.value.strip():
            found.setdefault(
                (clue.name, clue.value.casefold()),
                StatedAttribute(
                    name=clue.name, value=clue.value[:200], start=clue.start, end=clue.end, sentence=clue.sentence
                ),
            )
    return tuple(found.values())[:30]


def hold_nothing(cast: Cast) -> Cast:
    """The cast with no adverse role left: for texts that may tell invented deeds."""
    parties = tuple(
        party.model_copy(update={"role": Role.UNDETERMINED, "role_sentences": ()})
        if party.role in ADVERSE_ROLES or party.role is Role.VICTIM
        else party
        for party in cast.parties
    )
    return replace(cast, parties=parties)
