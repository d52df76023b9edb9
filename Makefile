# Everything a person or a CI machine types. Each target sets up what it needs; nothing is assumed but Python >= 3.11.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: run test lint types layers check interop interop-full quality bench record-providers publish history clean constraints

run: $(READY)        ## every scenario against the runtime, a report at the end
	$(BIN)/harness run

test: $(READY)       ## the tests, without the slow interop ones
	$(BIN)/python -m pytest -q -n auto -m "not interop and not bench" tests

lint: $(READY)
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

layers: $(READY)
	$(BIN)/lint-imports

check: lint types layers test

interop: $(READY)    ## the pinned subset of real consumers: what CI runs
	$(BIN)/python -m pytest -q -m "interop and not slow" tests/interop

interop-full: $(READY)
	$(BIN)/python -m pytest -q -m interop tests/interop

record-providers: $(READY)  ## bring real servers up here and record them again: an hour the first time, minutes after
	for server in transformers_serve llama_server aimock gpt_oss litellm_proxy; do \
		$(BIN)/python -m tests.interop.providers.$$server || exit 1; done
	for provider in transformers llama.cpp aimock gpt-oss litellm; do \
		$(BIN)/harness shape infer cassettes/$$provider -o cassettes/$$provider/shape.yaml || exit 1; done

publish: $(READY)    ## run the pinned releases of real consumers and write reports/published
	for release in hermes-agent==0.14.0 hermes-agent==0.19.0 openai==2.24.0 openai==3.54.0; do \
		$(BIN)/harness consumers install $$release || exit 1; done
	$(BIN)/harness run terminal prelude --consumer hermes-agent==0.14.0 --consumer hermes-agent==0.19.0 || test $$? -eq 1
	cp reports/latest/report.md reports/published/hermes-agent.md
	$(BIN)/harness run app-server --consumer hermes-agent+app-server==0.19.0 || test $$? -eq 1
	cp reports/latest/report.md reports/published/hermes-agent-app-server.md
	$(BIN)/harness run terminal/output-null terminal/output-missing \
		--consumer openai-stream==2.24.0 --consumer openai-stream==3.54.0 || test $$? -eq 1
	cp reports/latest/report.md reports/published/openai-null-output.md

history: $(READY)    ## install every released hermes-agent from 0.13.0 on and run the founding faults against each: an hour
	$(BIN)/python -m tests.interop.hermes_history

quality: $(READY)    ## every planted bug is found, and the runtime survives a million examples: hours
	$(BIN)/python -m tests.quality.measure --out reports/published/planted.md
	$(BIN)/python -m tests.quality.survive --examples 1000000

bench: $(READY)
	$(BIN)/python -m pytest -q -s -m bench tests/bench

constraints:         ## re-pin (needs uv); the file names no registry
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--no-annotate --no-header --extra openai --group dev pyproject.toml -o constraints.txt

clean:
	rm -rf $(VENV) reports/latest

$(READY): constraints.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version) if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@
