"""Splitting an article into parts: nothing is lost, nothing is read twice, no part is too large."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from agent.domain.alert import Article
from agent.domain.reading import Reading
from agent.reading.segments import segment_text
from agent.triage.article_parts import (
    NumberedSentence,
    Part,
    article_block,
    halve_part,
    number_sentences,
    part_label,
    split_article,
)
from agent.triage.prices import estimate_tokens

WORDS = st.text(alphabet="abcdefgh ÄéЖ漢7.,!?\u200b\n", min_size=1, max_size=400)
TEXTS = st.lists(WORDS, min_size=1, max_size=12).map("\n".join)


def sentences_of(text: str) -> Part:
    return number_sentences(Article(text=text), Reading(language="en", readable=True, passages=segment_text(text)))


def joined(parts: tuple[Part, ...]) -> str:
    return "".join(sentence.text for part in parts for sentence in part)


def cost(part: Part) -> int:
    return sum(sentence.tokens for sentence in part)


@given(TEXTS)
def test_numbered_sentences_cover_every_character_once(text: str) -> None:
    sentences = sentences_of(text)
    assert joined((sentences,)) == text
    for sentence in sentences:
        assert text[sentence.start : sentence.end] == sentence.text


@given(TEXTS, st.integers(min_value=20, max_value=200))
def test_parts_cover_every_passage_exactly_once_and_keep_to_the_budget(text: str, budget: int) -> None:
    parts = split_article(sentences_of(text), budget)
    assert joined(parts) == text
    assert all(part and cost(part) <= budget for part in parts)
    read = [(sentence.start, sentence.end) for part in parts for sentence in part]
    assert read == sorted(read)
    assert all(before[1] == after[0] for before, after in pairwise(read))


@given(TEXTS, st.integers(min_value=20, max_value=200))
def test_a_passage_that_fits_is_never_cut(text: str, budget: int) -> None:
    sentences = sentences_of(text)
    parts = split_article(sentences, budget)
    for passage in {sentence.passage for sentence in sentences}:
        whole = tuple(sentence for sentence in sentences if sentence.passage == passage)
        if cost(whole) <= budget:
            assert any(set(whole) <= set(part) for part in parts)


@given(TEXTS)
def test_halving_loses_nothing_and_ends(text: str) -> None:
    pending, done = [sentences_of(text)], 0
    while pending:
        part = pending.pop()
        halves = halve_part(part)
        if halves is None:
            done += 1
            assert len(part) == 1
            continue
        assert joined(halves) == joined((part,))
        assert all(halves)
        pending.extend(halves)
    assert done >= 1


def test_halving_prefers_the_border_of_a_passage() -> None:
    text = "One is short. Two is short.\nThree is short. Four is short. Five is short."
    first, second = halve_part(sentences_of(text)) or ((), ())
    assert (part_label(first), part_label(second)) == ("p1", "p2")


def test_an_article_without_passages_is_sent_whole() -> None:
    text = "Текст без разбора.\n\nВторая строка."
    sentences = number_sentences(Article(text=text), Reading(language="xx", readable=False))
    assert joined((sentences,)) == text
    assert joined(split_article(sentences, 12)) == text


def test_one_endless_word_is_cut_rather_than_left_out() -> None:
    text = "a" * 5_000
    sentences = number_sentences(Article(text=text), Reading(language="en", readable=True))
    parts = split_article(sentences, 300)
    assert joined(parts) == text
    assert all(estimate_tokens(article_block(part)) <= 300 for part in parts)
    assert "characters 0–" in part_label(parts[0])


def test_a_line_that_looks_like_an_id_never_starts_a_line() -> None:
    text = "The court sat on Monday [p9.s9] and adjourned,\u2028[p7.s1] as it says.\r\n[p8.s1] The end."
    lines = article_block(sentences_of(text)).splitlines()
    ids = [line.split("]")[0] + "]" for line in lines if line]
    assert ids == [f"[{sentence.id}]" for sentence in sentences_of(text)]


def test_labels_name_passages_or_sentences() -> None:
    sentences = sentences_of("One here. Two here.\nThree here. Four here.")
    assert part_label(sentences) == "p1–p2"
    assert part_label(sentences[:2]) == "p1"
    assert part_label(sentences[1:3]) == "p1.s2–p2.s1"


def test_sentence_line_is_one_line() -> None:
    sentence = NumberedSentence("p1.s1", "p1", 0, 9, " a\n b \t c\n", True, True)
    assert sentence.line == "[p1.s1] a b c"
