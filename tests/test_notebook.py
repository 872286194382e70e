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
    """(index of the cell, data, metadata) of each output of a MIME type."""
    return [
        (index, output.data[kind], output.metadata.get(kind, {}))
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
    figures = shown(done, "image/png")
    assert len(figures) == 2
    for index, png, metadata in figures:
        picture = Image.open(BytesIO(base64.b64decode(png))).convert("L")
        assert picture.width >= 700
        assert len(set(picture.get_flattened_data())) > 50  # something is drawn
        assert len(metadata["alt"].split()) >= 15
        assert captioned(done, index)


def test_the_clip_is_in_the_notebook_and_plays(done):
    ((index, html, _),) = [found for found in shown(done, "text/html") if "<video" in found[1]]
    data = re.search(r'src="data:video/mp4;base64,([^"]+)"', html)[1]
    with av.open(BytesIO(base64.b64decode(data))) as clip:
        stream = clip.streams.video[0]
        frames = [frame.to_ndarray(format="gray") for frame in clip.decode(stream)]
        assert (stream.width, stream.height) == (854, 480)
    assert len(frames) / 15 > 8
    assert abs(frames[0].astype(int) - frames[-1]).max() > 100
    assert captioned(done, index)


def test_the_run_that_it_draws_is_a_sample(done):
    (settled,) = [
        output.data["text/plain"]
        for cell in done.cells
        if "verdict(run)" in cell.source
        for output in cell.outputs
        if "data" in output
    ]
    assert settled == "True"
