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
_HOPELESS: Final = 0.3
"""Likeness of the name found below which a profile's other names are not compared: half the time, 4 of 564 matches."""
_T = TypeVar("_T")


def keep_likely(candidates: Sequence[NameCandidate]) -> dict[str, str]:
    """The likeliest profiles' ids, best first, each with the name by which the index found it.

    Those of equal score are not torn apart at the best place.
    """
    best = candidates[0].score if candidates else 0.0
    likely = [one for place, one in enumerate(candidates) if place < _LOOKED_AT or one.score == best]
    return {one.profile_id: one.name for one in likely}


def rank_profiles(mention: str, candidates: Iterable[tuple[Profile, str]]) -> list[ProfileMatch]:
    """The profiles that bear the mentioned name, best first, each by the one of its names that meets it best.

    Each candidate comes with the name by which the index found it. Namesakes score the same and are all kept, by id.
    Profiles are left out that are less like the mention than SHOWN_FROM, or all of whose names contradict it.
    """
    matches = [match for profile, name in candidates if (match := match_profile(mention, profile, name)) is not None]
    return sorted(matches, key=lambda match: (-match.score, match.weak, match.profile.profile_id))


def match_profile(mention: str, profile: Profile, found: str = "") -> ProfileMatch | None:
    """The profile under the one of its names that meets the mention best, or None; the main name wins a tie.

    Where the name by which the index found it has hardly anything in common with the mention, its others, which the
    index thought less like it, are not compared: most candidates end there.
    """
    strong = dict.fromkeys((profile.name, *profile.aliases))
    weak_names = [name for name in dict.fromkeys(profile.weak_aliases) if name not in strong]
    still_borne = found in strong or found in weak_names
    if still_borne and compare_names(found, mention, profile.kind).score < _HOPELESS:
        return None
    best: ProfileMatch | None = None
    for name, weak in [*((name, False) for name in strong), *((name, True) for name in weak_names)]:
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
