"""The analysis of an English article, sentence by sentence, from one parse."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from agent.domain.alert import Sentence
from agent.domain.reading import Cue, CueKind
from agent.domain.taxonomy import CONTESTING_KINDS, PartyKind, Role, Stage
from agent.reading.english.attributes import court_people, find_attributes, find_roles
from agent.reading.english.counters import find_counters
from agent.reading.english.groups import Group, find_groups
from agent.reading.english.names import find_described, find_names, surnames_of, with_known_names, with_surnames
from agent.reading.english.parse import EnglishParser, ParsedSentence, agent_of, verb_above
from agent.reading.english.pointers import find_pointers
from agent.reading.english.predicates import find_predicates, with_flags
from agent.reading.english.structure import SentenceStructure
from agent.reading.english.voices import find_voices
from agent.reading.lexicon import Lexicon
from agent.reading.names import cluster_names
from agent.reading.parts import Analysis, Pointer, Predicate, Span

if TYPE_CHECKING:
    from spacy.tokens import Token

_TAKEN_BACK = re.compile(
    r"(?:this|that|it|the (?:report|statement|claim)) (?:was|is) (?:wrong|incorrect|untrue|inaccurate|false"
    r"|an error|a mistake|not (?:true|correct|so|the case))\b",
    re.IGNORECASE,
)
"""How the next sentence of a correction takes back what the one before repeats."""
_SPEAKING = (Role.LAWYER, Role.OFFICIAL)
_LONGEST_AUTHORITY = 14
"""Words beyond which a noun phrase is a lost parse."""
_AUTHORITIES = frozenset(
    """court tribunal jury judge magistrate prosecutor prosecution ministry police commission regulator
    authority treasury watchdog agency bureau government department attorney sec fca fbi doj finma bafin
    interpol""".split()
)


def analyse_english(
    text: str,
    sentences: Sequence[Sentence],
    cues: Sequence[Cue],
    lexicon: Lexicon,
    parser: EnglishParser,
    known_names: Sequence[str],
    countries: Mapping[int, str],
) -> Analysis:
    """Everything the sentences' structure says. ``countries`` maps offsets of country words to ISO codes."""
    parsed = parser.parse(text, sentences)
    cues_of: dict[str, list[Cue]] = defaultdict(list)
    for cue in _terms_in_court(text, sentences, cues):
        cues_of[cue.sentence].append(cue)
    names = {sentence.id: find_names(sentence, lexicon) for sentence in parsed}
    for sentence in parsed:
        names[sentence.id] = with_known_names(sentence, names[sentence.id], known_names)
    surnames = surnames_of([name for found in names.values() for name in found])
    for sentence in parsed:
        names[sentence.id] = with_surnames(sentence, names[sentence.id], surnames)
        names[sentence.id] += find_described(sentence, names[sentence.id])
    analysis = Analysis(names=[name for found in names.values() for name in found])
    naming = cluster_names(analysis.names, known_names)
    for sentence in parsed:
        analysis.attributes += find_attributes(sentence, names[sentence.id], countries)
    groups = list(find_groups(parsed, names, naming))
    analysis.pointers = find_pointers(parsed, analysis.names, naming, analysis.attributes)
    kinds = {(span.start, span.end): cluster.kind for cluster in naming.clusters for span in cluster.spans}
    first_spans = {span: naming.first_span(span) for span in kinds}
    first_spans |= {(part.start, part.end): naming.first_span(part.target) for part in analysis.pointers}
    kinds |= {group.span: kinds[group.members[0]] for group in groups if group.members[0] in kinds}
    party_names = {(cluster.spans[0].start, cluster.spans[0].end): cluster.name for cluster in naming.clusters}
    kinds |= {(part.start, part.end): kinds[part.target] for part in analysis.pointers if part.target in kinds}
    for sentence in parsed:
        analysis.roles += find_roles(sentence, names[sentence.id], lexicon)
    court = frozenset(first_spans.get(span, span) for span in court_people(parsed, names))
    analysis.court = court
    by_role = {role: {first_spans.get(c.span, c.span) for c in analysis.roles if c.role is role} for role in _SPEAKING}
    lawyers = frozenset(by_role[Role.LAWYER] - by_role[Role.OFFICIAL])
    for sentence in parsed:
        own = names[sentence.id]
        inside = (sentence.start, sentence.start + len(sentence.doc.text))
        parties = {span: kind for span, kind in kinds.items() if inside[0] <= span[0] and span[1] <= inside[1]}
        structure = SentenceStructure(sentence, parties, first_spans, party_names, court)
        before = parsed[sentence.index - 1].doc.text if sentence.index else ""
        after = parsed[sentence.index + 1].doc.text if sentence.index + 1 < len(parsed) else ""
        earlier = len(analysis.predicates)
        _add_sentence(analysis, structure, parties, _outside_names(cues_of[sentence.id], parties), lexicon, before)
        if _TAKEN_BACK.match(after):
            analysis.predicates[earlier:] = [replace(part, negated=True) for part in analysis.predicates[earlier:]]
        analysis.identified += structure.identifications(own)
        if not any(clue.sentence == sentence.id and clue.kind in CONTESTING_KINDS for clue in analysis.counters):
            analysis.counters += find_voices(structure, lexicon, lawyers)
    _resolve_groups(analysis, groups)
    _drop_idle_descriptions(analysis)
    return analysis


def _resolve_groups(analysis: Analysis, groups: Sequence[Group]) -> None:
    """Hold what is held against a group against those it stands for, and let them be mentioned where it is."""
    standing = {group.span: group for group in groups}
    for index, part in enumerate(analysis.predicates):
        accused, victims = _stand_in(part.accused, standing), _stand_in(part.victims, standing)
        analysis.predicates[index] = replace(part, accused=accused, victims=victims)
    for group in groups:
        analysis.pointers += [Pointer(*group.span, group.sentence, target) for target in group.members]


def _stand_in(spans: Sequence[Span], groups: Mapping[Span, Group]) -> tuple[Span, ...]:
    resolved: list[Span] = []
    for span in spans:
        group = groups.get(span)
        if group is None or not group.complete:
            resolved.append(span)
        if group is not None:
            resolved += group.members
    return tuple(dict.fromkeys(resolved))


_BARE_TERM = re.compile(r"\b(?:years?|months?)\b", re.IGNORECASE)
_COURT_WORDS = re.compile(
    r"\b(?:courts?|judges?|tribunals?|jur(?:y|ors?)|bench|panel|magistrates?|prisons?|jail\w*|colony|sentenc\w+"
    r"|convict\w+"
    r"|trials?|verdicts?|defendants?|prosecut\w+|plead\w*|guilty|crim\w+|imprison\w+|custody|appeals?|acquitt\w+"
    r"|dock)\b",
    re.IGNORECASE,
)
_COURT_REACH = 3
"""Sentences around a bare term in which a court or a crime must be told of."""


def _terms_in_court(text: str, sentences: Sequence[Sentence], cues: Sequence[Cue]) -> Iterator[Cue]:
    """The cues, save ``got two years to repay`` and its like: a term of years needs a court to be a sentence."""
    order = {sentence.id: index for index, sentence in enumerate(sentences)}
    of_crime = {cue.sentence for cue in cues if cue.kind is CueKind.OFFENCE and not cue.negated}
    for cue in cues:
        words = text[cue.start : cue.end]
        if cue.kind is CueKind.STAGE and cue.value == Stage.CONVICTED and _BARE_TERM.search(words):
            here = order[cue.sentence]
            around = sentences[max(here - _COURT_REACH, 0) : here + _COURT_REACH]
            if cue.sentence not in of_crime and not _COURT_WORDS.search(text, around[0].start, around[-1].end):
                continue
        yield cue


def _outside_names(cues: Sequence[Cue], parties: Mapping[Span, PartyKind]) -> list[Cue]:
    """Cues that are not part of a firm's or agency's own name: ``Fraud Watch Ltd`` is no fraud."""
    firms = [span for span, kind in parties.items() if kind is PartyKind.ORGANISATION]
    return [cue for cue in cues if not any(start <= cue.start and cue.end <= end for start, end in firms)]


def _drop_idle_descriptions(analysis: Analysis) -> None:
    """Keep an unnamed party only where something is held against it or was done to it."""
    used = {span for part in analysis.predicates for span in (*part.accused, *part.victims)}
    used |= {part.target for part in analysis.pointers if (part.start, part.end) in used}
    analysis.names = [name for name in analysis.names if not name.described or (name.start, name.end) in used]


def _add_sentence(
    analysis: Analysis,
    structure: SentenceStructure,
    parties: Mapping[Span, PartyKind],
    cues: Sequence[Cue],
    lexicon: Lexicon,
    before: str,
) -> None:
    if not cues:
        return
    sentence = structure.sentence
    words = sentence.doc.text.lower()
    in_absentia = lexicon.in_absentia.search(words) is not None
    final = lexicon.final.search(words) is not None
    predicates = find_predicates(structure, cues)
    several = len(predicates) > 1
    for predicate in predicates:
        authority = _authority_of(sentence, predicate)
        absent = in_absentia and (not several or predicate.stage in _HELD_IN_ABSENCE)
        analysis.predicates.append(with_flags(predicate, absent, final, authority))
    analysis.counters += find_counters(structure, cues, lexicon, parties, before)


_HELD_IN_ABSENCE = frozenset({"trial", "convicted", "charged", "arrested", "acquitted"})


def _authority_of(sentence: ParsedSentence, predicate: Predicate) -> str | None:
    """Who acted, as the sentence puts it: the court that sentenced, the regulator that fined."""
    for span in predicate.cue_spans:
        anchor = sentence.root_of(span)
        verb = anchor if anchor is not None and anchor.pos_ == "VERB" else anchor and verb_above(anchor)
        actor = agent_of(verb) if verb is not None else None
        if actor is not None and _is_authority(actor):
            return _noun_phrase(actor)
    chunks = [chunk.root for chunk in sentence.doc.noun_chunks if _is_authority(chunk.root)]
    return _noun_phrase(chunks[0]) if len(chunks) == 1 else None


def _is_authority(token: Token) -> bool:
    words = {token.lemma_.lower(), *(child.lemma_.lower() for child in token.children if child.dep_ == "compound")}
    return bool(words & _AUTHORITIES)


def _noun_phrase(head: Token) -> str:
    """The head with its modifiers and one ``in``/``of``/``for`` phrase, at most 200 characters."""
    tokens = [token for child in head.lefts for token in child.subtree] + [head]
    for child in head.rights:
        if child.dep_ == "prep" and child.lower_ in {"in", "of", "for"} and len(list(child.subtree)) <= 8:
            tokens += list(child.subtree)
    start, end = tokens[0], tokens[-1]
    if end.i - start.i > _LONGEST_AUTHORITY:
        start, end = next((child for child in head.lefts), head), head
    return head.doc[start.i : end.i + 1].text[:200]
