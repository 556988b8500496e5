# The two commands are `make run` and `make test`; the work is in the console script `layerw` and in tools/*.sh.
# Stamps in .make/ say what is up to date, so that a second start is quick.

PYTHON ?= python3
PORT ?= 8000
# Processes that run tests; one of them has those that draw in a browser.
TEST_WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
KERNELS := $(shell find engine_py/kernels -name "*.[ch]" -o -name "*.py" -path "*kernels*" -o -name "*.wat")
WORLD := examples/worlds/island
ALPS := examples/worlds/alps
SEED ?= 1

.PHONY: run setup kernels physics test check bench fuzz codegen docs component dist npm-package clean help \
	check-ruff check-types check-layers check-javascript check-generated

run: setup $(WORLD)/tileset.json
	@exec $(BIN)/layerw run examples/island.py --port $(PORT)

setup: .make/installed .make/kernels
	@$(BIN)/layerw runtime >/dev/null

# What fails runs once more, and the summary names it as RERUN: a fault of the test or of the engine, to be found.
test: setup .make/npm
	@tools/chromium.sh
	@tools/other-browsers.sh
	@tools/buses.sh
	@timeout 300 tools/other-hosts.sh --wamr >/dev/null 2>&1 || true
	@$(MAKE) --no-print-directory check
	@$(BIN)/python -m pytest -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder --reruns 1 --max-suite-reruns 5 --rerun-show-tracebacks

# glTF files with mistakes planted in them, 20,000 by default: `make fuzz FUZZ=1000`.
FUZZ ?= 20000
fuzz: .make/installed
	@$(BIN)/python -W error -m tests.unit.gltf_mutations $(FUZZ) $$(date +%s)

# `make -k check` runs all of them even if one fails.
check: check-ruff check-types check-layers check-javascript check-generated
check-ruff: .make/installed
	@$(BIN)/ruff check --quiet --output-format concise .
check-types: .make/installed
	@$(BIN)/mypy
check-layers: .make/installed
	@$(BIN)/lint-imports --no-logo
check-javascript: .make/installed .make/npm
	@tools/tsc.sh
check-generated: .make/installed
	@$(BIN)/python -m layerw.gpu.codegen --check
	@$(BIN)/python engine_py/kernels/generate.py --check
	@tools/node.sh --no-warnings tools/shaders.mjs --check

bench: setup .make/npm
	@tools/chromium.sh
	@$(BIN)/python -m benchmarks

# The reference is made from the docstrings; tests/docs runs every example of these pages.
docs: setup .make/npm $(ALPS)/tileset.json
	@$(BIN)/python -m tools.docsite

# The kernels as a component of the Wasm component model, named by its hash; docs/hosts.md.
component: .make/kernels
	@$(BIN)/python engine_py/kernels/component.py

# Wheel and sdist as they are released; docs/releasing.md. The wheel is built from the sdist.
dist: .make/installed
	@rm -rf dist && LAYERW_STRICT=1 $(BIN)/python -m build --no-isolation --outdir dist . >/dev/null
	@$(BIN)/twine --no-color check --strict dist/*

# <layer-w> for npm, in dist/npm; `npm publish` takes the two archives.
npm-package: setup
	@$(BIN)/python tools/npm_package.py

codegen: .make/installed
	@$(BIN)/python -m layerw.gpu.codegen
	@$(BIN)/python engine_py/kernels/generate.py
	@tools/node.sh --no-warnings tools/shaders.mjs

.make/installed: pyproject.toml constraints.txt tools/install.sh
	@PYTHON=$(PYTHON) tools/install.sh $(VENV)
	@mkdir -p .make && touch $@

# Installing compiles them; this is for sources that changed since.
kernels: .make/kernels
.make/kernels: $(KERNELS) | .make/installed
	@$(BIN)/python engine_py/kernels/build.py >/dev/null
	@$(BIN)/python engine_py/kernels/rigid.py >/dev/null
	@$(BIN)/python engine_py/kernels/navigation.py >/dev/null
	@mkdir -p .make && touch $@

# Box3D's sources are fetched once, into the user's cache; without them layerw is built without physics, and says so.
physics: .make/installed
	@$(BIN)/python engine_py/kernels/rigid.py --strict

# As physics: Recast's sources.
navigation: .make/installed
	@$(BIN)/python engine_py/kernels/navigation.py --strict

.make/npm: package.json package-lock.json | .make/installed
	@tools/npm.sh ci
	@mkdir -p .make && touch $@

$(WORLD)/tileset.json: | .make/installed
	@mkdir -p $(dir $(WORLD))
	@$(BIN)/layerw bake --procedural island $(WORLD) --seed $(SEED)

# Coarser than the command's default, which is 350 MB: it is a page of the site.
$(ALPS)/tileset.json: | .make/installed
	@mkdir -p $(dir $(ALPS))
	@$(BIN)/layerw bake --procedural alps $(ALPS) --levels 5 --texels 192 --dress

clean:
	rm -rf .make $(VENV) node_modules $(WORLD) $(ALPS)

help:
	@echo "make run [PORT=8000]  serve the demo on 127.0.0.1 until Ctrl-C"
	@echo "make test             everything that proves the project"
	@echo "make check            formats, types, layers, generated files: seconds"
	@echo "make bench            speed tables in benchmarks/results/"
	@echo "make docs             the documentation with live examples in build/docs/"
	@echo "make component        the kernels as a Wasm component in dist/components/"
	@echo "make dist             wheel and sdist in dist/, checked"
	@echo "make npm-package      <layer-w> for npm, in dist/npm"
	@echo "make setup            only the environment and the runtime"
