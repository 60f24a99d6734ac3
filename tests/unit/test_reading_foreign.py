"""German, French, Spanish, Portuguese and Russian reports read whole, and whom words that point may mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.domain.alert import Article, Subject
from agent.domain.taxonomy import ADVERSE_ROLES, PartyKind, Role
from agent.reading.lexicon import find_cues, load_lexicon
from agent.reading.parts import Analysis
from agent.reading.patterned import analyse_patterned
from agent.reading.reader import Reader
from agent.reading.segments import segment_text

TABLES: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "reading_foreign.yaml").read_text(encoding="utf-8"))


def analyse(text: str, language: str) -> Analysis:
    lexicon = load_lexicon(language)
    assert lexicon is not None
    sentences = [sentence for passage in segment_text(text) for sentence in passage.sentences]
    return analyse_patterned(text, sentences, find_cues(text, sentences, lexicon), lexicon)


def held(analysis: Analysis) -> set[tuple[str, str]]:
    """Stage and name of everything held against somebody, words that point replaced by whom they mean."""
    named = {(span.start, span.end): span.name for span in analysis.names}
    meant = {(part.start, part.end): named[part.target] for part in analysis.pointers}
    return {(str(part.stage), (named | meant)[span]) for part in analysis.predicates for span in part.accused}


@pytest.mark.parametrize(("name", "article"), TABLES["articles"].items(), ids=list(TABLES["articles"]))
def test_a_whole_report_is_read_as_its_table_says(name: str, article: dict[str, Any]) -> None:
    reading = Reader().read(Article(text=article["text"], language=name[:2]))
    names = {party.id: party.name for party in reading.parties}
    roles = {party.name: str(party.role) for party in reading.parties}
    findings = [
        (str(part.stage), {str(kind) for kind in part.offences}, {names[party] for party in part.parties})
        for part in reading.findings
    ]
    for party, role in article["roles"].items():
        assert roles[party] in (role if isinstance(role, list) else [role]), party
    held_by_gold = {party for _, _, parties in article["findings"] for party in parties}
    assert {party for _, _, parties in findings for party in parties} <= held_by_gold
    for stage, offences, parties in article["findings"]:
        assert any(
            stage == found and set(parties) <= whom and (not offences or kinds & set(offences))
            for found, kinds, whom in findings
        ), (stage, parties)
    counters = [(str(part.kind), part.by) for part in reading.counter_findings]
    for kind, by in article["counters"]:
        assert any(kind == found and by in whom for found, whom in counters), (kind, by)


@pytest.mark.parametrize(("language", "text", "expected"), TABLES["pointed"])
def test_a_word_that_points_stands_for_the_one_person_it_can_mean(
    language: str, text: str, expected: list[list[str]]
) -> None:
    assert {tuple(pair) for pair in expected} <= held(analyse(text, language))


@pytest.mark.parametrize(("language", "text", "spared"), TABLES["spared"])
def test_nothing_is_held_against_whom_a_word_may_not_mean(language: str, text: str, spared: str) -> None:
    assert spared not in {name for _, name in held(analyse(text, language))}
    reading = Reader().read(Article(text=text, language=language))
    assert [party.role for party in reading.parties if party.name == spared and party.role in ADVERSE_ROLES] == []


def test_the_age_in_a_description_is_stated_of_whom_it_points_to() -> None:
    text = "Gegen Holger Brandsteeg wurde Anklage wegen Betrugs erhoben. Der 58-jährige Kaufmann wurde verhaftet."
    (clue,) = analyse(text, "de").attributes
    assert (clue.value, text[clue.start : clue.end]) == ("58", "58")


@pytest.mark.parametrize(
    ("language", "text", "name", "role"),
    [
        ("de", "Ulf Grevesmühl gilt in dem Verfahren als Zeuge.", "Ulf Grevesmühl", Role.WITNESS),
        ("de", "Ulf Grevesmühl, der als Zeuge geladen ist, schwieg.", "Ulf Grevesmühl", Role.WITNESS),
        ("fr", "Sylvain Tréguennec a été entendu comme témoin.", "Sylvain Tréguennec", Role.WITNESS),
        ("fr", "L'avocat général Sylvain Tréguennec a requis six ans.", "Sylvain Tréguennec", Role.OFFICIAL),
        ("es", "Ramona Iturbe declaró el lunes como testigo.", "Ramona Iturbe", Role.WITNESS),
        ("pt", "Dália Quintanova, ouvida como testemunha, chorou.", "Dália Quintanova", Role.WITNESS),
        ("ru", "Игнат Верховцев проходит по делу свидетелем.", "Игнат Верховцев", Role.WITNESS),
        ("ru", "Потерпевшим по делу признан Игнат Верховцев.", "Игнат Верховцев", Role.VICTIM),
    ],
)
def test_a_predicate_gives_its_subject_a_role(language: str, text: str, name: str, role: Role) -> None:
    analysis = analyse(text, language)
    spans = {(span.start, span.end): span.name for span in analysis.names}
    assert (name, role) in {(spans[clue.span], clue.role) for clue in analysis.roles}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Die Verteidigerin hatte auf Freispruch plädiert."),
        ("fr", "Son avocat a plaidé la relaxe."),
        ("es", "La defensa pidió la absolución."),
        ("pt", "A defesa pediu a absolvição."),
    ],
)
def test_a_plea_for_an_acquittal_is_none(language: str, text: str) -> None:
    analysis = analyse(text, language)
    assert (analysis.predicates, analysis.counters) == ([], [])


def test_two_surnames_in_a_row_are_not_taken_for_the_whole_name() -> None:
    text = "La policía detuvo a Gumersindo Ayerbe Toral. Ayerbe Toral negó los hechos."
    assert [span.name for span in analyse(text, "es").names] == ["Gumersindo Ayerbe Toral", "Ayerbe Toral"]


def test_a_hyphenated_name_is_not_cut_at_the_headers_shorter_one() -> None:
    text = "Kossi Adanlété-Mensah a été mis en examen pour corruption."
    subject = Subject(name="Kossi Adanlété", kind=PartyKind.PERSON)
    (party,) = Reader().read(Article(text=text, language="fr"), subject).parties
    assert (party.role, text[party.mentions[0].start : party.mentions[0].end]) == (
        Role.ACCUSED,
        "Kossi Adanlété-Mensah",
    )


@pytest.mark.parametrize("language", ["it", "pl", "nl", "tr", "uk", "ar", "zh"])
def test_other_languages_stay_unread(language: str) -> None:
    assert load_lexicon(language) is None
