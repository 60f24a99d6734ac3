"""Identity: the verdict on whether the article's party is the alert's subject, and whether it claims too much."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from agent.domain.taxonomy import IdentityVerdict
from evals.scoring.matched import Matched
from evals.scoring.tally import Tally

_SURENESS: Final = MappingProxyType(
    {IdentityVerdict.POSSIBLE: 1, IdentityVerdict.PROBABLE: 2, IdentityVerdict.CONFIRMED: 3}
)
"""How sure a match is; the other verdicts claim none."""


def score_identity(matched: Matched, tally: Tally) -> None:
    """Right, and overclaimed; none where identity was not labelled."""
    gold = matched.gold.identity
    if gold is None:
        return
    verdict = matched.summary.identity.verdict
    accepted = " or ".join(gold.verdicts)
    sureness = _SURENESS.get(verdict, 0)
    too_sure = sureness > max(_SURENESS.get(one, 0) for one in gold.verdicts)
    others = sorted(
        {
            profile.profile_id
            for candidate in matched.record.candidates
            for profile in candidate.profiles
            if profile.profile_id in gold.distractors
            and _SURENESS.get(profile.verdict, 0) >= _SURENESS[IdentityVerdict.PROBABLE]
        }
    )
    wrong = verdict not in gold.verdicts
    tally.judge("identity_right", wrong, f"The identity is {verdict} in the draft, {accepted} in the gold.")
    said = f"The draft's match is {verdict}, the gold allows {accepted}." if too_sure else ""
    mistaken = f"Profile {', '.join(others)} is somebody else and is shown as a sure match." if others else ""
    tally.judge("identity_overclaimed", too_sure or bool(others), f"{said} {mistaken}".strip())
