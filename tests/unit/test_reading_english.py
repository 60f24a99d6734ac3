"""Who did what to whom, how far in law, and who says otherwise, read from invented English sentences."""

from __future__ import annotations

import pytest

from agent.domain.alert import Article, Subject
from agent.domain.reading import Reading, SubjectBasis
from agent.domain.taxonomy import Role
from agent.reading.reader import Reader


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def held(reading: Reading, text: str) -> set[tuple[str, str, str]]:
    """(last word of the party's name, stage, offences) of everything held against somebody."""
    names = {party.id: party.name.split()[-1] for party in reading.parties}
    return {
        (names[party], finding.stage.value, ",".join(sorted(finding.offences)))
        for finding in reading.findings
        if not finding.negated
        for party in finding.parties
    }


HELD = [
    ("A jury in the city on Tuesday convicted Alden Vorsk, 54, of wire fraud.", {("Vorsk", "convicted", "fraud")}),
    (
        "Prosecutors charged Mira Solenko and her brother Petr Solenko with laundering $5 million through a firm.",
        {("Solenko", "charged", "money_laundering")},
    ),
    (
        "Teller Oskar Lindqvist was defrauded by Jonas Hale, who was arrested on Friday.",
        {("Hale", "arrested", "fraud")},
    ),
    ("The SEC fined Northgate Capital $2 million for misleading investors.", {("Capital", "penalty", "fraud")}),
    (
        "The Treasury imposed sanctions on Belmar Shipping and its owner, Viktor Drozd.",
        {("Shipping", "sanctioned", ""), ("Drozd", "sanctioned", "")},
    ),
    (
        "Hannah Pell, who was convicted in 2011 of theft, has been charged with fraud.",
        {("Pell", "convicted", "robbery_theft"), ("Pell", "charged", "fraud")},
    ),
    ("Prosecutor Maria Klein said Karel Dunmore had accepted bribes.", {("Dunmore", "allegation", "corruption")}),
    (
        "Judge Ana Ruiz sentenced the trader Bo Lund to two years for market manipulation.",
        {("Lund", "convicted", "insider_dealing_market_abuse")},
    ),
    ("A court on Friday jailed businessman Andros Pavlik for ten years for fraud.", {("Pavlik", "convicted", "fraud")}),
    ("Bo Lund pleaded not guilty to fraud and was released.", set()),
    ("If convicted of fraud, Alden Vorsk faces up to 20 years in prison.", set()),
    ("Alden Vorsk refused to pay a bribe and reported the official to the police.", set()),
    ("Alden Vorsk was not charged with fraud.", set()),
    ("Jonas Weil played a murderer in the crime drama. Weil was nominated for an award.", set()),
    ("Hollis Grane was elected finance minister. He promised to fight corruption and tax evasion.", set()),
    ("An earlier version of this article wrongly stated that Leo Vanstreel had been charged with tax evasion.", set()),
    ("Striker Milo Adjour robbed defender Luc Pasto of the ball and scored from the penalty spot.", set()),
]


@pytest.mark.parametrize(("text", "expected"), HELD, ids=[text[:40] for text, _ in HELD])
def test_what_is_held_against_whom(reader: Reader, text: str, expected: set[tuple[str, str, str]]) -> None:
    assert held(reader.read(Article(text=text, language="en")), text) == expected


ROLES = [
    ("Police are investigating the murder of Lena Okafor.", "Lena Okafor", Role.VICTIM),
    ("Vera Lindgren was cheated out of her savings by a man who said he was a banker.", "Vera Lindgren", Role.VICTIM),
    ("His lawyer, Ines Brandt, said the case was politically motivated.", "Ines Brandt", Role.LAWYER),
    ("Prosecutor Maria Klein said the bank had been defrauded.", "Maria Klein", Role.OFFICIAL),
    ("Whistleblower Tom Sayle exposed the fraud at Norvik Bank.", "Tom Sayle", Role.WHISTLEBLOWER),
    ("Journalist Ada Moor reported that the mayor had taken bribes.", "Ada Moor", Role.JOURNALIST),
    ("Karel Dunmore was acquitted of bribery on appeal.", "Karel Dunmore", Role.EXONERATED),
    ("A court in Lyon quashed Remi Falque's conviction for forgery.", "Remi Falque", Role.EXONERATED),
    ("Bo Lund was found guilty of theft. Jurors cleared him of a separate weapons charge.", "Bo Lund", Role.OFFENDER),
    ("Police raided the home of Mira Kolt in a corruption investigation.", "Mira Kolt", Role.SUSPECT),
    ("Garrick Nuvoll was charged with fraud. Mr. Nuvoll denies it.", "Garrick Nuvoll", Role.ACCUSED),
    ("Solveig Ostrel will open six bakeries in Sweden next year.", "Solveig Ostrel", Role.MENTIONED),
]


@pytest.mark.parametrize(("text", "name", "role"), ROLES, ids=[name for _, name, _ in ROLES])
def test_a_party_has_the_role_its_sentences_give(reader: Reader, text: str, name: str, role: Role) -> None:
    reading = reader.read(Article(text=text, language="en"), Subject(name=name))
    assert reading.subject_basis is SubjectBasis.HEADER
    party = reading.party(reading.subject or "")
    assert party is not None
    assert party.role is role


COUNTERS = [
    ("Alden Vorsk was charged with fraud. He denies the charges.", "denial", "Alden Vorsk", True),
    (
        "Vorsk was convicted. His lawyer, Ines Brandt, said the evidence was fabricated.",
        "credibility_challenge",
        "His lawyer, Ines Brandt",
        True,
    ),
    ("Karel Dunmore was acquitted of bribery by the appeal court.", "acquittal", "the appeal court", False),
    ("Prosecutors dropped the fraud case against Mira Kolt.", "dismissal", "Prosecutors", False),
    ("France granted political asylum to the banker Timur Sadak.", "asylum_or_refugee_status", "France", False),
    ("In its ruling the court deplored the pressure on Sadak.", "court_criticism", "the court", False),
]


@pytest.mark.parametrize(("text", "kind", "by", "interested"), COUNTERS, ids=[kind for _, kind, _, _ in COUNTERS])
def test_counter_evidence_names_who_says_it(reader: Reader, text: str, kind: str, by: str, interested: bool) -> None:
    found = {finding.kind.value: finding for finding in reader.read(Article(text=text, language="en")).counter_findings}
    assert kind in found
    assert (found[kind].by, found[kind].interested) == (by, interested)


def test_a_pronoun_that_could_be_either_of_two_points_to_nobody(reader: Reader) -> None:
    text = "Alden Vorsk met Bo Lund in Riga. He was later convicted of fraud."
    reading = reader.read(Article(language="en", text="Lund and Vorsk are brothers. The two men are bankers.\n" + text))
    assert {entry for entry in held(reading, text) if entry[1] == "convicted"} <= {("Vorsk", "convicted", "fraud")}


def test_two_people_with_one_surname_stay_two(reader: Reader) -> None:
    text = (
        "Edmund Thrask was convicted of fraud. His wife, Lavinia Thrask, was acquitted of money laundering. "
        "Thrask wept in court."
    )
    reading = reader.read(Article(text=text, language="en"))
    roles = {party.name: party.role for party in reading.parties}
    assert roles == {"Edmund Thrask": Role.OFFENDER, "Lavinia Thrask": Role.EXONERATED}
    assert reading.ambiguous_names == ("Thrask",)


def test_a_described_man_is_the_one_named_after_him(reader: Reader) -> None:
    text = (
        "CORK, Ireland, Oct 14 – A former credit union manager was jailed on Tuesday for stealing 640,000 euros.\n"
        "Fintan Mulvarrow, 61, pleaded guilty in July to 23 counts of theft."
    )
    reading = reader.read(Article(text=text, language="en"))
    assert [(party.name, party.role) for party in reading.parties] == [("Fintan Mulvarrow", Role.OFFENDER)]


def test_the_blank_header_takes_the_party_most_is_held_against(reader: Reader) -> None:
    text = "Judge Ana Ruiz spoke on Monday. Bo Lund was convicted of fraud. Ruiz thanked the jury. Ruiz left."
    reading = reader.read(Article(text=text, language="en"))
    party = reading.party(reading.subject or "")
    assert party is not None
    assert (party.name, reading.subject_basis) == ("Bo Lund", SubjectBasis.INFERRED)


def test_in_absentia_amounts_dates_and_country_go_with_their_finding(reader: Reader) -> None:
    text = (
        "In June 2019, a court in Dushanbe, Tajikistan, convicted Parviz Safar in absentia of embezzling $212 million."
    )
    finding = reader.read(Article(text=text, language="en")).findings[0]
    assert finding.in_absentia
    assert [(date.text, date.iso) for date in finding.dates] == [("June 2019", "2019-06")]
    assert [(amount.value, amount.currency) for amount in finding.amounts] == [(212_000_000, "USD")]
    assert finding.jurisdiction == "TJ"


def test_a_day_without_a_year_gets_none(reader: Reader) -> None:
    text = "Bo Lund was convicted of fraud on October 5 by a court in Riga."
    assert [
        date.iso for finding in reader.read(Article(text=text, language="en")).findings for date in finding.dates
    ] == [None]


def test_satire_holds_nothing_against_anybody(reader: Reader) -> None:
    text = "Satire: in our parody, mayor Bo Lund was convicted of stealing the moon and jailed for ten thousand years."
    reading = reader.read(Article(text=text, language="en"))
    assert all(not finding.parties for finding in reading.findings)
    assert all(party.role is not Role.OFFENDER for party in reading.parties)


def test_risk_sentences_follow_the_subject_not_its_neighbours(reader: Reader) -> None:
    text = "Ana Moor testified in court. Bo Lund was convicted of fraud. Cy Dahl was acquitted of theft."
    for name, expected in (("Ana Moor", ()), ("Bo Lund", ("p1.s2",))):
        reading = reader.read(Article(text=text, language="en"), Subject(name=name))
        assert tuple(risk.sentence for risk in reading.risk_sentences) == expected


def test_a_text_without_an_english_sentence_is_not_called_clean(reader: Reader) -> None:
    reading = reader.read(
        Article(text="Pirkanmaan käräjäoikeus on tuominnut yrittäjän törkeästä veropetoksesta vankeuteen.")
    )
    assert not reading.readable
    assert "cannot read" in (reading.unreadable_reason or "")
