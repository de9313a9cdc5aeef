"""Every benchmark of the asv suite runs, once, at its smallest size and with each of its named parameters."""

import itertools
import sys
from pathlib import Path

import pytest

import benchmarks
from benchmarks import engines, threads

asv = pytest.importorskip("asv_runner.discovery")
ROOT = Path(benchmarks.__file__).parent


def combinations(benchmark):
    """Indices of parameters in which every name occurs; of numbers, which say sizes, only the first."""
    every = list(itertools.product(*benchmark.params))
    few = [[v for v in values if v.startswith("'")] or values[:1] for values in benchmark.params]
    return [every.index(tuple(values[i % len(values)] for values in few)) for i in range(max(map(len, few), default=1))]


def cases():
    for benchmark in asv.disc_benchmarks(str(ROOT)):
        for index in combinations(benchmark):
            yield pytest.param(benchmark, index, id=f"{benchmark.name}-{index}")


def few(agent, world, seeds, episodes, *function, learning=engines.learning, **options):
    """A workload as the suite prepares it, of so few and short runs that most of it is compiled for other tests too."""
    return learning(agent, world, min(seeds, 8), min(episodes, 10), *function, **options)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """What a `setup_cache` yields, made once, in a working directory that lasts as long, as asv does it."""
    caches = {}

    def cache_of(subject):
        if subject.setup_cache_key not in caches:
            caches[subject.setup_cache_key] = subject.do_setup_cache()
        return caches[subject.setup_cache_key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT.parent))  # for processes that start elsewhere
        patch.chdir(tmp_path_factory.mktemp("asv"))
        patch.setattr(engines, "learning", few)
        patch.setattr(threads, "learning", few)
        yield cache_of


@pytest.mark.parametrize(("subject", "index"), list(cases()))
def test_benchmark_runs(subject, index, prepared):
    subject.set_param_idx(index)
    try:
        if subject.setup_cache_key:
            subject.set_cache(prepared(subject))
        if subject.do_setup():
            pytest.skip("its setup says that it cannot run here")
        if subject.type == "time":
            subject.number, subject.repeat, subject.warmup_time = 1, 1, 0.0
        assert subject.do_run() is not None
    except NotImplementedError as reason:
        pytest.skip(f"it cannot run here: {reason}")
    finally:
        subject.do_teardown()


@pytest.mark.parametrize(("name", "seconds"), [("Compiled", 1.5), ("Cached", 1.5), ("CachedNext", 2.5)])
def test_every_sample_has_the_seconds_that_a_process_reports(name, seconds, monkeypatch):
    (subject,) = (one for one in asv.disc_benchmarks(str(ROOT)) if one.name == f"startup.{name}.time_first_call")
    monkeypatch.setattr(sys.modules[type(subject._attr_sources[1]).__module__], "first_calls", lambda *_: [1.5, 2.5])
    subject.set_param_idx(0)
    if subject.setup_cache_key:
        subject.set_cache("warm")
    subject.do_setup()
    samples = subject.do_run()["samples"]
    assert samples == [seconds] * len(samples)
    assert len(samples) > 1


def test_the_whole_suite_is_found():
    subjects = {case.values[0].name.split(".")[0] for case in cases()}
    files = {path.stem for path in ROOT.glob("*.py")} - {"__init__", "measuring"}
    assert subjects == files
