"""Lexicons: what a file must look like, which cues sentences carry, offsets, negation, and hostile text."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.alert import Sentence
from agent.domain.folding import fold_text
from agent.domain.reading import Cue, CueKind
from agent.domain.taxonomy import CounterEvidenceKind, Offence, Stage
from agent.errors import ConfigError
from agent.reading.lexicon import LANGUAGES, Lexicon, find_cues, load_lexicon, read_lexicon
from agent.reading.lexicon_file import fold_case
from agent.reading.segments import segment_text

HERE = Path(__file__).parent
PATTERNED = ("es", "fr", "de", "pt", "ru")
KINDS = {"o": "offence", "s": "stage", "c": "counter_evidence"}
IMPLIED = {"acquitted": "acquittal", "dismissed": "dismissal", "overturned": "overturned"}
Mark = tuple[str, str, bool]


def table(name: str, part: str) -> list[tuple[str, str, str]]:
    rows = yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
    return [(language, text, expected) for language, parts in rows.items() for text, expected in parts[part]]


def lexicon(language: str) -> Lexicon:
    loaded = load_lexicon(language)
    assert loaded is not None
    return loaded


def cues_of(text: str, language: str) -> tuple[Cue, ...]:
    return find_cues(text, sentences_of(text), lexicon(language))


def sentences_of(text: str) -> list[Sentence]:
    return [sentence for passage in segment_text(text) for sentence in passage.sentences]


def read_expected(words: str) -> set[Mark]:
    marks = set()
    for word in words.split():
        kind, value = word.removeprefix("!").split(":")
        marks.add((KINDS.get(kind, "flag"), value, word.startswith("!")))
    return marks


def read_marks(text: str, language: str) -> set[Mark]:
    """All cues and flags, without the counter-evidence that a clearing stage is by itself."""
    marks = {(str(cue.kind), cue.value, cue.negated) for cue in cues_of(text, language)}
    for stage, kind in IMPLIED.items():
        for negated in (False, True):
            if ("stage", stage, negated) in marks:
                assert ("counter_evidence", kind, negated) in marks
                marks.discard(("counter_evidence", kind, negated))
    words = fold_case(fold_text(text).text)
    flags = {"in_absentia": lexicon(language).in_absentia, "final": lexicon(language).final}
    return marks | {("flag", name, False) for name, pattern in flags.items() if pattern.search(words)}


@pytest.mark.parametrize(("language", "text", "expected"), table("reading_sentences.yaml", "cues"))
def test_a_sentence_carries_exactly_the_cues_expected(language: str, text: str, expected: str) -> None:
    assert read_marks(text, language) == read_expected(expected)


def test_the_sentences_set_aside_stay_as_good_as_measured() -> None:
    rows = table("reading_heldout.yaml", "cues")
    found = [(read_marks(text, language), read_expected(expected)) for language, text, expected in rows]
    exact = sum(got == wanted for got, wanted in found)
    right = sum(len(got & wanted) for got, wanted in found)
    assert exact >= 102, f"{exact} of {len(rows)}"
    assert right / sum(len(got) for got, _ in found) >= 0.96
    assert right / sum(len(wanted) for _, wanted in found) >= 0.97


@pytest.mark.parametrize("language", PATTERNED)
def test_every_offence_and_stage_has_words(language: str) -> None:
    words = lexicon(language)
    assert set(words.offences) == set(Offence) - {Offence.OTHER}
    assert set(words.stages) == set(Stage) - {Stage.UNDETERMINED}
    assert set(words.counter_evidence) == set(CounterEvidenceKind)
    assert words.accused
    assert words.victims
    assert set(words.months.values()) == set(range(1, 13))


def test_every_shipped_language_loads_and_an_unknown_one_is_none() -> None:
    assert set(PATTERNED) <= LANGUAGES
    assert all(load_lexicon(language) is not None for language in LANGUAGES)
    assert load_lexicon("xx") is None
    assert load_lexicon("../es") is None


def write(folder: Path, body: str, name: str = "xy") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(body, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("language: xy\noffences: {fraud: ['fraud(']}", ("xy.yaml", "offences.fraud", "'fraud('")),
        ("language: xy\noffences: {fraudd: ['fraud']}", ("offences.fraudd", "unknown")),
        ("language: xy\nstages: {undetermined: ['fog']}", ("stages.undetermined",)),
        ("language: xy\noffences: {fraud: fraud}", ("offences.fraud", "list")),
        ("language: xy\noffences: {fraud: ['x*']}", ("offences.fraud", "empty text")),
        ("language: zz", ("language", "'xy'")),
        ("language: xy\nofences: {}", ("unknown keys", "ofences")),
        ("language: xy\nspeakers: {neighbour: ['x']}", ("speakers.neighbour",)),
        ("language: xy\npatterns: {accused: ['convicted']}", ("patterns.accused", "{subject}")),
        ("language: xy\npatterns: {bystander: ['{name} saw']}", ("patterns",)),
        ("language: xy\npatterns: {accused: ['{name} (was']}", ("patterns.accused", "bad regular expression")),
        ("language: xy\nmonths: {foo: 13}", ("months.foo",)),
        ("language: xy\nages: ['(?P<age>\\d+']", ("ages", "bad regular expression")),
        ("- a list", ("xy.yaml", "mapping")),
        ("language: [", ("xy.yaml", "cannot be read")),
    ],
)
def test_a_wrong_file_is_refused_and_the_message_names_what_is_wrong(
    tmp_path: Path, body: str, words: tuple[str, ...]
) -> None:
    with pytest.raises(ConfigError) as refusal:
        read_lexicon(write(tmp_path, body))
    assert all(word in str(refusal.value) for word in words), str(refusal.value)


def test_capitals_and_escapes_in_an_entry_keep_their_meaning(tmp_path: Path) -> None:
    path = write(tmp_path, "language: xy\noffences: {fraud: ['(?:BIG )?Fra[A-Z]d\\S+']}")
    found = find_cues("A big  FRAUDster", [Sentence(id="s", start=0, end=16)], read_lexicon(path))
    assert [(cue.start, cue.end) for cue in found] == [(2, 16)]


def test_the_longest_match_wins_inside_a_kind_and_equal_ones_stay(tmp_path: Path) -> None:
    offences = "{terrorism: [terror], terrorist_financing: [paying for terror], fraud: [sham], forgery: [sham]}"
    body = f"language: xy\noffences: {offences}"
    text = "paying for terror, a sham"
    found = find_cues(text, [Sentence(id="s", start=0, end=len(text))], read_lexicon(write(tmp_path, body)))
    assert [(cue.value, text[cue.start : cue.end]) for cue in found] == [
        ("terrorist_financing", "paying for terror"),
        ("forgery", "sham"),
        ("fraud", "sham"),
    ]


@pytest.mark.parametrize(
    ("text", "negated"),
    [
        ("No fue condenado.", True),
        ("No, fue condenado.", False),
        ("No acudió y fue condenado.", False),
        ("Dijo que no. Fue condenado.", False),
        ("No solo fue condenado.", False),
        ("Sin embargo fue condenado.", False),
        ("No se presentó ayer por la tarde ante nadie allí: condenado.", False),
    ],
)
def test_a_negation_reaches_a_few_words_of_its_own_clause(text: str, negated: bool) -> None:
    stages = [cue for cue in cues_of(text, "es") if cue.value == "convicted"]
    assert [cue.negated for cue in stages] == [negated]


def test_a_negation_after_the_cue_counts_where_the_language_puts_it_there() -> None:
    assert [cue.negated for cue in cues_of("Anklage wurde bislang nicht erhoben.", "de")] == [True]
    assert [cue.negated for cue in cues_of("Anklage wurde erhoben, er kam nicht.", "de")] == [False]


@pytest.mark.parametrize(
    ("language", "text", "stretch"),
    [
        ("fr", "Une prise illégale d’intérêts.", "prise illégale d’intérêts"),
        ("fr", "Une prise illégale d'intérêts.", "prise illégale d'intérêts"),
        ("es", "Un lavado\u00a0de \n activos.", "lavado\u00a0de \n activos"),
        ("de", "Wegen Geld\u00adwä\u00adsche.", "Geld\u00adwä\u00adsche"),
        ("es", "Una estafa\u200b piramidal.", "estafa"),
        ("pt", "Corrupc\u0327a\u0303o ativa.", "Corrupc\u0327a\u0303o ativa"),
        ("ru", "Он осуждён.", "осуждён"),
        ("es", "FUE CONDENADO.", "CONDENADO"),
    ],
)
def test_typography_does_not_hide_a_cue_and_offsets_stay_the_articles(language: str, text: str, stretch: str) -> None:
    found = find_cues(text, [Sentence(id="p1.s1", start=0, end=len(text))], lexicon(language))
    assert [text[cue.start : cue.end] for cue in found] == [stretch]


def test_cues_outside_sentences_or_across_two_are_left_out() -> None:
    text = "Lavado de activos. Estafa."
    cut = [Sentence(id="p1.s1", start=0, end=9), Sentence(id="p1.s2", start=9, end=18)]
    assert find_cues(text, cut, lexicon("es")) == ()


def test_a_clearing_stage_is_counter_evidence_by_itself() -> None:
    kinds = {(cue.kind, cue.value) for cue in cues_of("Le tribunal l'a relaxé.", "fr")}
    assert kinds == {(CueKind.STAGE, "acquitted"), (CueKind.COUNTER_EVIDENCE, "acquittal")}


@pytest.mark.parametrize("language", PATTERNED)
def test_a_long_hostile_text_is_read_to_its_end(language: str) -> None:
    text = (
        "soll a " * 3_000 + "no " * 3_000 + "de la " * 3_000 + "не был " * 3_000 + "fue condenado " * 500 + "a" * 50_000
    )
    assert isinstance(find_cues(text, [Sentence(id="p1.s1", start=0, end=len(text))], lexicon(language)), tuple)


@given(
    st.lists(
        st.sampled_from(["No", "fue", "condenado", "por", "estafa", ",", ".", "\u00ad", "\n", "’", "É", "e\u0301"])
    )
)
def test_cues_lie_inside_their_sentence_and_do_not_overlap_inside_a_kind(words: list[str]) -> None:
    text = " ".join(words)
    places = {sentence.id: sentence for sentence in sentences_of(text)}
    found = cues_of(text, "es")
    for cue in found:
        assert places[cue.sentence].start <= cue.start < cue.end <= places[cue.sentence].end
    for kind in CueKind:
        spans = sorted({(cue.start, cue.end) for cue in found if cue.kind is kind})
        assert all(left[1] <= right[0] for left, right in pairwise(spans))


@given(st.text(max_size=200))
def test_any_text_can_be_read_in_any_language(text: str) -> None:
    for language in PATTERNED:
        for cue in cues_of(text, language):
            assert text[cue.start : cue.end].strip()
