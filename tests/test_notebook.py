"""The notebook in `examples/`, run from top to bottom as a reader would."""

import base64
import re
import shutil
from io import BytesIO
from pathlib import Path

import av
import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image

NOTEBOOK = Path(__file__).resolve().parent.parent / "examples" / "langevin.ipynb"


@pytest.fixture(scope="module")
def written():
    return nbformat.read(NOTEBOOK, as_version=4)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The notebook with what its cells gave, run in an empty folder."""
    copy = Path(shutil.copy(NOTEBOOK, tmp_path_factory.mktemp("examples")))
    notebook = nbformat.read(copy, as_version=4)
    folder = {"metadata": {"path": str(copy.parent)}}
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources=folder).execute()
    return notebook


def shown(notebook, kind):
    """(index of the cell, data) of each output of a MIME type."""
    return [
        (index, output.data[kind])
        for index, cell in enumerate(notebook.cells)
        for output in cell.get("outputs", [])
        if kind in output.get("data", {})
    ]


def captioned(notebook, index):
    """Whether a caption, a paragraph in italics, stands below a cell."""
    below = notebook.cells[index + 1]
    return below.cell_type == "markdown" and re.fullmatch(r"\*[^*].*[^*]\*", below.source, re.S)


def test_it_is_kept_without_outputs(written):
    code = [cell for cell in written.cells if cell.cell_type == "code"]
    assert len(code) >= 7
    assert all(cell.outputs == [] and cell.execution_count is None and not cell.metadata for cell in code)
    assert set(written.metadata) == {"kernelspec", "language_info"}


def test_it_runs_from_top_to_bottom_without_a_warning(done):
    said = [output for cell in done.cells for output in cell.get("outputs", []) if output.output_type == "stream"]
    assert [output.text for output in said if output.name == "stderr"] == []


def test_each_figure_has_a_caption_and_words_for_those_who_cannot_see_it(done):
    figures = [found for found in shown(done, "text/html") if "<img" in found[1]]
    assert len(figures) == 2
    for index, html in figures:
        png, words = re.search(r'src="data:image/png;base64,([^"]+)" alt="([^"]+)"', html).groups()
        picture = Image.open(BytesIO(base64.b64decode(png))).convert("L")
        assert picture.width >= 700
        assert picture.entropy() > 0.5  # something is drawn
        assert len(words.split()) >= 15
        assert captioned(done, index)


def test_the_clip_is_in_the_notebook_and_plays(done):
    ((index, html),) = [found for found in shown(done, "text/html") if "<video" in found[1]]
    data = re.search(r'src="data:video/mp4;base64,([^"]+)"', html)[1]
    with av.open(BytesIO(base64.b64decode(data))) as clip:
        stream = clip.streams.video[0]
        frames = [frame.to_ndarray(format="gray") for frame in clip.decode(stream)]
        assert (stream.width, stream.height) == (854, 480)
    assert len(frames) / 15 > 8
    assert abs(frames[0].astype(int) - frames[-1]).max() > 100
    assert captioned(done, index)


def test_the_run_that_it_draws_is_a_sample(done):
    settled = [data for index, data in shown(done, "text/plain") if "verdict(run)" in done.cells[index].source]
    assert settled == ["True"]


def test_the_explorer_of_the_run_is_in_the_notebook(done):
    ((index, view),) = shown(done, "application/vnd.jupyter.widget-view+json")
    widgets = done.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    state = widgets[view["model_id"]]["state"]
    assert state["_model_module"] == "anywidget"
    assert [run["name"] for run in state["exploration"]["runs"]] == ["two-moons-notebook"]
    assert captioned(done, index)
