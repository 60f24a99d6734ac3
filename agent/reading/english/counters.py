"""Who says otherwise: counter-evidence cues of an English sentence with the one who makes the statement."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from agent.domain.reading import Cue, CueKind
from agent.domain.taxonomy import CounterEvidenceKind
from agent.reading.english.parse import ancestors_within, is_passive, subject_of
from agent.reading.english.structure import SentenceStructure
from agent.reading.lexicon import INTERESTED_SPEAKERS, Lexicon
from agent.reading.parts import CounterClue, Span

if TYPE_CHECKING:
    from spacy.tokens import Token

NOT_STATED = "not stated"
"""What ``by`` holds when the article does not say who makes the statement."""

_SPEECH = frozenset(
    """say tell write deny call insist argue claim maintain describe state add post tweet reject dismiss
    dispute refute declare announce allege note respond plead denounce criticize criticise deplore condemn
    rebuke slam protest accuse express contend assert reiterate stress warn acknowledge comment refuse
    apologize apologise""".split()
)
_RULING = frozenset(
    """find rule grant clear acquit drop overturn quash vacate throw lift withdraw annul delete cancel give
    recognise recognize award retract correct receive order decide set reverse remove strike release free""".split()
)
_COURT = re.compile(r"\b(?:court|tribunal|judges?|justices?|ruling|magistrate|trial|confession)\b", re.IGNORECASE)
_KIN = frozenset("father mother wife husband brother sister son daughter widow uncle cousin grandfather".split())
_CLAIMED = frozenset(
    {
        CounterEvidenceKind.POLITICAL_MOTIVATION,
        CounterEvidenceKind.CREDIBILITY_CHALLENGE,
        CounterEvidenceKind.DENIAL,
        CounterEvidenceKind.OTHER,
    }
)
"""Kinds that somebody asserts; the rest somebody decides."""


def find_counters(
    structure: SentenceStructure, cues: Sequence[Cue], lexicon: Lexicon, parties: Iterable[Span], before: str
) -> list[CounterClue]:
    """One clue a kind and sentence. Who speaks is the subject of the verb of speech above the cue, in its own words.

    ``before`` is the sentence before, which tells whether ``it criticised`` speaks of a court.
    """
    sentence = structure.sentence
    clues: dict[CounterEvidenceKind, CounterClue] = {}
    spans = tuple(parties)
    for cue in cues:
        if cue.kind is not CueKind.COUNTER_EVIDENCE:
            continue
        kind = CounterEvidenceKind(cue.value)
        anchor = sentence.root_of((cue.start, cue.end))
        if anchor is None or kind in clues or (cue.negated and kind is not CounterEvidenceKind.DENIAL):
            continue
        if kind is CounterEvidenceKind.COURT_CRITICISM and not _COURT.search(f"{before} {sentence.doc.text}"):
            continue
        about = spans
        if kind is CounterEvidenceKind.DECEASED:
            died = subject_of(anchor) if anchor.pos_ in {"VERB", "AUX"} else None
            about = structure.parties_of(died) if anchor.pos_ in {"VERB", "AUX"} else spans
            if not about or (died is not None and any(child.lower_ in _KIN for child in died.children)):
                continue
        speaker = _speaker_of(anchor, _SPEECH if kind in _CLAIMED else _SPEECH | _RULING)
        by = voice_of(structure, speaker) if speaker is not None else NOT_STATED
        interested = speaker is not None and _is_interested(structure, speaker, by, lexicon)
        clues[kind] = CounterClue(kind, sentence.id, by[:200] or NOT_STATED, interested, about)
    return list(clues.values())


def _speaker_of(anchor: Token, verbs: frozenset[str]) -> Token | None:
    for verb in (anchor, *ancestors_within(anchor, 10)):
        if verb.pos_ not in {"VERB", "AUX"} or verb.lemma_.lower() not in verbs:
            continue
        if is_passive(verb):
            for child in verb.children:
                if child.dep_ == "agent":
                    return next((part for part in child.children if part.dep_ == "pobj"), None)
            continue
        subject = subject_of(verb)
        if subject is not None and subject.lower_ in {"i", "we", "my", "our"}:
            continue
        if subject is not None and subject.tag_ not in {"WP", "WDT"}:
            return subject
        if subject is not None and verb.dep_ == "relcl":
            return verb.head
    return None


def voice_of(structure: SentenceStructure, speaker: Token) -> str:
    """The speaker's name where a pronoun stands for it, else the speaker's own words."""
    if speaker.pos_ != "PRON":
        return words_of(speaker)
    named = structure.name_behind(speaker)
    return named or (NOT_STATED if speaker.lower_ in {"it", "this", "that", "they", "which"} else words_of(speaker))


def words_of(speaker: Token) -> str:
    """The speaker's noun phrase without its relative clauses."""
    cut = {token.i for child in speaker.children if child.dep_ in {"relcl", "acl"} for token in child.subtree}
    tokens = [token for token in speaker.subtree if token.i not in cut]
    kept = [token for token in tokens if token.i <= speaker.i or token.i - tokens[0].i < 14]
    return "".join(token.text_with_ws for token in kept).strip(" ,;:—-\n\"“”'")


def _is_interested(structure: SentenceStructure, speaker: Token, by: str, lexicon: Lexicon) -> bool:
    """The party itself, or a voice on its side."""
    words = by.lower()
    if re.match(r"(?:an? |the )?(?:\w+ ){0,2}(?:court|government|ministry|police|prosecut\w+|attorney general)", words):
        return False
    if any(lexicon.speakers[name].search(words) for name in INTERESTED_SPEAKERS if name in lexicon.speakers):
        return True
    neutral = ("court", "government", "organisation")
    if any(lexicon.speakers[name].search(words) for name in neutral if name in lexicon.speakers):
        return False
    return bool(structure.parties_of(speaker))
