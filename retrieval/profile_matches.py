"""Which of the profiles that may bear a mentioned name are shown, in which order, and by which of their names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

from agent.domain.reference import Profile, ProfileMatch
from agent.domain.taxonomy import FeatureVerdict
from retrieval.names.comparison import SAME_NAME, compare_names
from retrieval.names.index import NameCandidate

SHOWN_FROM: Final = round(SAME_NAME - 0.1, 3)
"""Likeness below which a profile is not shown, since a forced match puts somebody else's profile before an analyst.

A name of which one side has only the initial reaches it; a lone surname, or a name that contradicts, does not.
"""
WEAK_AT_MOST: Final = round(SAME_NAME - 0.01, 3)
"""What a weak alias can score: it finds its profile and never makes the names the same."""
_LOOKED_AT: Final = 20
"""Profiles compared per mention; more of them only where they bear the very name."""
_PARTS: Final = 40
_T = TypeVar("_T")


def keep_likely(candidates: Sequence[NameCandidate]) -> list[str]:
    """The ids of the likeliest profiles, best first; those of equal score are not torn apart at the best place."""
    best = candidates[0].score if candidates else 0.0
    return [one.profile_id for place, one in enumerate(candidates) if place < _LOOKED_AT or one.score == best]


def rank_profiles(mention: str, profiles: Iterable[Profile]) -> list[ProfileMatch]:
    """The profiles that bear the mentioned name, best first, each by the one of its names that meets it best.

    Namesakes score the same and are all kept, by id. Profiles are left out that are less like the mention than
    SHOWN_FROM, or all of whose names contradict it.
    """
    matches = [match for profile in profiles if (match := match_profile(mention, profile)) is not None]
    return sorted(matches, key=lambda match: (-match.score, match.weak, match.profile.profile_id))


def match_profile(mention: str, profile: Profile) -> ProfileMatch | None:
    """The profile under the one of its names that meets the mention best, or None; the main name wins a tie."""
    strong = dict.fromkeys((profile.name, *profile.aliases))
    names = [(name, False) for name in strong]
    names += [(name, True) for name in dict.fromkeys(profile.weak_aliases) if name not in strong]
    best: ProfileMatch | None = None
    for name, weak in names:
        comparison = compare_names(name, mention, profile.kind)
        score = round(min(comparison.score, WEAK_AT_MOST) if weak else comparison.score, 4)
        if score < SHOWN_FROM or comparison.verdict is FeatureVerdict.CONFLICT:
            continue
        if best is None or score > best.score:
            best = ProfileMatch(
                profile=profile,
                mention=mention,
                matched_name=name,
                weak=weak,
                score=score,
                route="name",
                parts=comparison.parts[:_PARTS],
            )
        if score >= 1.0:
            break
    return best


def take_turns(ranked: Sequence[Sequence[_T]]) -> list[_T]:
    """The first of each list, then the second of each, and so on."""
    longest = max(map(len, ranked), default=0)
    return [row[place] for place in range(longest) for row in ranked if place < len(row)]
