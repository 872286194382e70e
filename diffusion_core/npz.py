"""Trajectories in and out of `.npz`: files that anyone's `np.load` reads, written and mapped record by record.

Positions never have to fit in memory. Every member is a plain `.npy`: `positions`, `steps`, `times`,
`detailed`, `drift`, `noise`, `accepted` (where proposals can be refused), `weights` (where a network is
trained), `grid.NAME`, `series.NAME`, `series.NAME.steps`, `metadata` (JSON text with everything else and the
SHA-256 of each of these members) and `hash` (the SHA-256 of that text). Equal content gives equal bytes.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import secrets
import shutil
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from diffusion_core.errors import TrajectoryError
from diffusion_core.trajectory import (
    ARRAYS,
    FLOATS,
    FORMAT,
    INTEGER,
    PLAIN,
    TRUTH,
    VERSION,
    Array,
    Grid,
    Series,
    Trajectory,
    arrays_of,
    digest_of,
    metadata_of,
    npy_bytes,
    require,
    sha256_of,
)

_COMPUTES = "the next render (or `python -m diffusion_core precompute NAME`) computes it"
_CHUNK = 1 << 20  # bytes read at a time; a multiple of every number's size
_ALIGNMENT = 64  # bytes; the mapped numbers start at a multiple of it, which spares NumPy copies
_LOCAL_HEADER = struct.Struct("<4s22xHH")  # signature, length of the name, length of the extra field


class TrajectoryWriter:
    """Write a trajectory record by record: it appears under its name when it is whole, or not at all.

    Arguments are the fields of `Trajectory`; `dtype` is that of the positions.

    Raises:
        TrajectoryError: arguments or records that contradict `Trajectory`, positions that are not finite, a
            missing record or `finish`, a folder that cannot be written.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "run.npz"
    >>> about = dict(step_size=0.01, recipe="demo", parameters={}, seed=1, versions={})
    >>> with TrajectoryWriter(path, steps=[0, 10], times=[0.0, 0.1], particles=3, **about) as writer:
    ...     writer.append(np.zeros((3, 2)))
    ...     writer.append(np.ones((3, 2)))
    ...     writer.finish()
    >>> np.load(path)["positions"].shape, load(path).steps.tolist()
    ((2, 3, 2), [0, 10])
    """

    def __init__(
        self,
        path: str | Path,
        *,
        steps: ArrayLike,
        times: ArrayLike,
        step_size: float,
        particles: int,
        recipe: str,
        parameters: Mapping[str, Any],
        seed: int,
        versions: Mapping[str, str],
        detailed: ArrayLike = (),
        dtype: DTypeLike = np.float32,
    ) -> None:
        numbers, chosen = np.array(steps, np.int64), np.array(detailed, np.int64)
        zeros = np.zeros((numbers.size, chosen.size, 2))
        self._path = Path(path)
        self._plan = Trajectory(  # checks everything that is known before the run
            positions=np.broadcast_to(np.zeros((), dtype), (numbers.size, particles, 2)),  # takes no memory
            steps=numbers,
            times=np.array(times, np.float64),
            step_size=step_size,
            detailed=chosen,
            drift=zeros,
            noise=zeros,
            recipe=recipe,
            parameters=dict(parameters),
            seed=seed,
            versions=dict(versions),
        )
        self._details: list[tuple[Array, Array]] = []
        self._accepted: list[Array | None] = []
        self._finished = False

    def __enter__(self) -> Self:
        temporary = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}.part")
        with self._writing(), ExitStack() as stack:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._require_room()
            stack.callback(temporary.unlink, missing_ok=True)
            self._file = stack.enter_context(open(temporary, "xb"))
            self._archive = stack.enter_context(zipfile.ZipFile(self._file, "w"))
            self._member = stack.enter_context(self._open_member("positions"))
            self._digest = hashlib.sha256()
            self._write_positions(next(npy_bytes(self._plan.positions)))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._writing():
            self._stack.__exit__(kind, error, trace)
        require(error is not None or self._finished, f"{self._path} was left before `finish`: call it last")

    def append(
        self,
        positions: ArrayLike,
        drift: ArrayLike | None = None,
        noise: ArrayLike | None = None,
        accepted: ArrayLike | None = None,
    ) -> None:
        """Add the next record.

        Args:
            positions: (particles, 2).
            drift: (m, 2) of the detailed particles; may be None at iteration 0, and where m = 0.
            noise: likewise.
            accepted: (m,) likewise; None throughout where nothing is ever refused.
        """
        done, plan = len(self._details), self._plan
        require(done < len(plan.steps), f"{self._path} takes {len(plan.steps)} records: append no more")
        with np.errstate(over="ignore"):  # an overflow becomes infinity, and is refused below
            record = np.ascontiguousarray(positions, plan.positions.dtype)
        shape = plan.positions.shape[1:]
        require(record.shape == shape, f"record {done} has shape {record.shape} where {shape} belongs")
        require(np.isfinite(record).all(), f"record {done} holds NaN or infinity")
        known = (drift is not None and noise is not None) or plan.detailed.size == 0 or plan.steps[done] == 0
        require(known, f"record {done} lacks the drift or noise of its detailed particles")
        self._details.append((self._detail("drift", drift), self._detail("noise", noise)))
        self._accepted.append(None if accepted is None else np.array(accepted, np.bool_))
        with self._writing():
            self._write_positions(record.data)

    def finish(
        self,
        grids: Mapping[str, Grid] | None = None,
        series: Mapping[str, Series] | None = None,
        weights: Array | None = None,
    ) -> None:
        """Add what goes with the records, and let the file appear under its name."""
        done, planned = len(self._details), len(self._plan.steps)
        require(done == planned, f"{self._path} has {done} of its {planned} records: append the rest first")
        drift, noise = (np.array(detail) for detail in zip(*self._details, strict=True))
        with self._writing():
            self._write_rest(
                replace(
                    self._plan,
                    drift=drift,
                    noise=noise,
                    accepted=self._gather_accepted(),
                    weights=weights,
                    grids=grids or {},
                    series=series or {},
                )
            )
            self._archive.close()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            os.replace(self._file.name, self._path)
        self._finished = True

    def _require_room(self) -> None:
        """Refuse before the run, not after minutes of it."""
        needed, free = self._plan.positions.nbytes, shutil.disk_usage(self._path.parent).free
        sizes = f"{needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free"
        remedy = "free some space there, or choose another folder"
        require(needed <= free, f"{self._path} has no room (it takes {sizes}): {remedy}")

    def _detail(self, name: str, given: ArrayLike | None) -> Array:
        shape = (self._plan.detailed.size, 2)
        detail = np.zeros(shape) if given is None else np.array(given, np.float64)
        require(detail.shape == shape, f"{name} has shape {detail.shape} where {shape} belongs")
        return detail

    def _gather_accepted(self) -> Array | None:
        if all(row is None for row in self._accepted):
            return None
        shape = self._plan.detailed.shape
        rows = [
            np.ones(shape, np.bool_) if row is None and step == 0 else row  # nothing was refused yet
            for row, step in zip(self._accepted, self._plan.steps, strict=True)
        ]
        alike = all(row is not None and row.shape == shape for row in rows)
        require(alike, f"accepted must have shape {shape} in every record after iteration 0")
        return np.array(rows, np.bool_)

    def _write_positions(self, data: bytes | memoryview) -> None:
        self._digest.update(data)
        self._member.write(data)

    def _write_rest(self, trajectory: Trajectory) -> None:
        self._member.close()
        rest = arrays_of(trajectory)
        del rest["positions"]
        digests = {name: digest_of(array) for name, array in rest.items()}
        metadata = metadata_of(trajectory, digests | {"positions": self._digest.hexdigest()})
        rest |= {"metadata": np.array(metadata), "hash": np.array(sha256_of(metadata))}
        for name, array in rest.items():
            with self._open_member(name) as member:
                member.writelines(npy_bytes(array))

    def _open_member(self, name: str) -> IO[bytes]:
        info = zipfile.ZipInfo(f"{name}.npy")  # dated 1980, so that equal content gives equal bytes
        info.create_system = 3
        # After 30 bytes of local header, the name, 20 of ZIP64 sizes, and 6 + padding of the field that
        # Android's zipalign uses, the member starts at a multiple of the alignment.
        padding = -(self._file.tell() + 30 + len(info.filename) + 20 + 6) % _ALIGNMENT
        info.extra = struct.pack("<HHH", 0xD935, 2 + padding, _ALIGNMENT) + bytes(padding)
        return self._archive.open(info, "w", force_zip64=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            remedy = "free some space there, or choose another folder"
            raise TrajectoryError(f"{self._path} cannot be written ({error.strerror}): {remedy}") from error


def save(trajectory: Trajectory, path: str | Path) -> None:
    """Write a whole trajectory to `path`, see `TrajectoryWriter`."""
    about = {name: getattr(trajectory, name) for name in (*PLAIN, "steps", "times", "detailed")}
    _, particles, _ = trajectory.positions.shape
    dtype = trajectory.positions.dtype
    accepted = [None] * len(trajectory.steps) if trajectory.accepted is None else trajectory.accepted
    with TrajectoryWriter(path, particles=particles, dtype=dtype, **about) as writer:
        for record in zip(trajectory.positions, trajectory.drift, trajectory.noise, accepted, strict=True):
            writer.append(*record)
        writer.finish(trajectory.grids, trajectory.series, trajectory.weights)


def load(path: str | Path) -> Trajectory:
    """The trajectory in a file, checked throughout; its arrays are read-only maps of the file.

    Raises:
        TrajectoryError: there is no such file, or it is not what a writer left: truncated, foreign,
            compressed, of a newer version, altered, or inconsistent.
    """
    path = Path(path)
    try:
        with open(path, "rb") as file:
            return _read(file, path)
    except FileNotFoundError:
        raise TrajectoryError(f"{path} does not exist: {_COMPUTES}") from None
    except OSError as error:
        raise TrajectoryError(f"{path} cannot be read ({error.strerror}): name a readable file") from error
    except TrajectoryError as error:
        raise TrajectoryError(f"{path}: {error}: delete it, and {_COMPUTES} again") from error


class _Member(NamedTuple):
    """A member of the archive and the array that its header announces; offsets in bytes."""

    offset: int  # where the .npy begins
    start: int  # where its numbers begin
    end: int
    crc: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]


def _read(file: IO[bytes], path: Path) -> Trajectory:
    with _refusing("the file is truncated or not a zip archive"):
        infos = {info.filename.removesuffix(".npy"): info for info in zipfile.ZipFile(file).infolist()}
    require(infos.keys() >= {"metadata", "hash"}, "the file is no trajectory (it has no metadata)")
    members = {name: _locate(file, name, info) for name, info in infos.items()}
    bytes_of_file = np.memmap(file, np.uint8, "r")
    arrays = {
        name: bytes_of_file[member.start : member.end].view(member.dtype).reshape(member.shape)
        for name, member in members.items()
    }
    stated_hash, metadata = _read_metadata(arrays.pop("metadata"), arrays.pop("hash"))
    digests = metadata["sha256"]
    require(arrays.keys() == digests.keys(), "the members are not those which the metadata name")
    for name, member in members.items():
        _check_content(file, name, member, digests.get(name))
    with _refusing("the metadata do not describe a trajectory"):
        trajectory = _assemble(metadata, arrays, path)
    require(arrays_of(trajectory).keys() == arrays.keys(), "it has members of unknown use")
    vars(trajectory)["hash"] = stated_hash  # every part of it was checked: do not read all of it again
    return trajectory


def _locate(file: IO[bytes], name: str, info: zipfile.ZipInfo) -> _Member:
    """Find the array of a member, and hold what its headers say against the bytes that are there."""
    require(info.compress_type == zipfile.ZIP_STORED, f"{name!r} is compressed, so that it cannot be mapped")
    with _refusing(f"the header of {name!r} is damaged"):
        file.seek(info.header_offset)
        signature, name_length, extra_length = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
        require(signature == b"PK\3\4", f"the entry of {name!r} leads nowhere")
        require(file.read(name_length) == info.orig_filename.encode(), f"{name!r} has two names")
        offset = file.seek(extra_length, os.SEEK_CUR)
        require(np.lib.format.read_magic(file) == (1, 0), f"{name!r} is not an .npy of version 1.0")
        shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(file)
    start, end = file.tell(), offset + info.file_size
    require(not dtype.hasobject, f"{name!r} holds pickled Python objects, which are never loaded")
    text = dtype.kind == "U" and dtype.itemsize > 0
    require(text or dtype in (*FLOATS, INTEGER, TRUTH), f"{name!r} is of the type {dtype}")
    require(not fortran_order, f"{name!r} is stored by columns")
    size = math.prod(shape) * dtype.itemsize
    fits = min(shape, default=0) >= 0 and start + size == end and info.file_size == info.compress_size
    require(fits, f"{name!r} claims the shape {shape}, for which it has the wrong number of bytes")
    require(end <= file.seek(0, os.SEEK_END), f"{name!r} is truncated")
    return _Member(offset, start, end, info.CRC, dtype, shape)


def _read_metadata(text: Array, stated_hash: Array) -> tuple[str, dict[str, Any]]:
    with _refusing("the metadata cannot be read"):
        metadata: dict[str, Any] = json.loads(str(text[()]))
        kind, version, _ = metadata["format"], metadata["version"], metadata["sha256"].keys()
        altered = sha256_of(str(text[()])) != str(stated_hash[()])
    require(kind == FORMAT, "the metadata are those of another program")
    newer = f"it has the format {version!r}, and this program reads {VERSION} (update it to keep the file)"
    require(version == VERSION, newer)
    require(not altered, "the metadata were altered")
    return str(stated_hash[()]), metadata


def _check_content(file: IO[bytes], name: str, member: _Member, digest: str | None) -> None:
    """Hold a member against its checksums, chunk by chunk; `digest` is None where `hash` does that."""
    file.seek(member.offset)
    header = file.read(member.start - member.offset)
    sha256, crc, finite = hashlib.sha256(header), zlib.crc32(header), True
    for chunk_start in range(member.start, member.end, _CHUNK):
        chunk = file.read(min(_CHUNK, member.end - chunk_start))
        sha256.update(chunk)
        crc = zlib.crc32(chunk, crc)
        if member.dtype in FLOATS:
            finite &= bool(np.isfinite(np.frombuffer(chunk, member.dtype)).all())
    require(crc == member.crc and digest in (None, sha256.hexdigest()), f"the member {name} was altered")
    require(finite, f"there is NaN or infinity in {name}")


def _assemble(metadata: dict[str, Any], arrays: Mapping[str, Array], path: Path) -> Trajectory:
    grids = {name: Grid(arrays[f"grid.{name}"], tuple(window)) for name, window in metadata["windows"].items()}
    series = {
        name: Series(arrays[f"series.{name}.steps"], arrays[f"series.{name}"], tuple(labels))
        for name, labels in metadata["labels"].items()
    }
    about: dict[str, Any] = {name: metadata[name] for name in PLAIN}
    about |= {name: arrays[name] for name in ARRAYS if name in arrays}
    return Trajectory(**about, grids=grids, series=series, path=path)


@contextmanager
def _refusing(fault: str) -> Iterator[None]:
    """Around parsers, which answer damaged bytes with warnings and with nearly any exception."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            yield
    except TrajectoryError:
        raise
    except Exception as error:
        raise TrajectoryError(fault) from error
