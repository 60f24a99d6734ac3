"""Names of people and organisations in English sentences; spaCy's entity types are hints, never the judge."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from agent.domain.taxonomy import PartyKind
from agent.reading.english.parse import ParsedSentence
from agent.reading.parts import NameSpan

if TYPE_CHECKING:
    from spacy.tokens import Token

    from agent.reading.lexicon import Lexicon

PERSON_NOUNS = frozenset(
    """accomplice activist actor actress adviser advisor agent aide analyst architect artist associate athlete
    attorney author banker baron billionaire boss broker brother businessman businesswoman candidate ceo
    chairman chairwoman chief citizen coach commander consultant contractor convict critic daughter dealer
    defendant deputy detective developer director dissident doctor economist editor employee engineer
    entrepreneur executive father financier founder fugitive governor hacker head husband investigator
    investor journalist judge killer kingpin lawmaker lawyer leader magnate man manager mayor millionaire
    minister mother national nurse official officer oligarch operator owner partner pastor physician pilot
    player politician premier president priest prisoner professor prosecutor reporter resident scientist
    secretary senator shareholder singer sister soldier son spokesman spokesperson spokeswoman student
    suspect teacher trader treasurer tycoon victim widow wife witness woman worker accountant pharmacist
    dentist surgeon chemist heir lobbyist mogul boy girl""".split()
)
TRADES = PERSON_NOUNS | frozenset(
    """driver trustee haulier rancher clerk inspector landlord landlady foreman bookkeeper farmer fisherman mechanic
    electrician notary auditor jeweller jeweler shopkeeper hairdresser sailor porter cashier guard midwife tutor
    headteacher headmaster dean rector vet veterinarian optician physiotherapist programmer administrator supervisor
    salesman saleswoman tenant builder plumber carpenter waiter chef cook butcher baker tailor executor guardian
    pensioner retiree veteran courier intermediary middleman fixer consul diplomat envoy councillor storekeeper
    overseer model footballer cyclist boxer runner referee umpire grandmother grandfather freelancer webmaster
    curator librarian archivist forester shepherd herder miner welder docker stevedore skipper navigator steward
    broadcaster imam monk nun chaplain bailiff registrar paymaster dispatcher forwarder importer exporter wholesaler
    retailer caretaker janitor cleaner gardener nanny tycoon financier industrialist restaurateur hotelier""".split()
)
"""Nouns beside a name that tell of a person; only ``PERSON_NOUNS`` with *the* point back to whoever was named."""
ORGANISATION_NOUNS = frozenset(
    """agency bank broadcaster broker carrier chain company conglomerate contractor daily department developer
    exchange firm fund giant group insurer lender magazine maker manufacturer ministry network newspaper
    outlet paper platform producer publisher regulator retailer startup supplier unit watchdog website
    channel portal weekly court""".split()
)
_PARTICLES = frozenset(
    """de del della di da dos das du la le los las van von der den bin ibn al el ben abu y e""".split()
)
_CONNECTORS = frozenset({"of", "for", "the", "and", "&", "in", "on"})
_NOT_NAMES = frozenset({"NORP", "GPE", "LOC", "DATE", "TIME", "MONEY", "PERCENT", "CARDINAL", "ORDINAL", "LANGUAGE"})
_PLACE_NOUNS = frozenset(
    ["capital", "city", "town", "village", "province", "region", "district", "county", "state", "island", "country"]
)
_PEOPLE = frozenset(
    [
        "people",
        "person",
        "individual",
        "member",
        "brother",
        "resident",
        "national",
        "citizen",
        "couple",
        "trio",
        "group",
    ]
)
_PERSON_ENDINGS = ("er", "or", "ist", "ian", "man", "woman", "ee", "ant")
_THINGS = frozenset(
    """computer paper letter matter order number offer power order tender transfer cover paper manner error
    factor sector motor monitor corridor favor labor harbor defendant restaurant grant warrant plant
    consultant committee guarantee fee degree year quarter charter register center river water weather
    summer winter october november september december october answer danger shoulder finger corner border
    prosecutor officer regulator investigator lawmaker minister reporter judge juror juror juror newspaper
    trigger disaster laughter chapter character user master debtor creditor barrier career ledger server
    container router adapter freezer printer driver paper covenant amount""".split()
)
"""Nouns with a person's ending that are things, or that act in law rather than stand accused."""
_WEEKDAYS = frozenset(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"])


_KINDS_BESIDE = (
    (TRADES, PartyKind.PERSON),
    (_PLACE_NOUNS, None),
    (ORGANISATION_NOUNS, PartyKind.ORGANISATION),
)
"""Which nouns beside a name tell what it is, the surest first."""


def find_names(sentence: ParsedSentence, lexicon: Lexicon) -> list[NameSpan]:
    """Name spans of one sentence in order, titles and nationalities cut off, places and dates left out."""
    found = []
    for run in _merge_organisations(sentence, list(_capital_runs(sentence))):
        for piece, titled in _split_titles(run, lexicon):
            name = _name_span(sentence, piece, titled, lexicon)
            if name is not None:
                found.append(name)
    return found


def with_known_names(sentence: ParsedSentence, found: list[NameSpan], known_names: Sequence[str]) -> list[NameSpan]:
    """The found names, and every place that a name given with the alert stands in so many words."""
    for pattern, name in _known_patterns(tuple(known_names)):
        for match in pattern.finditer(sentence.doc.text):
            span = (sentence.start + match.start(), sentence.start + match.end())
            clash = [other for other in found if other.start < span[1] and span[0] < other.end]
            if any(other.end - other.start >= span[1] - span[0] for other in clash):
                continue
            kind = clash[0].kind if clash else PartyKind.UNKNOWN
            found = [other for other in found if other not in clash]
            found.append(NameSpan(*span, sentence.id, name=name, kind=kind))
    return sorted(found, key=lambda name: name.start)


def _indefinite_tail(root: Token) -> Token | None:
    """The last word of ``the founder of a property firm``, which is as good as an indefinite article."""
    for child in root.children:
        if child.dep_ == "prep" and child.lower_ == "of":
            for part in child.children:
                if part.dep_ == "pobj" and any(word.lower_ in {"a", "an"} for word in part.lefts):
                    return part
    return None


def with_surnames(sentence: ParsedSentence, found: list[NameSpan], surnames: frozenset[str]) -> list[NameSpan]:
    """The found names, and every other place where the last name of somebody named in full stands by itself."""
    for token in sentence.doc:
        if token.text in surnames:
            start, end = sentence.span_of(token, token)
            if not any(name.start < end and start < name.end for name in found):
                found.append(NameSpan(start, end, sentence.id, name=token.text))
    return sorted(found, key=lambda name: name.start)


def surnames_of(names: Sequence[NameSpan]) -> frozenset[str]:
    """Last names, of four letters or more, of the people named in full."""
    full = (name.name.split() for name in names if name.kind is PartyKind.PERSON and not name.described)
    return frozenset(words[-1] for words in full if len(words) > 1 and len(words[-1]) > 3 and words[-1][0].isupper())


@lru_cache(maxsize=64)
def _known_patterns(known_names: tuple[str, ...]) -> tuple[tuple[re.Pattern[str], str], ...]:
    patterns = []
    for name in known_names:
        words = r"[\s-]+".join(map(re.escape, name.split()))
        if len(name) > 2:
            patterns.append((re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE), name))
    return tuple(patterns)


def find_described(sentence: ParsedSentence, names: Sequence[NameSpan]) -> list[NameSpan]:
    """People and firms introduced without a name (``a former bank manager``, ``six people``)."""
    taken = [(name.start, name.end) for name in names if name.kind is not PartyKind.UNKNOWN]
    found = []
    for place in _aged(sentence):
        if not any(start < place[1] and place[0] < end for start, end in taken):
            words = sentence.text_of(place)
            found.append(NameSpan(*place, sentence.id, name=words, kind=PartyKind.PERSON, described=True))
    for chunk in sentence.doc.noun_chunks:
        root, start = chunk.root, chunk[0]
        if root.pos_ != "NOUN" or root.dep_ not in {"nsubj", "nsubjpass", "dobj", "pobj", "conj"}:
            continue
        lemma = root.lemma_.lower()
        is_person = lemma in TRADES or lemma in _PEOPLE or (lemma.endswith(_PERSON_ENDINGS) and lemma not in _THINGS)
        if not is_person and lemma not in ORGANISATION_NOUNS:
            continue
        lead = sentence.index < _LEAD and start.lower_ == "the" and lemma in PERSON_NOUNS and _has_place(root)
        counted = start.lower_ == "the" and len(chunk) > 2 and chunk[1].pos_ == "NUM"
        tail = _indefinite_tail(root) if start.lower_ == "the" else None
        indefinite = (
            counted
            or lead
            or tail is not None
            or start.lower_ in {"a", "an"}
            or start.pos_ == "NUM"
            or (root.tag_ == "NNS" and start.pos_ != "DET")
        )
        span = sentence.span_of(start, tail or root)
        if not indefinite or start.pos_ == "PRON" or any(a < span[1] and span[0] < b for a, b in taken):
            continue
        if any(child.dep_ == "appos" and child.pos_ == "PROPN" for child in root.children) or any(
            token.dep_ == "poss" for token in chunk
        ):
            continue
        kind = PartyKind.PERSON if is_person else PartyKind.ORGANISATION
        found.append(NameSpan(*span, sentence.id, name=sentence.text_of(span)[:200], kind=kind, described=True))
    return found


_LEAD = 2
"""Sentences in which a report introduces by office whom it names later: ``The head of the agency was charged``."""


def _has_place(root: Token) -> bool:
    """``the former head of the roads department``: an office with what it is of, and nobody named beside it."""
    of = any(child.dep_ == "prep" and child.lower_ in {"of", "at", "for"} for child in root.children)
    return of and root.dep_ in {"nsubjpass", "dobj", "nsubj", "pobj"}


def _aged(sentence: ParsedSentence) -> Iterator[tuple[int, int]]:
    """Where ``a 24-year-old`` stands for somebody; not where it goes with a noun or a name."""
    for token in sentence.doc:
        if token.lower_ != "old" or token.dep_ not in {"nsubj", "nsubjpass", "dobj", "pobj"}:
            continue
        opening = next((part for part in token.lefts if part.lower_ == "a"), None)
        if opening is not None and any(part.is_digit for part in token.subtree):
            yield sentence.span_of(opening, token)


def _capital_runs(sentence: ParsedSentence) -> Iterator[list[Token]]:
    tokens = list(sentence.doc)
    position = 0
    while position < len(tokens):
        if not _opens(tokens[position]):
            position += 1
            continue
        end = position + 1
        while (step := _continues(tokens, end)) > 0:
            end += step
        yield tokens[position:end]
        position = end


def _opens(token: Token) -> bool:
    if not token.text[0].isupper() or (not token.is_alpha and "." not in token.text and "-" not in token.text):
        return False
    if token.pos_ == "PROPN" or token.ent_type_ in {"PERSON", "ORG"}:
        return True
    return token.i > 0 and token.pos_ in {"NOUN", "ADJ", "X"} and not token.is_stop and token.ent_type_ != "NORP"


def _continues(tokens: Sequence[Token], at: int) -> int:
    """How many tokens to take on: a capital, a hyphen or particle with a capital behind it, an initial's dot."""
    if at >= len(tokens):
        return 0
    token, after = tokens[at], tokens[at + 1] if at + 1 < len(tokens) else None
    if token.text[0].isupper() and (token.is_alpha or "." in token.text or "-" in token.text) and token.pos_ != "PRON":
        return 1
    if token.lower_ in {"al", "el"} and after is not None and after.text == "-" and at + 2 < len(tokens):
        return 3 if tokens[at + 2].text[0].isupper() else 0
    if after is None or not after.text[0].isupper():
        return 0
    glued = not tokens[at - 1].whitespace_ and not token.whitespace_
    if token.text in {"-", "’", "'"} and glued:
        return 2
    return 2 if token.lower_ in _PARTICLES or token.text == "&" else 0


def _merge_organisations(sentence: ParsedSentence, runs: list[list[Token]]) -> list[list[Token]]:
    """Let an ORG entity with small words inside (``Office for the Protection of …``) take the place of its pieces."""
    doc = sentence.doc
    for entity in doc.ents:
        inside = list(entity)
        while inside and inside[0].lower_ in {"the", "a", "an"}:
            inside = inside[1:]
        while inside and (inside[-1].lower_ in {"'s", "’s", "’", "'"} or inside[-1].is_punct):
            inside = inside[:-1]
        if entity.label_ != "ORG" or not any(token.lower_ in _CONNECTORS or token.lower_ == "'s" for token in inside):
            continue
        if any(token.is_punct and token.text not in "&-." for token in inside):
            continue
        covered = {token.i for token in inside}
        runs = [run for run in runs if not covered & {token.i for token in run}]
        runs.append(inside)
    return sorted(runs, key=lambda run: run[0].i)


def _split_titles(run: list[Token], lexicon: Lexicon) -> Iterator[tuple[list[Token], bool]]:
    """Pieces of a run between titles; the flag says that a person's title stands before the piece."""
    piece: list[Token] = []
    titled = False
    is_organisation = any(lexicon.organisation_words.fullmatch(token.lower_.rstrip(".")) for token in run)
    for token in run:
        hyphenated = token.i > 0 and token.nbor(-1).text == "-" and not token.nbor(-1).whitespace_
        titled_by_trade = token.i == 0 and len(run) > 2 and _trade_of(token) in TRADES
        is_title = lexicon.titles.fullmatch(token.lower_.rstrip(".")) is not None
        if not is_organisation and not hyphenated and (is_title or titled_by_trade):
            if piece:
                yield piece, titled
            piece, titled = [], True
        elif not piece and _is_nationality(token, run):
            continue
        else:
            piece.append(token)
    if piece:
        yield piece, titled


def _trade_of(token: Token) -> str:
    """The word as a trade, ``Drivers X and Y`` included."""
    return token.lower_.removesuffix("s") if token.lower_ not in TRADES else token.lower_


def _is_nationality(token: Token, run: list[Token]) -> bool:
    """A leading word for a people; a run that is nothing else is somebody's name that the tagger does not know."""
    if token.ent_type_ == "NORP":
        return any(other.ent_type_ != "NORP" for other in run)
    return token.pos_ == "ADJ" and token.ent_type_ == "GPE"


def _name_span(sentence: ParsedSentence, piece: list[Token], titled: bool, lexicon: Lexicon) -> NameSpan | None:
    while piece and (piece[-1].is_punct or piece[-1].lower_ in {"'s", "’s"}) and piece[-1].text[-1] != ".":
        piece = piece[:-1]
    if not piece:
        return None
    kind = _kind_of(piece, titled, lexicon)
    if kind is None:
        return None
    start, end = sentence.span_of(piece[0], piece[-1])
    name = sentence.text_of((start, end))
    if len(name) < 2 or not any(char.isalpha() for char in name) or len(name) > 200:
        return None
    return NameSpan(start, end, sentence.id, name=name.replace("\n", " "), kind=kind)


def _kind_of(piece: list[Token], titled: bool, lexicon: Lexicon) -> PartyKind | None:
    """Person, organisation or unknown; None for what is no party (a place, a date, a nationality)."""
    words = [token for token in piece if token.is_alpha]
    if all(token.lower_ in lexicon.months or token.lower_ in _WEEKDAYS for token in words):
        return None
    if len(piece) > 1 and any(lexicon.organisation_words.fullmatch(token.lower_.rstrip(".")) for token in piece):
        return PartyKind.ORGANISATION
    if titled:
        return PartyKind.PERSON
    if len(words) == 1 and _is_single_place(piece):
        return None
    after = piece[-1].nbor(1) if piece[-1].i + 1 < len(piece[-1].doc) else None
    if after is not None and after.lower_ in ORGANISATION_NOUNS:
        return PartyKind.ORGANISATION
    for nouns, kind in _KINDS_BESIDE:
        if _stands_beside(piece, nouns):
            return kind
    return _kind_by_label(piece, words)


def _is_single_place(piece: list[Token]) -> bool:
    before = piece[0].nbor(-1).lower_ if piece[0].i > 0 else ""
    tagged = piece[0].ent_type_ == "GPE" and not _stands_beside(piece, TRADES)
    return before in {"in", "near", "outside"} or tagged


def _kind_by_label(piece: list[Token], words: list[Token]) -> PartyKind | None:
    """What the tagger's labels hint at, where nothing beside the name tells."""
    labels = [token.ent_type_ for token in words]
    if labels and all(label in _NOT_NAMES for label in labels):
        is_name = len(words) > 1 and labels[0] in {"GPE", "NORP"} and not _is_place(piece)
        return PartyKind.UNKNOWN if is_name else None
    if len(piece) == 1 and piece[0].is_upper and 2 <= len(piece[0]) <= 6 and labels[:1] != [""]:
        return PartyKind.ORGANISATION
    if "PERSON" in labels:
        return PartyKind.PERSON
    if "ORG" in labels and (len(words) > 2 or piece[0].is_upper):
        return PartyKind.ORGANISATION
    return PartyKind.UNKNOWN if words else None


def _is_place(piece: list[Token]) -> bool:
    return piece[0].i > 0 and piece[0].nbor(-1).lower_ in {"in", "at", "from", "to", "near"}


def _stands_beside(piece: list[Token], nouns: frozenset[str]) -> bool:
    """A common noun of the list is the name's title, apposition or predicate."""
    inside = {token.i for token in piece}
    head = next((token for token in piece if token.head.i not in inside or token.head is token), piece[-1])
    for child in head.children:
        if child.dep_ in {"compound", "appos", "nmod"} and child.lower_ in nouns:
            return nouns is TRADES or not any(part.lower_ in TRADES for part in child.subtree)
        if child.dep_ == "appos" and nouns is TRADES and any(part.lower_ in nouns for part in child.lefts):
            return True
    if head.dep_ in {"appos", "nmod"} and head.head.lower_ in nouns:
        return True
    before = piece[0].nbor(-1) if piece[0].i > 0 else None
    if before is not None and before.lower_ in nouns and before.pos_ in {"NOUN", "PROPN", "ADJ"}:
        return True
    if before is not None and nouns is TRADES and before.pos_ == "NOUN" and _is_trade(before.lower_):
        return True
    if head.dep_ in {"nsubj", "nsubjpass"} and head.head.lemma_ == "be":
        return any(child.dep_ == "attr" and child.lower_ in nouns for child in head.head.children)
    return False


def _is_trade(noun: str) -> bool:
    """Whether a noun's ending makes it somebody's trade: shipbroker, cellist, librarian."""
    return len(noun) > 5 and noun.endswith(_PERSON_ENDINGS) and noun not in _THINGS and noun not in ORGANISATION_NOUNS
