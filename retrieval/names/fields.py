"""What tantivy keeps of a name, and the query that finds it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import tantivy

from agent.domain.reference import Profile
from retrieval.names.analysis import AnalysedName, NamePiece, analyse_name, letter_groups

MAIN, ALIAS = "m", "a"
"""Values of the field ``main``: one name of each profile is its main one, which is how profiles are counted."""
SEPARATOR: Final = "\t"
"""Between profile id, kind, ``weak`` and name in the field ``written``."""

_TOKENIZER: Final = "names"
_LONGEST_ACRONYM: Final = 8
_TIE: Final = 0.2
"""What the other readings of a part add to its best one."""
_WHOLE, _JOINED, _ACRONYM, _INITIAL, _SOUND = 3.0, 1.0, 1.0, 0.5, 0.5


@dataclass(frozen=True, slots=True)
class _Weights:
    """What consonants and letters count for beside a part spelled alike (1.0)."""

    consonants: float
    pair: float
    whole: float
    """All consonants of the name."""
    group: float
    """Each group of three letters."""


_FAMILIAR: Final = _Weights(consonants=0.3, pair=0.1, whole=0.4, group=0.45)
_FOREIGN: Final = _Weights(consonants=0.9, pair=0.6, whole=1.5, group=0.1)
"""For a name in a script that lists romanise in many ways: its consonants are surer than its letters."""


def name_schema() -> tantivy.Schema:
    """The fields of a name's document; positions and frequencies are left out, since a name is a bag of parts."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("profile", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("main", tokenizer_name="raw", index_option="basic")
    for field in ("whole", "parts", "sounds", "consonants", "groups"):
        builder.add_text_field(field, tokenizer_name=_TOKENIZER, index_option="basic")
    builder.add_bytes_field("written", stored=True)
    return builder.build()


def open_terms(folder: Path) -> tantivy.Index:
    """The tantivy index in an existing folder, made there when the folder is empty; raises ValueError or OSError."""
    index = tantivy.Index(name_schema(), str(folder))
    index.register_tokenizer(_TOKENIZER, _whitespace())
    return index


def describe_names(profile: Profile) -> Iterator[tantivy.Document]:
    """One document for every name of a profile; a name that cannot be read at all is kept and never found."""
    weak = set(profile.weak_aliases) - {profile.name, *profile.aliases}
    for name in dict.fromkeys((profile.name, *profile.aliases, *profile.weak_aliases)):
        document = _make_document(analyse_name(name))
        document.add_text("profile", profile.profile_id)
        document.add_text("main", MAIN if name == profile.name else ALIAS)
        written = SEPARATOR.join((profile.profile_id, profile.kind.value, "weak" * (name in weak), name))
        document.add_bytes("written", written.encode())
        yield document


def _make_document(analysed: AnalysedName) -> tantivy.Document:
    pieces = analysed.pieces
    fields = {
        "whole": [analysed.sorted_text, f"^{analysed.joined_text}", *(f"@{word}" for word in analysed.acronyms)],
        "parts": [piece.text for piece in pieces],
        "sounds": [piece.sound for piece in pieces],
        "consonants": [*analysed.consonants, *analysed.paired_consonants, f"^{analysed.joined_consonants}"],
        "groups": [group for piece in pieces for group in letter_groups(piece.text)],
    }
    document = tantivy.Document()
    for field, terms in fields.items():
        document.add_text(field, " ".join(dict.fromkeys(terms)))
    return document


def build_query(schema: tantivy.Schema, analysed: AnalysedName) -> tantivy.Query:
    """The whole name, each part in its best of three readings, and all letter groups, each with its weight.

    The shape is that of yente's ``names_query``; weights chosen on the development half of tests.bench.name_recall.
    """

    def term(field: str, text: str, weight: float) -> tantivy.Query:
        return tantivy.Query.boost_query(tantivy.Query.term_query(schema, field, text, "basic"), weight)

    weights = _FOREIGN if analysed.foreign else _FAMILIAR
    clauses = [
        term("whole", analysed.sorted_text, _WHOLE),
        term("whole", f"^{analysed.joined_text}", _JOINED),
        term("consonants", f"^{analysed.joined_consonants}", weights.whole),
    ]
    if len(analysed.pieces) == 1 and len(analysed.joined_text) <= _LONGEST_ACRONYM:
        clauses.append(term("whole", f"@{analysed.joined_text}", _ACRONYM))
    for piece in dict.fromkeys(analysed.pieces):
        readings = [term(*reading) for reading in _read_piece(piece, weights)]
        clauses.append(tantivy.Query.disjunction_max_query(readings, _TIE))
    clauses += [term("consonants", pair, weights.pair) for pair in analysed.paired_consonants]
    clauses += [term("groups", group, weights.group) for group in _groups_asked(analysed)]
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, clause) for clause in clauses])


def _read_piece(piece: NamePiece, weights: _Weights) -> Iterator[tuple[str, str, float]]:
    """Field, term and weight of each way to read one part; a single letter also begins longer parts."""
    yield "parts", piece.text, 1.0
    if len(piece.text) == 1:
        yield "groups", f"^{piece.text}", _INITIAL
    if piece.sound:
        yield "sounds", piece.sound, _SOUND
    if piece.tells_by_consonants:
        yield "consonants", piece.consonants, weights.consonants


def _groups_asked(analysed: AnalysedName) -> Iterable[str]:
    longer = (piece.text for piece in analysed.pieces if len(piece.text) > 1)
    return dict.fromkeys(group for text in longer for group in letter_groups(text)[1:])


def _whitespace() -> tantivy.TextAnalyzer:
    return tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
