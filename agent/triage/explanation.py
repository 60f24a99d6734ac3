"""Why a profile may or may not be a party of the article, in one sentence an analyst understands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from agent.domain.summary import IdentityFeature
from agent.domain.taxonomy import FeatureName, FeatureVerdict, NamePartRelation
from agent.triage.attributes import Held
from agent.triage.known import Known
from agent.triage.names import kind_of
from retrieval.names.comparison import explain_parts

_LONGEST: Final = 600
_LONGEST_VALUE: Final = 60


def explain_profile(held: Held, profile: Known, subject: Known | None = None) -> str:
    """What is the same, what another spelling, what contradicts, what is not known; at most 600 characters.

    With the alert's subject it also says where the profile contradicts that.
    """
    parts = held.name.parts
    same = bool(parts) and all(part.relation is NamePartRelation.SAME for part in parts)
    words = explain_parts(parts, kind_of(profile.kind), given_place="on the profile")
    sentences = ["name same" if same else words]
    if held.weak:
        sentences.append("met only by a weak alias, which proves nothing")
    if held.kinds_differ:
        sentences.append("a person against an organisation")
    sentences += _explain_features(held.features)
    if held.dead_before is not None:
        sentences.append(f"died {held.dead_before}, before what the article tells of")
    if subject is not None and subject.birth and profile.birth and subject.birth[:4] != profile.birth[:4]:
        sentences.append(f"not the alert's subject by birth: {profile.birth} against {subject.birth}")
    line = "; ".join(sentence for sentence in sentences if sentence)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _explain_features(features: Sequence[IdentityFeature]) -> Iterator[str]:
    told = [feature for feature in features if feature.name is not FeatureName.NAME]
    for verdict in (FeatureVerdict.CONFLICT, FeatureVerdict.SAME, FeatureVerdict.VARIANT):
        yield from (_explain_feature(feature) for feature in told if feature.verdict is verdict)
    unknown = [feature for feature in told if feature.verdict is FeatureVerdict.UNKNOWN]
    yield from (_explain_feature(feature) for feature in unknown if feature.given and feature.stated)
    missing = [feature.name.replace("_", " ") for feature in unknown if not feature.stated]
    if missing:
        yield f"{' and '.join(filter(None, (', '.join(missing[:-1]), missing[-1])))} not stated"


def _explain_feature(feature: IdentityFeature) -> str:
    name, given, stated = feature.name.replace("_", " "), _short(feature.given), _short(feature.stated)
    by_age = feature.name is FeatureName.BIRTH_YEAR and re.fullmatch(r"\d{4}", stated) is None
    against = f"age {stated}" if by_age else stated
    match feature.verdict:
        case FeatureVerdict.CONFLICT:
            return f"{name} conflicts: {given} against {against}"
        case FeatureVerdict.SAME if by_age:
            return f"age {stated} fits birth year {given}"
        case FeatureVerdict.SAME:
            return f"{name} same: {stated if given == stated else f'{given}, {stated}'}"
        case FeatureVerdict.VARIANT:
            return f"{name} agrees as far as stated: {stated}"
        case _ if by_age:
            return f"age {stated} against birth year {given} cannot be told without the article's date"
        case _:
            return f"{name} {given} on the profile, {stated} in the article"


def _short(value: str | None) -> str:
    words = " ".join((value or "").split())
    return words if len(words) <= _LONGEST_VALUE else f"{words[: _LONGEST_VALUE - 1]}…"
