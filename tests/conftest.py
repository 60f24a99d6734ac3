"""What holds for every test: no route out, a clean environment, no folder of the user's, the same examples in CI.

Fixtures are few on purpose: most tests build what they need from the ``*_examples`` and ``*_cases`` modules beside
them. What a test may need of the machine (a browser, the evaluation data …) it asks of ``tests.needs.require``.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.guard import route_guard
from tests.needs import DATA_VARIABLE, forbidden_skip, require

_PRIVATE = ("TRIAGE_", "OPENAI_", "AZURE_OPENAI_", "ANTHROPIC_", "LANGSMITH_", "LANGCHAIN_")
"""Settings and keys of whoever runs the tests: no test may see them, let alone use them."""
_PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}

_scratch = tempfile.TemporaryDirectory(prefix="triage-tests-")

# At once, not in a fixture: modules and fixtures of wider scope must find the same clean environment.
for _name in list(os.environ):
    if _name.upper() in _PROXIES or (_name.startswith(_PRIVATE) and _name != DATA_VARIABLE):
        del os.environ[_name]
os.environ["XDG_DATA_HOME"] = str(Path(_scratch.name, "data"))  # the user's own folder is Settings' default
if route_guard.LOG_VARIABLE not in os.environ:  # a run inside a test has its parent's guard
    os.environ[route_guard.LOG_VARIABLE] = str(Path(_scratch.name, "refusals"))
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(Path(route_guard.__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    route_guard.install_from_environment()

settings.register_profile(
    "triage", deadline=None, derandomize="CI" in os.environ, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("triage")


_ENVIRONMENT = dict(os.environ)


@pytest.fixture(autouse=True)
def _own_environment() -> Iterator[None]:
    """What a test, a fixture of wider scope or the code they call leaves in the environment reaches no other test."""
    yield
    current = {name: text for name, text in os.environ.items() if name == "PYTEST_CURRENT_TEST"}
    os.environ.clear()
    os.environ.update(_ENVIRONMENT | current)


@pytest.fixture(autouse=True)
def _no_route_out() -> Iterator[None]:
    """Fail the test during which something tried to leave this machine, also where the refusal was swallowed."""
    yield
    if tried := route_guard.take_refusals():
        pytest.fail("Tried to leave this machine:\n" + "\n".join(tried))


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of the evaluation data. Skips, saying so, where it is not given."""
    return require("data")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skip for want of something that TRIAGE_REQUIRE names is a failure, whatever did the skipping."""
    report = yield
    name = forbidden_skip(frozenset(mark.name for mark in item.iter_markers()))
    if report.skipped and name is not None:
        report.outcome = "failed"
        report.longrepr = f"Skipped, though TRIAGE_REQUIRE asks for {name}: {report.longrepr}"
    return report
