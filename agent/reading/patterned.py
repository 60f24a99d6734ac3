"""Who did what to whom in an article that is not English: only what a listed pattern ties, the rest left open."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import Final

from agent.domain.alert import Sentence
from agent.domain.folding import fold_text
from agent.domain.reading import Cue, CueKind
from agent.domain.taxonomy import CLEARING_STAGES, Offence, PartyKind, Role, Stage
from agent.reading.lexicon import Lexicon
from agent.reading.lexicon_file import NAME_MARK, ORGANISATION_MARK, Words, fold_case
from agent.reading.parts import Analysis, Pointer, Predicate, RoleClue, Span
from agent.reading.patterned_clues import MaskedSentence, find_ages, find_counters, find_roles, name_authority
from agent.reading.patterned_names import FoundName, find_capitalised_names, span_of
from agent.reading.patterned_pointers import Topics, find_pointed_ages, find_pointers, professionals
from agent.reading.russian import find_russian_names

_PREFERENCE: Final = (
    *(Stage.ACQUITTED, Stage.OVERTURNED, Stage.DISMISSED, Stage.PARDONED),
    *(Stage.CONVICTED, Stage.TRIAL, Stage.CHARGED, Stage.ARRESTED, Stage.WANTED, Stage.INVESTIGATION),
    *(Stage.SANCTIONED, Stage.PENALTY, Stage.SETTLED, Stage.ASSET_SEIZURE, Stage.APPEAL),
    *(Stage.ALLEGATION, Stage.UNDETERMINED),
)
"""Which of several stages a statement has: clearing ones, then the furthest in law."""
_HELD_IN_ABSENCE: Final = frozenset((Stage.ARRESTED, Stage.CHARGED, Stage.TRIAL, Stage.CONVICTED, Stage.ACQUITTED))
_AUTHORITIES: Final = ("court", "government")
_FINES: Final = (Stage.PENALTY, Stage.SANCTIONED, Stage.SETTLED)
_INSTITUTION: Final = re.compile(
    r"institut|ban[kcq]|unternehmen|konzern|firma|entrepris|empresa(?!r)|entidad|compa|soci|grou?p|банк|компани"
)
_OF_ANOTHER: Final = re.compile(
    r"(?:^| |')(?:un|una|uma|une|um|el|al|la|le|l|los|las|les|o|ao|os|as|à|su|sus|seu|sua|son|sa|ses|ein\w*|den|die|"
    r"das|dem|sein\w*|ihr\w*)[ '](?:[\w'-]+ ){1,3}?(?:del?|de la|de l'|d'|du|des|d[ao]s?|von|vom|der) ?"
    r"(?P<title>(?:[\w.-]+ )?)$"
)
"""An article, a noun and a genitive right before a name."""
_RELATION: Final = re.compile(
    r"(?<!его )(?<!ее )(?<!их )(?<!своего )(?<!\w)(?:брат|сестр|жен|супруг|сын|доч|отц|мат|партнер|сотрудник|помощник|"
    r"водител|охранник|адвокат|друг|знаком|соратник|коллег|родственник|подчиненн)\w* (?P<title>(?:[\w-]+ )?)$"
)
"""The same in Russian, where the name itself stands in the genitive."""
_OFFICE: Final = re.compile(
    r"(?<!\w)(?:гендиректор|директор|глав|руководител|владел|сотрудник|президент|председател|бухгалтер|начальник|основател|"
    r"учредител|менеджер|работник)\w* (?:[\w-]+ )?$"
)
_LED_BY_COMMA: Final = re.compile(rf"({ORGANISATION_MARK}+|\w)( ?, ?)(?={NAME_MARK}+(?: ?[,.;)]|  ))")
_LED_BY_FIRM: Final = re.compile(rf"({ORGANISATION_MARK}+)(?= {NAME_MARK})")
_BEFORE_SUBJECT: Final = 40
_NEGATION_REACH: Final = 12
_QUOTED_NAME: Final = re.compile(rf'"(?:{NAME_MARK}+|{ORGANISATION_MARK}+)"')
_CLOSED_APPOSITION: Final = re.compile(
    rf"(?<=\w)( ?, ?(?:[\w'-]+ ){{0,3}}[{NAME_MARK}{ORGANISATION_MARK}]+(?: ?\(\d{{1,3}}\))? ?),(?= ?\w)"
)
_LONG_APPOSITIONS: Final = tuple(
    re.compile(rf"(?<=[{NAME_MARK}])(?: ?,[^,;:{NAME_MARK}]{{1,110}}){{{parts}}} ?,(?= ?[^\W\d_])") for parts in (2, 3)
)
"""What stands between a name and its verb beyond a pattern's ``{gap}``: "X, 61, head of Y until May, was charged"."""


@dataclass(frozen=True, slots=True)
class _Tie:
    """A pattern's match: where it lies in the masked sentence, whose names it holds, which stage its words say."""

    start: int
    end: int
    names: tuple[Span, ...]
    stage: Stage = Stage.UNDETERMINED


def analyse_patterned(
    text: str,
    sentences: Sequence[Sentence],
    cues: Sequence[Cue],
    lexicon: Lexicon,
    known_names: Sequence[str] = (),
) -> Analysis:
    """Structure of an article by ``lexicon``'s patterns.

    ``known_names`` (the subject and its aliases) are found wherever they stand. A predicate has parties only where a
    pattern ties a name to a cue of the same sentence, or a word that surely points to one.
    """
    by_sentence: dict[str, list[Cue]] = defaultdict(list)
    for cue in cues:
        by_sentence[cue.sentence].append(cue)
    names = _find_names(text, sentences, by_sentence, lexicon, known_names)
    analysis = Analysis(names=[name.span for name in names])
    placed: dict[str, list[FoundName]] = defaultdict(list)
    for name in names:
        placed[name.span.sentence].append(name)
    masked = {sentence.id: _mask(text, sentence, placed[sentence.id]) for sentence in sentences if placed[sentence.id]}
    for part in masked.values():
        analysis.roles += find_roles(part, lexicon)
        analysis.attributes += find_ages(part, lexicon)
    topics = Topics(aside=professionals(analysis))
    for sentence in sentences:
        own = by_sentence.get(sentence.id, [])
        if own or sentence.id in masked:
            _add_sentence(analysis, masked.get(sentence.id) or _mask(text, sentence, []), own, lexicon, topics, text)
    _point_to_institutions(analysis, text, sentences, lexicon)
    people = {clue.span for clue in analysis.attributes} | {clue.span for clue in analysis.roles}
    analysis.names = [
        replace(name, kind=PartyKind.PERSON)
        if name.kind is PartyKind.UNKNOWN and (name.start, name.end) in people
        else name
        for name in analysis.names
    ]
    return analysis


def _point_to_institutions(analysis: Analysis, text: str, sentences: Sequence[Sentence], lexicon: Lexicon) -> None:
    """``The bank was fined. The institute had …``: the sentence after a fine, nameless, speaks of the one fined."""
    kinds = {(name.start, name.end): name.kind for name in analysis.names}
    named = {name.sentence for name in analysis.names}
    for earlier, later in pairwise(sentences):
        fined = {
            span
            for part in analysis.predicates
            if part.sentence == earlier.id and part.stage in _FINES
            for span in part.accused
        }
        match = lexicon.speakers["party"].search(fold_case(text[later.start : later.end]))
        if later.id in named or len(fined) != 1 or match is None or not _INSTITUTION.search(match.group()):
            continue
        target = next(iter(fined))
        if kinds.get(target) is not PartyKind.ORGANISATION:
            continue
        place = (later.start + match.start(), later.start + match.end())
        analysis.pointers.append(Pointer(*place, later.id, target))
        analysis.predicates = [
            replace(part, accused=(place,))
            if part.sentence == later.id and not part.accused and part.offences
            else part
            for part in analysis.predicates
        ]


def _find_names(
    text: str,
    sentences: Sequence[Sentence],
    cues: Mapping[str, Sequence[Cue]],
    lexicon: Lexicon,
    known_names: Sequence[str],
) -> list[FoundName]:
    if lexicon.language == "ru":
        return find_russian_names(text, sentences, cues.keys(), known_names)
    return find_capitalised_names(text, sentences, cues, lexicon, known_names)


def _mask(text: str, sentence: Sentence, names: Sequence[FoundName]) -> MaskedSentence:
    original = text[sentence.start : sentence.end]
    folded = fold_text(original)
    words = fold_case(folded.text)
    masked = words.replace(NAME_MARK, " ").replace(ORGANISATION_MARK, " ")
    placed = []
    for name in names:
        start, end = (folded.position(offset - sentence.start) for offset in span_of(name))
        if end > start:
            mark = ORGANISATION_MARK if name.span.kind is PartyKind.ORGANISATION else NAME_MARK
            masked = masked[:start] + mark * (end - start) + masked[end:]
            placed.append((start, end, name))
    masked = _QUOTED_NAME.sub(lambda found: found.group()[1] * len(found.group()), masked)
    return MaskedSentence(sentence, original, folded, words, masked, tuple(placed))


def _add_sentence(
    analysis: Analysis, plain: MaskedSentence, cues: Sequence[Cue], lexicon: Lexicon, topics: Topics, text: str
) -> None:
    roles = [clue for clue in analysis.roles if clue.sentence == plain.sentence.id]
    pointing = list(find_pointers(plain, topics, lexicon, cues))
    pointed = [name for name, _ in pointing]
    analysis.pointers += [pointer for _, pointer in pointing]
    analysis.attributes += [clue for name, pointer in pointing for clue in find_pointed_ages(name, pointer.target)]
    names = sorted([*(name for _, _, name in plain.names), *pointed], key=span_of)
    sentence = _mask(text, plain.sentence, names) if pointed else plain
    told = _beyond_descriptions(cues, pointed)
    predicates = _find_predicates(sentence, [cue for cue in told if not cue.negated], told, lexicon, roles)
    first = len(analysis.predicates)
    analysis.predicates += predicates
    accused = list(dict.fromkeys(span for predicate in predicates for span in predicate.accused))
    analysis.counters += find_counters(plain, cues, lexicon, roles, accused, sentence)
    topics.note(plain, analysis, pointed, first, lexicon)


def _beyond_descriptions(cues: Sequence[Cue], pointed: Sequence[FoundName]) -> Sequence[Cue]:
    """``The accused was arrested`` speaks of an arrest: the word that points tells no stage beside one that does."""
    spans = [span_of(name) for name in pointed]
    told = [cue for cue in cues if not any(start <= cue.start and cue.end <= end for start, end in spans)]
    return told if any(cue.kind is CueKind.STAGE for cue in told) else cues


def _find_predicates(
    sentence: MaskedSentence, live: Sequence[Cue], cues: Sequence[Cue], lexicon: Lexicon, roles: Sequence[RoleClue]
) -> list[Predicate]:
    """The sentence's statements: one for each stage that patterns tie to names, else one that ties to nobody."""
    telling = [cue for cue in live if cue.kind is not CueKind.COUNTER_EVIDENCE]
    if not telling:
        return []
    victims = _victims(sentence, lexicon, telling)
    harmed = {clue.span for clue in roles if clue.role is Role.VICTIM}
    ties = _accused_ties(sentence, lexicon, cues, {*victims, *harmed})
    groups: dict[Stage, list[_Tie]] = defaultdict(list)
    for tie in ties:
        groups[tie.stage].append(tie)
    if len(groups) < 2:
        stage = next(iter(groups), _preferred(_stages(telling)))
        if stage is Stage.UNDETERMINED or _alone(sentence, ties):
            stage = _preferred(_stages(telling))
        accused = tuple(dict.fromkeys(span for tie in ties for span in tie.names))
        return [_make_predicate(sentence, telling, stage, accused, tuple(victims), lexicon)]
    return [
        _make_predicate(
            sentence,
            _region_cues(sentence, telling, ties, group),
            stage,
            tuple(dict.fromkeys(span for tie in group for span in tie.names)),
            tuple(victims) if index == 0 else (),
            lexicon,
        )
        for index, (stage, group) in enumerate(sorted(groups.items(), key=lambda pair: pair[1][0].start))
    ]


def _alone(sentence: MaskedSentence, ties: Sequence[_Tie]) -> bool:
    """Whether the tied names are the only people of the sentence, so that all its stages are theirs."""
    tied = {span for tie in ties for span in tie.names}
    others = [name for _, _, name in sentence.names if name.span.kind is not PartyKind.ORGANISATION]
    return all(span_of(name) in tied for name in others)


def _accused_ties(
    sentence: MaskedSentence, lexicon: Lexicon, cues: Sequence[Cue], barred: Iterable[Span]
) -> list[_Tie]:
    """Pattern matches that hold a cue that nothing negates, the surest stage for each name."""
    best: dict[Span, _Tie] = {}
    for start, end, names in _matches(sentence, lexicon.accused, lexicon):
        inside = [cue for cue in cues if cue.kind is CueKind.STAGE and _touches(sentence, cue, start, end)]
        stages = _stages([cue for cue in inside if not cue.negated])
        if inside and not stages:
            continue
        for span in names:
            tie = _Tie(start, end, (span,), _preferred(stages))
            old = best.get(span)
            if span not in barred and (old is None or _PREFERENCE.index(tie.stage) < _PREFERENCE.index(old.stage)):
                best[span] = tie
    return sorted(best.values(), key=lambda tie: tie.names)


def _victims(sentence: MaskedSentence, lexicon: Lexicon, telling: Sequence[Cue]) -> dict[Span, None]:
    offences = [cue for cue in telling if cue.kind is CueKind.OFFENCE]
    return {
        span: None
        for start, end, names in _matches(sentence, lexicon.victims, lexicon)
        if any(_touches(sentence, cue, start, end) for cue in offences)
        for span in names
    }


def _matches(
    sentence: MaskedSentence, patterns: Sequence[Words], lexicon: Lexicon
) -> Iterable[tuple[int, int, list[Span]]]:
    if not sentence.names:
        return
    # "Her accountant, X, was acquitted": the comma that closes the apposition stands between the name and its verb.
    opened = _CLOSED_APPOSITION.sub(r"\1 ", sentence.masked)
    # "The owner of Z Ltd, X, was charged": Z Ltd only tells who X is.
    led = _LED_BY_COMMA.sub(lambda found: "x" * len(found[1]) + " " * len(found[2]), opened)
    if lexicon.language == "ru":
        led = _LED_BY_FIRM.sub(lambda found: "x" * len(found[1]), led)
    bare = (part.sub(lambda found: " " * len(found.group()), sentence.masked) for part in _LONG_APPOSITIONS)
    readings = dict.fromkeys((sentence.masked, opened, led, *bare))
    for pattern, words in product(patterns, readings):
        for match in pattern.finditer(words):
            group = next(key for key, value in match.groupdict().items() if value is not None)
            names = sentence.names_in(*match.span(group))
            names = [name for name in names if not _is_authority(sentence, name, lexicon)]
            led_by = words[match.start() : match.start(group)]
            firm = bool(names) and names[0].span.kind is PartyKind.ORGANISATION
            if group != "subject" and _belongs_to_another(led_by, lexicon, firm=firm):
                names = [name for name in names if firm and name.span.kind is not PartyKind.ORGANISATION]
            own = any(name.nominative for name in names)
            if group == "subject" and not own and _hangs_on_genitive(sentence, match.start(group), lexicon):
                continue
            if group == "subject":
                names = [name for name in names if name.nominative is not False]
            elif group == "object":
                names = [name for name in names if name.nominative is not True]
            if names:
                yield match.start(), match.end(), [span_of(name) for name in names]


def _belongs_to_another(led_by: str, lexicon: Lexicon, *, firm: bool) -> bool:
    """Whether the words a pattern leads to a name by speak of somebody else: ``charged an employee of X``."""
    if lexicon.language == "ru" and firm:
        return _OFFICE.search(led_by) is not None
    match = (_RELATION if lexicon.language == "ru" else _OF_ANOTHER).search(led_by)
    return match is not None and (firm or _lone_title(match["title"], lexicon))


def _lone_title(words: str, lexicon: Lexicon) -> bool:
    return all(lexicon.titles.fullmatch(word) for word in words.split())


def _is_authority(sentence: MaskedSentence, name: FoundName, lexicon: Lexicon) -> bool:
    """Whether a name is a court's or an authority's: it acts in what patterns find, nothing is held against it."""
    if name.span.kind is not PartyKind.ORGANISATION:
        return False
    start, end = (sentence.folded.position(offset - sentence.sentence.start) for offset in span_of(name))
    # From a little before the name: its words count with the article that goes with them.
    stretch = sentence.words[max(0, start - 4) : end]
    return any(words.search(stretch) for kind in _AUTHORITIES if (words := lexicon.speakers.get(kind)))


def _hangs_on_genitive(sentence: MaskedSentence, start: int, lexicon: Lexicon) -> bool:
    """Whether the words before a name make it depend on another noun: ``abogado del empresario X``."""
    before = sentence.masked[max(0, start - _BEFORE_SUBJECT) : start]
    before = before[max(before.rfind(","), before.rfind(NAME_MARK), before.rfind(ORGANISATION_MARK)) + 1 :]
    for match in lexicon.genitives.finditer(before):
        if lexicon.language == "de" and match.group() == "der" and not before[: match.start()].strip():
            continue  # the article of the name itself: "Der Gastronom X"
        between = before[match.end() :].split()
        nouns = (lexicon.titles, lexicon.organisation_words)
        if len(between) <= 2 and all(any(kind.fullmatch(word) for kind in nouns) for word in between[-1:]):
            return True
    return False


def _touches(sentence: MaskedSentence, cue: Cue, start: int, end: int) -> bool:
    first = sentence.folded.position(cue.start - sentence.sentence.start)
    last = sentence.folded.position(cue.end - sentence.sentence.start)
    return first < end and last > start


def _stages(cues: Iterable[Cue]) -> list[Stage]:
    return [Stage(cue.value) for cue in cues if cue.kind is CueKind.STAGE]


def _preferred(stages: Sequence[Stage]) -> Stage:
    return min(stages, key=_PREFERENCE.index, default=Stage.UNDETERMINED)


def _region_cues(
    sentence: MaskedSentence, cues: Sequence[Cue], ties: Sequence[_Tie], group: Sequence[_Tie]
) -> list[Cue]:
    """The cues of a group of ties: each cue belongs to the tie that begins last before it ends."""
    ordered = sorted(ties, key=lambda tie: tie.start)
    kept = []
    for cue in cues:
        last = sentence.folded.position(cue.end - sentence.sentence.start)
        owner = next((tie for tie in reversed(ordered) if tie.start < last), ordered[0])
        if owner in group:
            kept.append(cue)
    return kept


def _make_predicate(
    sentence: MaskedSentence,
    cues: Sequence[Cue],
    stage: Stage,
    accused: tuple[Span, ...],
    victims: tuple[Span, ...],
    lexicon: Lexicon,
) -> Predicate:
    offences = tuple(dict.fromkeys(Offence(cue.value) for cue in cues if cue.kind is CueKind.OFFENCE))
    return Predicate(
        sentence=sentence.sentence.id,
        offences=offences,
        stage=stage,
        in_absentia=stage in _HELD_IN_ABSENCE and _is_said(lexicon.in_absentia, sentence, lexicon),
        final=(stage in CLEARING_STAGES or stage is Stage.CONVICTED) and _is_said(lexicon.final, sentence, lexicon),
        accused=accused,
        victims=victims,
        authority=_authority(sentence, lexicon),
        cue_spans=tuple((cue.start, cue.end) for cue in cues),
    )


def _is_said(words: Words, sentence: MaskedSentence, lexicon: Lexicon) -> bool:
    """Whether the sentence says so without a negation right before it."""
    for match in words.finditer(sentence.words):
        before = sentence.words[max(0, match.start() - _NEGATION_REACH) : match.start()]
        if not any(re.fullmatch(r" ?(?:\w+ )?", before[found.end() :]) for found in lexicon.negation.finditer(before)):
            return True
    return False


def _authority(sentence: MaskedSentence, lexicon: Lexicon) -> str | None:
    """The court or authority that the sentence names first, as written, with a proper name that goes on from it."""
    for speaker in _AUTHORITIES:
        words = lexicon.speakers.get(speaker)
        match = words.search(sentence.words) if words else None
        if match is None:
            continue
        return name_authority(sentence, *match.span())
    return None
