"""The article as grounding sees it: where quotes stand, and which sentences speak of whom and of what."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from agent.domain.alert import Article, Sentence
from agent.domain.folding import REPLACEMENT, find_quote, fold_text
from agent.domain.reading import CueKind, Finding, Reading, ReadParty
from agent.domain.summary import Party, Quote, RiskSummary
from agent.domain.taxonomy import PartyKind
from agent.triage.names import match_read_parties, name_tokens, names_party, word_tokens

_LONGEST_EVIDENCE = 1_500
"""Characters of the article one quote may stand for; the bound of the vocabulary."""


@dataclass(frozen=True, slots=True)
class TiedParty:
    """A drafted party and the reader's parties it can be: one when the tie is clear, several when it is not."""

    party: Party
    read: tuple[ReadParty, ...]
    last_name: bool
    """Whether the last name alone tells the party from the others of the summary."""

    @property
    def unclear(self) -> bool:
        """Whether two people of the article answer to the name."""
        return len(self.read) > 1


class ArticleIndex:
    """An article and its reading, arranged for looking things up; built once a grounding."""

    def __init__(self, article: Article, reading: Reading) -> None:
        self.text = article.text
        self.reading = reading
        self.folded = fold_text(article.text)
        self.sentences = tuple(sentence for passage in reading.passages for sentence in passage.sentences)
        self._starts = [sentence.start for sentence in self.sentences]
        self._order = {sentence.id: place for place, sentence in enumerate(self.sentences)}
        self._stages: dict[str, set[str]] = defaultdict(set)
        for cue in reading.cues:
            if cue.kind is CueKind.STAGE and not cue.negated:
                self._stages[cue.sentence].add(cue.value)
        self._findings: dict[str, list[Finding]] = defaultdict(list)
        for finding in reading.findings:
            if not finding.negated:
                self._findings[finding.sentence].append(finding)
        self._mentions = {party.id: {mention.sentence for mention in party.mentions} for party in reading.parties}
        self._words: dict[str, tuple[str, ...]] = {}

    def locate(self, quote: Quote) -> tuple[Quote, str | None]:
        """The quote with the article's own words and offsets, or as it came without offsets, and why."""
        if quote.start is not None and quote.end is not None and self.text[quote.start : quote.end] == quote.text:
            return self._evidence(quote, quote.start, quote.end), None
        place = self._order.get(quote.sentence) if quote.sentence else None
        within = None if place is None else (self.sentences[place].start, self.sentences[place].end)
        span = find_quote(self.folded, quote.text, within)
        if span is not None and span[1] - span[0] <= _LONGEST_EVIDENCE:
            return self._evidence(quote, *span), None
        unfound = quote.model_copy(update={"start": None, "end": None})
        if span is not None:
            return unfound, "the words stand in the article over a longer stretch than one quote may cover"
        if REPLACEMENT in quote.text:
            return unfound, "the quote spans a character that could not be decoded"
        return unfound, "these words do not stand in the article"

    def _evidence(self, quote: Quote, start: int, end: int) -> Quote:
        inside = self.sentences_at(start, end)
        sentence = inside[0].id if inside else None
        return quote.model_copy(update={"text": self.text[start:end], "start": start, "end": end, "sentence": sentence})

    def sentences_at(self, start: int, end: int) -> Sequence[Sentence]:
        """The sentences that overlap ``start..end``, in order."""
        first = max(bisect_right(self._starts, start) - 1, 0)
        last = bisect_left(self._starts, end)
        return [sentence for sentence in self.sentences[first:last] if sentence.end > start]

    def sentences_of(self, quotes: Sequence[Quote]) -> list[Sentence]:
        """The sentences of the quotes that were found, each once."""
        found: dict[str, Sentence] = {}
        for quote in quotes:
            if quote.start is not None and quote.end is not None:
                found |= {sentence.id: sentence for sentence in self.sentences_at(quote.start, quote.end)}
        return list(found.values())

    def before(self, sentence: Sentence) -> Sentence | None:
        """The sentence directly ahead."""
        place = self._order[sentence.id]
        return self.sentences[place - 1] if place else None

    def carries_stage(self, sentence: Sentence, stage: str) -> bool:
        """Whether the sentence holds a cue of the stage that is not negated."""
        return stage in self._stages[sentence.id]

    def findings_in(self, sentence: Sentence) -> Sequence[Finding]:
        """The reader's findings in the sentence, negated ones left out."""
        return self._findings[sentence.id]

    def mentions(self, sentence: Sentence, tied: TiedParty) -> bool:
        """Whether the sentence names the party or points to it; never when two people answer to the name."""
        if tied.unclear:
            return False
        if any(sentence.id in self._mentions[read.id] for read in tied.read):
            return True
        words = self._words.get(sentence.id)
        if words is None:
            words = self._words[sentence.id] = word_tokens(self.text[sentence.start : sentence.end])
        return self.named_in(words, tied)

    def named_in(self, words: Sequence[str], tied: TiedParty) -> bool:
        """Whether a text, as ``word_tokens``, holds the party's name."""
        return not tied.unclear and names_party(
            words, (tied.party.name, *tied.party.aliases), last_name=tied.last_name and not tied.read
        )

    def speaks_of(self, quotes: Sequence[Quote], tied: TiedParty) -> bool:
        """Whether a found quote, or the sentence it stands in, speaks of the party."""
        if any(self.mentions(sentence, tied) for sentence in self.sentences_of(quotes)):
            return True
        return any(quote.start is not None and self.named_in(word_tokens(quote.text), tied) for quote in quotes)


def tie_parties(summary: RiskSummary, reading: Reading) -> dict[str, TiedParty]:
    """The summary's parties by id, each with the reader's parties that it can be."""
    last_names = [tokens[-1] for party in summary.parties if (tokens := name_tokens(party.name))]
    tied: dict[str, TiedParty] = {}
    for party in summary.parties:
        tokens = name_tokens(party.name)
        alone = bool(tokens) and last_names.count(tokens[-1]) == 1 and party.kind is not PartyKind.ORGANISATION
        tied.setdefault(party.id, TiedParty(party, match_read_parties(party, reading), alone))
    return tied
