.PHONY: setup film test lint bench docs clean

setup: ; ./setup
film: setup ; .venv/bin/manim -qh scenes/langevin.py LangevinScene
test: setup ; .venv/bin/pytest
lint: setup ; .venv/bin/ruff check . && .venv/bin/mypy --strict diffusion_core
bench: setup ; .venv/bin/python -m benchmarks
docs: setup ; .venv/bin/python -m sphinx -n -W --keep-going -q docs build/docs && echo build/docs/index.html
clean: ; rm -rf build media .mypy_cache .pytest_cache .ruff_cache
