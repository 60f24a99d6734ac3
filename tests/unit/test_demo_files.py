"""The shipped demo files: they load without a complaint, and everybody in them is invented."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from agent.domain.alert import Alert
from agent.domain.reference import Precedent, Profile
from agent.domain.taxonomy import PrecedentOutcome, Role
from agent.intake.files import read_alerts
from retrieval.documents import without_outcome
from retrieval.ingest.files import read_precedents, read_profiles

DEMO = Path(__file__).parents[2] / "agent" / "data" / "demo"


@pytest.fixture(scope="module")
def alerts() -> list[Alert]:
    outcomes = list(read_alerts([DEMO / "alerts"]))
    read = [outcome for outcome in outcomes if isinstance(outcome, Alert)]
    assert len(read) == len(outcomes), outcomes
    return read


@pytest.fixture(scope="module")
def profiles() -> list[Profile]:
    rows = list(read_profiles(DEMO / "profiles.ftm.jsonl"))
    read = [row for row in rows if isinstance(row, Profile)]
    assert len(read) == len(rows), rows
    return read


@pytest.fixture(scope="module")
def precedents() -> list[Precedent]:
    rows = list(read_precedents(DEMO / "precedents.jsonl"))
    read = [row for row in rows if isinstance(row, Precedent)]
    assert len(read) == len(rows), rows
    return read


def test_twelve_different_alerts_of_article_length_in_every_format(alerts: list[Alert]) -> None:
    assert len({alert.alert_id for alert in alerts}) == len(alerts) == 12
    assert [alert.alert_id for alert in alerts if alert.subject is None] == ["DEMO-2001"]
    assert {path.suffix for path in (DEMO / "alerts").iterdir()} == {".txt", ".json", ".jsonl", ".csv", ".html"}
    for alert in alerts:
        assert 150 <= len(alert.article.text.split()) <= 450, alert.alert_id
    assert len({alert.article.text for alert in alerts}) == 12


def test_the_saved_page_is_read_without_its_clutter(alerts: list[Alert]) -> None:
    page = next(alert for alert in alerts if alert.alert_id == "DEMO-2012").article
    assert "nine years in prison" in page.text
    for clutter in ("cookies", "Subscribe", "Read more", "Privacy", "window.counters"):
        assert clutter not in page.text
    assert (page.source, page.published_at) == ("The Aire Dispatch", "2025-11-27")


def test_every_named_subject_stands_in_its_own_article(alerts: list[Alert]) -> None:
    for alert in alerts:
        if alert.subject is not None:
            # The first name only: one article is in a language that inflects the last one.
            assert alert.subject.name.split()[0] in alert.article.text, alert.alert_id


def test_every_named_subject_has_a_profile_and_the_namesake_two(alerts: list[Alert], profiles: list[Profile]) -> None:
    names = Counter(profile.name for profile in profiles)
    assert {alert.subject.name for alert in alerts if alert.subject is not None} <= set(names)
    assert names["Tomasz Grzelodrywski"] == 2
    assert len(profiles) == len({profile.profile_id for profile in profiles}) >= 30


def test_precedents_are_balanced_over_outcomes(precedents: list[Precedent]) -> None:
    assert len({precedent.alert_id for precedent in precedents}) == len(precedents) == 30
    assert Counter(precedent.outcome for precedent in precedents) == dict.fromkeys(PrecedentOutcome, 10)


def test_precedents_are_decided_by_two_people_before_any_demo_alert(precedents: list[Precedent]) -> None:
    for precedent in precedents:
        assert precedent.decided_by != precedent.approved_by, precedent.precedent_id
        assert 2021 <= precedent.decided_at.year <= 2025, precedent.precedent_id


def test_what_is_embedded_of_a_precedent_does_not_give_its_outcome_away(precedents: list[Precedent]) -> None:
    for precedent in precedents:
        assert without_outcome(precedent.summary) == precedent.summary, precedent.precedent_id
        assert precedent.role is not Role.NAMESAKE, precedent.precedent_id
        assert "Alert raised on" in precedent.summary, precedent.precedent_id


@pytest.mark.needs_data
def test_nobody_in_the_demo_is_named_in_the_evaluation_data(
    profiles: list[Profile], precedents: list[Precedent]
) -> None:
    folder = os.environ.get("TRIAGE_DATA_DIR")
    if not folder or not Path(folder).is_dir():
        pytest.skip("TRIAGE_DATA_DIR is not set or absent")
    names = {profile.name.casefold() for profile in profiles}
    names |= {precedent.subject_name.casefold() for precedent in precedents}
    for path in [path for path in Path(folder).iterdir() if path.suffix in {".jsonl", ".csv"}]:
        text = path.read_text(encoding="utf-8", errors="replace").casefold()
        assert not [name for name in names if name in text], path.name
