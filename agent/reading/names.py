"""Which name spans are one party: full names, the surnames that repeat them, and the names two people share."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz

from agent.domain.taxonomy import PartyKind
from agent.reading.parts import NameSpan, Span

_TOKEN = re.compile(r"[^\W_]+(?:[.'’][^\W_]+)*")
_NEAR_SPELLING = 80
_POSSESSIVE = re.compile(r"['’]s?$")
_PARTICLES = frozenset(
    """al el bin ibn ben abu von van der den de del della di da dos das du la le los las of the and y e und et
    & af ter""".split()
)


@dataclass(slots=True)
class Cluster:
    """One party in the making: its fullest name, every span of it, and the votes on its kind."""

    name: str
    spans: list[NameSpan] = field(default_factory=list)
    known: bool = False
    described: bool = False
    """True when a name handed in (the header's subject) named it, so that its name is certain."""

    def answers_to(self, name: str) -> bool:
        """Whether a name can be this party's: by its fullest form, or by another full form that stands in the text."""
        forms = dict.fromkeys((self.name, *(span.name for span in self.spans if " " in span.name)))
        return any(same_name(form, name) for form in forms)

    @property
    def kind(self) -> PartyKind:
        """The kind most of its full names vote for, else most of its short ones; ``unknown`` without a vote."""
        told = [span for span in self.spans if span.kind is not PartyKind.UNKNOWN]
        full = [span for span in told if len(name_tokens(span.name)) > 1]
        votes = Counter(span.kind for span in full or told)
        if not votes:
            return PartyKind.UNKNOWN
        return max(votes, key=lambda kind: (votes[kind], kind is PartyKind.PERSON))


@dataclass(frozen=True, slots=True)
class Naming:
    """Clusters in order of first appearance, and the names that could be either of two parties."""

    clusters: tuple[Cluster, ...]
    ambiguous: tuple[str, ...] = ()

    def is_ambiguous(self, name: str) -> bool:
        """Whether the name could be either of two parties."""
        return any(name_tokens(name) == name_tokens(other) for other in self.ambiguous)

    def first_span(self, span: Span) -> Span:
        """The first place of the party that stands at this one: one span for all its mentions."""
        index = self.cluster_at(span)
        if index is None:
            return span
        first = self.clusters[index].spans[0]
        return first.start, first.end

    def cluster_at(self, span: Span) -> int | None:
        """Index of the cluster that has a name span at exactly this place."""
        for index, cluster in enumerate(self.clusters):
            if any((part.start, part.end) == span for part in cluster.spans):
                return index
        return None


def name_tokens(name: str) -> tuple[str, ...]:
    """The comparable tokens of a name: case and accents folded, possessives, initials' dots and particles off."""
    plain = unicodedata.normalize("NFKD", name.replace("’", "'"))
    plain = "".join(char for char in plain if not unicodedata.combining(char)).casefold()
    tokens = (_POSSESSIVE.sub("", match.group()).strip(".") for match in _TOKEN.finditer(plain))
    return tuple(token for token in tokens if token and token not in _PARTICLES)


def same_name(left: str, right: str) -> bool:
    """Whether two full names can be one party's: one's tokens contain the other's, surname or first word shared."""
    a, b = name_tokens(left), name_tokens(right)
    if not a or not b:
        return False
    short, long = sorted((a, b), key=len)
    if set(short) <= set(long):
        return len(short) > 1 or len(long) == 1 or short[0] in (long[0], long[-1])
    return _initials_agree(short, long)


def similar_name(left: str, right: str) -> bool:
    """Whether two full names are one spelt twice (``Makhlov``, ``Makhlow``): every token has a near twin."""
    a, b = name_tokens(left), name_tokens(right)
    short, long = sorted((a, b), key=len)
    if len(short) < 2:
        return False
    return all(max(fuzz.ratio(token, other) for other in long) >= _NEAR_SPELLING for token in short)


def _initials_agree(short: Sequence[str], long: Sequence[str]) -> bool:
    """``J. Smith`` and ``John Smith``: same surname, and every other token an initial of its counterpart."""
    if len(short) < 2 or short[-1] != long[-1] or len(short) > len(long):
        return False
    pairs = list(zip(short[:-1], long[:-1], strict=False))
    return any(1 in (len(x), len(y)) for x, y in pairs) and all(
        x == y or (1 in (len(x), len(y)) and x[0] == y[0]) for x, y in pairs
    )


def cluster_names(spans: Iterable[NameSpan], known_names: Sequence[str] = ()) -> Naming:
    """Put spans of one party together; a single word that fits two parties fits neither and is ambiguous.

    A single word of unknown kind that nothing else repeats is no party: too often it is no name at all.
    """
    ordered = sorted(spans, key=lambda span: (span.start, span.end))
    clusters = [Cluster(name=known_names[0], known=True)] if known_names else []
    ambiguous: list[str] = []
    singles: list[tuple[NameSpan, str]] = []
    for span in ordered:
        name = span.name
        tokens = name_tokens(name)
        if span.described:
            clusters.append(Cluster(name=name, spans=[span], described=True))
            continue
        if not tokens:
            continue
        if known_names and any(same_name(name, alias) for alias in known_names) and len(tokens) > 1:
            clusters[0].spans.append(span)
        elif len(tokens) == 1 and span.kind is not PartyKind.ORGANISATION:
            singles.append((span, name))
        else:
            _join(clusters, span, name)
    singles_seen = Counter(name_tokens(name) for _, name in singles)
    for span, name in singles:
        homes = _homes(clusters, name, known_names)
        if len(homes) > 1:
            introduced = [home for home in homes if home.spans and home.spans[0].start < span.start]
            homes = introduced if len(introduced) == 1 else homes
        if len(homes) == 1:
            homes[0].spans.append(span)
        elif homes:
            ambiguous.append(name)
        elif span.kind is not PartyKind.UNKNOWN or singles_seen[name_tokens(name)] > 1:
            _join(clusters, span, name)
    for cluster in clusters:
        cluster.spans.sort(key=lambda span: span.start)
    found = sorted((cluster for cluster in clusters if cluster.spans), key=lambda cluster: cluster.spans[0].start)
    return Naming(tuple(found), tuple(dict.fromkeys(ambiguous)))


def _join(clusters: list[Cluster], span: NameSpan, name: str) -> None:
    """Add to the one cluster with the same name, keeping its fullest form, or open a new one."""
    named = [cluster for cluster in clusters if not cluster.described]
    homes = [cluster for cluster in named if cluster.answers_to(name) or _is_acronym(cluster.name, name)]
    if len(homes) > 1:
        exact = [cluster for cluster in homes if name_tokens(cluster.name) == name_tokens(name)]
        homes = exact or homes[:1]
    if not homes:
        clusters.append(Cluster(name=name, spans=[span]))
        return
    home = homes[0]
    home.spans.append(span)
    if not home.known and len(name_tokens(name)) > len(name_tokens(home.name)):
        home.name = name


def _homes(clusters: Sequence[Cluster], single: str, known_names: Sequence[str]) -> list[Cluster]:
    token = name_tokens(single)[0]
    homes = []
    for cluster in (cluster for cluster in clusters if not cluster.described):
        names = (cluster.name, *known_names) if cluster.known else (cluster.name,)
        tokens = [name_tokens(name) for name in names]
        if any(token in parts or _is_acronym(name, single) for parts, name in zip(tokens, names, strict=True)):
            homes.append(cluster)
    surnamed = [cluster for cluster in homes if name_tokens(cluster.name)[-1:] == (token,)]
    return surnamed or homes


def _is_acronym(name: str, short: str) -> bool:
    """``Bureau for Grain Inspection`` and ``BGI``."""
    letters = short.replace(".", "")
    if not (2 <= len(letters) <= 8 and letters.isupper()) or " " in letters:
        return False
    words = [word for word in re.findall(r"[^\W\d_]+", name) if word[0].isupper()]
    return len(words) >= 2 and "".join(word[0] for word in words).startswith(letters)
