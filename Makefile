# Antiphon. `make` alone says what there is; nothing need be installed first but Python 3.11.

VENV := .venv
BIN := $(VENV)/bin
PYTEST := PYTHONPATH=tests $(BIN)/python -m pytest -p no_skips -rs
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v $$p; break; }; done)
PLAY_PACKAGES := fluidr3mono-gm-soundfont libportaudio2
VST_PACKAGES := g++ make dpf-source libjack-jackd2-dev pkg-config
VST_WINDOWS_PACKAGES := g++-mingw-w64-x86-64-posix
TEST_PACKAGES := jackd2 lua5.4 lua-socket nodejs ardour lilv-utils liblilv-dev lv2-dev sordi $(VST_PACKAGES) $(PLAY_PACKAGES)
TORCH := torch==2.13.0
TORCH_INDEX := https://download.pytorch.org/whl/cpu
ifneq (,$(wildcard /etc/debian_version))
ifneq (,$(shell command -v apt-get))
ROOT := $(filter 0,$(shell id -u))
APT := $(if $(ROOT),env,$(shell command -v sudo >/dev/null && sudo -n true 2>/dev/null && echo sudo))
endif
endif

.DEFAULT_GOAL := help
export DEBIAN_FRONTEND := noninteractive

.PHONY: help setup setup-training play sounds setup-tests test check vst vst-windows bench docs clean

help:  ## Say what there is
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

setup: $(VENV)/.installed  ## Install Antiphon into .venv (no torch)

setup-training: $(VENV)/.installed-training  ## Install what a model of your own needs too (torch; 1 GB on disk)

play: setup sounds  ## Play a phrase and hear the answer (ARGS="--help" for more)
	@$(BIN)/antiphon play $(ARGS)

test: setup-tests  ## Run every test; with CI=true a skipped test is a failure
ifdef ARGS
	@$(PYTEST) $(ARGS)
else
	@$(PYTEST) -m "not real" -n 2; pure=$$?; test $$pure -le 1 || exit $$pure; $(PYTEST) -m real && exit $$pure
endif

check: setup-tests  ## Lint, format, types and layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

DPF_IS_THERE = test -d "$${DPF_PATH:-/usr/share/dpf}" || \
	{ echo "DPF is missing: sudo apt install $(VST_PACKAGES)"; exit 1; }

vst:  ## Build the plugins for DAWs (`antiphon plugin install` puts them where DAWs look)
	@$(call need,$(VST_PACKAGES),the plugins)
	@$(DPF_IS_THERE)
	@$(MAKE) --no-print-directory -j2 -C plugin-templates/vst

vst-windows:  ## Build the plugins for Windows
	@$(call need,$(VST_PACKAGES) $(VST_WINDOWS_PACKAGES),the plugins)
	@$(DPF_IS_THERE)
	@$(MAKE) --no-print-directory -j2 -C plugin-templates/vst windows

bench: setup  ## Measure how fast this machine answers (ARGS="--rounds 50")
	@$(BIN)/antiphon doctor $(ARGS)

docs: setup  ## Write PROTOCOL.md and docs/states.md anew
	@$(BIN)/python docs/make_protocol.py
	@$(BIN)/python docs/make_states.py

clean:  ## Remove .venv, caches and what was played
	@rm -rf $(VENV) out build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/.installed: pyproject.toml
	@test -n "$(PYTHON)" || { echo "Antiphon needs Python 3.11 or later; none was found."; exit 1; }
	@test -x $(BIN)/pip || { echo "Making .venv with $(PYTHON)."; $(call make_venv); }
	@echo "Installing Antiphon into .venv (once; some 100 MB)."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

# Debian's python3 makes no environments until python3-venv is installed.
define make_venv
"$(PYTHON)" -m venv $(VENV) >/dev/null 2>&1 || { rm -rf $(VENV); \
	test -z "$(ROOT)" || { echo "Installing python3-venv."; $(call apt,python3-venv); }; \
	"$(PYTHON)" -m venv $(VENV) >/dev/null 2>&1; } || \
	{ rm -rf $(VENV); echo "Python cannot make an environment here: install python3-venv."; exit 1; }
endef

sounds:
	@missing="$(call lacking,$(PLAY_PACKAGES))"; \
	if [ -n "$(ROOT)" ] && [ -n "$$missing" ]; then \
		echo "Installing a better sound and the sound card's library:$$missing."; \
		{ $(call apt,$$missing); } || echo "They cannot be had; the built-in sound will do."; \
	fi

setup-tests: $(VENV)/.installed-tests  ## Install what tests need (torch and system packages too)
	@$(call need,$(TEST_PACKAGES),tests)

# The CPU build of torch comes first (`+cpu` counts as newer than the CUDA build of one version),
# or pip would take gigabytes of CUDA with it. A torch that is there already stays.
$(VENV)/.installed-training: $(VENV)/.installed
	@echo "Installing what training needs (once; 1 GB on disk, torch for the CPU among it)."
	@$(BIN)/python -m pip show -qq torch 2>/dev/null || \
		$(BIN)/python -m pip install -qq --retries 1 --no-deps --extra-index-url $(TORCH_INDEX) $(TORCH)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[export]"
	@touch $@

$(VENV)/.installed-tests: $(VENV)/.installed-training
	@echo "Installing what tests need (once)."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@$(BIN)/python -m pip install --quiet -e . --group dev
	@touch $@

# $(call need,PACKAGES,WHAT FOR)
need = missing="$(call lacking,$(1))"; \
	if [ -n "$(APT)" ] && [ -n "$$missing" ]; then \
		echo "Installing what $(2) need:$$missing."; \
		{ $(call apt,$$missing); } || echo "They cannot be had:$$missing."; \
	elif [ -z "$(APT)" ]; then \
		echo "What $(2) need has to be there: $(1)."; \
	fi
# Of some packages, those that are not installed (asked of dpkg, so only where apt is).
lacking = $(if $(APT),$$(for p in $(1); do dpkg -s $$p >/dev/null 2>&1 || printf ' %s' $$p; done))
apt = { $(APT) apt-get install -y -qq $(1) || { $(APT) apt-get update -qq && $(APT) apt-get install -y -qq $(1); }; } >/dev/null 2>&1 </dev/null
