"""Which precedents may be shown for an alert, in which order: found by meaning and by words, as many of each outcome.

Reciprocal rank fusion: G. Cormack, C. Clarke, S. Büttcher, SIGIR 2009 (k = 60). Maximal marginal relevance:
J. Carbonell, J. Goldstein, SIGIR 1998.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from agent.domain.fingerprint import content_hash
from agent.domain.reference import Precedent, PrecedentMatch, PrecedentQuery
from agent.domain.taxonomy import PrecedentOutcome
from retrieval.precedents.comparison import compare_case, count_alike, fold_name, is_same_subject
from retrieval.precedents.duplicates import Shingles, is_same_report, split_shingles

Vector = npt.NDArray[np.float32]
DenseSearch = Callable[[PrecedentOutcome, int], Sequence[tuple[str, float, Vector]]]
"""The nearest precedents of an outcome, best first: id, cosine, unit vector."""
LexicalSearch = Callable[[PrecedentOutcome, int], Sequence[tuple[str, float]]]
"""The precedents of an outcome that share words with the case, best first: id, BM25."""
PrecedentLoad = Callable[[Sequence[str]], Mapping[str, Precedent]]
"""The precedents of these ids as the store has them now; those that are gone are left out."""
VectorFetch = Callable[[PrecedentOutcome, Sequence[str]], Mapping[str, Vector]]
"""Unit vectors of precedents that only their words found."""

MIN_SIMILARITY: Final = 0.35
"""Cosine (default embedder) that half of all pairs of cases of one offence reach, and one in six that share none."""
_MIN_OTHER_OFFENCE: Final = 0.40
"""What a case must reach that shares no offence: one such pair in thirteen does."""
_FUSION_K: Final = 60
_RELEVANCE: Final = 0.7
"""How much being near the case counts against being unlike what is shown already (MMR's lambda)."""
_ROUNDS: Final = 3
_DEEPER: Final = 4
"""How many times as long the lists of the next round are, fetched while too few of the last may be shown."""


def rank_precedents(
    query: PrecedentQuery,
    limit: int,
    *,
    dense: DenseSearch,
    lexical: LexicalSearch,
    load: PrecedentLoad,
    vectors: VectorFetch,
    query_vector: Vector,
) -> list[PrecedentMatch]:
    """Precedents like the case: of each outcome the same number as far as they exist, one of every report.

    Never the alert itself, its article under another id, a decision made at or after ``query.before``, or a case with
    nothing in common. ``limit`` is shared between the outcomes; below three, the nearest of all are taken. The order is
    a hash of both ids, so that a place in it tells neither outcome nor nearness: ``similarity`` tells the latter.
    """
    if limit < 1:
        return []
    share = max(1, limit // len(PrecedentOutcome))
    search = _Search(query, dense, lexical, load, vectors, query_vector)
    found = [candidate for outcome in PrecedentOutcome for candidate in search.pick(outcome, share)]
    in_places = sorted(found, key=lambda one: content_hash([query.exclude_alert_id, one.precedent.precedent_id]))
    nearest = sorted(in_places, key=lambda one: -one.similarity)[:limit]
    return [one.match(query) for one in in_places if one in nearest]


def is_admissible(precedent: Precedent, query: PrecedentQuery) -> bool:
    """Whether the precedent is another alert's, of another article, and was decided before the moment asked for."""
    if precedent.decided_at >= query.before or precedent.alert_id.casefold() == query.exclude_alert_id.casefold():
        return False
    # The same article about somebody else is another case; under a name that shares a part it may be the same.
    if query.subject_name and set(fold_name(query.subject_name)).isdisjoint(fold_name(precedent.subject_name)):
        return True
    return not is_same_report(split_shingles(precedent.summary), split_shingles(query.text), one_subject=True)


def fuse_ranks(lists: Iterable[Sequence[str]]) -> dict[str, float]:
    """Reciprocal rank fusion: each id with the sum of 1 / (60 + its place) over the lists, places counted from 1."""
    fused: dict[str, float] = {}
    for ids in lists:
        for place, one in enumerate(ids, start=1):
            fused[one] = fused.get(one, 0.0) + 1 / (_FUSION_K + place)
    return fused


@dataclass(frozen=True)
class _Admitted:
    """A precedent that may be shown if it is near enough."""

    precedent: Precedent
    same_subject: bool
    same_offence: bool

    def is_near(self, similarity: float) -> bool:
        return similarity >= (MIN_SIMILARITY if self.same_offence or self.same_subject else _MIN_OTHER_OFFENCE)


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A precedent that may be shown."""

    precedent: Precedent
    similarity: float
    vector: Vector
    dense_rank: int | None
    lexical_rank: int | None
    relevance: float
    """Its fused score over the best one's, 0 to 1."""

    @cached_property
    def shingles(self) -> Shingles:
        return split_shingles(self.precedent.summary)

    def repeats(self, other: _Candidate) -> bool:
        """Whether both rest on one report."""
        one_subject = fold_name(self.precedent.subject_name) == fold_name(other.precedent.subject_name)
        return is_same_report(self.shingles, other.shingles, one_subject=one_subject)

    def match(self, query: PrecedentQuery) -> PrecedentMatch:
        alike, differs = compare_case(self.precedent, query)
        return PrecedentMatch(
            precedent=self.precedent,
            similarity=round(self.similarity, 4),
            dense_rank=self.dense_rank,
            lexical_rank=self.lexical_rank,
            alike=alike,
            differs=differs,
        )


@dataclass(frozen=True)
class _Search:
    """One case's search through the precedents, outcome by outcome."""

    query: PrecedentQuery
    dense: DenseSearch
    lexical: LexicalSearch
    load: PrecedentLoad
    vectors: VectorFetch
    query_vector: Vector
    _loaded: dict[str, _Admitted | None] = field(default_factory=dict)
    """What the store gave for an id, None where it has none any more or it may not be shown."""

    def pick(self, outcome: PrecedentOutcome, share: int) -> list[_Candidate]:
        """The ``share`` best that may be shown; fetches deeper while what was fetched holds too few."""
        depth = 4 * share + 4
        for _ in range(_ROUNDS):
            dense, lexical = self.dense(outcome, depth), self.lexical(outcome, depth)
            picked = _pick_diverse(self._rank(outcome, dense, lexical), share)
            # Beyond a dense list's end there is nothing, or nothing near enough, whatever words it shares.
            if len(picked) == share or len(dense) < depth or dense[-1][1] < MIN_SIMILARITY:
                break
            depth *= _DEEPER
        return picked

    def _rank(
        self,
        outcome: PrecedentOutcome,
        dense: Sequence[tuple[str, float, Vector]],
        lexical: Sequence[tuple[str, float]],
    ) -> list[_Candidate]:
        """Those that may be shown, best fused rank first.

        Places are counted among them alone: what may not be shown, a later decision for one, moves nothing.
        """
        near = {one: (similarity, vector) for one, similarity, vector in dense}
        admitted = self._admit([*near, *(one for one, _ in lexical)], outcome)
        unseen = [one for one in admitted if one not in near]
        for one, vector in self.vectors(outcome, unseen).items() if unseen else ():
            near[one] = (float(np.dot(self.query_vector, vector)), vector)
        shown = {one: known for one, known in admitted.items() if one in near and known.is_near(near[one][0])}
        by_meaning = [one for one, _, _ in dense if one in shown]
        by_words = [one for one, _ in lexical if one in shown]
        same_offence = [one for one in _best_first(fuse_ranks([by_meaning, by_words])) if shown[one].same_offence]
        fused = fuse_ranks([by_meaning, by_words, same_offence])
        dense_ranks = {one: place for place, one in enumerate(by_meaning, start=1)}
        lexical_ranks = {one: place for place, one in enumerate(by_words, start=1)}
        best = max(fused.values(), default=1.0)
        return [
            _Candidate(
                precedent=shown[one].precedent,
                similarity=near[one][0],
                vector=near[one][1],
                dense_rank=dense_ranks.get(one),
                lexical_rank=lexical_ranks.get(one),
                # What was decided on the same name bears on the case as much as the best of the others.
                relevance=1.0 if shown[one].same_subject else fused[one] / best,
            )
            for one in _best_first(fused)
        ]

    def _admit(self, ids: Sequence[str], outcome: PrecedentOutcome) -> dict[str, _Admitted]:
        """Those of the ids that still exist with that outcome, are admissible, and have something in common."""
        unread = [one for one in dict.fromkeys(ids) if one not in self._loaded]
        if unread:
            stored = self.load(unread)
            self._loaded.update({one: self._weigh(stored[one]) if one in stored else None for one in unread})
        known = {one: self._loaded[one] for one in ids}
        return {one: it for one, it in known.items() if it is not None and it.precedent.outcome is outcome}

    def _weigh(self, precedent: Precedent) -> _Admitted | None:
        same_subject = is_same_subject(precedent, self.query)
        if not (same_subject or count_alike(precedent, self.query)) or not is_admissible(precedent, self.query):
            return None
        same_offence = not set(precedent.offences).isdisjoint(self.query.offences)
        return _Admitted(precedent, same_subject, same_offence)


def _best_first(fused: Mapping[str, float]) -> list[str]:
    return sorted(fused, key=lambda one: (-fused[one], one))


def _pick_diverse(candidates: Sequence[_Candidate], share: int) -> list[_Candidate]:
    """The best by maximal marginal relevance, leaving out what reports the same as one picked before."""
    left = list(candidates)
    picked: list[_Candidate] = []
    while left and len(picked) < share:
        best = max(left, key=lambda one: _RELEVANCE * one.relevance - (1 - _RELEVANCE) * _closest(one, picked))
        left.remove(best)
        if not any(best.repeats(other) for other in picked):
            picked.append(best)
    return picked


def _closest(one: _Candidate, picked: Sequence[_Candidate]) -> float:
    return max((float(np.dot(one.vector, other.vector)) for other in picked), default=0.0)
