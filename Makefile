.PHONY: setup film test lint bench clean

setup: ; ./setup
film: setup ; .venv/bin/manim -qh scenes/langevin.py LangevinScene
test: setup ; .venv/bin/pytest
lint: setup ; .venv/bin/ruff check . && .venv/bin/mypy --strict diffusion_core
bench: setup ; .venv/bin/python -m benchmarks
clean: ; rm -rf build media .mypy_cache .pytest_cache .ruff_cache
