"""Tools of the tests: trajectory files with one fault each, and all their hashes right."""

import hashlib
import io
import json
import zipfile

import numpy as np


def npy(array, allow_pickle=False):
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=allow_pickle)
    return buffer.getvalue()


def claiming(shape):
    """An .npy whose header claims a shape, with the numbers of (5, 6, 2)."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return header.getvalue() + bytes(5 * 6 * 2 * 4)


def forge(path, change_members=None, change_metadata=None, compression=zipfile.ZIP_STORED):
    """Change a file and set all its hashes right again, so that only other checks can refuse it."""
    with zipfile.ZipFile(path) as archive:
        members = {name.removesuffix(".npy"): archive.read(name) for name in archive.namelist()}
    metadata = json.loads(np.load(io.BytesIO(members.pop("metadata"))).item())
    del members["hash"]
    if change_members:
        change_members(members)
    metadata["sha256"] = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
    if change_metadata:
        change_metadata(metadata)
    text = json.dumps(metadata, sort_keys=True)
    members |= {"metadata": npy(np.array(text)), "hash": npy(np.array(hashlib.sha256(text.encode()).hexdigest()))}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
