import hashlib
import json
import os
import resource
import signal
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from forgery import claiming, forge, npy

from diffusion_core.errors import TrajectoryError
from diffusion_core.npz import TrajectoryWriter, load, save
from diffusion_core.trajectory import Grid, Series, Trajectory

ABOUT = {
    "step_size": 0.1,
    "recipe": "smiley",
    "parameters": {"width": 0.15},
    "seed": 7,
    "versions": {"numpy": "2.4"},
}
PLACES, MOVE = np.zeros((3, 2)), np.ones((1, 2))  # what `writer` takes
ARRAYS = ("positions", "steps", "times", "detailed", "drift", "noise", "accepted")


def example(records=5, particles=6, dtype=np.float32, seed=0):
    rng = np.random.default_rng(seed)
    drift, noise = rng.standard_normal((2, records, 2, 2))
    drift[0] = noise[0] = 0
    steps = 10 * np.arange(records)
    return Trajectory(
        positions=rng.standard_normal((records, particles, 2)).astype(dtype),
        steps=steps,
        times=0.1 * steps,
        detailed=np.array([4, 1]),
        drift=drift,
        noise=noise,
        accepted=rng.random((records, 2)) < 0.5,
        grids={
            "score": Grid(rng.standard_normal((3, 4, 2)), (-2.0, 2.0, -1.5, 1.5)),
            "density": Grid(rng.random((3, 4), np.float32), (-2.0, 2.0, -1.5, 1.5)),
            "moments": Grid(rng.random((5, 3, 4, 2)), (0.0, 1.0, 0.0, 1.0)),
        },
        series={
            "distance": Series(steps, rng.random(records)),
            "masses": Series(steps[1:], rng.random((records - 1, 3)), ("ring", "eyes", "mouth")),
        },
        **ABOUT,
    )


def equal(a, b):
    """Whether two trajectories agree in everything but their path, compared array by array."""
    plain = all(getattr(a, name) == getattr(b, name) for name in ABOUT)
    arrays = all(same(getattr(a, name), getattr(b, name)) for name in ARRAYS)
    named = a.grids.keys() == b.grids.keys() and a.series.keys() == b.series.keys()
    return (
        plain
        and arrays
        and named
        and all(same(grid.values, b.grids[name].values) for name, grid in a.grids.items())
        and all(grid.window == b.grids[name].window for name, grid in a.grids.items())
        and all(same(series.values, b.series[name].values) for name, series in a.series.items())
        and all(same(series.steps, b.series[name].steps) for name, series in a.series.items())
        and all(series.labels == b.series[name].labels for name, series in a.series.items())
    )


def same(a, b):
    return (a is b is None) or (a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())


def writer(path, **changes):
    plan = {"steps": [0, 1], "times": [0.0, 0.1], "particles": 3, "detailed": [2]} | ABOUT | changes
    return TrajectoryWriter(path, **plan)


def write(path, records):
    with writer(path) as record:
        for values in records:
            record.append(*values)
        record.finish()


def directory_entry(content, name):
    """Where a member's entry in the zip's central directory begins (APPNOTE 4.3.12)."""
    return content.rindex(f"{name}.npy".encode()) - 46


def refusal(path):
    """The sentence with which a file is refused, which must name the file and a remedy."""
    with pytest.raises(TrajectoryError) as refused:
        load(path)
    message = str(refused.value)
    assert message.startswith(f"{path}")
    assert "\n" not in message
    assert "the next render (or `python -m diffusion_core precompute NAME`) computes it" in message
    return message


@pytest.fixture
def path(tmp_path):
    return tmp_path / "smiley-0123.npz"


@pytest.fixture
def saved(path):
    save(example(), path)
    return path


# What is written is what is read.


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_written_is_read(path, dtype):
    trajectory = example(dtype=dtype)
    save(trajectory, path)
    assert equal(load(path), trajectory)
    assert load(path).path == path


def test_optional_parts_may_be_missing(path):
    nobody = np.zeros((5, 0, 2))
    bare = replace(
        example(), detailed=np.zeros(0, int), drift=nobody, noise=nobody, accepted=None, grids={}, series={}
    )
    save(bare, path)
    assert equal(load(path), bare)


def test_np_load_alone_reads_everything(saved):
    trajectory = example()
    with np.load(saved) as arrays:
        metadata = json.loads(arrays["metadata"].item())
        np.testing.assert_array_equal(arrays["positions"], trajectory.positions)
        np.testing.assert_array_equal(arrays["grid.density"], trajectory.grids["density"].values)
        np.testing.assert_array_equal(arrays["series.masses"], trajectory.series["masses"].values)
        np.testing.assert_array_equal(arrays["series.masses.steps"], trajectory.series["masses"].steps)
    assert metadata["version"] == 1
    assert metadata["labels"]["masses"] == ["ring", "eyes", "mouth"]
    assert metadata["windows"]["density"] == [-2, 2, -1.5, 1.5]
    assert {name: metadata[name] for name in ABOUT} == ABOUT


def test_the_stated_hashes_are_those_of_the_members(saved):
    with zipfile.ZipFile(saved) as archive:
        digests = {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}
    text = np.load(saved)["metadata"].item()
    stated = json.loads(text)["sha256"]
    assert {f"{name}.npy" for name in stated} == digests.keys() - {"metadata.npy", "hash.npy"}
    assert all(digests[f"{name}.npy"] == digest for name, digest in stated.items())
    assert load(saved).hash == np.load(saved)["hash"].item() == hashlib.sha256(text.encode()).hexdigest()


def test_positions_are_a_read_only_aligned_map_of_the_file(saved):
    positions = load(saved).positions
    assert isinstance(positions, np.memmap)
    assert not positions.flags.writeable
    assert positions.ctypes.data % 64 == 0


def test_every_member_is_stored_uncompressed_with_zip64_sizes(saved):
    content = saved.read_bytes()
    with zipfile.ZipFile(saved) as archive:
        assert archive.testzip() is None
        for info in archive.infolist():
            assert info.compress_type == zipfile.ZIP_STORED
            sizes = content[info.header_offset + 18 : info.header_offset + 26]
            assert sizes == b"\xff" * 8  # "see the ZIP64 field", APPNOTE 4.5.3


def by_columns(grid):
    return grid._replace(values=grid.values.swapaxes(-1, -2).copy().swapaxes(-1, -2))


def test_equal_content_gives_equal_bytes(tmp_path):
    one = example()
    other = replace(
        one,
        parameters=dict(reversed(one.parameters.items())),
        grids={name: by_columns(grid) for name, grid in reversed(one.grids.items())},
        series=dict(reversed(one.series.items())),
    )
    save(one, tmp_path / "one.npz")
    save(other, tmp_path / "other.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()


def test_the_hash_is_the_same_in_memory_and_in_the_file(saved):
    loaded = load(saved)
    assert loaded.hash == example().hash == replace(loaded, path=None).hash


@pytest.mark.parametrize(
    "change",
    [
        lambda t: {"positions": t.positions + np.float32(1)},
        lambda t: {"steps": t.steps + 1},
        lambda t: {"times": t.times + 1},
        lambda t: {"detailed": t.detailed[::-1].copy()},
        lambda t: {"drift": 2 * t.drift},
        lambda t: {"noise": 2 * t.noise},
        lambda t: {"accepted": ~t.accepted},
        lambda t: {"grids": {"density": t.grids["density"]}},
        lambda t: {"grids": t.grids | {"density": t.grids["density"]._replace(window=(-2.0, 2.0, -1.5, 1.6))}},
        lambda t: {"series": {}},
        lambda t: {"series": t.series | {"distance": t.series["distance"]._replace(labels=("W2",))}},
        lambda t: {"step_size": 0.2},
        lambda t: {"recipe": "ring"},
        lambda t: {"parameters": {"width": 0.16}},
        lambda t: {"seed": 8},
        lambda t: {"versions": {}},
    ],
)
def test_the_hash_covers_every_part(change):
    trajectory = example()
    assert replace(trajectory, **change(trajectory)).hash != trajectory.hash


def test_a_run_without_refusals_yet_counts_as_accepted_at_iteration_0(path):
    write(path, [(PLACES,), (PLACES, MOVE, MOVE, [False])])
    assert load(path).accepted.tolist() == [[True], [False]]
    assert load(path).drift.tolist() == [[[0, 0]], [[1, 1]]]


def test_memory_does_not_grow_with_the_number_of_records(tmp_path):
    particles = 20_000
    record_bytes = particles * 2 * 4
    start = np.zeros((particles, 2), np.float32)

    def peak(records):
        path = tmp_path / f"{records}.npz"
        tracemalloc.start()
        plan = {"steps": range(records), "times": np.zeros(records), "particles": particles, "detailed": ()}
        with writer(path, **plan) as record:
            for _ in range(records):
                record.append(start)
            record.finish()
        written = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        load(path)
        read = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return np.array([written, read])

    few, many = peak(20), peak(120)
    assert (many - few < record_bytes).all()  # 100 records more take less than one record's memory


# Nothing half-written appears.


def test_nothing_remains_of_a_run_that_fails(saved):
    before = saved.read_bytes()

    def fail(error):
        with writer(saved) as record:
            record.append(np.ones((3, 2)))
            raise error

    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error):
            fail(error)
        assert [file.name for file in saved.parent.iterdir()] == [saved.name]
        assert saved.read_bytes() == before


def test_the_content_reaches_the_disk_before_the_name_changes(path, monkeypatch):
    calls = []

    def noting(name, call):
        return lambda *given: (calls.append(name), call(*given))

    monkeypatch.setattr(os, "fsync", noting("fsync", os.fsync))
    monkeypatch.setattr(os, "replace", noting("replace", os.replace))
    save(example(), path)
    assert calls == ["fsync", "replace"]


def test_a_kill_leaves_the_old_file_whole(saved):
    script = f"""
import os, signal
import numpy as np
from diffusion_core.npz import TrajectoryWriter
with TrajectoryWriter({str(saved)!r}, steps=[0, 1], times=[0, 1], particles=3, **{ABOUT!r}) as writer:
    writer.append(np.ones((3, 2)))
    os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", script], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert equal(load(saved), example())


def test_a_full_disk_is_one_sentence_and_leaves_nothing(path):
    _, hard = (limits := resource.getrlimit(resource.RLIMIT_FSIZE))
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, hard))
        with pytest.raises(TrajectoryError, match=r"cannot be written \(File too large\): free some space"):
            save(example(particles=5_000), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(path.parent.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_one_sentence(saved):
    with pytest.raises(TrajectoryError, match="cannot be written"):
        save(example(), saved / "below-a-file.npz")


@pytest.mark.parametrize(
    ("records", "fault"),
    [
        ([(PLACES,)], "has 1 of its 2 records"),
        ([(np.zeros((2, 2)),)], "shape"),
        ([(np.full((3, 2), np.nan),)], "NaN or infinity"),
        ([(np.full((3, 2), 1e39),)], "NaN or infinity"),  # too large for float32
        ([(PLACES,), (PLACES,)], "lacks the drift"),
        ([(PLACES, np.zeros((3, 2)), np.zeros((3, 2)))], "drift has shape"),
        ([(PLACES, 0 * MOVE, 0 * MOVE)] * 3, "append no more"),
        ([(PLACES, None, None, [True]), (PLACES, MOVE, MOVE)], "accepted must have shape"),
        ([(PLACES,), (PLACES, MOVE, MOVE, [True, True, True])], "accepted must have shape"),
        ([(PLACES, MOVE, MOVE), (PLACES, MOVE, MOVE)], "lead to iteration 0"),
    ],
)
def test_the_writer_refuses_records_that_do_not_fit(path, records, fault):
    with pytest.raises(TrajectoryError, match=fault):
        write(path, records)
    assert list(path.parent.iterdir()) == []


def test_the_writer_refuses_to_be_left_unfinished(path):
    with pytest.raises(TrajectoryError, match="left before `finish`"), writer(path):
        pass
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"steps": [1, 1]}, "steps do not increase"),
        ({"times": [0.0]}, "times should be"),
        ({"times": [0.0, np.inf]}, "NaN or infinity in times"),
        ({"particles": 0}, "positions are of the shape"),
        ({"steps": [], "times": []}, "positions are of the shape"),
        ({"dtype": np.int64}, "positions should be"),
        ({"detailed": [3]}, "none of the 3"),
        ({"detailed": [-1]}, "none of the 3"),
        ({"detailed": [0, 0]}, "twice"),
        ({"step_size": 0.0}, "step size of 0.0"),
        ({"step_size": np.nan}, "step_size cannot be kept as JSON"),
        ({"parameters": {"target": np.zeros(2)}}, "parameters cannot be kept as JSON"),
        ({"seed": np.int64(1)}, "seed cannot be kept as JSON"),
    ],
)
def test_the_writer_refuses_a_senseless_plan_before_the_run(path, change, fault):
    with pytest.raises(TrajectoryError, match=fault):
        writer(path, **change)


STEPS = np.arange(5)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"drift": np.ones((5, 2, 2))}, "lead to iteration 0"),
        ({"noise": np.zeros((5, 1, 2))}, "noise should be"),
        ({"accepted": np.ones((5, 2))}, "accepted should be"),
        ({"grids": {"a.b": Grid(np.zeros((3, 4)), (0, 1, 0, 1))}}, "name like a variable's"),
        ({"grids": {"p": Grid(np.zeros(3), (0, 1, 0, 1))}}, "grid p is of the shape"),
        ({"grids": {"p": Grid(np.zeros((1, 3, 4, 3)), (0, 1, 0, 1))}}, "grid p is of the shape"),
        ({"grids": {"p": Grid(np.zeros((3, 4), int), (0, 1, 0, 1))}}, "grid p should be"),
        ({"grids": {"p": Grid(np.zeros((3, 4)), (0, 1, 1, 0))}}, "x0 < x1, y0 < y1"),
        ({"grids": {"p": Grid(np.full((3, 4), np.nan), (0, 1, 0, 1))}}, "NaN or infinity in grid.p"),
        ({"series": {"d": Series(STEPS, np.zeros((5, 2)), ("one",))}}, "1 labels"),
        ({"series": {"d": Series(STEPS, np.zeros(4))}}, "steps of the series d should be"),
        ({"series": {"d": Series(STEPS[::-1], np.zeros(5))}}, "steps of the series d do not increase"),
        ({"series": {"d": Series(STEPS, np.full(5, np.inf))}}, "NaN or infinity in series.d"),
    ],
)
def test_a_trajectory_refuses_parts_that_do_not_fit(change, fault):
    with pytest.raises(TrajectoryError, match=fault):
        replace(example(), **change)


# A file that is not what a writer left is refused in one sentence.


def test_a_missing_file_is_refused(path):
    assert "does not exist" in refusal(path)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(TrajectoryError, match="cannot be read"):
        load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a zip archive", b"PK\5\6" + bytes(18)])
def test_a_file_that_is_no_archive_of_arrays_is_refused(path, content):
    path.write_bytes(content)
    message = refusal(path)
    assert "not a zip archive" in message or "no metadata" in message


def test_a_foreign_npz_is_refused(path):
    np.savez(path, positions=np.zeros((2, 3, 2)))
    assert "no trajectory" in refusal(path)
    np.savez(path, positions=np.zeros((2, 3, 2)), metadata=np.array("{}"), hash=np.array(""))
    assert "metadata cannot be read" in refusal(path)


def test_the_metadata_of_another_program_are_refused(saved):
    forge(saved, change_metadata=lambda metadata: metadata.update(format="weights"))
    assert "another program" in refusal(saved)


def test_a_newer_version_is_refused(saved):
    forge(saved, change_metadata=lambda metadata: metadata.update(version=2))
    assert "has the format 2, and this program reads 1 (update it" in refusal(saved)


def test_pickled_objects_are_never_loaded(saved):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("was unpickled",))

    forge(saved, lambda members: members.update(times=npy(np.array([Trap()], object), allow_pickle=True)))
    assert "pickled Python objects" in refusal(saved)


def test_a_compressed_member_is_refused(saved):
    forge(saved, compression=zipfile.ZIP_DEFLATED)
    assert "compressed" in refusal(saved)


def test_a_forged_but_sound_file_is_accepted(saved):
    forge(saved)
    assert equal(load(saved), example())


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"positions": np.zeros((5, 6, 3), np.float32)}, "positions are of the shape"),
        ({"positions": np.zeros((5, 6, 2), np.int64)}, "positions should be"),
        ({"positions": np.zeros((5, 6, 2), np.float16)}, "'positions' is of the type float16"),
        ({"positions": np.full((5, 6, 2), np.nan, np.float32)}, "NaN or infinity in positions"),
        ({"positions": np.full((5, 6, 2), -np.inf)}, "NaN or infinity in positions"),
        ({"positions": np.asfortranarray(np.zeros((5, 6, 2)))}, "stored by columns"),
        ({"steps": np.arange(4)}, "steps should be"),
        ({"grid.density": np.zeros(3)}, "grid density is of the shape"),
        ({"accepted": np.zeros((5, 1), bool)}, "accepted should be"),
        ({"surplus": np.zeros(3)}, "members of unknown use"),
    ],
)
def test_wrong_types_shapes_and_values_are_refused(saved, changes, fault):
    forge(saved, lambda members: members.update({name: npy(array) for name, array in changes.items()}))
    assert fault in refusal(saved)


def test_a_missing_member_is_refused(saved):
    forge(saved, lambda members: members.pop("noise"))
    assert "metadata do not describe a trajectory" in refusal(saved)


def test_a_member_that_the_metadata_do_not_name_is_refused(saved):
    forge(saved, change_metadata=lambda metadata: metadata["sha256"].pop("noise"))
    assert "not those which the metadata name" in refusal(saved)


def test_a_hash_that_does_not_fit_is_refused(saved):
    forge(saved, change_metadata=lambda metadata: metadata["sha256"].update(noise=64 * "0"))
    assert "noise was altered" in refusal(saved)


@pytest.mark.parametrize("shape", [(5, 10**12, 2), (5, 0, 2), (-5, -6, 2), (5, 6, 2, 10**30)])
def test_a_header_that_claims_other_sizes_is_refused_before_memory_is_taken(saved, shape):
    forge(saved, lambda members: members.update(positions=claiming(shape)))
    tracemalloc.start()
    message = refusal(saved)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "'positions' claims the shape" in message
    assert peak < 10 * 2**20


def test_a_member_that_claims_to_go_on_behind_the_end_is_refused(saved):
    member = claiming((5, 10**6, 2))
    forge(saved, lambda members: members.update(positions=member))
    content = bytearray(saved.read_bytes())
    size = len(member) + 5 * (10**6 - 6) * 2 * 4
    struct.pack_into("<II", content, directory_entry(content, "positions") + 20, size, size)
    saved.write_bytes(content)
    assert "'positions' is truncated" in refusal(saved)


def test_a_header_that_numpy_would_have_to_guess_is_refused(saved):
    def imitate_python_2(members):
        members["positions"] = members["positions"].replace(b"(5, 6, 2), ", b"(5L, 6, 2),")

    forge(saved, imitate_python_2)
    assert "header of 'positions' is damaged" in refusal(saved)


def test_metadata_altered_along_with_their_checksum_are_refused(saved):
    with zipfile.ZipFile(saved) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["metadata.npy"] = npy(np.array(np.load(saved)["metadata"].item().replace("smiley", "Smiley")))
    with zipfile.ZipFile(saved, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    assert "metadata were altered" in refusal(saved)


def outcome(path, content):
    path.write_bytes(content)
    try:
        return load(path)
    except TrajectoryError as error:
        return error


def notices(path, content):
    """Whether damage is refused in one sentence; where it is not, it must have changed nothing that is read."""
    met = outcome(path, content)
    refused = isinstance(met, TrajectoryError)
    assert "\n" not in str(met) if refused else equal(met, example())
    return refused


def test_every_changed_byte_is_noticed_or_means_nothing(saved):
    rng = np.random.default_rng(1)
    whole = saved.read_bytes()
    damaged = saved.with_name("damaged.npz")
    noticed = 0
    for where in rng.integers(len(whole), size=200):
        content = bytearray(whole)
        content[where] ^= int(rng.integers(1, 256))
        noticed += notices(damaged, content)
    assert noticed > 100  # most of the file is data and metadata, where every byte counts


def test_every_changed_byte_of_an_array_is_noticed(saved):
    whole = saved.read_bytes()
    with zipfile.ZipFile(saved) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for data in members.values():
        content = bytearray(whole)
        content[whole.index(data) + len(data) - 1] ^= 1
        assert notices(saved, content)


@pytest.mark.parametrize("offset", [10, 16, 20, 24, 42])  # method, CRC, both sizes, place of the member
def test_a_change_of_the_directory_that_np_load_heeds_is_noticed(saved, offset):
    content = bytearray(saved.read_bytes())
    content[directory_entry(content, "positions") + offset] ^= 1
    assert notices(saved, content)


def test_a_member_without_its_signature_is_noticed(saved):
    assert notices(saved, b"p" + saved.read_bytes()[1:])


def test_every_truncation_is_noticed(saved):
    whole = saved.read_bytes()
    for size in np.random.default_rng(2).integers(len(whole), size=50):
        assert notices(saved, whole[:size])


def test_bytes_in_front_of_the_archive_are_noticed_or_mean_nothing(saved):
    notices(saved, b"#!" + saved.read_bytes())
