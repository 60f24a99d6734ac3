"""Whom a pronoun or a description means in an article read by patterns; only where one person can be meant.

``X was charged. He denies it.``, ``The accused kept silent``: a word that points stands for a name where exactly one
person of the text fits. Nobody is pointed to who is a lawyer, an official, a witness or a victim, or whom the sentence
before names beside somebody without a name ("a man attacked X. He was arrested").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from agent.domain.reading import Cue
from agent.domain.taxonomy import FeatureName, PartyKind, Role
from agent.reading.lexicon import Lexicon
from agent.reading.lexicon_file import fold_case
from agent.reading.parts import Analysis, AttributeClue, NameSpan, Pointer, Span
from agent.reading.patterned_clues import MaskedSentence
from agent.reading.patterned_names import FoundName, span_of

_BESIDE_THE_CASE: Final = frozenset(
    (Role.LAWYER, Role.OFFICIAL, Role.JOURNALIST, Role.WITNESS, Role.PLAINTIFF, Role.WHISTLEBLOWER)
)
_HELD: Final = frozenset((Role.ACCUSED, Role.SUSPECT, Role.OFFENDER))
_CALLED_WITHIN: Final = 40
_STEM: Final = 6
"""Letters in which a calling and its repetition agree, whatever their endings."""
_PRONOUNS: Final = {
    "de": r"(?:er|sie|ihm|ihr(?= wird)|dieser|diese)|(?<=gegen )(?:ihn|sie)",
    "fr": r"(?:il|elle|ce dernier|cette dernière|celui-ci|celle-ci)(?! (?:y a|faut|s'agit|est prévu))|"
    r"(?<=contre )(?:lui|elle)",
    "es": r"(?:él|ella|este último|esta última)|(?<=contra )(?:él|ella)",
    "pt": r"(?:ele|ela|este último|esta última)|(?<=contra )(?:ele|ela)",
    "ru": r"(?:он|она|ему|его|ее)|(?<=отношении )(?:него|нее)|(?<=против )(?:него|нее)",
}
"""Third person singular in the forms that patterns ask for; the first ones count at the head of a clause only."""
_LATTER: Final = re.compile(r"(?:ce dernier|cette dernière|celui-ci|celle-ci|est[ea] últim[oa])")
_AGED: Final = {"de": r"(?:der|die|den|dem) (?P<age>\d{2})-jährigen?(?: (?:[\w-]+))?", "ru": r"(?P<age>\d{2})-летн\w+"}
_ARTICLES: Final = {
    "de": r"(?:der|die|den|dem)",
    "fr": r"(?:le |la |l')",
    "es": r"(?:el|la|al)",
    "pt": r"(?:o|a)",
}
_ACCUSED_NOUN: Final = re.compile(
    r"angeklagt|beschuldigt|verdächtig|verurteilt|festgenommen|acusad|imputad|procesad|condenad|investigad|detenid|"
    r"accus|prévenu|suspect|condamn|mis en|mise en|inculp|arguid|r[ée]u?(?!\w)|suspeit|detid|indiciad|pres[oa](?!\w)|"
    r"обвиняем|подсудим|подозреваем|осужден|задержан|арестован"
)
_PLURAL: Final = {
    "de": re.compile(r"die (?:\w+ )?\w+n(?: |$)(?!in)"),
    "fr": re.compile(r"(?:les |.*s$)"),
    "es": re.compile(r"(?:los|las) |.*[^u]s$"),
    "pt": re.compile(r"(?:os|as) |.*s$"),
    "ru": re.compile(r".*(?:ые|ых|ыми|ики|ны|ры|ты|ели)$"),
}
_INSTITUTION: Final = re.compile(
    r"institut|ban[kcq]|unternehmen|konzern|firma|entrepris|empresa(?!r)|entidad|compa|soci[eé]t|grou?p|construtora|банк|"
    r"компани"
)
_GENITIVE: Final = re.compile(r"(?:^|[ '])(?:de|du|del|do|da|von|vom|des|d')$")
_STRANGER: Final = re.compile(
    r"(?<!\w)(?:ein(?:en|em)? (?:\w+ )?(?:mann|täter|jugendliche\w*)|eine (?:\w+ )?frau|unbekannte\w*|"
    r"un homme|une femme|un individu|des hommes|un hombre|una mujer|desconocid\w+|um homem|uma mulher|"
    r"мужчин\w+|женщин\w+|двое|трое|неизвестн\w+|"
    r"(?:zwei|drei|vier|mehrere|deux|trois|quatre|plusieurs|dos|tres|cuatro|varios|dois|duas|três|vários) "
    r"(?:\w+ )?(?:m[äa]nner|frauen|personen|verdächtige|hommes|femmes|personnes|suspects|hombres|mujeres|personas|"
    r"homens|mulheres|pessoas|suspeitos|sospechosos))(?!\w)"
)
_CLAUSE_HEAD: Final = re.compile(r"^[\s\"'«»„“”(–—-]*$|[:;] ?$")


@dataclass(slots=True)
class Topics:
    """Who has been spoken of so far: the people of the sentence before, and everybody something is held against."""

    aside: tuple[str, ...] = ()
    """Names of people who have a part of their own: lawyers, officials, witnesses."""
    latest: tuple[FoundName, ...] = ()
    among_strangers: bool = False
    passage: str = ""
    accused: list[FoundName] = field(default_factory=list)
    victims: list[FoundName] = field(default_factory=list)
    callings: list[tuple[FoundName, str]] = field(default_factory=list)
    """What stands before a name: "the trader X"."""

    def note(
        self, sentence: MaskedSentence, analysis: Analysis, pointed: Sequence[FoundName], first: int, lexicon: Lexicon
    ) -> None:
        """Take in a sentence that has been read; ``first`` is where its predicates begin in ``analysis``."""
        targets = {(part.start, part.end): part.target for part in analysis.pointers}
        named = {span_of(name): name for _, _, name in sentence.names}
        known = {span_of(name): name for name in (*self.latest, *self.accused, *self.victims)} | named
        people = [name for _, _, name in sentence.names if name.span.kind is not PartyKind.ORGANISATION]
        people += [known[targets[span_of(name)]] for name in pointed if targets[span_of(name)] in known]
        for predicate in analysis.predicates[first:]:
            _add(self.accused, (known.get(targets.get(span, span)) for span in predicate.accused))
            _add(self.victims, (known.get(targets.get(span, span)) for span in predicate.victims))
        held = {clue.span for clue in analysis.roles if clue.role in _HELD}
        harmed = {clue.span for clue in analysis.roles if clue.role is Role.VICTIM}
        _add(self.accused, (name for span, name in named.items() if span in held))
        _add(self.victims, (name for span, name in named.items() if span in harmed))
        for start, _, name in sentence.names:
            before = sentence.masked[max(0, start - _CALLED_WITHIN) : start].split()[-4:]
            self.callings += [(name, word[:_STEM]) for word in before if lexicon.titles.fullmatch(word)]
        self.latest = tuple(name for name in people if not _is_among(name, self.aside))
        self.among_strangers = _STRANGER.search(sentence.words) is not None
        self.passage = _passage_of(sentence)


def _passage_of(sentence: MaskedSentence) -> str:
    return sentence.sentence.id.split(".")[0]


def professionals(analysis: Analysis) -> tuple[str, ...]:
    """Names of everybody whom a noun beside the name takes out of the question."""
    beside = {clue.span for clue in analysis.roles if clue.role in _BESIDE_THE_CASE}
    return tuple(name.name for name in analysis.names if (name.start, name.end) in beside)


def find_pointers(
    sentence: MaskedSentence, topics: Topics, lexicon: Lexicon, cues: Sequence[Cue]
) -> Iterator[tuple[FoundName, Pointer]]:
    """Pronouns and descriptions of a sentence with a cue, each with the name it surely stands for."""
    if not cues:
        return
    taken: list[tuple[int, int]] = [(first, last) for first, last, _ in sentence.names]
    for kind, start, end in _candidates(sentence, lexicon):
        if any(start < last and end > first for first, last in taken):
            continue
        target = _target(kind, sentence, start, end, topics)
        if target is None:
            continue
        taken.append((start, end))
        end = _with_origin(sentence, end, lexicon)
        place = sentence.place(start, end)
        written = " ".join(sentence.original[place[0] - sentence.sentence.start :][: place[1] - place[0]].split())
        span = NameSpan(*place, sentence.sentence.id, written, PartyKind.PERSON)
        yield FoundName(span), Pointer(*place, sentence.sentence.id, span_of(target))


def find_pointed_ages(pointer: FoundName, target: Span) -> Iterator[AttributeClue]:
    """``Der 58-Jährige``: the age of whom it points to."""
    match = re.search(r"\d{2}(?=-)", pointer.span.name)
    if match is not None and int(match.group()) >= 10:
        start = pointer.span.start + match.start()
        yield AttributeClue(target, FeatureName.AGE, match.group(), start, start + 2, pointer.span.sentence)


def _candidates(sentence: MaskedSentence, lexicon: Lexicon) -> Iterator[tuple[str, int, int]]:
    language = lexicon.language
    for match in re.finditer(rf"(?<![\w-])(?:{_PRONOUNS[language]})(?![\w-])", sentence.masked):
        head = _CLAUSE_HEAD.search(sentence.masked[: match.start()]) is not None
        led = re.search(r"(?:gegen|contre|contra|отношении|против) $", sentence.masked[: match.start()]) is not None
        if head or led:
            yield "latter" if _LATTER.fullmatch(match.group()) else "pronoun", *match.span()
    plural = _PLURAL[language]
    sources = [lexicon.speakers["party"].pattern]
    if language in _AGED:
        sources.insert(0, rf"(?<!\w){_AGED[language]}(?!\w)")
    if language in _ARTICLES:
        joint = "" if language == "fr" else " "
        sources.append(rf"(?<!\w){_ARTICLES[language]}{joint}(?:{lexicon.titles.pattern})")
    else:
        sources.append(lexicon.titles.pattern)
    for source in sources:
        for match in re.finditer(source, sentence.masked):
            words = match.group()
            if plural.match(words) or _INSTITUTION.search(words) or _names_another_part(words, lexicon):
                continue
            kind = "accused" if _ACCUSED_NOUN.search(words) else "called" if source is sources[-1] else "described"
            yield kind, *match.span()


def _names_another_part(words: str, lexicon: Lexicon) -> bool:
    return any(nouns.search(words) for role, nouns in lexicon.roles.items() if role not in _HELD | {Role.ASSOCIATE})


def _target(kind: str, sentence: MaskedSentence, start: int, end: int, topics: Topics) -> FoundName | None:
    before, after = sentence.masked[:start], sentence.masked[end:]
    if kind != "pronoun" and (_GENITIVE.search(before.rstrip()) or _goes_on_in_name(sentence, end)):
        return None
    head = _CLAUSE_HEAD.search(before) is not None
    own = [name for first, last, name in sentence.names if name.span.kind is not PartyKind.ORGANISATION]
    if own and not head:
        return None
    if before.rstrip().endswith((":", ";")):
        near = [name for _, last, name in sentence.names if last <= start and name in own]
        return near[-1] if kind == "pronoun" and len(near) == 1 and not _is_among(near[0], topics.aside) else None
    if kind == "latter":
        last = topics.latest[-1:]
        return last[0] if last and topics.passage == _passage_of(sentence) else None
    if kind == "accused":
        accused = _people(name for name in topics.accused if not _is_one_of(name, topics.victims))
        return accused[0] if len(accused) == 1 and "," not in after[:1] else None
    topic = _topic_of(kind, sentence, topics)
    if kind == "called" and topic is not None:
        called = re.split(r"[ ']", sentence.masked[start:end])[-1][:_STEM]
        return (
            topic
            if any(_same(name.span.name, topic.span.name) and word == called for name, word in topics.callings)
            else None
        )
    return topic


def _topic_of(kind: str, sentence: MaskedSentence, topics: Topics) -> FoundName | None:
    """The one person of the sentence before: for a pronoun in the same paragraph, and no victim beside a stranger."""
    if kind == "pronoun" and topics.passage != _passage_of(sentence):
        return None
    people = _people(topics.latest)
    if len(people) != 1 or (topics.among_strangers and not _is_one_of(people[0], topics.accused)):
        return None
    if _is_one_of(people[0], topics.victims) and not _is_one_of(people[0], topics.accused):
        return None
    if kind == "pronoun" and not _is_one_of(people[0], topics.accused):
        return None
    return people[0]


def _goes_on_in_name(sentence: MaskedSentence, end: int) -> bool:
    """``der Angeklagte Holger Brandsteeg``: the words belong to a name that follows, near or in apposition."""
    return any(
        first >= end and re.fullmatch(r"(?: [\w'-]+){0,3} ?,? ", sentence.masked[end:first])
        for first, _, name in sentence.names
    )


def _with_origin(sentence: MaskedSentence, end: int, lexicon: Lexicon) -> int:
    """``Der Bauunternehmer aus Aurich``: where he is from belongs to the description."""
    origin = re.match(r" aus [\w-]+", sentence.masked[end:]) if lexicon.language == "de" else None
    return end + origin.end() if origin is not None else end


def _people(names: Iterator[FoundName] | Sequence[FoundName]) -> list[FoundName]:
    """One name a person, the fullest form."""
    found: list[FoundName] = []
    for name in names:
        same = next((place for place, other in enumerate(found) if _same(name.span.name, other.span.name)), None)
        if same is None:
            found.append(name)
        elif len(name.span.name) > len(found[same].span.name):
            found[same] = name
    return found


def _same(left: str, right: str) -> bool:
    ours, theirs = set(fold_case(left).split()), set(fold_case(right).split())
    return ours <= theirs or theirs <= ours


def _is_among(name: FoundName, others: Sequence[str]) -> bool:
    return any(_same(name.span.name, other) for other in others)


def _is_one_of(name: FoundName, others: Sequence[FoundName]) -> bool:
    return _is_among(name, [other.span.name for other in others])


def _add(names: list[FoundName], more: Iterator[FoundName | None]) -> None:
    names += [name for name in more if name is not None and name.span.kind is not PartyKind.ORGANISATION]
