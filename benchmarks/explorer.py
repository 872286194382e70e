"""What a frame of the explorer costs in Chromium: `python -m benchmarks.explorer`.

Without a window Chromium draws in software: no graphics card takes part. All that the page's main thread does for
a frame is counted from Chromium's own trace, as is the work of the threads that make pixels of what was painted;
in milliseconds of the processor, so that other programs on the machine hardly change them.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.tables import Row, Tables
from diffusion_core.compute import load_or_compute
from diffusion_core.explorer import exploration, page
from diffusion_core.langevin_recipes import LANGEVIN

SCRIPT: Final = ("FireAnimationFrame",)
PAINT: Final = ("UpdateLayoutTree", "Layout", "PrePaint", "Paint", "Layerize", "Commit")
RASTER: Final = ("RasterTask", "ImageDecodeTask")


def main(arguments: list[str] | None = None) -> list[Row]:
    """Play a run of 5,000 particles, alone and two side by side, and sample as many live."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--particles", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args(arguments)
    recipe = replace(LANGEVIN["smiley-ula"], name="explored", particles=options.particles, steps=200, dense=200)
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        trajectory = load_or_compute(recipe, Path(folder), progress=False)
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        tables = Tables()
        for name, count in [("recorded", 1), ("recorded, two runs", 2), ("live", 1)]:
            file = Path(folder) / "explorer.html"
            shown = exploration(*[trajectory] * count, particles=options.particles)
            file.write_text(page(shown), encoding="utf-8")
            tables.add("explorer", _row(browser, file, name, options.particles, options.seconds))
        browser.close()
    return tables


def _row(browser: Browser, file: Path, name: str, particles: int, seconds: float) -> Row:
    made = browser.new_page(viewport={"width": 1280, "height": 800})
    made.goto(file.as_uri())
    made.locator(".clock strong").wait_for()
    if name == "live":
        made.get_by_label("Live", exact=True).check()
        made.get_by_label("Particles").select_option(str(particles))
    frames = _traced(browser, made, seconds)
    side = made.evaluate("document.querySelector('canvas.dots').width")
    made.close()
    script, paint, raster = (np.array([frame[part] for frame in frames]) for part in ("script", "paint", "raster"))
    return {
        "what": name, "particles": particles, "pixels a side": side, "frames": len(frames),
        "script ms": _middle(script), "paint ms": _middle(paint), "script and paint ms": _middle(script + paint),
        "of 95 % ms": round(float(np.quantile(script + paint, 0.95)), 2), "raster ms": _middle(raster),
        "MB": round(file.stat().st_size / 1e6, 2),
    }  # fmt: skip


def _middle(values: Any) -> float:
    return round(float(np.median(values)), 2)


def _traced(browser: Browser, made: Page, seconds: float) -> list[dict[str, float]]:
    """Milliseconds of each part in each frame while the page plays."""
    browser.start_tracing(page=made, categories=["devtools.timeline", "disabled-by-default-devtools.timeline"])
    made.get_by_role("button", name="Play").click()
    made.wait_for_timeout(1000 * seconds)
    events: Sequence[dict[str, Any]] = json.loads(browser.stop_tracing())["traceEvents"]
    fired = sorted(event["ts"] for event in events if event["name"] in SCRIPT and "dur" in event)
    frames = [{"script": 0.0, "paint": 0.0, "raster": 0.0} for _ in fired]
    for part, start, duration in _costs(events):
        index = int(np.searchsorted(fired, start, side="right")) - 1
        if index >= 0:
            frames[index][part] += duration
    return frames[5:-1]  # the first ones paint the scenery, the last one may be cut off


def _costs(events: Sequence[dict[str, Any]]) -> Iterator[tuple[str, float, float]]:
    parts = {"script": SCRIPT, "paint": PAINT, "raster": RASTER}
    for event in events:
        for part, names in parts.items():
            if event["name"] in names and "dur" in event:
                yield part, event["ts"], event.get("tdur", event["dur"]) / 1000


if __name__ == "__main__":
    main()
