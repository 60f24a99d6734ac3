"""Structure of non-English articles: who did what to whom, roles, ages, who says otherwise; and restraint."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.alert import Article, Sentence
from agent.domain.taxonomy import CounterEvidenceKind, FeatureName, PartyKind, Role, Stage
from agent.reading.lexicon import find_cues, load_lexicon
from agent.reading.parts import Analysis
from agent.reading.patterned import analyse_patterned
from agent.reading.reader import Reader
from agent.reading.russian import TAGGED_CHARS, find_russian_names, to_nominative
from agent.reading.segments import segment_text

HERE = Path(__file__).parent


def rows(name: str, part: str) -> list[tuple[object, ...]]:
    tables = yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
    return [(language, *row) for language, parts in tables.items() for row in parts[part]]


def analyse(text: str, language: str, known: tuple[str, ...] = ()) -> Analysis:
    lexicon = load_lexicon(language)
    assert lexicon is not None
    sentences = [sentence for passage in segment_text(text) for sentence in passage.sentences]
    return analyse_patterned(text, sentences, find_cues(text, sentences, lexicon), lexicon, known)


def tied(analysis: Analysis) -> tuple[set[str], set[str]]:
    """Names that the predicates hold accused, and victims."""
    names = {(span.start, span.end): span.name for span in analysis.names}
    return (
        {names[span] for part in analysis.predicates for span in part.accused},
        {names[span] for part in analysis.predicates for span in part.victims},
    )


@pytest.mark.parametrize(("language", "text", "accused", "victims", "stage"), rows("reading_sentences.yaml", "ties"))
def test_a_sentence_ties_its_statement_to_the_right_names(
    language: str, text: str, accused: list[str], victims: list[str], stage: str
) -> None:
    analysis = analyse(text, language)
    assert tied(analysis) == (set(accused), set(victims))
    assert next((str(part.stage) for part in analysis.predicates), "undetermined") == stage


@pytest.mark.parametrize(("language", "text", "accused", "victims"), rows("reading_sentences.yaml", "traps"))
def test_nobody_is_accused_for_standing_near_a_cue(
    language: str, text: str, accused: list[str], victims: list[str]
) -> None:
    assert tied(analyse(text, language)) == (set(accused), set(victims))


@pytest.mark.parametrize(("language", "text", "accused", "victims"), rows("reading_heldout.yaml", "ties"))
def test_the_sentences_set_aside_stay_right(language: str, text: str, accused: list[str], victims: list[str]) -> None:
    assert tied(analyse(text, language)) == (set(accused), set(victims))


ARTICLES = yaml.safe_load((HERE / "reading_articles.yaml").read_text(encoding="utf-8"))
NAMED = [(name, article) for part in ("long", "short", "fresh", "last") for name, article in ARTICLES[part].items()]


@pytest.mark.parametrize(("name", "article"), NAMED, ids=[name for name, _ in NAMED])
def test_a_whole_article_is_read_as_its_table_says(name: str, article: dict[str, Any]) -> None:
    reading = Reader().read(Article(text=article["text"], language=name[:2]))
    names = {party.id: party.name for party in reading.parties}
    roles = {party.name: str(party.role) for party in reading.parties}
    findings = [
        (str(part.stage), {str(kind) for kind in part.offences}, {names[party] for party in part.parties})
        for part in reading.findings
    ]
    counters = [(str(part.kind), part.by) for part in reading.counter_findings]
    missed = [f"{party}: {role}" for party, role in article["roles"].items() if roles.get(party) != role]
    missed += [party for party in roles if party not in article["roles"] and party not in article["also"]]
    missed += [
        f"{stage} {', '.join(held)}"
        for stage, offences, held in article["findings"]
        if (stage, set(offences), set(held)) not in findings
    ]
    missed += [f"{kind} by {by}" for kind, by in article["counters"] if (kind, by) not in counters]
    assert set(missed) <= set(ARTICLES["open"].get(name, []))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "El juez ha imputado a un empleado de Ramiro Valdeluz por estafa."),
        ("es", "Detuvieron al hermano del empresario Ramiro Valdeluz por estafa."),
        ("fr", "La police a interpellé le frère de Lucien Abervrac pour vol à main armée."),
        ("de", "Die Polizei verhaftete den Bruder von Holger Brandsteeg wegen Betrugs."),
        ("pt", "A polícia deteve o sócio de Evandro Taborim por burla."),
        ("ru", "Полиция задержала брата Ивана Петрушина за мошенничество."),
    ],
)
def test_what_is_done_to_somebody_elses_man_is_not_held_against_him(language: str, text: str) -> None:
    (predicate,) = analyse(text, language).predicates
    assert (predicate.accused, len(predicate.offences)) == ((), 1)


def test_a_fine_is_held_against_the_bank_and_not_the_authority() -> None:
    text = "Der Richter schwieg. Die BaFin verhängte gegen die Wulfen Bank AG ein Bußgeld."
    text += " Das Institut habe Geldwäscheverdachtsfälle zu spät gemeldet."
    analysis = analyse(text, "de")
    fine, breach = analysis.predicates
    assert [text[slice(*span)] for span in fine.accused] == ["Wulfen Bank AG"]
    assert [text[slice(*span)] for span in breach.accused] == ["Das Institut"]
    assert [str(kind) for kind in breach.offences] == ["regulatory_breach"]
    assert [pointer.target for pointer in analysis.pointers] == list(fine.accused)


def test_a_refusal_to_speak_is_no_denial() -> None:
    assert analyse("Ramiro Valdeluz se negó a declarar.", "es").counters == []


def test_the_authority_keeps_its_place() -> None:
    text = "Un juzgado de instrucción de Zaragoza ha imputado a Ramiro Valdeluz por estafa."
    (predicate,) = analyse(text, "es").predicates
    assert predicate.authority == "Un juzgado de instrucción de Zaragoza"


def test_two_people_of_one_sentence_keep_their_own_stage_and_offence() -> None:
    text = "Ramiro Valdeluz fue condenado por estafa y Anselmo Quirarte fue absuelto de soborno."
    first, second = analyse(text, "es").predicates
    assert (first.stage, [str(part) for part in first.offences]) == (Stage.CONVICTED, ["fraud"])
    assert (second.stage, [str(part) for part in second.offences]) == (Stage.ACQUITTED, ["corruption"])
    assert [text[slice(*span)] for span in first.accused + second.accused] == ["Ramiro Valdeluz", "Anselmo Quirarte"]


def test_a_sentence_with_a_cue_and_no_tie_is_left_open() -> None:
    (predicate,) = analyse("Hubo fraude en el ayuntamiento.", "es").predicates
    assert (predicate.accused, predicate.victims, predicate.stage) == ((), (), Stage.UNDETERMINED)


@pytest.mark.parametrize("text", ["No fue condenado por estafa.", "Negó los hechos.", "Hace sol en Sevilla."])
def test_a_sentence_without_a_live_cue_makes_no_predicate(text: str) -> None:
    assert analyse(text, "es").predicates == []


def test_a_negated_pattern_ties_nobody_to_what_else_the_sentence_says() -> None:
    (predicate,) = analyse("Nunca hubo juicio contra Ramiro Valdeluz, aunque hubo fraude.", "es").predicates
    assert (predicate.accused, [str(part) for part in predicate.offences]) == ((), ["fraud"])


def test_a_clearing_stage_is_preferred_to_the_stage_it_ends() -> None:
    (predicate,) = analyse("El juez archivó la causa por estafa y el juicio contra Ramiro Valdeluz.", "es").predicates
    assert predicate.stage is Stage.DISMISSED


def test_flags_belong_to_the_stage_they_can_qualify_and_are_not_read_through_a_negation() -> None:
    text = "Ramiro Valdeluz fue condenado en rebeldía por estafa. La condena es firme. La condena no es firme."
    first, second, third = analyse(text, "es").predicates
    assert (first.in_absentia, first.final) == (True, False)
    assert (second.in_absentia, second.final) == (False, True)
    assert third.final is False


def test_the_authority_is_named_as_written() -> None:
    (predicate,) = analyse("La Audiencia Nacional condenó a Ramiro Valdeluz por estafa.", "es").predicates
    assert predicate.authority == "La Audiencia Nacional"


@pytest.mark.parametrize(
    ("language", "text", "name", "role"),
    [
        ("es", "Su abogado, Benito Larrasoaña, negó el fraude.", "Benito Larrasoaña", Role.LAWYER),
        ("es", "Benito Larrasoaña, abogado del acusado, habló.", "Benito Larrasoaña", Role.LAWYER),
        ("es", "La fiscal Teresa Olmedilla habló.", "Teresa Olmedilla", Role.OFFICIAL),
        ("fr", "Le journaliste Hugo Brissacque enquête.", "Hugo Brissacque", Role.JOURNALIST),
        ("de", "Rechtsanwältin Frauke Imhoofen sprach.", "Frauke Imhoofen", Role.LAWYER),
        ("pt", "A testemunha Dália Quintanova falou.", "Dália Quintanova", Role.WITNESS),
        ("ru", "Адвокат Семён Дубравин выступил в суде.", "Семён Дубравин", Role.LAWYER),
    ],
)
def test_a_noun_beside_a_name_gives_its_role(language: str, text: str, name: str, role: Role) -> None:
    analysis = analyse(text, language)
    spans = {(span.start, span.end) for span in analysis.names if span.name == name}
    assert {clue.role for clue in analysis.roles if clue.span in spans} == {role}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "El fiscal acusó a Ramiro Valdeluz de fraude."),
        ("es", "El abogado de Ramiro Valdeluz habló."),
        ("es", "Según el abogado, Ramiro Valdeluz vive en Quito."),
        ("pt", "O procurador acusou Evandro Taborim de fraude."),
        ("ru", "Адвокат Игната Верховцева выступил в суде."),
    ],
)
def test_a_noun_near_a_name_that_is_not_its_own_gives_no_role(language: str, text: str) -> None:
    assert analyse(text, language).roles == []


@pytest.mark.parametrize(
    ("language", "text", "name", "age"),
    [
        ("es", "Ramiro Valdeluz, de 54 años, fue detenido.", "Ramiro Valdeluz", "54"),
        ("fr", "Odile Kermorgan, 54 ans, est poursuivie pour vol.", "Odile Kermorgan", "54"),
        ("de", "Der 54-jährige Holger Brandsteeg wurde verhaftet.", "Holger Brandsteeg", "54"),
        ("pt", "Evandro Taborim, de 61 anos, foi preso.", "Evandro Taborim", "61"),
        ("ru", "54-летний Игнат Верховцев арестован.", "Игнат Верховцев", "54"),
    ],
)
def test_an_age_beside_a_name_is_stated_of_it(language: str, text: str, name: str, age: str) -> None:
    analysis = analyse(text, language)
    (clue,) = analysis.attributes
    assert (clue.name, clue.value, text[clue.start : clue.end]) == (FeatureName.AGE, age, age)
    assert [span.name for span in analysis.names if (span.start, span.end) == clue.span] == [name]


def test_the_length_of_a_sentence_is_no_age() -> None:
    assert analyse("Lucien Abervrac, condamné à 12 ans de prison, a fait appel.", "fr").attributes == []
    assert analyse("Evandro Taborim recebeu pena de 12 anos de prisão.", "pt").attributes == []


@pytest.mark.parametrize(
    ("language", "text", "kind", "by", "interested"),
    [
        ("es", "Su abogado, Benito Larrasoaña, negó el fraude.", "denial", "Su abogado, Benito Larrasoaña", True),
        ("es", "Ramiro Valdeluz negó el fraude.", "denial", "Ramiro Valdeluz", True),
        ("es", "Las acusaciones son infundadas.", "credibility_challenge", "not stated", False),
        (
            "es",
            "Amnistía Internacional habla de persecución política.",
            "political_motivation",
            "Amnistía Internacional",
            False,
        ),
        (
            "fr",
            "Hugo Brissacque, avocat de M. Abervrac, dénonce une cabale.",
            "political_motivation",
            "Hugo Brissacque, avocat de M. Abervrac",
            True,
        ),
        ("fr", "Son avocate dénonce un procès politique.", "political_motivation", "Son avocate", True),
        ("de", "Ihr Anwalt wies die Vorwürfe zurück.", "denial", "Ihr Anwalt", True),
        ("pt", "A família fala em perseguição política.", "political_motivation", "A família", True),
        ("ru", "Адвокат заявил, что дело сфабриковано.", "credibility_challenge", "Адвокат", True),
        ("ru", "Игнат Верховцев отрицает обвинения.", "denial", "Игнат Верховцев", True),
        ("es", "El tribunal absolvió a Ramiro Valdeluz.", "acquittal", "El tribunal", False),
    ],
)
def test_counter_evidence_says_by_whom(language: str, text: str, kind: str, by: str, interested: bool) -> None:
    clues = [clue for clue in analyse(text, language).counters if clue.kind is CounterEvidenceKind(kind)]
    assert [(clue.by, clue.interested) for clue in clues] == [(by, interested)]


def test_counter_evidence_is_about_the_one_party_it_can_mean() -> None:
    text = "Su abogado, Benito Larrasoaña, dijo que las pruebas falsas contra Ramiro Valdeluz son un montaje."
    (clue,) = analyse(text, "es").counters
    assert [text[slice(*span)] for span in clue.about] == ["Ramiro Valdeluz"]
    (open_clue,) = analyse("Ramiro Valdeluz y Anselmo Quirarte hablan de un montaje.", "es").counters
    assert open_clue.about == ()


def test_a_negated_denial_is_none() -> None:
    assert analyse("Ramiro Valdeluz no negó el fraude.", "es").counters == []


@pytest.mark.parametrize(
    ("language", "text", "names"),
    [
        ("es", "Ayer Juan Carlos Ibarmendi habló en Nueva York.", ["Juan Carlos Ibarmendi"]),
        ("es", "El ministro de Hacienda Ramiro Valdeluz calló. Ramiro Valdeluz dimitió.", ["Ramiro Valdeluz"] * 2),
        ("es", "Ramiro Valdeluz huyó. Valdeluz fue detenido.", ["Ramiro Valdeluz", "Valdeluz"]),
        ("es", "Ramiro Valdeluz del Banco Montevera huyó.", ["Ramiro Valdeluz", "Banco Montevera"]),
        ("fr", "L’entourage d’Odile Kermorgan se tait.", ["Odile Kermorgan"]),
        ("fr", "Jean-Loup de La Brévine a fui.", ["Jean-Loup de La Brévine"]),
        ("de", "Der Hamburger Kaufmann Holger Brandsteeg floh.", ["Holger Brandsteeg"]),
        ("de", "Herr Brandsteeg floh mit zwei Millionen Euro.", ["Brandsteeg"]),
        ("de", "Das Große Verfahren Anfang Juni endete.", []),
        (
            "pt",
            "O juiz Ivo Serralheiro e Dália Quintanova saíram de São Paulo.",
            ["Ivo Serralheiro", "Dália Quintanova"],
        ),
        ("es", "ESCÁNDALO BANCARIO SACUDE QUITO.", []),
    ],
)
def test_names_are_found_as_far_as_they_can_be_relied_on(language: str, text: str, names: list[str]) -> None:
    assert [span.name for span in analyse(text, language).names] == names


def test_a_known_name_is_found_wherever_it_stands() -> None:
    text = "RAMIRO VALDELUZ, CONDENADO."
    assert analyse(text, "es").names == []
    (span,) = analyse(text, "es", known=("Ramiro Valdeluz",)).names
    assert text[span.start : span.end] == "RAMIRO VALDELUZ"


def test_who_has_an_age_or_a_role_noun_is_a_person() -> None:
    kinds = {span.name: span.kind for span in analyse("Ramiro Valdeluz, de 54 años, y Sierra Robleda.", "es").names}
    assert kinds == {"Ramiro Valdeluz": PartyKind.PERSON, "Sierra Robleda": PartyKind.UNKNOWN}


def test_an_organisation_word_makes_an_organisation_and_a_title_a_person() -> None:
    kinds = {span.name: span.kind for span in analyse("El senador Ramiro Valdeluz visitó Grupo Valombre.", "es").names}
    assert kinds == {"Ramiro Valdeluz": PartyKind.PERSON, "Grupo Valombre": PartyKind.ORGANISATION}


@pytest.mark.parametrize(
    ("written", "base", "nominative"),
    [
        ("Ивана Петрова", "Иван Петров", False),
        ("Анна Петрова", "Анна Петрова", True),
        ("Олегом Сергеевичем Лунёвым", "Олег Сергеевич Лунёв", False),
        ("Марата Загорулько", "Марат Загорулько", False),
        ("Ильдара Хабибуллинского", "Ильдар Хабибуллинский", False),
        ("Петрова", "Петрова", None),
        ("И. Петрова", "И. Петрова", None),
        ("Qwerty", "Qwerty", None),
        ("", "", None),
    ],
)
def test_russian_names_are_brought_to_their_base_form(written: str, base: str, nominative: bool | None) -> None:
    assert to_nominative(written) == (base, nominative)


def test_a_russian_surname_alone_follows_the_one_full_name_it_can_repeat() -> None:
    assert to_nominative("Петрова", frozenset({"петров"})) == ("Петров", False)
    assert to_nominative("Петрова", frozenset({"петров", "петрова"})) == ("Петрова", None)
    names = [span.name for span in analyse("Иван Петров скрылся. Петрова ищут.", "ru").names]
    assert names == ["Иван Петров", "Петров"]


def test_beyond_the_limit_only_russian_sentences_with_cues_are_tagged() -> None:
    text = "Игнат Верховцев осуждён.\n" + "Погода хорошая. " * (TAGGED_CHARS // 16) + "\nМарат Загорулько отдыхает."
    sentences = [sentence for passage in segment_text(text) for sentence in passage.sentences]
    names = find_russian_names(text, sentences, {sentences[0].id})
    assert [found.span.name for found in names] == ["Игнат Верховцев"]
    assert len(find_russian_names(text[:24], [Sentence(id="p1.s1", start=0, end=24)], set())) == 1


SENTENCE = "Juan Pérez Ramiro Valdeluz fue condenado no por estafa la víctima abogado de 54 años e\u0301"
WORDS = st.sampled_from([*SENTENCE.split(), ",", ".", ";", "(", ")", "\u00ad", "\ue000"])


@settings(max_examples=60)
@given(st.lists(WORDS, max_size=40), st.sampled_from(["es", "fr", "de", "pt"]))
def test_whatever_the_text_spans_are_names_of_the_same_sentence(words: list[str], language: str) -> None:
    text = " ".join(words)
    analysis = analyse(text, language)
    names = {(span.start, span.end): span.sentence for span in analysis.names}
    for predicate in analysis.predicates:
        for span in predicate.accused + predicate.victims:
            assert names[span] == predicate.sentence
        assert not set(predicate.accused) & set(predicate.victims)
    spans = sorted(names)
    assert all(left[1] <= right[0] for left, right in pairwise(spans))
