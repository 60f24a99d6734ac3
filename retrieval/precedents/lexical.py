"""The words of precedents: a tantivy index with one document a precedent, ranked by BM25 within an outcome.

Meaning alone misses what only words carry: a firm's name, a scheme's name, a statute. A case's text is never read as
query syntax: it is cut into words by the same analysis as the precedents were, and only those are looked up.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import tantivy

from agent.domain.base import Frozen
from agent.domain.taxonomy import PrecedentOutcome
from agent.errors import IndexUnavailable
from retrieval.layout import REBUILD, check_files, hash_files, read_manifest, write_manifest

_ANALYSIS: Final = "words"
_LONGEST_WORD: Final = 60
_HEAP_BYTES: Final = 64_000_000


class _Manifest(Frozen):
    """sha256 of the index's files: tantivy reads a changed byte without a word, or ends the process on it."""

    files: dict[str, str]


class LexicalIndex:
    """Precedents to be found by their words. Many threads and processes may search one folder; nothing changes it."""

    def __init__(self, index: tantivy.Index, folder: Path) -> None:
        self._folder = folder
        self._schema = index.schema
        self._searcher = index.searcher()
        self._analyzer = _build_analyzer()

    @staticmethod
    def build(folder: Path, entries: Iterable[tuple[str, str, PrecedentOutcome]]) -> int:
        """Write the index of (id, text, outcome) into an empty or absent folder; how many there were.

        The text is ``retrieval.documents.describe_precedent``'s: it must not tell the outcome. The order of the entries
        does not matter.
        """
        folder.mkdir(parents=True, exist_ok=True)
        index = tantivy.Index(_build_schema(), str(folder))
        index.register_tokenizer(_ANALYSIS, _build_analyzer())
        # One thread, sorted by id: where two precedents score alike, tantivy gives the one that was added first.
        writer = index.writer(_HEAP_BYTES, 1)
        count = 0
        for precedent_id, text, outcome in sorted(entries):
            document = tantivy.Document()
            document.add_text("id", precedent_id)
            document.add_text("outcome", outcome.value)
            document.add_text("text", _encodable(text))
            writer.add_document(document)
            count += 1
        writer.commit()
        writer.wait_merging_threads()
        write_manifest(folder, _Manifest(files=hash_files(folder)))
        return count

    @classmethod
    def open(cls, folder: Path) -> LexicalIndex:
        """The index that ``build`` wrote. Raises IndexUnavailable when it is missing or damaged."""
        check_files(folder, read_manifest(folder, _Manifest).files)
        try:
            return cls(tantivy.Index.open(str(folder)), folder)
        except (ValueError, OSError) as error:  # another version of tantivy wrote it
            raise _unreadable(folder, error) from error

    def __len__(self) -> int:
        """How many precedents there are."""
        return int(self._searcher.num_docs)

    def search(self, text: str, outcome: PrecedentOutcome, limit: int) -> list[tuple[str, float]]:
        """Precedents of one outcome that share words with the text, best first: (id, BM25); equal scores by id.

        Raises IndexUnavailable when the files turn out damaged.
        """
        terms = sorted(set(self._analyzer.analyze(_encodable(text))))
        if limit < 1 or not terms:
            return []
        try:
            found = self._searcher.search(self._query(terms, outcome), limit, count=False).hits
            rows = [(str(self._searcher.doc(address)["id"][0]), float(score)) for score, address in found]
        except (ValueError, OSError, KeyError) as error:
            raise _unreadable(self._folder, error) from error
        return sorted(rows, key=lambda row: (-row[1], row[0]))

    def _query(self, terms: Iterable[str], outcome: PrecedentOutcome) -> tantivy.Query:
        must, should = tantivy.Occur.Must, tantivy.Occur.Should
        ended = tantivy.Query.term_query(self._schema, "outcome", outcome.value, "basic")
        words = [(should, tantivy.Query.term_query(self._schema, "text", term, "freq")) for term in terms]
        # How many precedents ended this way must not add to how well one of them matches.
        scoreless = tantivy.Query.const_score_query(ended, 0.0)
        return tantivy.Query.boolean_query([(must, scoreless), (must, tantivy.Query.boolean_query(words))])


def _build_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("outcome", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("text", tokenizer_name=_ANALYSIS, index_option="freq")
    return builder.build()


def _build_analyzer() -> tantivy.TextAnalyzer:
    """Lower case, no accents, no English stop words, English stems; words of other languages stay whole."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    for step in (
        tantivy.Filter.remove_long(_LONGEST_WORD),
        tantivy.Filter.lowercase(),
        tantivy.Filter.ascii_fold(),
        tantivy.Filter.stopword("english"),
        tantivy.Filter.stemmer("english"),
    ):
        builder = builder.filter(step)
    return builder.build()


def _encodable(text: str) -> str:
    """The index takes UTF-8 only; a lone surrogate becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _unreadable(folder: Path, error: Exception) -> IndexUnavailable:
    return IndexUnavailable(f"The word index of precedents at {folder} cannot be read ({error}). {REBUILD}")
