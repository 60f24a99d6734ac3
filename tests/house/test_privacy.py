"""Alert text stays here: telemetry is off, and the suite itself has no route out."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from agent.settings import Settings
from agent.wiring import Services
from retrieval.chroma.client import open_folder
from tests.guard import route_guard
from tests.house.small_suite import run_suite

_FAR = "192.0.2.1"  # an address of the range kept for documentation: nobody is there


def test_chroma_reports_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANONYMIZED_TELEMETRY", "True")
    monkeypatch.setenv("CHROMA_OTEL_COLLECTION_ENDPOINT", f"http://{_FAR}:4317")
    opened = open_folder(tmp_path)
    try:
        assert opened.client.get_settings().anonymized_telemetry is False
        assert opened.client.get_settings().chroma_otel_collection_endpoint == ""
    finally:
        opened.close()


def test_tracing_is_off_once_wiring_has_built_a_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import langsmith.utils as langsmith

    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    langsmith.get_env_var.cache_clear()  # type: ignore[attr-defined]
    assert langsmith.tracing_is_enabled()
    services = Services(Settings(home=tmp_path, model="openai:gpt-4.1", api_key=SecretStr("no-key")))
    try:
        assert services.client.spec.name == "openai:gpt-4.1"
        assert not langsmith.tracing_is_enabled()
        assert os.environ["ANONYMIZED_TELEMETRY"] == "False"
    finally:
        services.close()


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_no_connection_leaves_this_machine(family: socket.AddressFamily) -> None:
    address = _FAR if family is socket.AF_INET else "2001:db8::1"
    with socket.socket(family, socket.SOCK_STREAM) as outward, pytest.raises(route_guard.RouteOut):
        outward.connect((address, 443))
    with socket.socket(family, socket.SOCK_DGRAM) as outward, pytest.raises(route_guard.RouteOut):
        outward.sendto(b"?", (address, 53))
    assert [line.split()[0] for line in route_guard.take_refusals()] == ["socket.connect", "socket.sendto"]


def test_no_name_is_looked_up() -> None:
    with pytest.raises(route_guard.RouteOut):
        socket.getaddrinfo("example.org", 443)
    assert len(route_guard.take_refusals()) == 1


def test_this_machine_itself_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1])).close()
    assert route_guard.take_refusals() == []


def test_a_child_process_has_no_route_out_either() -> None:
    attempt = f"import socket; socket.create_connection(({_FAR!r}, 443), timeout=1)"
    child = subprocess.run([sys.executable, "-c", attempt], capture_output=True, text=True, check=False)
    assert "RouteOut" in child.stderr
    assert len(route_guard.take_refusals()) == 1


_LOOKING = """
import os

def test_sees_nothing_of_whoever_runs_it():
    private = ("TRIAGE_", "OPENAI_", "LANGSMITH_", "HTTPS_PROXY")
    assert [name for name in os.environ if name.startswith(private)] == ["TRIAGE_DATA_DIR"]

def test_leaves_something_behind():
    os.environ["TRIAGE_MODEL"] = "openai:gpt-4.1"

def test_finds_nothing_left_behind():
    assert "TRIAGE_MODEL" not in os.environ
"""


def test_no_test_sees_the_settings_and_keys_of_whoever_runs_it(tmp_path: Path) -> None:
    theirs = {"TRIAGE_MODEL": "openai:gpt-4.1", "OPENAI_API_KEY": "k", "LANGSMITH_TRACING": "true"}
    outcome = run_suite(tmp_path, _LOOKING, **theirs, HTTPS_PROXY="http://127.0.0.1:9", TRIAGE_DATA_DIR=str(tmp_path))
    assert "3 passed" in outcome.stdout


_SWALLOWING = """
import socket

def test_hides_what_it_tried():
    try:
        socket.create_connection(("example.org", 443))
    except OSError:
        pass

def test_innocent():
    pass
"""


def test_a_try_that_was_swallowed_fails_its_test(tmp_path: Path) -> None:
    outcome = run_suite(tmp_path, _SWALLOWING)
    assert "2 passed, 1 error" in outcome.stdout
    assert "socket.getaddrinfo 'example.org'" in outcome.stdout
    assert route_guard.take_refusals() == []


@pytest.mark.parametrize(
    ("address", "stays"),
    [
        (("127.0.0.9", 80), True),
        (("::1", 80, 0, 0), True),
        (("", 0), True),
        ("/run/some.sock", True),
        ("localhost", True),
        (None, True),
        (("10.0.0.1", 80), False),
        (("fe80::1%eth0", 80, 0, 2), False),
        (b"example.org", False),
        ("localhost.example.org", False),
        (("127.0.0.1.example.org", 80), False),
    ],
)
def test_what_counts_as_this_machine(address: object, stays: bool) -> None:
    assert route_guard.stays_here(address) is stays
