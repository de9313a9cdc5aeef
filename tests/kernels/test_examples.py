"""The examples of the kernels: those of their docstrings, and those of docs/kernels.md, which tells of all of them."""

import doctest
import inspect
import re
from pathlib import Path

import numpy as np
import pytest

import fastsoftq as fsq
from benchmarks import own_loops
from benchmarks.own_loops import on_the_page
from fastsoftq.mdp.tables import tables
from tests.kernels.test_arguments import KERNELS
from tests.kernels.test_batches import BATCHES

PAGE = Path(__file__).parents[2] / "docs" / "kernels.md"


@pytest.mark.parametrize("name", KERNELS)
def test_a_docstrings_example_does_what_it_says(name):
    kernel = KERNELS[name]
    namespace = vars(inspect.getmodule(inspect.unwrap(kernel))) | {name: kernel}
    example = doctest.DocTestParser().get_doctest(inspect.getdoc(kernel), dict(namespace), name, None, None)
    assert example.examples
    assert doctest.DocTestRunner().run(example).failed == 0


def test_the_page_does_what_it_says():
    found = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert found.attempted > 40
    assert found.failed == 0


@pytest.mark.parametrize("name", [*KERNELS, *BATCHES])
def test_the_page_tells_of_it_and_calls_it(name):
    text = PAGE.read_text(encoding="utf-8")
    assert re.search(rf"`{name}\([^`]*\)", text)
    calls = "\n".join(line for line in text.splitlines() if line.startswith((">>> ", "... ")))
    assert re.search(rf"\b{name}\(", calls)


def test_the_pages_dyna_q_learns_the_cliff():
    q, mdp = np.zeros((48, 4)), fsq.cliff_walking()
    assert on_the_page("dyna_q")(tables(mdp), q, 200, 20, 1) > 200 * 13
    exact = fsq.value_iteration(mdp, discount=0.95)
    state, path = 36, [36]
    while not mdp.terminated[state, action := int(q[state].argmax()), 0]:
        state = int(mdp.next_state[state, action, 0])
        path.append(state)
    assert len(path) == 13
    np.testing.assert_allclose(q.max(axis=1)[path], exact.v[path], rtol=1e-6)


@pytest.mark.parametrize("n", [1, 3])
def test_the_pages_n_step_soft_q_learning_finds_the_soft_values(n):
    """In the mean of ten runs: the last tables of each still move with what it draws."""
    mdp = fsq.from_map(["S..", "..G"])
    exact = fsq.soft_value_iteration(mdp, 0.9, temperature=0.5).q
    learned = np.zeros((10, *exact.shape))
    for seed in range(10):
        on_the_page("n_step_soft_q")(tables(mdp), learned[seed], 5000, n, seed, 0.5, 0.02, 0.9)
    assert np.abs(learned.mean(axis=0) - exact)[:5].max() < 0.08


def test_what_is_inlined_by_hand_for_the_benchmark_is_what_the_kernels_do():
    world, through, inlined = tables(fsq.cliff_walking()), own_loops.fresh(), own_loops.fresh()
    steps = own_loops.q_learning(world, through, 300)
    assert own_loops.by_hand(own_loops.q_learning_inlined, world, inlined, 300) == steps
    assert through.tobytes() == inlined.tobytes()
