"""``triage eval outside``: what it prints and writes holds figures and ids, never a row's text; its exits."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from agent.cli.evals.outside import outside
from agent.domain.record import TriageFailure
from agent.settings import Settings
from evals.cases.case import Split
from evals.cases.outside import sets
from evals.cases.outside.adverse_media import draw_articles
from evals.cases.outside.figures import Measured
from evals.cases.outside.report import render_lines
from evals.cases.outside.sets import SETS, open_runner
from tests.evals.outside_rows import NAMES, article_row, pair_row, write_folder, write_pairs, write_rows
from tests.evals.scoring_drafts import make_failure


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "data"
    place.mkdir()
    return write_folder(place)


def call(*arguments: object) -> Result:
    app = typer.Typer()
    app.command()(outside)
    return CliRunner().invoke(app, [str(one) for one in arguments])


def phrases(folder: Path) -> Iterator[str]:
    """Every run of three words that the files hold, folded; ids are one word."""
    for path in folder.iterdir():
        lines = path.read_text(encoding="utf-8").splitlines()
        for line in lines:
            texts = json.loads(line).values() if path.suffix == ".jsonl" else line.split(",")
            for text in texts:
                words = str(text).casefold().split() if isinstance(text, str) else []
                yield from (" ".join(words[at : at + 3]) for at in range(len(words) - 2))


def test_neither_screen_nor_file_nor_disk_holds_a_rows_words(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    written = tmp_path / "figures.json"
    done = call("--data", folder, "--json", written, "-m", "none")
    assert done.exit_code == 0, done.output
    document = json.loads(written.read_text(encoding="utf-8"))
    assert [one["name"] for one in document["sets"]] == list(SETS)
    assert all(one["units"] and one["figures"] for one in document["sets"])
    shown = " ".join((done.output + written.read_text(encoding="utf-8")).casefold().split())
    leaked = {words for words in phrases(folder) if words in shown}
    assert leaked == set()
    assert not [name for name in NAMES if name.casefold() in shown]
    assert "lantern" not in shown
    assert list(scratch.iterdir()) == []
    assert not (tmp_path / "home").exists()


def test_a_set_is_run_alone_on_the_part_asked_for(folder: Path) -> None:
    done = call("name_pairs", "--data", folder, "--split", "dev", "--limit", 3)
    assert done.exit_code == 0
    assert done.output.startswith("name_pairs  extractive  dev: 3 pairs, 0 without a draft")
    assert "adverse_media" not in done.output


def test_a_set_whose_file_is_absent_is_left_out_saying_so_or_refused_by_name(folder: Path) -> None:
    for name in ("muc4_roles", "injections", "doj_opa_fraud_leads", "adverse_media_articles"):
        (folder / f"{name}.jsonl").unlink()
    done = call("--data", folder)
    assert done.exit_code == 0
    assert "muc4: muc4_roles.jsonl is not in" in done.output
    refused = call("muc4", "--data", folder)
    assert refused.exit_code == 4
    assert "holds no muc4_roles.jsonl" in refused.output


def test_wrong_usage_and_wrong_folders_have_their_exits(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call("weather", "--data", folder).exit_code == 2
    assert call("--data", folder, "--split", "smoke").exit_code == 2
    monkeypatch.delenv("TRIAGE_DATA_DIR", raising=False)
    assert call().exit_code == 2
    assert call("--data", tmp_path / "absent").exit_code == 4
    monkeypatch.setenv("TRIAGE_DATA_DIR", str(tmp_path / "absent"))
    assert call().exit_code == 4


def test_a_wrong_row_ends_it_without_repeating_the_row(folder: Path) -> None:
    write_rows(folder / "adverse_media_articles.jsonl", [article_row(1, label="guilty as Ida Torvik says")])
    done = call("adverse_media", "--data", folder)
    assert done.exit_code == 4
    assert "adverse_media_articles.jsonl, line 1: label" in done.output
    assert "Torvik" not in done.output


def test_failed_drafts_make_it_end_with_1_and_are_told_by_id_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: object, **options: object) -> dict[str, TriageFailure]:
        cases = given[2]
        return {case.id: make_failure(case) for case in cases}  # type: ignore[attr-defined]

    monkeypatch.setattr(sets, "run_samples", fail)
    done = call("adverse_media", "--data", folder)
    assert done.exit_code == 1
    assert "missed (" in done.output
    assert "No reply." not in done.output


def test_text_in_a_kind_cannot_pass_as_a_name_of_a_class(folder: Path) -> None:
    write_pairs(folder / "name_pairs.csv", [pair_row("a", "b", True, ("p", "q"), kind="Ida Torvik was charged")])
    done = call("name_pairs", "--data", folder)
    assert done.exit_code == 4
    assert "Torvik" not in done.output


def test_many_ids_are_cut_on_the_screen() -> None:
    ids = [f"row-{number}" for number in range(20)]
    shown = "\n".join(render_lines(Measured("muc4", Split.HOLDOUT, 20, "reports", 0, {}, [], ids={"wrong": ids}), "x"))
    assert "row-7" in shown
    assert "row-8" not in shown
    assert "wrong (20)" in shown
    assert "and 12 more" in shown


@pytest.mark.needs_data
def test_the_real_articles_go_through_and_nothing_of_them_is_shown(data_dir: Path, folder: Path) -> None:
    written = folder.parent / "real.json"
    done = call("adverse_media", "--data", data_dir, "--limit", 3, "--json", written)
    assert done.exit_code == 0, done.output
    cases = draw_articles(data_dir, Split.HOLDOUT, 3).cases
    shown = " ".join((done.output + written.read_text(encoding="utf-8")).split())
    for case in cases:
        words = case.alert.article.text.split()
        assert not [at for at in range(len(words) - 3) if " ".join(words[at : at + 4]) in shown]
        assert case.alert.subject is None or case.alert.subject.name not in shown
        assert (case.alert.article.title or "\0") not in shown


def test_the_runner_leaves_nothing_behind(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))

    def stop() -> None:
        with open_runner(Settings(home=tmp_path / "own"), lambda *_: None):
            assert len(list(scratch.iterdir())) == 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()
    assert list(scratch.iterdir()) == []
    assert not (tmp_path / "own").exists()
