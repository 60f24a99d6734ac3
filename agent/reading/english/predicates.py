"""Who did what to whom, and how far in law, from the structure of an English sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from agent.domain.reading import Cue, CueKind
from agent.domain.taxonomy import CLEARING_STAGES, STAGE_CHAIN, Offence, Stage
from agent.reading.english import frames
from agent.reading.english.accused import accused_of, accused_of_act, victims_of
from agent.reading.english.parse import (
    ancestors_within,
    hypothetical_word,
    is_hypothetical,
    is_negated,
    verb_above,
)
from agent.reading.english.structure import SentenceStructure
from agent.reading.parts import Predicate, Span

if TYPE_CHECKING:
    from spacy.tokens import Token

_WRONGLY = frozenset("wrongly falsely incorrectly erroneously mistakenly".split())
_WEAK = frozenset({Stage.ALLEGATION, Stage.APPEAL, Stage.WANTED})
_SENTENCE_NOUNS = frozenset(
    ["sentence", "term", "prison", "imprisonment", "penalty", "fine", "life", "jail", "year", "month"]
)
_IF_CONVICTED = re.compile(r"\bif (?:he |she |they |it )?(?:is |are )?(?:found guilty|convicted)\b", re.IGNORECASE)
_DECLINING = frozenset(
    ["refuse", "decline", "resist", "reject", "expose", "uncover", "report", "investigate", "combat", "fight"]
)
_SAYING = frozenset("""say allege claim suspect believe deny accuse argue report contend assert tell""".split())


@dataclass(slots=True)
class _Statement:
    """A stage or act cue with its place in the parse, while the sentence is being put together."""

    anchor: Token
    stage: Stage
    accused: tuple[Span, ...]
    cue: Cue
    negated: bool = False
    offences: list[Offence] = field(default_factory=list)
    victims: list[Span] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)


def find_predicates(structure: SentenceStructure, cues: Sequence[Cue]) -> list[Predicate]:
    """The statements of one sentence. A cue under *if* or *could* states nothing; a stage in another's scope yields."""
    sentence = structure.sentence
    stages = list(_stage_statements(structure, [cue for cue in cues if cue.kind is CueKind.STAGE]))
    statements = _merge(_absorb(stages))
    _tie_clearing(statements)
    offences = [cue for cue in cues if cue.kind is CueKind.OFFENCE]
    statements += _attach_offences(structure, statements, offences)
    flat = [statement for statement in statements if statement.offences or statement.stage is not Stage.UNDETERMINED]
    return [
        Predicate(
            sentence=sentence.id,
            offences=tuple(dict.fromkeys(statement.offences)),
            stage=statement.stage,
            negated=statement.negated,
            accused=tuple(span for span in statement.accused if span not in statement.victims),
            victims=tuple(dict.fromkeys(statement.victims)),
            cue_spans=tuple(dict.fromkeys([(statement.cue.start, statement.cue.end), *statement.spans])),
        )
        for statement in flat
    ]


def _stage_statements(structure: SentenceStructure, cues: Iterable[Cue]) -> Iterator[_Statement]:
    for cue in cues:
        anchor = structure.sentence.root_of((cue.start, cue.end))
        if anchor is None or _is_only_sought(anchor, Stage(cue.value)):
            continue
        if is_hypothetical(anchor) and not _is_announced(anchor, Stage(cue.value)):
            continue
        negated = is_negated(anchor) if anchor.pos_ in {"VERB", "AUX"} else cue.negated and not _is_presupposed(anchor)
        if Stage(cue.value) in CLEARING_STAGES:
            negated = _is_refused(anchor)
        negated = negated or _is_retracted(anchor)
        yield _Statement(anchor, Stage(cue.value), accused_of(structure, anchor), cue, negated)


def _is_retracted(anchor: Token) -> bool:
    """``An earlier version wrongly stated that X had been charged``."""
    return any(child.lower_ in _WRONGLY for head in (anchor, *ancestors_within(anchor, 6)) for child in head.children)


def _is_announced(anchor: Token, stage: Stage) -> bool:
    """``will spend nine years in prison``, ``will pay $2 million to settle``: settled now, though carried out later."""
    verb = anchor if anchor.pos_ == "VERB" else verb_above(anchor)
    if verb is None or hypothetical_word(anchor) not in {"will", "'ll", "shall"}:
        return False
    return (verb.lemma_, stage) in _ANNOUNCED


_ANNOUNCED = frozenset(
    {
        ("spend", Stage.CONVICTED),
        ("serve", Stage.CONVICTED),
        ("pay", Stage.SETTLED),
        ("pay", Stage.PENALTY),
        ("try", Stage.CHARGED),
    }
)
_ASKING = frozenset("ask seek want demand move request urge call try hope file apply expect refuse decline".split())


def _is_presupposed(anchor: Token) -> bool:
    """``did not appeal against his nine-year sentence``: the sentence stands, though the verb is denied."""
    verb = verb_above(anchor)
    return anchor.lemma_ in {"sentence", "conviction", "term", "fine", "penalty"} and (
        verb is not None
        and verb.lemma_ in {"appeal", "contest", "challenge", "dispute", "mention", "comment", "disclose"}
    )


def _is_refused(anchor: Token) -> bool:
    """``asked the court to drop the case``, ``refused to dismiss the charges``: nobody was cleared yet."""
    verbs = [head for head in (anchor, *ancestors_within(anchor, 4)) if head.pos_ in {"VERB", "AUX"}]
    if not verbs:
        return False
    if verbs[0] is anchor and any(child.dep_ == "neg" for child in anchor.children):
        return True
    inside = verbs[0].tag_ in {"VB", "VBG", "VBN"} and verbs[0].dep_ in {"xcomp", "ccomp", "advcl", "pcomp"}
    return inside and len(verbs) > 1 and verbs[1].lemma_ in _ASKING


def _is_only_sought(anchor: Token, stage: Stage) -> bool:
    """A term of prison that somebody faces or asks for is no conviction."""
    if stage not in {Stage.CONVICTED, Stage.PENALTY}:
        return False
    words = {anchor.lemma_.lower(), *(child.lemma_.lower() for child in anchor.children)}
    if not words & _SENTENCE_NOUNS:
        return False
    if any(child.lower_ in {"maximum", "possible", "potential", "statutory", "minimum"} for child in anchor.subtree):
        return True
    verb = verb_above(anchor)
    return verb is not None and (verb.lemma_ in frames.SOUGHT_VERBS or is_hypothetical(verb))


def _tie_clearing(statements: Sequence[_Statement]) -> None:
    """``searched X's office but dropped the case``: what is dropped was held against the sentence's one accused."""
    held = {statement.accused for statement in statements if statement.accused}
    if len(held) == 1:
        for statement in statements:
            if statement.stage in CLEARING_STAGES and not statement.accused:
                statement.accused = next(iter(held))


def _absorb(statements: list[_Statement]) -> list[_Statement]:
    """Let the outer of two nested stages stand for both: *arrested on charges of*, *acquitted of charges*."""
    kept: list[_Statement] = []
    for inner in statements:
        outer = next((other for other in statements if other is not inner and _covers(other, inner)), None)
        if outer is None:
            kept.append(inner)
            continue
        if not outer.accused:
            outer.accused = inner.accused
        outer.spans.append((inner.cue.start, inner.cue.end))
    return kept


def _covers(outer: _Statement, inner: _Statement) -> bool:
    """Whether the outer statement's words govern the inner's, within one clause, about the same or unnamed parties."""
    if outer.anchor.i == inner.anchor.i:
        return (_rank(outer.stage), -outer.cue.start) > (_rank(inner.stage), -inner.cue.start)
    if outer.anchor not in list(inner.anchor.ancestors) or _is_weaker(outer.stage, inner.stage):
        return False
    if inner.accused and outer.accused and set(inner.accused) != set(outer.accused):
        return False
    between = [inner.anchor, *inner.anchor.ancestors]
    path = between[: between.index(outer.anchor)]
    return not any(token.dep_ in {"relcl", "ccomp"} for token in path) and inner.anchor.dep_ != "conj"


def _rank(stage: Stage) -> int:
    return 10 if stage in CLEARING_STAGES else STAGE_CHAIN.get(stage, 5)


def _is_weaker(outer: Stage, inner: Stage) -> bool:
    return outer in _WEAK and _rank(inner) > _rank(outer)


def _merge(statements: list[_Statement]) -> list[_Statement]:
    """Statements of one stage about the same parties are one; an allegation about them yields to what is further on."""
    merged: list[_Statement] = []
    for statement in statements:
        twin = next(
            (
                other
                for other in merged
                if other.stage is statement.stage
                and other.negated == statement.negated
                and (set(other.accused) == set(statement.accused) or not other.accused or not statement.accused)
                and not _own_clause(other.anchor, statement.anchor)
            ),
            None,
        )
        if twin is None:
            merged.append(statement)
            continue
        twin.accused = twin.accused or statement.accused
        twin.spans += [(statement.cue.start, statement.cue.end), *statement.spans]
        twin.victims += statement.victims
    return merged


def _own_clause(left: Token, right: Token) -> bool:
    """Two full clauses (``was convicted in 2011 … was convicted again in 2019``) are two statements."""
    clause = {"relcl"}
    return any(token.dep_ in clause for token in (left, right)) and left.i != right.i


def _attach_offences(
    structure: SentenceStructure, statements: list[_Statement], cues: Sequence[Cue]
) -> list[_Statement]:
    """Give each offence to the stage that governs it; what none governs stands as a statement of its own."""
    alone: list[_Statement] = []
    for cue in cues:
        anchor = structure.sentence.root_of((cue.start, cue.end))
        if anchor is None:
            continue
        home = _governing(anchor, statements)
        victims = victims_of(structure, anchor)
        if home is None:
            stage = Stage.ALLEGATION if _is_attributed(anchor) else Stage.UNDETERMINED
            negated = _is_declined(anchor) or _act_negated(anchor, cue)
            home = _Statement(anchor, stage, accused_of_act(structure, anchor), cue, negated)
            alone.append(home)
        else:
            home.spans.append((cue.start, cue.end))
            if not home.accused:
                home.accused = accused_of_act(structure, anchor)
        home.offences.append(Offence(cue.value))
        home.victims += [span for span in victims if span not in home.accused]
    if _IF_CONVICTED.search(structure.sentence.doc.text):
        return []
    return [statement for statement in _merge(alone) if not is_hypothetical(statement.anchor)]


def _is_attributed(anchor: Token) -> bool:
    """Somebody says it, so it is an allegation: ``prosecutors said X had taken bribes``, ``X denies killing Y``."""
    return any(verb.pos_ == "VERB" and verb.lemma_ in _SAYING for verb in ancestors_within(anchor, 6))


def _is_declined(anchor: Token) -> bool:
    """``refused to pay a bribe``, ``exposed the fraud``: the subject did the opposite."""
    return any(verb.pos_ == "VERB" and verb.lemma_ in _DECLINING for verb in ancestors_within(anchor, 2))


def _act_negated(anchor: Token, cue: Cue) -> bool:
    return is_negated(anchor) if anchor.pos_ in {"VERB", "AUX"} else cue.negated


def _governing(anchor: Token, statements: Sequence[_Statement]) -> _Statement | None:
    """The nearest stage above the offence, the one it stands beside, or the only one of the sentence."""
    if not statements:
        return None
    above = {token.i: depth for depth, token in enumerate([anchor, *anchor.ancestors])}
    governing = [(above[statement.anchor.i], statement) for statement in statements if statement.anchor.i in above]
    if governing:
        return min(governing, key=lambda pair: pair[0])[1]
    below = [statement for statement in statements if anchor in list(statement.anchor.ancestors)]
    if below:
        return below[0]
    verb = verb_above(anchor)
    same_verb = [statement for statement in statements if verb is not None and verb_above(statement.anchor) == verb]
    if same_verb:
        return same_verb[0]
    return statements[0] if len(statements) == 1 and statements[0].anchor.dep_ != "relcl" else None


def with_flags(predicate: Predicate, in_absentia: bool, final: bool, authority: str | None) -> Predicate:
    """The predicate with what its whole sentence says of the proceedings."""
    return replace(predicate, in_absentia=in_absentia, final=final, authority=authority)
