"""The omission check: risk sentences that no proven claim covers."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.summary import CounterEvidence, Quote
from agent.domain.taxonomy import CounterEvidenceKind, Role, Stage
from agent.triage.omissions import find_omissions
from tests.unit.triage_cases import TEXT, make_article, make_event, make_party, make_reading, make_summary, placed

RISK = ("p1.s1", "p1.s2", "p3.s1")


def omitted(*quotes: str, risk: tuple[str, ...] = RISK) -> list[str]:
    events = [make_event(Stage.CONVICTED, id=f"E{n}", quotes=placed(quote)) for n, quote in enumerate(quotes, 1)]
    omissions = find_omissions(make_summary(events=events), make_reading(risk=risk), make_article())
    return [omission.sentence for omission in omissions]


def test_uncovered_risk_sentences_are_listed_in_order() -> None:
    assert omitted() == list(RISK)
    assert omitted("Prosecutors had charged Dina Orr with forgery.") == ["p1.s1", "p1.s2"]
    assert omitted("was convicted of fraud", "She had taken", "charged Dina Orr") == []


def test_an_omission_shows_the_sentence_and_its_cues() -> None:
    (omission,) = find_omissions(make_summary(), make_reading(risk=["p1.s2"]), make_article())
    assert omission.text == "She had taken €14.2 million from clients."
    assert omission.cues == ("cue",)


def test_a_quote_of_the_harmless_half_covers_nothing() -> None:
    assert omitted("in Lisbon on 3 March 2021", risk=("p1.s1",)) == ["p1.s1"]
    assert omitted("fraud in Lisbon", risk=("p1.s1",)) == []


def test_an_unfound_quote_covers_nothing() -> None:
    event = make_event(Stage.CONVICTED, quotes=(Quote(text="Ana Sel was convicted of fraud", sentence="p1.s1"),))
    assert len(find_omissions(make_summary(events=[event]), make_reading(risk=["p1.s1"]), make_article())) == 1


def test_parties_and_counter_evidence_cover_too() -> None:
    party = make_party("P1", "Ana Sel", Role.OFFENDER).model_copy(update={"quotes": placed("Ana Sel was convicted")})
    counter = CounterEvidence(
        id="C1", kind=CounterEvidenceKind.ACQUITTAL, by="court", claim="", quotes=placed("The court acquitted")
    )
    summary = make_summary([party], counter_evidence=(counter,))
    assert find_omissions(summary, make_reading(risk=["p1.s1", "p3.s2"]), make_article()) == ()


def test_a_sentence_without_located_cues_is_covered_by_any_overlap() -> None:
    event = make_event(Stage.CONVICTED, quotes=placed("in Lisbon"))
    reading = make_reading(risk=["p1.s1"], cues=())
    assert find_omissions(make_summary(events=[event]), reading, make_article()) == ()


@settings(deadline=None)
@given(spans=st.lists(st.tuples(st.integers(0, len(TEXT)), st.integers(0, len(TEXT))), max_size=6))
def test_the_check_agrees_with_looking_at_every_pair(spans: list[tuple[int, int]]) -> None:
    quotes = [Quote(text=TEXT[a:b], start=a, end=b) for a, b in map(sorted, spans) if a < b]
    events = [make_event(Stage.CONVICTED, id=f"E{n}", quotes=(quote,)) for n, quote in enumerate(quotes, 1)]
    reading = make_reading(risk=RISK)
    found = [o.sentence for o in find_omissions(make_summary(events=events), reading, make_article())]
    expected = [
        sentence
        for sentence in RISK
        if not any(
            quote.start is not None and quote.end is not None and quote.start < cue.end and quote.end > cue.start
            for quote in quotes
            for cue in reading.cues
            if cue.sentence == sentence
        )
    ]
    assert found == expected
