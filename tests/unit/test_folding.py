"""Folding: one test a row of the table, exactness, offsets, and hostile texts."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from agent.domain.folding import FOLDS, MIN_VISIBLE, PLAIN_CLASS, REMOVED, find_quote, fold_text

TRICKY = st.text(
    alphabet=st.one_of(
        st.sampled_from(
            "abcDEF 0123.,;\n\t\r'\"-’“”«»–—\u00a0\u202f\u2028\u200b\u00ad\u202e\ufeff\u0301\u0308ﬁﬀ½…Ａ１éöйЙёКазах"
        ),
        st.characters(codec="utf-8"),
    ),
    max_size=80,
)


def fold(text: str) -> str:
    return fold_text(text).text


@pytest.mark.parametrize(
    ("plain", "variant"), [(plain, variant) for plain, variants in FOLDS.items() for variant in variants]
)
def test_each_row_of_the_table_folds_to_its_plain_character(plain: str, variant: str) -> None:
    assert fold(f"ab{variant}cd") == f"ab{plain}cd"
    article = f"He said {variant}no plea{variant} then."
    span = find_quote(fold_text(article), f"said {plain}no plea{plain}")
    assert span is not None
    assert article[slice(*span)] == f"said {variant}no plea{variant}"


@pytest.mark.parametrize(
    "char", [chr(code) for first, last in REMOVED for code in {ord(first), ord(last)}], ids=lambda c: f"U+{ord(c):04X}"
)
def test_each_range_of_invisible_characters_does_not_count(char: str) -> None:
    assert fold(f"embez{char}zled") == "embezzled"
    article = f"He embez{char}zled it{char}."
    assert find_quote(fold_text(article), "embezzled it") == (3, 3 + len("embezzled it") + 1)


@pytest.mark.parametrize("space", [c for c in map(chr, range(sys.maxunicode + 1)) if c.isspace()], ids=ascii)
def test_every_space_and_line_end_is_one_space(space: str) -> None:
    assert fold(f"a{space}b") == "a b"
    assert fold(f"a {space}\r\n{space}b") == "a b"


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("ﬁned", "fined"),
        ("oﬃce", "office"),
        ("Ｆｒａｕｄ　１２", "Fraud 12"),
        ("Jose\u0301", "José"),
        ("Й", "Й"),
        ("И\u0306", "Й"),
        ("e\u200b\u0301", "é"),
        ("wait…", "wait..."),
        ("\u1112\u1161\u11ab", "한"),
        ("ﾊﾟ", "パ"),
        ("\r\n\u2028 \u3000x", " x"),
    ],
)
def test_composition_and_compatibility_forms(written: str, folded: str) -> None:
    assert fold(written) == folded


def test_plain_characters_are_really_left_alone() -> None:
    import re

    plain = [c for c in map(chr, range(sys.maxunicode + 1)) if re.match(f"[{PLAIN_CLASS}]", c)]
    tabled = {variant for variants in FOLDS.values() for variant in variants}
    assert len(plain) > 30_000
    assert not [c for c in plain if unicodedata.normalize("NFKC", c) != c or unicodedata.combining(c) or c in tabled]


@pytest.mark.parametrize(
    "quote", ["Was convicted", "was  Convicted", "WAS CONVICTED", "was conviсted", "was-convicted"]
)
def test_case_letters_and_punctuation_are_never_folded(quote: str) -> None:
    assert find_quote(fold_text("He was convicted."), quote) is None


@pytest.mark.parametrize("quote", ["", "   ", "…", "a b", "“.”", "12", "\u200b"])
def test_too_little_to_be_evidence(quote: str) -> None:
    assert find_quote(fold_text("… a b 12 “.” \u200b and so on"), quote) is None


def test_a_quote_never_spans_a_replacement_character() -> None:
    article = fold_text("He was con\ufffdvicted of fraud.")
    assert find_quote(article, "was con\ufffdvicted") is None
    assert find_quote(article, "of fraud") is not None


def test_a_quote_never_cuts_a_ligature() -> None:
    article = "They ﬁled a suit."
    assert find_quote(fold_text(article), "iled a suit") is None
    span = find_quote(fold_text(article), "filed a suit")
    assert span is not None
    assert article[slice(*span)] == "ﬁled a suit"


def test_the_cited_sentence_is_preferred_then_the_nearest_place() -> None:
    text = "was fined. Filler words stand here. was fined. Other words. was fined."
    article = fold_text(text)
    places = [i for i in range(len(text)) if text.startswith("was fined", i)]
    assert find_quote(article, "was fined") == (places[0], places[0] + 9)
    for place in places:
        assert find_quote(article, "was fined", (place, place + 10)) == (place, place + 9)
    assert find_quote(article, "was fined", (12, 16)) == (places[0], places[0] + 9)
    assert find_quote(article, "was fined", (30, 34)) == (places[1], places[1] + 9)
    assert find_quote(article, "was fined", (47, 52)) == (places[1], places[1] + 9)
    assert find_quote(article, "Filler words", (60, 69)) == (11, 23)


def test_evidence_is_trimmed_to_what_is_seen() -> None:
    text = "\n  “He was fined.” \u200b\n"
    span = find_quote(fold_text(text), "  He was fined. ")
    assert span is not None
    assert text[slice(*span)] == "He was fined."


@settings(deadline=None)
@given(text=TRICKY)
@example(text="a\u0301\u200b \u0301\n\ufeff")
@example(text="\u00a8\u00a8 \u00b4")
def test_folding_a_fold_again_keeps_offsets_in_order(text: str) -> None:
    folded = fold_text(text)
    assert "  " not in folded.text
    positions = [folded.position(offset) for offset in range(len(text) + 1)]
    assert positions == sorted(positions)
    assert all(0 <= position <= len(folded.text) for position in positions)


@settings(deadline=None)
@given(before=TRICKY, core=TRICKY, after=TRICKY, near=st.integers(0, 80))
def test_every_slice_with_visible_content_is_found(before: str, core: str, after: str, near: int) -> None:
    text = f"{before}x1y{core}z{after}"
    folded = fold_text(text)
    # Slices that cut a letter from its own accent are other letters, and rightly not found.
    start = max(edge for edge in folded._starts if edge <= len(before))
    end = min(edge for edge in folded._ends if edge >= len(before) + 4 + len(core))
    wanted = fold(text[start:end]).strip(" ")
    for within in (None, (near % len(text), min(near % len(text) + 10, len(text)))):
        span = find_quote(folded, text[start:end], within)
        if "\ufffd" in wanted:
            assert span is None
        else:
            assert span is not None
            assert fold(text[slice(*span)]).strip(" ") == wanted


@settings(deadline=None)
@given(
    text=st.text(alphabet="abcdefgh AB.,5", min_size=12, max_size=60),
    place=st.integers(0, 59),
    char=st.sampled_from("xyzQ7"),
)
def test_one_changed_character_is_not_found(text: str, place: int, char: str) -> None:
    quote = text.strip()
    assume(len(quote) > 5)
    place %= len(quote)
    changed = quote[:place] + char + quote[place + 1 :]
    assert find_quote(fold_text(text), changed, (0, len(text))) is None


@settings(deadline=None)
@given(text=TRICKY, quote=TRICKY)
def test_what_is_found_folds_to_the_quote(text: str, quote: str) -> None:
    span = find_quote(fold_text(text), quote)
    if span is not None:
        assert fold(text[slice(*span)]).strip(" ") == fold(quote).strip(" ")
    elif sum(map(str.isalnum, fold(quote))) >= MIN_VISIBLE and "\ufffd" not in quote and quote.isascii():
        assert quote.strip() not in text or not text.isascii()


def test_hostile_texts_end() -> None:
    marks = "a" + "\u0301\u0323" * 100_000 + " and the rest"
    assert find_quote(fold_text(marks), "and the rest") is not None
    ligatures = fold_text("ﬁ" * 200_000)
    assert find_quote(ligatures, "ifi" * 100) is None
