"""What English reports leave between their sentences: terms without a verdict, groups, leads without names, replies.

All people and firms are invented.
"""

from __future__ import annotations

import pytest

from agent.domain.alert import Article, Subject
from agent.domain.reading import Reading
from agent.domain.taxonomy import Role, SourceKind
from agent.reading.reader import Reader
from tests.unit.test_reading_english import held


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def read(reader: Reader, text: str) -> Reading:
    return reader.read(Article(text=text, language="en"))


HELD = [
    (
        "A jury in Leeds found shipbroker Oren Maddick, 48, guilty of bribery on Monday.",
        {("Maddick", "convicted", "corruption")},
    ),
    (
        "The court gave Oren Maddick, a shipbroker from Hull, six years for bribery.",
        {("Maddick", "convicted", "corruption")},
    ),
    (
        "Oren Maddick, 48, was given four years, suspended, for smuggling.",
        {("Maddick", "convicted", "smuggling")},
    ),
    (
        "Its former buyer, Oren Maddick, is serving three years for stealing copper.",
        {("Maddick", "convicted", "robbery_theft")},
    ),
    (
        "Oren Maddick will spend eleven years in prison for drug trafficking.",
        {("Maddick", "convicted", "drug_trafficking")},
    ),
    (
        "The charge of serious fraud against broker Lisbet Aune has been dropped by the prosecutor.",
        {("Aune", "dismissed", "fraud")},
    ),
    (
        "The appeal court has set aside Lisbet Aune's conviction for forgery.",
        {("Aune", "overturned", "forgery")},
    ),
    (
        "Police have taken the fishmonger Lisbet Aune into custody on suspicion of smuggling.",
        {("Aune", "arrested", "smuggling")},
    ),
    ("Prosecutors are looking into whether Lisbet Aune paid bribes.", {("Aune", "investigation", "corruption")}),
    (
        "Inspectors are examining the finances of Lisbet Aune over suspected tax evasion.",
        {("Aune", "investigation", "tax_crime")},
    ),
    (
        "A judge ordered the seizure of flats worth 3 million euros from Lisbet Aune for money laundering.",
        {("Aune", "asset_seizure", "money_laundering")},
    ),
    (
        "The regulator has withdrawn the licence of Tolvane Exchange Ltd for failing to monitor customers.",
        {("Ltd", "penalty", "regulatory_breach")},
    ),
    (
        "Tolvane Exchange Ltd said that it had entered into a settlement with the regulator over accounting fraud.",
        {("Ltd", "settled", "fraud")},
    ),
    (
        "Mira Falk succeeds Oren Maddick, dismissed in May and since charged with embezzlement.",
        {("Maddick", "charged", "embezzlement")},
    ),
    ("The board gave Oren Maddick two years to repay the loan.", set()),
    (
        "Defence lawyers asked the court to dismiss the fraud charges against Lisbet Aune.",
        set(),
    ),
    (
        "In our last issue we wrote that Lisbet Aune had been convicted of fraud. This was wrong.",
        set(),
    ),
]


@pytest.mark.parametrize(("text", "expected"), HELD, ids=[text[:45] for text, _ in HELD])
def test_what_a_report_holds_against_whom(reader: Reader, text: str, expected: set[tuple[str, str, str]]) -> None:
    assert held(read(reader, text), text) == expected


GROUPS = [
    (
        "Police have charged two people with arson: Odd Rensvik, 31, and his partner Siv Malmo, 29.",
        {("Rensvik", "charged", "other"), ("Malmo", "charged", "other")},
    ),
    (
        "Two men from Bodø, Odd Rensvik and Lars Tveit, were jailed for kidnapping.",
        {("Rensvik", "convicted", "kidnapping"), ("Tveit", "convicted", "kidnapping")},
    ),
    (
        "Three people appeared in court on counts of extortion. They are Odd Rensvik (31), Siv Malmo "
        "(29) and Lars Tveit (40).",
        {("Rensvik", "trial", "extortion"), ("Malmo", "trial", "extortion"), ("Tveit", "trial", "extortion")},
    ),
    (
        "The stamp was cut by Odd Rensvik for Lars Tveit. Both men have been charged with forgery.",
        {("Rensvik", "charged", "forgery"), ("Tveit", "charged", "forgery")},
    ),
    (
        "Odd Rensvik met Lars Tveit in Narvik. The two factories were sold and a clerk was charged with forgery.",
        {("clerk", "charged", "forgery")},
    ),
]


@pytest.mark.parametrize(("text", "expected"), GROUPS, ids=[text[:45] for text, _ in GROUPS])
def test_a_group_stands_for_those_it_names(reader: Reader, text: str, expected: set[tuple[str, str, str]]) -> None:
    assert held(read(reader, text), text) == expected


def test_only_some_of_a_group_are_named(reader: Reader) -> None:
    text = (
        "The council put four people under sanctions for arms trafficking. Among them is Ravil Tosk, a freight agent."
    )
    assert ("Tosk", "sanctioned", "arms_trafficking") in held(read(reader, text), text)


@pytest.mark.parametrize(
    "text",
    [
        "The former head of the port agency was charged on Friday with taking bribes.\nIlja Stromm, "
        "52, is accused of favouring two firms.",
        "A 24-year-old was being held in custody last night over drug trafficking. He was named "
        "locally as Ilja Stromm.",
        "A retired teacher was cleared of fraud this week.\nIlja Stromm, 61, had been due to stand trial in May.",
    ],
)
def test_whom_the_lead_describes_the_report_names_later(reader: Reader, text: str) -> None:
    reading = read(reader, text)
    assert {party.name for party in reading.parties if party.role not in {Role.MENTIONED, Role.LAWYER}} == {
        "Ilja Stromm"
    }


def test_a_victim_named_after_the_lead_is_not_the_man_it_describes(reader: Reader) -> None:
    text = "A man was charged with murder on Friday.\nGreta Lund, 33, was stabbed on her way home."
    roles = {party.name: party.role for party in read(reader, text).parties}
    assert roles["Greta Lund"] is Role.VICTIM


def test_age_and_trade_point_to_the_one_person_they_were_told_of(reader: Reader) -> None:
    text = (
        "Ulla Brandt, 57, runs a bakery. Haulier Timo Rask, 44, owns the lorry. Customs stopped it in May. "
        "The 57-year-old was arrested for smuggling. The haulier was charged with forgery."
    )
    assert held(read(reader, text), text) == {("Brandt", "arrested", "smuggling"), ("Rask", "charged", "forgery")}


def test_he_is_not_the_woman_named_before(reader: Reader) -> None:
    text = "Ulla Brandt was appointed on Monday. She replaced the treasurer. He was charged with embezzlement."
    assert ("Brandt", "charged", "embezzlement") not in held(read(reader, text), text)


def test_a_clearing_ends_the_one_case_the_article_tells_of(reader: Reader) -> None:
    text = (
        "Ulla Brandt was charged with fraud. The judge directed that the counts be dismissed and "
        "awarded Brandt her costs."
    )
    party = next(party for party in read(reader, text).parties if party.name == "Ulla Brandt")
    assert party.role is Role.EXONERATED


def test_a_birth_dates_no_proceedings(reader: Reader) -> None:
    text = "A court froze the accounts of Timo Rask, born in Turku in 1966, over money laundering in 2021."
    dates = {date.iso for finding in read(reader, text).findings for date in finding.dates}
    assert dates == {"2021"}


VOICES = [
    ("His lawyer, Jan Orbek, said the money had been a loan.", "denial", "His lawyer, Jan Orbek"),
    ("Rask maintains that he believed the papers.", "denial", "Rask"),
    ('"I never saw the invoices," Rask told reporters.', "denial", "Rask"),
    ("Counsel for Rask called the file a fairy tale by a sacked clerk.", "credibility_challenge", "Counsel for Rask"),
]


@pytest.mark.parametrize(("reply", "kind", "by"), VOICES, ids=[kind + by for _, kind, by in VOICES])
def test_the_other_side_is_heard_without_a_word_of_denial(reader: Reader, reply: str, kind: str, by: str) -> None:
    reading = read(reader, f"Timo Rask was charged with fraud on Monday. {reply}")
    assert (kind, by) in {(finding.kind.value, finding.by) for finding in reading.counter_findings}


@pytest.mark.parametrize(
    "text",
    [
        "Timo Rask was charged with fraud. The prosecutor, Eva Holm, said nothing was missing but the money.",
        "Timo Rask was charged with fraud. His lawyer, Jan Orbek, declined to comment.",
        "Timo Rask was charged with fraud. Rask said he was sorry and had nothing to add.",
        "Timo Rask opened a bakery. Rask said he had never baked before.",
    ],
)
def test_what_is_no_reply_is_no_counter_evidence(reader: Reader, text: str) -> None:
    assert read(reader, text).counter_findings == ()


ROLES = [
    ("Jan Orbek, for the defence, called one witness from the harbour office.", "Jan Orbek", Role.LAWYER),
    ("Jan Orbek, who represents Rask, called one witness from the harbour office.", "Jan Orbek", Role.LAWYER),
    ("Former nurse Siv Malmo gave evidence by video from a hotel in Gent.", "Siv Malmo", Role.WITNESS),
    ("Superintendent Siv Malmo said four lorries had been stopped.", "Siv Malmo", Role.OFFICIAL),
]


@pytest.mark.parametrize(("text", "name", "role"), ROLES, ids=[text[:30] for text, _, _ in ROLES])
def test_the_part_somebody_has_in_a_case(reader: Reader, text: str, name: str, role: Role) -> None:
    reading = reader.read(Article(text=text, language="en"), Subject(name=name))
    party = reading.party(reading.subject or "")
    assert party is not None
    assert party.role is role


def test_the_authority_is_not_the_firm_that_was_fined(reader: Reader) -> None:
    text = "Tolvane Bank settled with the High Court. The company was fined for money laundering."
    assert not {name for name, _, _ in held(read(reader, text), text)} & {"Court"}


def test_a_judge_who_enters_a_verdict_is_not_acquitted(reader: Reader) -> None:
    text = "Judge Eva Holm spoke for an hour. She entered verdicts of not guilty on all counts of fraud."
    roles = {party.name: party.role for party in read(reader, text).parties}
    assert roles["Eva Holm"] is Role.OFFICIAL


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (
            "So I picture the mayor, Bo Lund, in his cell, where he has admitted to stealing the fountain "
            "and the pigeons. "
            "None of this has happened, dear readers.",
            SourceKind.SATIRE,
        ),
        (
            "It takes Ana Moor one scene to murder her brother. The series was shot in Turku. The plot is thin, the "
            "director lingers on flashbacks, and six episodes are two too many, but her performance holds it together.",
            SourceKind.FICTION_OR_REVIEW,
        ),
        (
            "Film producer Bo Lund was indicted for fraud over the film. Prosecutors say the director was "
            "never paid, the "
            "script did not exist and the premiere was invented; the cast has sued.",
            SourceKind.NEWS_REPORT,
        ),
    ],
    ids=["satire", "review", "a producer in court"],
)
def test_invented_deeds_are_told_from_reported_ones(reader: Reader, text: str, kind: SourceKind) -> None:
    assert read(reader, text).source_kind is kind
