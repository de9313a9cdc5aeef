"""Every benchmark of the asv suite runs, once, at its smallest size and with each of its named parameters."""

import itertools
from pathlib import Path

import pytest

import benchmarks

asv = pytest.importorskip("asv_runner.discovery")


def combinations(benchmark):
    """Indices of parameters in which every name occurs; of numbers, which say sizes, only the first."""
    every = list(itertools.product(*benchmark.params))
    few = [[v for v in values if v.startswith("'")] or values[:1] for values in benchmark.params]
    return [every.index(tuple(values[i % len(values)] for values in few)) for i in range(max(map(len, few), default=1))]


def cases():
    for benchmark in asv.disc_benchmarks(str(Path(benchmarks.__file__).parent)):
        for index in combinations(benchmark):
            yield pytest.param(benchmark, index, id=f"{benchmark.name}-{index}")


@pytest.mark.parametrize(("benchmark_", "index"), cases())
def test_benchmark_runs(benchmark_, index):
    benchmark_.set_param_idx(index)
    try:
        if benchmark_.do_setup():
            pytest.skip("its setup says that it cannot run here")
        if benchmark_.type == "time":
            benchmark_.number, benchmark_.repeat, benchmark_.warmup_time = 1, 1, 0.0
        assert benchmark_.do_run() is not None
    except NotImplementedError as reason:
        pytest.skip(f"it cannot run here: {reason}")
    finally:
        benchmark_.do_teardown()


def test_the_whole_suite_is_found():
    subjects = {case.values[0].name.split(".")[0] for case in cases()}
    files = {path.stem for path in Path(benchmarks.__file__).parent.glob("*.py")} - {"__init__"}
    assert subjects == files
