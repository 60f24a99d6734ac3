"""Language detection: the right code, and never a dependable wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from agent.reading.language import MIN_LETTERS, UNDETERMINED, detect_language

ROWS = yaml.safe_load((Path(__file__).parent / "reading_heldout.yaml").read_text(encoding="utf-8"))
ARTICLES = {language: " ".join(text for text, _ in parts["cues"]) for language, parts in ROWS.items()}
ARTICLES["en"] = (
    "The district court sentenced the former treasurer of the harbour company to six years in prison on Friday. "
    "Prosecutors said that she had moved the money through four firms in her brother's name; she denies it."
)


@pytest.mark.parametrize("language", sorted(ARTICLES))
def test_an_article_is_recognised_without_and_against_a_hint(language: str) -> None:
    assert detect_language(ARTICLES[language], None) == (language, True)
    assert detect_language(ARTICLES[language], "it") == (language, True)
    assert detect_language(ARTICLES[language].upper(), None) == (language, True)


def test_single_sentences_are_mostly_right_and_never_dependably_wrong() -> None:
    answers = [(language, detect_language(text, None)) for language, parts in ROWS.items() for text, _ in parts["cues"]]
    assert [answer for language, answer in answers if answer[1] and answer[0] != language] == []
    assert sum(answer[0] == language for language, answer in answers) >= 0.93 * len(answers)


@pytest.mark.parametrize(
    "text", ["", "Kurz", "12345 67890 !!!", "a" * (MIN_LETTERS - 1), "https://example.org/a/long/address"]
)
def test_too_few_letters_say_nothing(text: str) -> None:
    assert detect_language(text, "de") == (UNDETERMINED, False)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Слідчий комітет повідомив, що його затримали у Києві за підозрою у шахрайстві.", "uk"),
        ("Съдът осъди бившия министър на пет години затвор за подкуп и пране на пари.", "bg"),
        ("Сот бұрынғы әкімді пара алғаны үшін бес жылға бас бостандығынан айырды.", "kk"),
        ("Суд приговорил бывшего министра к пяти годам за взятку, сообщили в прокуратуре.", "ru"),
    ],
)
def test_cyrillic_languages_are_kept_apart(text: str, language: str) -> None:
    assert detect_language(text, None)[0] == language


def test_the_larger_part_of_a_mixed_article_decides() -> None:
    mixed = "\n\n".join([ARTICLES["es"]] * 4 + [ARTICLES["en"]])
    assert detect_language(mixed, None) == ("es", True)
    halves = "\n\n".join([ARTICLES["es"]] * 3 + [ARTICLES["de"]] * 3)
    assert detect_language(halves, None)[1] is False


def test_a_hint_settles_an_unsure_answer_that_agrees_with_it() -> None:
    text = "Recurrió la sentencia ante el Tribunal Constitucional."
    unsure = detect_language(text, None)
    assert unsure == ("es", False)
    assert detect_language(text, "es") == ("es", True)
    assert detect_language(text, "fr") == ("es", False)


def test_a_long_text_is_sampled() -> None:
    assert detect_language(ARTICLES["de"] * 500, None) == ("de", True)


@given(st.text(max_size=300), st.sampled_from([None, "es", "EN", "x"]))
def test_any_text_gets_an_answer(text: str, hint: str | None) -> None:
    code, dependable = detect_language(text, hint)
    assert code.islower()
    assert dependable in (True, False)
