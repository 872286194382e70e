"""What surrounds the benchmarks: where their figures go and how they are judged. None of them is run here."""

import json
import re

import pytest

from benchmarks.__main__ import main, run_all
from benchmarks.catalogue import BENCHMARKS
from benchmarks.goals import GOALS, MANIMS, OURS, judged
from benchmarks.growth import CURVES, lines
from benchmarks.report import README, MarkerError, publish, replaced
from benchmarks.tables import Tables, markdown, rows_of

TEXT = "# Head\r\n<!-- begin a -->\nold\n<!-- end a -->\n\ttail  \n<!-- begin b -->\nkept\n<!-- end b -->"


def test_readme_has_a_place_for_each_table_and_a_section_for_each_benchmark():
    text = README.read_text()
    tables = [table for benchmark in BENCHMARKS.values() for table in benchmark.tables]
    assert sorted(re.findall(r"<!-- begin (\S+) -->", text)) == sorted(tables)
    assert set(re.findall(r"^## .*`python -m benchmarks (\w+)`$", text, re.M)) == set(BENCHMARKS)
    for table in tables:
        replaced(text, table, "")


def test_each_benchmark_is_a_script_and_each_goal_and_curve_is_of_one():
    for name in BENCHMARKS:
        assert (
            "def main(arguments: list[str] | None = None) -> list[Row]:"
            in (README.parent / f"{name}.py").read_text()
        )
    assert {goal.benchmark for goal in GOALS} == set(BENCHMARKS)
    assert set(CURVES) <= {table for benchmark in BENCHMARKS.values() for table in benchmark.tables}


def test_a_marked_table_is_replaced_and_the_rest_stays_byte_by_byte():
    assert replaced(TEXT, "a", "new") == TEXT.replace("\nold\n", "\n\nnew\n\n")
    assert replaced(replaced(TEXT, "a", "new"), "a", "new") == replaced(TEXT, "a", "new")
    assert replaced(TEXT, "a", r"\1 \g<0>").startswith("# Head\r\n<!-- begin a -->\n\n\\1 \\g<0>\n")


@pytest.mark.parametrize("text", ["", "<!-- end a -->\n<!-- begin a -->\n", "<!-- begin a -->\n", TEXT + TEXT])
def test_markers_that_are_not_there_just_once_are_an_error(text):
    with pytest.raises(MarkerError, match="begin a"):
        replaced(text, "a", "new")


def test_tables_are_published_with_their_curve_and_others_are_left(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_bytes(TEXT.replace(" a ", " render-growth ").encode())
    rows = [
        {"table": "render-growth", "particles": 1000, "ms a frame": 0.3, "µs a particle": 0.3},
        {"table": "render-growth", "particles": 3000, "ms a frame": 0.9, "µs a particle": 0.3},
        {"table": "b", "only in": "the JSON"},
    ]
    publish(rows, ["render-growth"], readme)
    text = readme.read_bytes().decode()
    assert "| 3,000 | 0.9 | 0.3 |\n\n![Time to draw a particle](render.png)\n" in text
    assert text.startswith("# Head\r\n")
    assert text.endswith("\ttail  \n<!-- begin b -->\nkept\n<!-- end b -->")
    assert (tmp_path / "render.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="no rows"):
        publish(rows, ["film"], readme)


def test_a_row_is_of_the_growth_that_it_names():
    rows = [
        {"grows": "particles", "particles": size, "steps": 100, "µs per particle and step": 1 / size}
        for size in (1000, 10)
    ] + [{"grows": "steps", "particles": 10, "steps": 7, "µs per particle and step": 5}]
    assert lines(CURVES["langevin-growth"], rows, "particles") == {"": [(10, 0.1), (1000, 0.001)]}
    assert lines(CURVES["langevin-growth"], rows, "steps") == {"": [(7, 5)]}


def test_rows_are_printed_under_one_head_and_shown_with_their_digits(capsys):
    tables = Tables()
    tables.add("a", {"size": 1000, "s": 12.345})
    tables.add("a", {"size": 2, "s": None})
    tables.add("b", {"ssim": 0.987654})
    assert capsys.readouterr().out == (
        "\n| size | s |\n|---|---|\n| 1,000 | 12.3 |\n| 2 |  |\n\n| ssim |\n|---|\n| 0.98765 |\n"
    )
    assert rows_of(tables, "b") == [{"ssim": 0.987654}]
    assert markdown([{"a": 1}, {"b": "x"}]) == "| a | b |\n|---|---|\n| 1 |  |\n|  | x |"


def rows(good: bool) -> dict[str, list[dict]]:
    """Figures of all benchmarks, all good, or all bad."""
    bad = not good
    trained = [
        {
            "table": "training", "what": what, "seed": 101, "beyond 0.1 sd, %": strays, "law (KS)": 0.005 + bad,
            "floor": 0.01, "fewest": 0.8 - bad, "most": 1.2 + bad,
        }
        for what, strays in (
            ("(b) waves", 10.0), ("ours, a fortieth of (b)'s time", 1.0 + 10 * bad), ("ours, 3 s", 0.4 + bad),
            ("ours, 15 s", 0.1 + bad), ("ours, 30 s", 0.05 + bad),
        )
    ]  # fmt: skip
    paces = [
        {"grows": grows, "particles": particles, "steps": steps, "µs per particle and step": pace}
        for grows, particles, steps, pace in (
            ("particles", 10, 10, 1.0), ("particles", 100, 10, 1.0 + bad),
            ("steps", 10, 10, 1.0), ("steps", 10, 100, 1.0 + bad),
        )
    ]  # fmt: skip
    million = [
        {
            "table": "million", "sampler": "DDPM", "particles": particles, "steps": steps,
            "µs per particle and step": None if steps == 20 else 1.0 + bad * particles,
            "largest memory, MB": 800 + 300 * bad * (steps > 20),
        }
        for particles in (100_000, 200_000, 1_000_000) for steps in (20, 40)
    ]  # fmt: skip
    settings = (MANIMS, 1.0, 0.99), (OURS, 0.6 + bad, 0.995 - 0.1 * bad)
    return {
        "langevin": [
            {"table": "langevin", "ratio": 2.5 + bad},
            *({"table": "langevin-growth"} | row for row in paces),
        ],
        "sampling": [
            {"table": "sampling", "ratio": 1.4 + bad},
            *({"table": "sampling-growth"} | row for row in paces),
        ],
        "training": [
            *trained,
            {"table": "training-spiral", "what": "ours, 3 s", "seed": 101, "beyond 3.5 thicknesses, %": 0.2 + bad},
        ],
        "render": [
            {"table": "render", "ratio": 150 - 100 * bad},
            {"table": "render-growth", "particles": 10, "µs a particle": 0.2},
            {"table": "render-growth", "particles": 100, "µs a particle": 0.2 + bad},
        ],
        "encoder": [
            {"table": "encoder-stretches", "film": "F", "setting": setting, "seconds": seconds, "ssim": ssim}
            for setting, seconds, ssim in settings
        ],
        "film": [
            {"table": "film", "film": "F", "ratio": 1.1 + bad},
            {"table": "film-drafts", "film": "F", "over its duration": 0.5 + bad, "edit to see s": 8 + 9 * bad},
        ],
        "explorer": [{"table": "explorer", "what": "live", "script and paint ms": 7.5 + bad}],
        "processes": [
            {"table": "processes", "over one on one core": None},
            {"table": "processes", "over one on one core": 1.9 - bad},
        ],
        "million": million,
    }  # fmt: skip


@pytest.mark.parametrize(("good", "expected"), [(True, "yes"), (False, "no")])
def test_every_goal_can_be_reached_and_missed(good, expected):
    told = list(judged(rows(good)))
    assert {(row["what"], row["reached"]) for row in told} == {(row["what"], expected) for row in told}


def test_the_encoders_goals_are_about_the_settings_that_films_have():
    from scenes.encoding import OURS as CHOSEN

    assert dict(part.split("=") for part in OURS.split(",")) == CHOSEN


def test_a_goal_for_which_a_run_was_too_small_is_not_measured():
    told = list(judged({name: [] for name in BENCHMARKS}))
    assert len(told) == len(GOALS)
    assert {row["reached"] for row in told} == {"not measured"}


def test_a_benchmark_that_fails_is_named_and_the_others_run(tmp_path, capsys):
    def run(name, arguments):
        assert arguments == list(BENCHMARKS[name].quick)
        if name == "langevin":
            raise RuntimeError("no such luck")
        if name == "sampling":
            raise SystemExit(2)
        return rows(good=False)[name]

    output, before = tmp_path / "new" / "benchmarks.json", README.read_bytes()
    assert run_all(["langevin", "sampling", "render"], quick=True, output=output, run=run) == 1
    out, err = capsys.readouterr()
    assert "benchmarks: langevin FAILED: RuntimeError: no such luck" in err
    assert "benchmarks: sampling FAILED: SystemExit: 2" in err
    assert "| render | VGroup of Dots over ParticleCloud | 50 | ≥ 100 | no |" in out
    told = json.loads(output.read_text())
    assert set(told["failed"]) == {"langevin", "sampling"}
    assert told["rows"] == {"render": rows(good=False)["render"]}
    assert README.read_bytes() == before


def test_missed_goals_alone_are_no_failure(tmp_path):
    assert run_all(["film"], True, tmp_path / "b.json", lambda name, arguments: rows(good=False)[name]) == 0


def test_an_unknown_benchmark_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["speed"])
    assert "no benchmark speed: choose of langevin" in capsys.readouterr().err
