"""References: whether the right profile and the right precedents were laid beside the alert, and no forbidden one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import log2

from agent.domain.record import RetrievedPrecedent
from evals.cases.gold import GoldIdentity
from evals.scoring.matched import Matched
from evals.scoring.tally import Tally


def score_references(matched: Matched, tally: Tally) -> None:
    """Profile found, precedents found and ordered, precedents leaked."""
    identity: GoldIdentity | None = matched.gold.identity
    profile = identity.profile if identity is not None else None
    shown = matched.record.provenance.profiles
    tally.judge(
        "profile_found", profile not in shown, f"Profile {profile} was not retrieved.", applies=profile is not None
    )
    _score_precedents(matched, tally)
    leaks = list(_find_leaks(matched))
    tally.judge("precedent_leaked", bool(leaks), " ".join(leaks))


def _score_precedents(matched: Matched, tally: Tally) -> None:
    gold = matched.gold.precedents
    shown = [one.precedent_id for one in matched.record.precedents]
    found = [one for one in gold if one in shown]
    tally.count("precedent_recall", len(found), len(gold))
    tally.count("precedent_ndcg", rank_gain(shown, gold) if gold else 0, bool(gold))
    if missing := sorted(set(gold) - set(found)):
        tally.fault("precedent_recall", f"Not among the precedents shown: {', '.join(missing)}.")


def rank_gain(shown: Sequence[str], grades: Mapping[str, int]) -> float:
    """nDCG of an order: sum of grade / log2(place + 1), over that of the best order of all graded ones; 0 to 1.

    Järvelin and Kekäläinen, ACM TOIS 20 (2002) 422-446, with linear gain. Grades may not be empty.
    """
    ideal = _discount(sorted(grades.values(), reverse=True))
    return _discount([grades.get(one, 0) for one in dict.fromkeys(shown)]) / ideal


def _discount(gains: Sequence[int]) -> float:
    return sum(gain / log2(place + 1) for place, gain in enumerate(gains, start=1))


def _find_leaks(matched: Matched) -> Iterator[str]:
    alert, decided = matched.case.alert, matched.options.precedent_alerts
    for precedent in matched.record.precedents:
        if decided.get(precedent.precedent_id) == alert.alert_id:
            yield f"Precedent {precedent.precedent_id} is the alert's own decision."
        elif _is_later(precedent, matched):
            when = precedent.decided_at.date().isoformat()
            yield f"Precedent {precedent.precedent_id} was decided on {when}, not before the alert came in."


def _is_later(precedent: RetrievedPrecedent, matched: Matched) -> bool:
    received = matched.case.alert.received_at
    return received is not None and precedent.decided_at >= received
