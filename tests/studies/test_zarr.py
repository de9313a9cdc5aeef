import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from fastsoftq.studies.results import open_results
from fastsoftq.studies.running import run
from fastsoftq.studies.storing.zarr_files import DamagedError, decoded, encoded

xarray = pytest.importorskip("xarray")
zarr = pytest.importorskip("zarr")


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(["<f8", "<i4", "|b1"]))
def test_a_chunk_is_decoded_to_what_was_encoded_or_not_at_all(data, dtype):
    shape = data.draw(st.tuples(st.just(1), st.integers(1, 9), st.integers(1, 5)))
    rows = data.draw(arrays.arrays(np.dtype(dtype), shape))
    chunk = (1, 9, 5)
    whole = encoded(rows, dtype, chunk)
    back = decoded(whole, dtype, chunk)
    np.testing.assert_array_equal(back[:, : shape[1], : shape[2]].view(np.uint8), rows.view(np.uint8))
    broken = bytearray(whole)
    broken[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    for damaged in (bytes(broken), whole[:-1], whole[1:], b""):
        with pytest.raises(DamagedError):
            decoded(damaged, dtype, chunk)
    with pytest.raises(DamagedError, match="it holds 45 values, not 90"):
        decoded(whole, dtype, (2, 9, 5))


def test_zarr_and_xarray_read_a_folder_without_a_word(small, tmp_path):
    study = small(seeds=range(30, 180))
    run(study, tmp_path, chunk=64)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dataset = xarray.open_zarr(tmp_path / "results.zarr", chunks=None)
    assert dict(dataset.sizes) == {"condition": 2, "seed": 150, "episode": 12}
    assert {name: (a.dims, a.dtype) for name, a in dataset.data_vars.items()} == {
        "returns": (("condition", "seed", "episode"), np.dtype("f8")),
        "lengths": (("condition", "seed", "episode"), np.dtype("i4")),
        "truncated": (("condition", "seed", "episode"), np.dtype("?")),
    }
    np.testing.assert_array_equal(dataset.seed, np.arange(30, 180))
    assert list(dataset.environment.values) == ["cliff", "cliff"]
    assert list(dataset.agent.values) == ["hard", "soft"]
    for name in study.agents:
        curves = open_results(tmp_path).curves(f"cliff/{name}")
        part = dataset.sel(condition=f"cliff/{name}")
        for field in ("returns", "lengths", "truncated"):
            np.testing.assert_array_equal(part[field], getattr(curves, field))
    assert dataset.attrs["study"]["agents"]["soft"]["reward_scale"] == 5.0
    origin = dataset.attrs["provenance"][0]
    assert {"time", "commit", "cpu", "host", "python", "versions", "fastsoftq"} <= origin.keys()
    group = zarr.open_group(tmp_path / "results.zarr", mode="r", use_consolidated=False)
    assert sorted(group.array_keys()) == sorted([*dataset.data_vars, *dataset.coords])


def test_zarr_itself_refuses_a_flipped_bit(small, tmp_path):
    run(small(), tmp_path, chunk=64)
    path = tmp_path / "results.zarr" / "returns" / "c" / "1" / "2" / "0"
    broken = bytearray(path.read_bytes())
    broken[len(broken) // 2] ^= 4
    path.write_bytes(broken)
    returns = open_results(tmp_path).to_xarray().returns
    returns.isel(condition=0).load()
    with pytest.raises(ValueError, match="checksum"):
        returns.isel(condition=1).load()


def test_many_labels_are_cut_into_chunks(small, tmp_path, monkeypatch):
    monkeypatch.setattr("fastsoftq.studies.storing.zarr_files._LABELS", 64)
    run(small(), tmp_path)
    np.testing.assert_array_equal(open_results(tmp_path).to_xarray().seed, np.arange(200))
    assert len(list((tmp_path / "results.zarr" / "seed" / "c").iterdir())) == 4


@pytest.mark.parametrize("keep", ["curves", "summary"])
def test_episodes_are_counted_as_in_figures(small, tmp_path, keep):
    """From 1, in the file itself too."""
    run(small(keep=keep), tmp_path)
    dataset = open_results(tmp_path).to_xarray()
    assert dataset.episode.values.tolist() == list(range(1, 13))
    stored = xarray.open_zarr(tmp_path / "results.zarr", chunks=None)
    assert stored.episode.values.tolist() == list(range(1, 13))
    of_conditions = sorted(set(dataset.returns.coords) - set(stored.returns.coords))  # hyperparameters, of the plan
    assert of_conditions == ["algorithm", "discount", "epsilon", "reward_scale", "step_size", "temperature"]
    xarray.testing.assert_equal(dataset.returns.drop_vars(of_conditions), stored.returns)
