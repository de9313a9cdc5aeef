"""The worlds of a study, kept in its folder as arrays, so that planning can solve them where results are read.

`worlds/SHA256` is a world: next_state (int32), reward (float64), terminated (bool) and probability (float64), each
[states, actions, outcomes], and start (float64 [states]), little-endian, one after the other, compressed with zlib. It
is called after the digest that the study's record gives of it, and is taken only if its contents have that digest. Of a
world that changes, each phase is kept so.
"""

from __future__ import annotations

import re
import tomllib
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from fastsoftq.mdp.changing import ChangingMDP, EpisodicMDP, phases_of
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.studies.storing.storage import Storage
from fastsoftq.studies.study_records import mdp_record, phase_records
from fastsoftq.studies.sweep import list_depths, swept

__all__ = ["WORLDS", "damaged_worlds", "keep_worlds", "kept_world", "world_from_source"]

WORLDS = "worlds"
_MOST = 2**26  # bytes of a world; a larger one is not kept
_LEVEL = 1  # of zlib: half the size of level 6's in the worst case, and ten times as fast
_TYPES = {"next_state": "<i4", "reward": "<f8", "terminated": "|b1", "probability": "<f8"}
_CELL = sum(np.dtype(dtype).itemsize for dtype in _TYPES.values())


def keep_worlds(storage: Storage, worlds: Mapping[str, EpisodicMDP]) -> tuple[str, ...]:
    """Write worlds where they are not there whole; those of more than 64 MiB are left out.

    Parameters
    ----------
    storage : Storage
    worlds : mapping of str to TabularMDP or ChangingMDP

    Returns
    -------
    tuple of str
        The files that held something else.

    Raises
    ------
    OSError
        One could not be written.

    Examples
    --------
    >>> import tempfile
    >>> import fastsoftq as fsq
    >>> from fastsoftq.studies.storing.storage import open_storage
    >>> storage = open_storage(tempfile.mkdtemp())
    >>> keep_worlds(storage, {"cliff": fsq.cliff_walking()})
    ()
    >>> len(storage.names("worlds"))
    1
    """
    changed = []
    for mdp in (phase for world in worlds.values() for phase in phases_of(world)):
        arrays = [*(getattr(mdp, name).astype(dtype, copy=False) for name, dtype in _TYPES.items()), mdp.start]
        if sum(array.nbytes for array in arrays) > _MOST:
            continue
        record = mdp_record(mdp)
        key = f"{WORLDS}/{record['sha256']}"
        there = storage.read(key)
        if there is None or _decoded(there, record) is None:
            body = b"".join(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes() for array in arrays)
            storage.write(key, zlib.compress(body, _LEVEL))
            changed += [key] if there is not None else []
    return tuple(changed)


def kept_world(storage: Storage, record: Mapping[str, Any]) -> EpisodicMDP | None:
    """Read a world that is kept in a folder.

    Parameters
    ----------
    storage : Storage
    record : mapping
        Of the world, as the study's record has it.

    Returns
    -------
    TabularMDP, ChangingMDP or None
        Without map and cells, which its digest does not cover. None where it is not kept, or damaged.

    Examples
    --------
    >>> import tempfile
    >>> import fastsoftq as fsq
    >>> from fastsoftq.studies.storing.storage import open_storage
    >>> storage, cliff = open_storage(tempfile.mkdtemp()), fsq.cliff_walking()
    >>> kept = keep_worlds(storage, {"cliff": cliff})
    >>> kept_world(storage, mdp_record(cliff))
    <TabularMDP 'cliff_walking': 48 states, 4 actions, deterministic>
    """
    if "phases" not in record:
        return _kept_phase(storage, record)
    phases = [_kept_phase(storage, phase) for phase in phase_records(record)]
    try:
        found = {begin: phase for begin, phase in zip(record["begins"], phases, strict=True) if phase is not None}
        mdp = ChangingMDP(found, record["mdp"])
    except (LookupError, TypeError, ValueError):
        return None  # one is missing, or whoever wrote the record made it up
    return mdp if mdp_record(mdp)["sha256"] == record.get("sha256") else None


def _kept_phase(storage: Storage, record: Mapping[str, Any]) -> TabularMDP | None:
    data = _read(storage, record)
    return None if data is None else _decoded(data, record)


def damaged_worlds(storage: Storage, records: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The files of worlds that are there, and not as they should be.

    Parameters
    ----------
    storage : Storage
    records : mapping
        Of all worlds, by name.

    Returns
    -------
    list of str

    Examples
    --------
    >>> import tempfile
    >>> import fastsoftq as fsq
    >>> from fastsoftq.studies.storing.storage import open_storage
    >>> storage, record = open_storage(tempfile.mkdtemp()), mdp_record(fsq.cliff_walking())
    >>> storage.write(f"worlds/{record['sha256']}", b"something else")
    >>> [name[:12] for name in damaged_worlds(storage, {"cliff": record})]
    ['worlds/90e1c']
    """
    damaged: dict[str, None] = {}
    for record in (phase for own in records.values() for phase in phase_records(own)):
        data = _read(storage, record)
        if data is not None and _decoded(data, record) is None:
            damaged[f"{WORLDS}/{record['sha256']}"] = None
    return list(damaged)


def world_from_source(source: str | None, name: str, record: Mapping[str, Any]) -> EpisodicMDP | None:
    r"""Make a world anew from the TOML text that a study was read from, for folders that keep no worlds.

    The text may come from anybody, so that only kinds of worlds are made that import nothing: not Gymnasium's.

    Parameters
    ----------
    source : str or None
    name : str
        Of the world in the study.
    record : mapping
        Of the world, as the study's record has it.

    Returns
    -------
    TabularMDP, ChangingMDP or None
        None where the text does not describe it, or another.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> source = "[environments.cliff]\nkind = 'cliff_walking'\nheight = [3, 4]"
    >>> world_from_source(source, "cliff[height=4]", mdp_record(fsq.cliff_walking()))
    <TabularMDP 'cliff_walking': 48 states, 4 actions, deterministic>
    """
    from fastsoftq.studies.spec_tables import ENVIRONMENTS

    makers = {kind: make for kind, make in ENVIRONMENTS.items() if kind != "gymnasium"}
    try:
        tables = tomllib.loads(source or "")["environments"]
        for table, parameters in tables.items():
            if name != table and not name.startswith(f"{table}["):
                continue
            kinds = parameters["kind"] if isinstance(parameters["kind"], list) else [parameters["kind"]]
            natures = [list_depths(makers[kind]) for kind in kinds]
            for label, variant in swept(parameters, partial(_deepest, natures)):
                variant.pop("view", None)  # how networks see it
                if name == (f"{table}[{label}]" if label else table):
                    mdp = makers[variant.pop("kind")](**variant)
                    if mdp_record(mdp)["sha256"] == record.get("sha256"):
                        return mdp
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError):
        pass  # whoever wrote it, it is not a study with this world
    return None


def _deepest(natures: Sequence[Callable[[tuple[str, ...]], int]], path: tuple[str, ...]) -> int:
    """How deep a list a parameter is by nature, of any of some kinds of worlds."""
    return max(nature(path) for nature in natures)


def _read(storage: Storage, record: Mapping[str, Any]) -> bytes | None:
    """A world's file; the record may come from anybody, so that its digest is looked at before it is part of a path."""
    digest = record.get("sha256")
    known = isinstance(digest, str) and re.fullmatch("[0-9a-f]{64}", digest)
    return storage.read(f"{WORLDS}/{digest}") if known else None


def _decoded(data: bytes, record: Mapping[str, Any]) -> TabularMDP | None:
    """The world again, or None where a bit of it has changed; never more than 64 MiB are unpacked."""
    packed = zlib.decompressobj()
    try:
        body = packed.decompress(data, _MOST)
    except zlib.error:
        return None
    states, actions = record["states"], record["actions"]
    outcomes, rest = divmod(len(body) - 8 * states, _CELL * states * actions)
    if rest or outcomes < 1 or not packed.eof or packed.unused_data:
        return None
    arrays: dict[str, Any] = {}
    place = 0
    for name, dtype in _TYPES.items():
        shape = (states, actions, outcomes)
        arrays[name] = np.frombuffer(body, dtype, states * actions * outcomes, place).reshape(shape)
        place += arrays[name].nbytes
    if arrays["terminated"].view(np.uint8).max() > 1:
        return None
    try:
        mdp = TabularMDP(**arrays, start=np.frombuffer(body, "<f8", states, place), name=record["mdp"])
    except (TypeError, ValueError):
        return None
    return mdp if mdp_record(mdp)["sha256"] == record["sha256"] else None
