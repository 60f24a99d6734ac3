"""The analysis of an English article, sentence by sentence, from one parse."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from agent.domain.alert import Sentence
from agent.domain.reading import Cue
from agent.domain.taxonomy import PartyKind
from agent.reading.english.attributes import find_attributes, find_roles
from agent.reading.english.counters import find_counters
from agent.reading.english.names import find_described, find_names, surnames_of, with_known_names, with_surnames
from agent.reading.english.parse import EnglishParser, ParsedSentence, agent_of, verb_above
from agent.reading.english.pointers import find_pointers
from agent.reading.english.predicates import find_predicates, with_flags
from agent.reading.english.structure import SentenceStructure
from agent.reading.lexicon import Lexicon
from agent.reading.names import cluster_names
from agent.reading.parts import Analysis, Predicate, Span

if TYPE_CHECKING:
    from spacy.tokens import Token

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
    for cue in cues:
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
    analysis.pointers = find_pointers(parsed, analysis.names, naming)
    kinds = {(span.start, span.end): cluster.kind for cluster in naming.clusters for span in cluster.spans}
    first_spans = {span: naming.first_span(span) for span in kinds}
    first_spans |= {(part.start, part.end): naming.first_span(part.target) for part in analysis.pointers}
    party_names = {(cluster.spans[0].start, cluster.spans[0].end): cluster.name for cluster in naming.clusters}
    kinds |= {(part.start, part.end): kinds[part.target] for part in analysis.pointers if part.target in kinds}
    for sentence in parsed:
        own = names[sentence.id]
        inside = (sentence.start, sentence.start + len(sentence.doc.text))
        parties = {span: kind for span, kind in kinds.items() if inside[0] <= span[0] and span[1] <= inside[1]}
        structure = SentenceStructure(sentence, parties, first_spans, party_names)
        before = parsed[sentence.index - 1].doc.text if sentence.index else ""
        _add_sentence(analysis, structure, parties, _outside_names(cues_of[sentence.id], parties), lexicon, before)
        analysis.roles += find_roles(sentence, own, lexicon)
        analysis.attributes += find_attributes(sentence, own, countries)
    _drop_idle_descriptions(analysis)
    return analysis


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
