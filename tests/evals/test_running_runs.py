"""Runs from end to end against a scripted endpoint: every sample once, failures kept, nothing paid twice."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from inspect_ai.log import read_eval_log

from agent.domain.record import TriageRecord
from agent.errors import ModelNotConfigured, PromptNotFound
from agent.llm.behaviours import answer, fault
from agent.llm.scripted_server import ScriptedServer
from agent.reading.reader import Reader
from agent.settings import SHIPPED_DATA, Settings
from agent.wiring import Services
from evals.cases.files import CaseSet, load_cases
from evals.running.cassette import RecordingMissing
from evals.running.folders import find_run, find_unfinished, list_run_folders
from evals.running.inspection import read_log
from evals.running.orders import OrderInvalid
from evals.running.outcomes import RunStopped
from evals.running.planning import RunRequest
from evals.running.runner import resume_runs, run_cases
from evals.running.runs import LOG, RunInvalid, read_run
from prompts.library import SHIPPED_PROMPTS
from tests.contract.retrieval_examples import embedder
from tests.evals.running_examples import (
    MODEL,
    REPLY,
    Said,
    all_keys,
    failures_of,
    keys_of,
    make_settings,
    replies,
    what_matters,
    write_cases,
)

NOWHERE = "http://127.0.0.1:9/v1"


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cases(tmp_path_factory.mktemp("root"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _load_once(monkeypatch: pytest.MonkeyPatch, reader: Reader) -> None:
    """The real parts, not loaded anew for each run."""
    monkeypatch.setattr(Services, "reader", reader)
    monkeypatch.setattr(Services, "embedder", property(lambda _: embedder()))


@pytest.fixture
def home(built: Path) -> Iterator[Path]:
    """A home whose eval references are built already, and whose ledger and runs are empty."""
    yield built
    shutil.rmtree(built / "evals" / "runs", ignore_errors=True)
    for folder in (built / "evals" / "references").iterdir():
        if folder.is_dir():
            shutil.copyfile(folder / "references.db", folder / "triage.db")


def run(
    settings: Settings, root: Path, *, limit: int | None = None, said: Said | None = None, **asked: object
) -> list[Path]:
    said = said or Said()
    request = RunRequest(**{"models": [MODEL], **asked})  # type: ignore[arg-type]
    cases = CaseSet(load_cases(root).cases[:limit])
    return run_cases(settings, cases, request, root=root, tell=said.tell, on_progress=said.show)


def resume(settings: Settings, folders: Sequence[Path]) -> list[Path]:
    said = Said()
    return resume_runs(settings, folders, tell=said.tell, on_progress=said.show)


def test_every_case_is_asked_once_in_every_epoch(home: Path, root: Path) -> None:
    said = Said()
    with ScriptedServer(replies()) as server:
        (folder,) = run(make_settings(home, server.base_url), root, epochs=2, said=said, note="first look")
    done = read_run(folder)
    assert keys_of(done) == all_keys(12, epochs=2)
    assert failures_of(done) == {}
    assert len(server.requests) == 24
    assert (done.manifest.drafter, done.manifest.model, done.manifest.note) == ("llm", MODEL, "first look")
    assert (done.manifest.prompt or "").startswith("summary@")
    assert done.manifest.finished_at is not None
    outcomes = [sample.outcome for sample in done.samples]
    asked_as = [one.provenance.parameters["sample"] for one in outcomes if isinstance(one, TriageRecord)]
    assert asked_as == [1, 2] * 12  # the epoch, never production's 0
    assert [step.done for step in said.steps] == list(range(25))
    assert find_run(home, "latest") == folder


def test_the_log_holds_the_samples_and_shows_articles_as_plain_text(home: Path, root: Path) -> None:
    with ScriptedServer(replies()) as server:
        (folder,) = run(make_settings(home, server.base_url), root, limit=3)
    log = read_eval_log(str(folder / LOG))
    assert log.status == "success"
    assert log.eval.model.startswith("triage/summary@")
    assert log.eval.model.endswith(f"/{MODEL}")
    assert log.eval.viewer is not None
    assert log.eval.viewer.trust_content is False
    assert tuple(sorted(read_log(folder / LOG), key=lambda sample: sample.case_id)) == read_run(folder).samples
    assert {path.name for path in folder.iterdir()} - {"inspect.log"} == {
        "run.json",
        "samples.jsonl",
        "log.eval",
        "order.json",
        "run.lock",
    }


def test_nothing_of_production_is_touched(home: Path, root: Path) -> None:
    with ScriptedServer(replies()) as server:
        run(make_settings(home, server.base_url), root, limit=2)
    assert [path.name for path in home.iterdir()] == ["evals"]


def test_a_failed_sample_is_an_outcome_and_none_is_dropped(home: Path, root: Path) -> None:
    script = [*replies(), fault("refusal"), fault("hang"), *replies()]
    with ScriptedServer(script) as server:
        settings = make_settings(home, server.base_url, deadline_s=0.5)
        (folder,) = run(settings, root, limit=5, concurrency=1)
    done = read_run(folder)
    assert keys_of(done) == all_keys(5)
    errors = {key: outcome.failure.error for key, outcome in failures_of(done).items()}
    assert errors == {("c-001", 1): "Refused", ("c-002", 1): "ModelTimeout"}


def test_the_model_stands_alone_unless_the_fallback_is_asked_for(home: Path, root: Path) -> None:
    with ScriptedServer([fault("refusal")]) as server:
        settings = make_settings(home, server.base_url)
        (alone,) = run(settings, root, limit=2)
        (caught,) = run(settings, root, limit=2, with_fallback=True)
    assert len(failures_of(read_run(alone))) == 2
    outcomes = [sample.outcome for sample in read_run(caught).samples]
    assert all(isinstance(one, TriageRecord) and one.provenance.fallback_reason for one in outcomes)


@pytest.mark.parametrize("with_fallback", [False, True])
def test_what_no_case_can_survive_stops_the_run_in_one_sentence(home: Path, root: Path, with_fallback: bool) -> None:
    with ScriptedServer([fault("unauthorized")]) as server:
        with pytest.raises(RunStopped, match=r"Alert c-000: .*resume"):
            run(make_settings(home, server.base_url), root, concurrency=1, with_fallback=with_fallback)
        assert len(server.requests) <= 2
    assert list_run_folders(home) == []  # nothing was run, nothing is left


def test_a_stopped_run_goes_on_where_it_was_and_pays_nothing_twice(home: Path, root: Path) -> None:
    with ScriptedServer([*replies() * 5, fault("insufficient_quota"), *replies()]) as server:
        settings = make_settings(home, server.base_url)
        with pytest.raises(RunStopped):
            run(settings, root, concurrency=1)
        (folder,) = find_unfinished(home, "latest")
        with pytest.raises(RunInvalid, match="readable run"):
            read_run(folder)
        assert resume(settings, [folder]) == [folder]
        assert len(server.requests) == 13  # five, the refused one, and the other seven
        (undisturbed,) = run(settings, root, note="again")
        assert len(server.requests) == 13  # all of it stands in the ledger
    assert keys_of(read_run(folder)) == all_keys(12)
    kept = [{**row, "outcome": None} for row in what_matters(read_run(folder))]
    assert kept == [{**row, "outcome": None} for row in what_matters(read_run(undisturbed))]
    assert "12 of 12 samples were answered by calls paid for before" in read_run(undisturbed).manifest.note
    with pytest.raises(RunInvalid, match="nothing to resume"):
        find_unfinished(home, "latest")


def test_a_run_is_not_resumed_as_another_one(home: Path, root: Path, tmp_path: Path) -> None:
    own = shutil.copytree(root, tmp_path / "own")
    with ScriptedServer([*replies(), fault("forbidden"), *replies()]) as server:
        settings = make_settings(home, server.base_url)
        with pytest.raises(RunStopped):
            run(settings, own, concurrency=1)
        cases = own / "cases" / "dev" / "cases.yaml"
        cases.write_text(cases.read_text(encoding="utf-8").replace("lost 7 crowns", "lost 8 crowns"), encoding="utf-8")
        with pytest.raises(RunInvalid, match="a case changed since"):
            resume(settings, find_unfinished(home, "latest"))
        other = settings.model_copy(update={"temperature": 1.0})
        with pytest.raises(RunInvalid, match="a setting of the model"):
            resume(other, find_unfinished(home, "latest"))


def test_a_matrix_is_every_prompt_with_every_model(home: Path, root: Path) -> None:
    said = Said()
    with ScriptedServer(replies()) as server:
        settings = make_settings(home, server.base_url)
        folders = run(
            settings, root, limit=2, models=[MODEL, "openai:other"], prompts=["summary@1", "summary@2", "2"], said=said
        )
    assert said.names() == [
        f"summary@1/{MODEL}",
        f"summary@2/{MODEL}",
        "summary@1/openai:other",
        "summary@2/openai:other",
    ]
    assert len({read_run(folder).manifest.prompt for folder in folders}) == 2
    assert len(server.requests) == 8
    assert {request.body["model"] for request in server.requests} == {"scripted-http", "other"}


def test_a_killed_matrix_is_resumed_whole(home: Path, root: Path) -> None:
    with ScriptedServer([*replies(), fault("forbidden"), *replies()]) as server:
        settings = make_settings(home, server.base_url)
        with pytest.raises(RunStopped):
            run(settings, root, limit=2, prompts=["summary@1", "summary@2"], concurrency=1)
        folders = find_unfinished(home, "latest")
        assert len(folders) == 2
        resume(settings, folders)
    assert [keys_of(read_run(folder)) for folder in folders] == [all_keys(2)] * 2


def test_a_replay_needs_no_endpoint_and_gives_the_same_run_each_time(home: Path, root: Path, tmp_path: Path) -> None:
    recording = tmp_path / "calls.jsonl.gz"
    with ScriptedServer(
        [answer({**REPLY, "narrative": f"Text {number}."}, latency_s=0.01) for number in range(9)]
    ) as server:
        (live,) = run(make_settings(home, server.base_url), root, epochs=2, limit=4, record=recording)
    settings = make_settings(home, NOWHERE)
    (first,) = run(settings, root, epochs=2, limit=4, replay=recording)
    (second,) = run(settings, root, epochs=2, limit=4, replay=recording)
    assert what_matters(read_run(live)) == what_matters(read_run(first))
    assert read_run(first).samples != ()
    assert [sample.seconds for sample in read_run(first).samples] == [one.seconds for one in read_run(second).samples]
    assert all(sample.seconds >= 0.01 for sample in read_run(first).samples)
    assert (read_run(live).manifest.replayed, read_run(first).manifest.replayed) == (False, True)


def test_a_replay_with_another_prompt_stops_and_says_so(home: Path, root: Path, tmp_path: Path) -> None:
    recording = tmp_path / "calls.jsonl"
    folder = shutil.copytree(SHIPPED_PROMPTS, tmp_path / "prompts")
    with ScriptedServer(replies()) as server:
        settings = make_settings(home, server.base_url, prompts_folder=folder)
        run(settings, root, limit=2, record=recording)
        asked = len(server.requests)
        newest = max(folder.rglob("*summary*.md"), key=lambda path: path.name)
        newest.write_text(newest.read_text(encoding="utf-8").rstrip() + " Be exact.\n", encoding="utf-8")
        with pytest.raises(RecordingMissing, match=r"Case c-00.*the prompt or alert changed: record again"):
            run(settings, root, limit=2, replay=recording)
        assert len(server.requests) == asked


def test_a_file_beside_the_command_changes_no_environment(
    home: Path, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("LANGSMITH_TRACING=true\nPLANTED=1\nINSPECT_LOG_DIR=elsewhere\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with ScriptedServer(replies()) as server:
        run(make_settings(home, server.base_url), root, limit=1)
    assert "PLANTED" not in os.environ
    assert os.environ.get("LANGSMITH_TRACING") != "true"
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


def test_what_cannot_be_run_is_said_before_anything_is(home: Path, root: Path) -> None:
    settings = make_settings(home, NOWHERE)
    for asked, error in (
        ({"prompts": ["summary@99"]}, PromptNotFound),
        ({"prompts": ["repair@1"]}, OrderInvalid),
        ({"record": Path("a"), "replay": Path("b")}, OrderInvalid),
        ({"limit": 0}, OrderInvalid),
    ):
        with pytest.raises(error):
            run(settings, root, **asked)
    with pytest.raises((ModelNotConfigured, RunStopped)):
        run(settings, root, models=["nosuchprovider:x"])
    assert list_run_folders(home) == []


def test_the_manifest_tells_what_was_run(home: Path, root: Path) -> None:
    with ScriptedServer(replies()) as server:
        (folder,) = run(make_settings(home, server.base_url), root, limit=2)
    manifest = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert manifest["parameters"]["temperature"] == 0.0
    assert manifest["parameters"]["with_fallback"] is False
    assert manifest["cases_hash"] == CaseSet(load_cases(root).cases[:2]).hash
    assert manifest["splits"] == ["dev"]
    assert manifest["run_id"] == folder.name


def test_without_precedents_none_is_laid_beside_an_alert(home: Path, tmp_path: Path) -> None:
    root = write_cases(tmp_path / "with", 1)
    shutil.copyfile(SHIPPED_DATA / "demo" / "precedents.jsonl", root / "precedents" / "demo.jsonl")
    shown = []
    with ScriptedServer(replies()) as server:
        for without in (False, True):
            (folder,) = run(make_settings(home, server.base_url), root, without_precedents=without)
            shown.append("precedent: DP-" in server.requests[-1].body["messages"][1]["content"])
            outcome = read_run(folder).samples[0].outcome
            assert isinstance(outcome, TriageRecord)
            assert bool(outcome.precedents) is not without
    assert shown == [True, False]
