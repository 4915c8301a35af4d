# Each target is one line that a person would type; `make demo` and `make test` need Python 3.11 and nothing else.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: mailbox soak demo test check format lock diagram pictures budget memory record

demo: .venv/ready
	$(BIN)/privacybot demo

test: .venv/ready
	$(BIN)/pytest --cov --cov-report=term --cov-fail-under=85

check: .venv/ready
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

format: .venv/ready
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

diagram: .venv/ready
	$(BIN)/python -m workflows.machine

pictures: .venv/ready
	$(BIN)/python docs/make_pictures.py

mailbox: .venv/ready
	$(BIN)/python -m proofs.mailbox

soak: .venv/ready
	$(BIN)/python -m proofs.soak

budget: .venv/ready
	$(BIN)/python -m proofs.budget

memory: .venv/ready
	$(BIN)/python -m proofs.memory

record: .venv/ready
	$(BIN)/python -m proofs.record

lock: $(BIN)/uv
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-find-links --no-emit-index-url --no-annotate --no-header --upgrade pyproject.toml --group dev -o requirements.lock
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-find-links --no-emit-index-url --no-annotate --no-header --upgrade --constraint requirements.lock --group train -o requirements-train.lock

$(BIN)/uv: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: train evaluate evaluate-lockbox
train: .venv/trains
	$(BIN)/python -m bot.sorting.train

evaluate: .venv/trains
	$(BIN)/python -m bot.sorting.evaluate

evaluate-lockbox: .venv/ready
	$(BIN)/python -m bot.sorting.evaluate --lockbox

.venv/trains: .venv/ready requirements-train.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-train.lock
	@touch $@
