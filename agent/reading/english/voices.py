"""What the other side says in its own words: statements of the defence and of the accused that no cue word marks.

A report gives the accused a hearing: "His side maintains that the money was a donation." Who speaks makes it
counter-evidence, not a word of denial; so a statement counts only where its speaker surely stands on that side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from agent.domain.taxonomy import CounterEvidenceKind
from agent.reading.english.counters import voice_of, words_of
from agent.reading.english.parse import is_passive, subject_of
from agent.reading.english.structure import SentenceStructure
from agent.reading.lexicon import Lexicon
from agent.reading.parts import CounterClue, Span

if TYPE_CHECKING:
    from spacy.tokens import Token

_SAYING: Final = frozenset(
    """say tell write insist argue claim maintain describe state add call contend assert plead stress reply answer
    respond protest explain note shout declare dismiss point""".split()
)
_OTHER_SIDE: Final = re.compile(
    r"\b(?:prosecut\w+|crown|government|attorney[- ]general|my lawyer|district attorney|u\.?s\.? attorney"
    r"|plaintiffs?|claimants?|victims?|creditors"
    r"|investors|the state|public|minist\w+|commission|police|court)\b",
    re.IGNORECASE,
)
_ADMITTING: Final = re.compile(
    r"\b(?:admit\w*|regret\w*|apologi\w+|sorry|guilty|confess\w*|declin\w+|no comment|not comment|could not be reached"
    r"|cooperat\w+|co-operat\w+|remorse|accepts? (?:the|his|her|their|full)|ashamed|will (?:now )?appeal"
    r"|would (?:now )?appeal"
    r"|compensation|relieved|pension|grateful|accepted (?:the|his|her|their)|would do so|blood pressure)\b",
    re.IGNORECASE,
)
_CONTESTING: Final = re.compile(
    r"\b(?:nothing|nobody|no one|never|not|nor|neither|no|none|n't|cannot|without|merely|only|genuine|mistake|mistaken"
    r"|misunderstand\w*|mix-up|innocent|lawful|legal|legitimate|loan|gift|donation|deceived|duped|unaware|forged|false"
    r"|untrue|fight|contest|clear (?:his|her|their|its) name|paid back|returned|wants it|behind (?:his|her) back"
    r"|on (?:his|her|their) own|real|badly advised|believed|wedding present|lent)\b|n't\b",
    re.IGNORECASE,
)
_FACTS: Final = re.compile(r"\b(?:client|himself|herself|was|were|had|did|has|have)\b", re.IGNORECASE)
"""What a defence says of what was done is its denial; what it asks for or expects is not."""
_PROTESTING: Final = frozenset("maintain insist contend plead protest argue".split())
_SHORTEST: Final = 6
"""Words below which a statement says nothing."""
_DOUBTING: Final = re.compile(
    r"\b(?:fairy tale|grudge|revenge|settling scores|theory|theories|rumou?rs?|gossip|guess\w*|invent\w*|made up"
    r"|liar|lies"
    r"|nicknames|thin|weak|proves? nothing|dictated|spite|jealous\w*)\b",
    re.IGNORECASE,
)


def find_voices(structure: SentenceStructure, lexicon: Lexicon, lawyers: frozenset[Span]) -> Iterator[CounterClue]:
    """Statements of a sentence by a lawyer or a spokesperson of somebody, or by somebody whom the text may accuse.

    ``lawyers`` are the first spans of those whom the text calls lawyers. Whether the speaker is accused is known only
    when the whole article is read: the clue carries its speaker, and whoever puts it together decides.
    """
    sentence = structure.sentence
    text = sentence.doc.text
    for verb in sentence.doc:
        if verb.pos_ != "VERB" or verb.lemma_.lower() not in _SAYING or is_passive(verb):
            continue
        speaker = subject_of(verb)
        if (
            speaker is None
            or speaker.lower_ in {"i", "we", "who", "it", "that", "which"}
            or not _has_content(verb, text)
        ):
            continue
        parties = structure.parties_of(speaker)
        words = words_of(speaker)
        defending = _is_defence(words, lexicon) or bool(set(parties) & lawyers)
        if _OTHER_SIDE.search(words) or (not defending and not parties):
            continue
        said = _said(verb, speaker, text)
        kind = _kind_of(said, verb, defending=defending)
        if kind is None or (kind is CounterEvidenceKind.OTHER and not defending):
            continue
        by = voice_of(structure, speaker)
        yield CounterClue(
            kind,
            sentence.id,
            by[:200],
            interested=True,
            about=parties,
            speakers=() if defending else parties,
            voice=True,
        )
        return


def _has_content(verb: Token, text: str) -> bool:
    """Whether the sentence tells what was said: a clause under the verb, words in quotation marks."""
    return '"' in text or any(child.dep_ in {"ccomp", "oprd", "xcomp"} for child in verb.children)


def _is_defence(words: str, lexicon: Lexicon) -> bool:
    """``his lawyer``, ``counsel for X``, ``her side``, ``a spokesman for the company``."""
    return any(lexicon.speakers[name].search(words.lower()) for name in ("lawyer", "spokesperson"))


def _said(verb: Token, speaker: Token, text: str) -> str:
    """The sentence without its speaker: what is said stands before or behind."""
    places = {token.i for token in speaker.subtree} | {verb.i}
    return "".join(token.text_with_ws for token in verb.doc if token.i not in places) or text


def _kind_of(said: str, verb: Token, *, defending: bool) -> CounterEvidenceKind | None:
    """What sort of statement it is; None for an admission, an apology, an announced appeal or no comment."""
    if _ADMITTING.search(said) or ("appeal" in said and '"' not in said):
        return None
    if verb.lemma_.lower() in _PROTESTING or any(child.lower_ == "always" for child in verb.children):
        return CounterEvidenceKind.DENIAL
    if len(said.split()) < _SHORTEST:
        return None
    if _DOUBTING.search(said):
        return CounterEvidenceKind.CREDIBILITY_CHALLENGE
    if defending and _FACTS.search(said):
        return CounterEvidenceKind.DENIAL
    return CounterEvidenceKind.DENIAL if _CONTESTING.search(said) else CounterEvidenceKind.OTHER
