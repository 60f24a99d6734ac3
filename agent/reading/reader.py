"""The reader: an article in, a Reading out, with no model call and the same answer every time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.domain.alert import Article, Passage, Sentence, Subject
from agent.domain.reading import Cue, CueKind, InjectionMark, MarkKind, Reading, SubjectBasis
from agent.domain.taxonomy import CLEARING_STAGES, SourceKind
from agent.reading.english.analysis import analyse_english
from agent.reading.english.parse import EnglishParser
from agent.reading.findings import find_risk_sentences, make_counter_findings, make_findings, untie_shared
from agent.reading.language import detect_language
from agent.reading.lexicon import LANGUAGES, Lexicon, find_cues, load_lexicon
from agent.reading.marks import find_marks
from agent.reading.names import cluster_names, name_tokens
from agent.reading.parties import Cast, hold_nothing, put_together
from agent.reading.parts import Analysis
from agent.reading.patterned import analyse_patterned
from agent.reading.places import find_countries
from agent.reading.segments import segment_text
from agent.reading.sources import find_source_names, judge_source
from agent.reading.subject import find_subject

_NAMES = {
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "de": "German",
    "pt": "Portuguese",
    "ru": "Russian",
}


@dataclass(frozen=True, slots=True)
class _Text:
    """An article taken apart, before anything is read from it."""

    article: Article
    passages: tuple[Passage, ...]
    sentences: dict[str, Sentence]
    marks: tuple[InjectionMark, ...]
    source_kind: SourceKind
    notes: tuple[str, ...]


class Reader:
    """Reads articles. One instance serves a process; its English model loads on the first English article."""

    def __init__(self) -> None:
        self._parser = EnglishParser()

    def warm(self) -> None:
        """Load the English model now, before serving, so that no request pays for it."""
        self._parser.load()

    def read(self, article: Article, subject: Subject | None = None) -> Reading:
        """What the article says, whom the alert is about, and what must not be left out.

        A text in a language without a lexicon comes back ``readable=False`` with the reason; so does one too short to
        tell. Never raises for what an article contains.
        """
        text = self._take_apart(article)
        language, dependable = detect_language(article.text, article.language)
        lexicon = load_lexicon(language) if dependable else None
        reason = _why_unreadable(text, language, dependable)
        if lexicon is None or reason is not None:
            return Reading(
                language=language,
                readable=False,
                unreadable_reason=reason,
                source_kind=text.source_kind,
                passages=text.passages,
                marks=text.marks,
                notes=text.notes,
                subject_basis=SubjectBasis.UNDETERMINED,
            )
        return self._read_in(lexicon, text, subject)

    def _take_apart(self, article: Article) -> _Text:
        passages = segment_text(article.text)
        kind, note = judge_source(article)
        return _Text(
            article=article,
            passages=passages,
            sentences={sentence.id: sentence for passage in passages for sentence in passage.sentences},
            marks=find_marks(article.text),
            source_kind=kind,
            notes=(note,) if note is not None else (),
        )

    def _read_in(self, lexicon: Lexicon, text: _Text, subject: Subject | None) -> Reading:
        content, ordered = text.article.text, list(text.sentences.values())
        cues = _without_planted_clearing(find_cues(content, ordered, lexicon), text)
        known = (subject.name, *subject.aliases) if subject is not None else ()
        countries = find_countries(content, lexicon.language)
        analysis = self._analyse(lexicon, content, ordered, cues, known, {start: code for start, _, code in countries})
        places = frozenset(name_tokens(content[start:end]) for start, end, _ in countries)
        cast = put_together(analysis, cluster_names(analysis.names, known), places, text.sentences, content)
        findings = make_findings(content, text.sentences, analysis, cast, lexicon)
        if text.source_kind in _INVENTED:
            cast, findings = hold_nothing(cast), tuple(part.model_copy(update={"parties": ()}) for part in findings)
        shared = _shared_names(cast)
        findings = untie_shared(findings, cast, shared, content)
        party, basis = find_subject(subject, cast, findings, text.sentences, text.article.title)
        return Reading(
            language=lexicon.language,
            readable=True,
            source_kind=text.source_kind,
            source_names=find_source_names(content),
            passages=text.passages,
            parties=cast.parties,
            subject=party,
            subject_basis=basis,
            ambiguous_names=tuple(dict.fromkeys((*cast.ambiguous, *shared)))[:50],
            cues=cues,
            findings=findings,
            counter_findings=make_counter_findings(analysis, cast),
            risk_sentences=find_risk_sentences(text.sentences, cues, findings, cast, party, content),
            marks=text.marks,
            notes=text.notes + _title_note(text.article, lexicon, cues),
        )

    def _analyse(
        self,
        lexicon: Lexicon,
        content: str,
        sentences: Sequence[Sentence],
        cues: Sequence[Cue],
        known: Sequence[str],
        countries: dict[int, str],
    ) -> Analysis:
        if lexicon.language == "en":
            return analyse_english(content, sentences, cues, lexicon, self._parser, known, countries)
        return analyse_patterned(content, sentences, cues, lexicon, known)


_INVENTED = frozenset({SourceKind.SATIRE, SourceKind.FICTION_OR_REVIEW})
"""Texts whose deeds may be invented: what they tell is shown, and held against nobody."""
_STEERING = frozenset({MarkKind.INSTRUCTION, MarkKind.FAKE_ANSWER, MarkKind.FAKE_DECISION, MarkKind.ROLE_TAG})


def _without_planted_clearing(cues: Sequence[Cue], text: _Text) -> tuple[Cue, ...]:
    """Cues, save those that clear somebody in a passage that is aimed at the reader's software."""
    steering = [mark for mark in text.marks if mark.kind in _STEERING]
    planted = {
        sentence.id
        for passage in text.passages
        for sentence in passage.sentences
        if any(mark.start < passage.end and passage.start < mark.end for mark in steering)
    }
    return tuple(cue for cue in cues if cue.sentence not in planted or not _clears(cue))


def _clears(cue: Cue) -> bool:
    return cue.kind is CueKind.COUNTER_EVIDENCE or (cue.kind is CueKind.STAGE and cue.value in CLEARING_STAGES)


def _why_unreadable(text: _Text, language: str, dependable: bool) -> str | None:
    if text.source_kind is SourceKind.NOT_A_REPORT:
        return text.notes[0] if text.notes else "The text is not a report."
    if not dependable:
        return "The language of the text could not be determined, so nothing in it was assessed."
    if language not in LANGUAGES:
        readable = ", ".join(_NAMES[code] for code in sorted(LANGUAGES & _NAMES.keys()))
        return f"The text is in a language the reader cannot read ({language!r}); it reads {readable}."
    return None


def _shared_names(cast: Cast) -> tuple[str, ...]:
    """Names whose bearer the article gives two ages: two people with one name."""
    return tuple(
        party.name
        for party in cast.parties
        if len({attribute.value for attribute in party.attributes if attribute.name == "age"}) > 1
    )


def _title_note(article: Article, lexicon: Lexicon, cues: Sequence[Cue]) -> tuple[str, ...]:
    """A headline may accuse where a stub of a text does not: say so, since evidence can only be the text's."""
    if article.title is None or any(cue.kind is not CueKind.COUNTER_EVIDENCE for cue in cues):
        return ()
    title = article.title
    found = find_cues(title, [Sentence(id="t1", start=0, end=len(title))], lexicon)
    if not any(cue.kind is not CueKind.COUNTER_EVIDENCE and not cue.negated for cue in found):
        return ()
    return ("The headline carries an adverse cue that the stored text does not.",)
