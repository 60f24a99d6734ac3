"""The mapping tables are total, and speak the published vocabularies."""

from __future__ import annotations

import string
from collections.abc import Mapping

import pytest

from agent.domain.taxonomy import (
    ADVERSE_ROLES,
    AMLD_LETTERS,
    CLEARING_STAGES,
    CONTESTING_KINDS,
    FATF_CATEGORIES,
    FTM_TOPICS,
    PRECEDENT_OUTCOMES,
    STAGE_CHAIN,
    CounterEvidenceKind,
    Disposition,
    FatfCategory,
    Offence,
    PrecedentOutcome,
    Role,
    Stage,
)

# The ``topics`` property of FollowTheMoney, all codes as published.
TOPICS = frozenset(
    """
    crime crime.fraud crime.cyber crime.fin crime.env crime.theft crime.war crime.boss crime.terror crime.traffick
    crime.traffick.drug crime.traffick.human forced.labor asset.frozen wanted corp.offshore corp.shell corp.public
    corp.disqual gov gov.national gov.state gov.muni gov.soe gov.igo gov.head gov.admin gov.executive gov.legislative
    gov.judicial gov.security gov.financial gov.religion fin fin.bank fin.fund fin.adivsor mare.detained mare.shadow
    mare.sts reg.action reg.warn role.pep role.pep.frmr role.pep.intl role.pep.natl role.pol role.rca role.judge
    role.civil role.diplo role.lawyer role.acct role.spy role.oligarch role.journo role.act role.lobby pol.party
    pol.union rel mil sanction sanction.linked sanction.control sanction.counter export.control export.control.linked
    export.risk invest.risk invest.ban debarment poi
    """.split()
)


@pytest.mark.parametrize("table", [FATF_CATEGORIES, AMLD_LETTERS, FTM_TOPICS])
def test_every_offence_is_mapped(table: Mapping[Offence, tuple[str, ...]]) -> None:
    assert set(table) == set(Offence)
    assert all(len(set(row)) == len(row) for row in table.values())


def test_the_21_fatf_categories_are_all_reached() -> None:
    assert len(FatfCategory) == 21
    assert {category for row in FATF_CATEGORIES.values() for category in row} == set(FatfCategory)


def test_the_22_letters_of_the_directive_are_all_reached() -> None:
    letters = {letter for row in AMLD_LETTERS.values() for letter in row}
    assert letters == set(string.ascii_lowercase[:22])


def test_the_directive_is_fatf_and_cybercrime() -> None:
    for offence in Offence:
        assert bool(AMLD_LETTERS[offence]) == (bool(FATF_CATEGORIES[offence]) or offence is Offence.CYBERCRIME)


def test_topics_are_published_codes() -> None:
    assert {topic for row in FTM_TOPICS.values() for topic in row} <= TOPICS
    assert [offence for offence, row in FTM_TOPICS.items() if not row] == [Offence.OTHER]


def test_the_chain_of_stages() -> None:
    order = [Stage.ALLEGATION, Stage.INVESTIGATION, Stage.WANTED, Stage.CHARGED, Stage.TRIAL, Stage.CONVICTED]
    assert [STAGE_CHAIN[stage] for stage in order] == [1, 2, 3, 4, 5, 6]
    assert STAGE_CHAIN[Stage.ARRESTED] == STAGE_CHAIN[Stage.WANTED]
    assert not CLEARING_STAGES & set(STAGE_CHAIN)
    assert len(Stage) == 17


def test_the_sets_of_roles_kinds_and_outcomes() -> None:
    assert {Role.OFFENDER, Role.ACCUSED, Role.SUSPECT, Role.ASSOCIATE} == ADVERSE_ROLES
    assert {"denial", "credibility_challenge", "political_motivation", "other"} == CONTESTING_KINDS
    assert set(CounterEvidenceKind) > CONTESTING_KINDS
    assert set(Disposition) - set(PRECEDENT_OUTCOMES) == {Disposition.NEEDS_INFORMATION, Disposition.DUPLICATE}
    assert set(PRECEDENT_OUTCOMES.values()) == set(PrecedentOutcome)
