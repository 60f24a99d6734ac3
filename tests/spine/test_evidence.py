"""Every piece of evidence is the article's own slice, and a quote with one character changed is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import cycle
from typing import Any

import pytest

from agent.domain.alert import Alert
from agent.domain.folding import fold_text
from agent.domain.record import TriageRecord
from agent.domain.summary import Quote, Quotes, RiskSummary
from agent.triage.ground import ground_summary
from tests.spine.attacks import ATTACKS, plant
from tests.spine.carriers import CARRIERS
from tests.spine.parts import demo_alerts, make_alert, make_llm_drafter, make_pipeline, reader, triage

# Typography that the folding table knows: curly quotes, a soft hyphen, a no-break space, a split accent, zero-width.
TYPOGRAPHY = (
    "RIGA – A court in Riga convicted the broker Zelmārs Ozolkalniņš of fraud on Monday and fined him "
    "€\u00a040,000.\r\n\r\nOzol\u00adkalnin\u0327s\u030c “never” paid the broker’s clients back, the court\u200b said. "
    "His lawyer, Ilze Bērzkroga, said he denied the accusations."
)


@cache
def sources() -> dict[str, Alert]:
    """Alerts by id: the demo's, the carriers, planted ones, and one full of typography."""
    hidden = [attack for attack in ATTACKS if attack.family in {"encoding_hidden", "other_language", "split"}]
    planted = [
        make_alert(plant(carrier.text, attack, "middle", carrier.subject), carrier.subject, alert_id=attack.id)
        for carrier, attack in zip(cycle(CARRIERS), hidden)
    ]
    plain = [make_alert(carrier.text, carrier.subject, alert_id=carrier.id) for carrier in CARRIERS]
    alerts = [*demo_alerts(), *plain, *planted, make_alert(TYPOGRAPHY, alert_id="typography")]
    return {alert.alert_id: alert for alert in alerts}


@cache
def record_of(alert_id: str) -> TriageRecord:
    return triage(make_pipeline(), sources()[alert_id])


def all_quotes(summary: RiskSummary) -> Iterator[Quote]:
    for event in summary.events:
        yield from event.quotes
    for entry in summary.counter_evidence:
        yield from entry.quotes
    for party in summary.parties:
        yield from party.quotes
        for identifier in party.identifiers:
            yield from identifier.quotes


def rewrite_quotes(summary: RiskSummary, rewrite: Callable[[Quote], Quote]) -> RiskSummary:
    def each(claim: Any) -> Any:
        quotes: Quotes = tuple(rewrite(quote) for quote in claim.quotes)
        return claim.model_copy(update={"quotes": quotes})

    parties = tuple(
        each(party.model_copy(update={"identifiers": tuple(each(one) for one in party.identifiers)}))
        for party in summary.parties
    )
    return summary.model_copy(
        update={
            "parties": parties,
            "events": tuple(each(event) for event in summary.events),
            "counter_evidence": tuple(each(entry) for entry in summary.counter_evidence),
        }
    )


@pytest.mark.parametrize("alert_id", sources())
def test_every_quote_is_the_articles_slice(alert_id: str) -> None:
    record = record_of(alert_id)
    text = sources()[alert_id].article.text
    for quote in all_quotes(record.summary):
        assert quote.start is not None
        assert quote.end is not None
        assert text[quote.start : quote.end] == quote.text
    assert record.grounding.quotes == record.grounding.found == len(list(all_quotes(record.summary)))
    assert not record.grounding.ungrounded


def test_the_alerts_above_hold_enough_evidence_to_prove_something() -> None:
    assert sum(record_of(alert_id).grounding.found for alert_id in sources()) > 200


def other_letter(char: str) -> str:
    """A character that no folding makes equal to ``char``: case and digits count."""
    if char.isdigit():
        return "7" if char != "7" else "3"
    return char.swapcase() if char.swapcase() != char and fold_text(char.swapcase()).text != char else "ж"


def places_to_change(text: str) -> list[int]:
    """Every digit, and the first, the middle and the last letter."""
    letters = [place for place, char in enumerate(text) if char.isalpha()]
    digits = [place for place, char in enumerate(text) if char.isdigit()]
    return sorted({letters[0], letters[len(letters) // 2], letters[-1], *digits}) if letters else digits


@pytest.mark.parametrize("offsets", ["none", "forged"])
def test_a_quote_with_one_character_changed_is_never_accepted(offsets: str) -> None:
    tried = 0
    for alert in sources().values():
        summary = record_of(alert.alert_id).summary
        reading = reader().read(alert.article, alert.subject)
        rounds = max((len(places_to_change(quote.text)) for quote in all_quotes(summary)), default=0)
        for turn in range(rounds):

            def change(quote: Quote, turn: int = turn) -> Quote:
                places = places_to_change(quote.text)
                place = places[turn % len(places)]
                altered = quote.text[:place] + other_letter(quote.text[place]) + quote.text[place + 1 :]
                kept = {} if offsets == "forged" else {"start": None, "end": None, "sentence": None}
                return quote.model_copy(update={"text": altered, **kept})

            mutated = rewrite_quotes(summary, change)
            grounded, grounding = ground_summary(mutated, alert.article, reading)
            expected = [quote.text for quote in all_quotes(mutated)]
            tried += len(expected)
            assert grounding.quotes == len(expected)
            assert grounding.found == 0, (alert.alert_id, [q.text for q in all_quotes(grounded) if q.start is not None])
            assert sorted(entry.text for entry in grounding.ungrounded) == sorted(expected)
            assert all(quote.start is None and quote.end is None for quote in all_quotes(grounded))
            assert [quote.text for quote in all_quotes(grounded)] == expected, "an unfound quote is kept and shown"
            assert all(event.stage in {"undetermined", "allegation"} for event in grounded.events)
    assert tried > 1_000


def test_a_models_quote_in_other_typography_becomes_the_articles_own_words() -> None:
    alert = make_alert(TYPOGRAPHY, "Zelmārs Ozolkalniņš")
    given = 'Ozolkalniņš "never" paid the broker\'s clients back, the court said.'
    reply = {
        "parties": [
            {"id": "P1", "name": "Zelmārs Ozolkalniņš", "kind": "person", "role": "offender", "aliases": []}
            | {"identifiers": [], "quotes": [{"text": given, "sentence": None}]}
        ],
        "subject_party": "P1",
        "events": [],
        "counter_evidence": [],
        "source_assessment": {"kind": "news_report", "attributed_to": [], "note": ""},
        "narrative": "The article reported on a broker.",
        "missing_information": [],
        "next_steps": [],
        "precedents": [],
    }
    drafter, _ = make_llm_drafter(reply, repeat=True)
    record = triage(make_pipeline(drafter), alert)
    (quote,) = record.summary.parties[0].quotes
    assert quote.start is not None
    assert quote.text == alert.article.text[quote.start : quote.end]
    assert quote.text != given
    assert "Ozol\u00adkalnin\u0327s\u030c “never”" in quote.text
