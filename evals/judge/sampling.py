"""Which claims a person is asked about: a small likeness of the run, in an order that tells nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from agent.domain.fingerprint import content_hash
from evals.cases.case import Split
from evals.judge.claims import Claim
from evals.judge.labels import fold_person


def choose_tasks(
    claims: Iterable[Claim],
    said: Mapping[str, Collection[str]],
    *,
    by: str,
    count: int | None = None,
    verdicts: Mapping[str, str] | None = None,
    second: bool = False,
) -> tuple[Claim, ...]:
    """The claims to ask ``by`` about, those they labelled already included; of held-out cases none.

    said: claim hash → the people who labelled it (``latest_labels``). With ``second`` only what others labelled.
    """
    me = fold_person(by)
    open_ones = [claim for claim in claims if claim.split is not Split.HOLDOUT]
    if second:
        open_ones = [claim for claim in open_ones if set(said.get(claim.hash, ())) - {me}]
    done = {claim for claim, people in said.items() if me in people}
    return draw_claims(open_ones, count, verdicts or {}, done)


def draw_claims(
    claims: Iterable[Claim], count: int | None, verdicts: Mapping[str, str], done: Collection[str] = ()
) -> tuple[Claim, ...]:
    """So many different claims with evidence, all of them where ``count`` is None.

    verdicts: claim hash → what a judge said of it, where one did. done: hashes of claims that were labelled before;
    they come first into the sample, so that a session that is taken up again ends with the same number.
    Strata are shape and verdict, each with its share of the run (systematic sampling): a sample that held more of what
    the judge calls unsupported would make TPR and TNR wrong. The order is that of the hashes, so a session that stops
    early is a fair sample too and position betrays no verdict.
    """
    different = {claim.hash: claim for claim in claims if claim.evidence}
    if count is None:
        return _shuffled(different.values())
    kept = _shuffled(claim for claim in different.values() if claim.hash in done)[:count]
    rest = [claim for claim in different.values() if claim.hash not in done]
    rest.sort(key=lambda claim: (claim.shape, verdicts.get(claim.hash, ""), _place(claim)))
    return _shuffled([*kept, *_every_nth(rest, count - len(kept))])


def _every_nth(ordered: Sequence[Claim], count: int) -> list[Claim]:
    if count >= len(ordered):
        return list(ordered)
    step = len(ordered) / count if count else 0.0
    return [ordered[int((turn + 0.5) * step)] for turn in range(count)]


def _shuffled(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    return tuple(sorted(claims, key=_place))


def _place(claim: Claim) -> str:
    return content_hash(["place", claim.hash])
