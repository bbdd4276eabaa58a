# Two commands are enough: make demo, make test. Each makes what it needs first.
SETUP := deploy/setup/run.sh
PY := .venv/bin/python
ARGS ?=

.PHONY: $(shell awk -F: '/^[a-z-]+:/{print $$1}' $(MAKEFILE_LIST))
.DEFAULT_GOAL := help

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: ## make .venv and compile what changed
	@$(SETUP) environment.py

demo: env ## run a recorded trading day through the core (ARGS="-o json")
	.venv/bin/nacre demo $(ARGS)

test: env ## pass the tests (ARGS="-k ring")
	$(PY) -m pytest $(ARGS)

images: env ## build the images of nacre with the container engine at hand
	$(PY) deploy/images/build.py $(ARGS)

api: env ## walk through the backend's interface by chance, each answer held against its document (ARGS="--examples 500")
	$(PY) -m tests.integration.backend_api $(ARGS)

pgadmin: env ## install and run pgAdmin from PyPI as deploy/pgadmin does, log in, run a query in it (ARGS="--folder DIR")
	$(PY) -m tests.integration.pgadmin $(ARGS)

test-containers: env ## pass the tests with real containers (installs Debian's engine, as root, where there is none)
	@deploy/containers/with_engine.sh deploy/containers/test.sh $(ARGS) || { code=$$?; \
	  [ $$code -eq 77 ] && echo "test-containers: skipped: no container engine can be had here" || exit $$code; }

torture: env ## kill every process of a core under load, 200 times, damage its journal and its disk (ARGS="--kills 50 -o json")
	.venv/bin/nacre torture $(ARGS)

day: env ## play a whole recorded day through `nacre up --local`: what each engine said, a pass over the journal says too
	NACRE_DAY_LINES=1000000000 $(PY) -m pytest -q tests/integration/test_local_day.py $(ARGS)

test-nautilus: env ## pass the tests that need NautilusTrader, in environments of their own (makes them; ARGS="kills --kills 20")
	$(PY) -m tests.nt.run $(ARGS)

test-fix-peer: env ## pass FIX's tests against QuickFIX, which it builds from source (some minutes; needs g++)
	@deploy/setup/fix_peer.sh
	$(PY) -m pytest -q tests/peer/with_quickfix.py $(ARGS)

faults: env ## kill every process at every store, in a build made for it (ARGS="--most 20")
	@[ build/faults -nt core_ext/fault_points.h ] || rm -rf build/faults build/faults-objects
	NACRE_FAULT_POINTS=1 $(PY) setup.py -q build --build-lib build/faults --build-temp build/faults-objects
	$(PY) -m tests.integration.faults build/faults $(ARGS)

fuzz: env ## anything at all into rings, frames, messages, files: 100,000 inputs a target (ARGS="--inputs 1000000 --seed 3")
	$(PY) -m tests.fuzz $(ARGS)

soak: env ## ten times the demo's load for 30 minutes, every ring full, memory flat (ARGS="--minutes 5 --sessions 100")
	$(PY) -m tests.soak $(ARGS)

simulate: env ## a live core's turns, faults and venues by seed, checked after each step (ARGS="--seeds 100000 --minutes 30", "--seed 7")
	$(PY) -m tests.simulation.live $(ARGS)

simulate-files: env ## random files under all invariants, reduced and kept where one breaks (ARGS="--seeds 10000 --steps 200")
	$(PY) -m tests.simulation $(ARGS)

aeron: env ## the standby's tests over Aeron too, market data over multicast: installs pyaeron, an extra (x86_64)
	$(PY) -m pip install -q --no-deps --require-hashes -r deploy/setup/aeron.lock
	$(PY) -m pytest -q tests/conformance/standby tests/conformance/multicast $(ARGS)

bench-peers: env ## install whom benches ask the same; who has no wheel for this machine is told, and left out
	-$(PY) -m pip install -q --no-deps --require-hashes -r deploy/setup/aeron.lock
	-$(PY) -m pip install -q --no-deps --require-hashes -r deploy/setup/itchcpp.lock
	-$(PY) -m pip install -q --no-deps --require-hashes -r deploy/setup/polars.lock
	-.venv/bin/nacre nt env
	-.venv/bin/nacre nt env --version 2
	-$(PY) -m bench.hft

model: env ## play ten thousand random sequences of money through core and model
	$(PY) -m tests.model.sequences $(ARGS)

orders: env ## play ten thousand random days of a desk through core and model
	$(PY) -m tests.model.orders.sequences $(ARGS)

matching: env ## play ten thousand random books through the simulated venue and a naive one
	$(PY) -m tests.model.matching.sequences $(ARGS)

mutants: env ## plant errors in the engines: the models, or the simulation of a live core, must catch each
	$(PY) -m tests.model.mutants $(ARGS)
	$(PY) -m tests.model.orders.mutants
	$(PY) -m tests.model.matching.mutants
	$(PY) -m tests.model.measures.mutants
	$(PY) -m tests.simulation.mutants

lint: env ## ruff and mypy alone
	$(PY) -m pytest -q tests/unit/test_lint.py

build: env ## sdist, wheel and the list of what it needs in dist/
	rm -rf build/wheel
	DIST_EXTRA_CONFIG=deploy/setup/wheel.cfg $(PY) deploy/setup/package.py

docs: env ## the documentation as a site in build/site; its reference is made of the code
	NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build $(ARGS)

frontend: env ## build the pages anew: their types of the backend's document, then the bundle (needs Node 18 and npm)
	cd periphery/frontend && npm ci --no-progress
	$(PY) -m periphery.frontend.types >build/openapi.json
	cd periphery/frontend && npx openapi-typescript ../../build/openapi.json -o src/api/schema.ts
	$(PY) -m periphery.frontend.types periphery/frontend/src/api/schema.ts
	cd periphery/frontend && npm run build

browser-load: env ## 60 s of 1,000 updates a second into a blotter of 5,000 orders (ARGS="--seconds 10"; needs chromium)
	$(PY) -m tests.browser.load $(ARGS)

picture: env ## a picture of the desk over the recorded market into docs/desk.png (ARGS="--all FOLDER": of every page; needs chromium)
	$(PY) -m tests.browser.pictures $(ARGS)

servers: ## install Debian's servers that tests start for themselves, as root (PostgreSQL, Redis), and Chromium
	@deploy/setup/servers.sh

deps: ## install the Debian packages that are missing
	@deploy/setup/deps.sh

fresh: ## demo and test in a clean clone of HEAD with an empty pip cache
	@$(SETUP) fresh.py

audit: env ## which known vulnerabilities the locked packages have, as their registries tell (ARGS="-o json")
	[ -x build/audit/bin/python ] || $(PY) -m venv build/audit
	build/audit/bin/python -m pip install -q --require-hashes -r deploy/setup/audit.lock
	build/audit/bin/python deploy/setup/audit.py $(ARGS)

lock: ## write deploy/setup/requirements.lock anew
	@$(SETUP) lock.py

lock-nautilus: ## write the locks of the environments that NautilusTrader is in
	@$(SETUP) lock.py --nautilus-trader

clean: ## remove what make made
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find core core_ext bench -name '*.so' -delete
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
