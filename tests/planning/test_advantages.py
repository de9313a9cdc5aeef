"""How far each action falls short of the best: against every policy in fractions, and where rounding has its say."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastsoftq as fsq
from fastsoftq.planning.bellman import matrices
from fastsoftq.planning.inverse_rl.advantages import shortfalls

REWARDS = [0.0, 1.0, -1.0, -2.0, 1e-9, -1e-6]


def exact_shortfalls(mdp, discount):
    """Of a deterministic MDP that never ends, from the values of all its deterministic policies in fractions."""
    discount = Fraction(discount)
    best = [None] * mdp.n_states
    for policy in itertools.product(range(mdp.n_actions), repeat=mdp.n_states):
        for start in range(mdp.n_states):
            state, order, paid = start, {}, []
            while state not in order:
                order[state] = len(paid)
                paid.append(Fraction(float(mdp.reward[state, policy[state], 0])))
                state = int(mdp.next_state[state, policy[state], 0])
            entry = order[state]
            cycle = sum(r * discount**i for i, r in enumerate(paid[entry:])) / (1 - discount ** (len(paid) - entry))
            value = sum(r * discount**i for i, r in enumerate(paid[:entry])) + discount**entry * cycle
            best[start] = value if best[start] is None else max(best[start], value)
    return np.array(
        [
            [
                float(best[s] - Fraction(float(mdp.reward[s, a, 0])) - discount * best[int(mdp.next_state[s, a, 0])])
                for a in range(mdp.n_actions)
            ]
            for s in range(mdp.n_states)
        ]
    )


@settings(deadline=None)
@given(st.data(), st.integers(2, 3), st.sampled_from([0.0, 0.5, 0.9, 0.99, 0.999, 1.0 - 2.0**-20, 1.0 - 2.0**-40]))
def test_of_all_policies(data, n_states, discount):
    def table(entries):
        row = st.lists(entries, min_size=2, max_size=2)
        return data.draw(st.lists(row, min_size=n_states, max_size=n_states))

    mdp = fsq.TabularMDP(table(st.integers(0, n_states - 1)), table(st.sampled_from(REWARDS)), False)
    found, right = shortfalls(matrices(mdp), discount), exact_shortfalls(mdp, discount)
    met = float(np.abs(mdp.reward).max()) / (1.0 - discount)
    np.testing.assert_allclose(found, right, rtol=1e-13, atol=1e-13 * met)
    assert (found[right == 0.0] == 0.0).all()


@pytest.mark.parametrize(
    ("next_state", "reward"),
    [
        ([[1, 0], [0, 1]], [[0.0, 0.0], [-1.0, -1.0]]),
        ([[1, 0], [1, 1], [1, 2]], [[0.0, -1.0], [-1.0, 0.0], [-2.0, -2.0]]),
    ],
)
@pytest.mark.parametrize("discount", [0.5, 0.9, 0.99, 0.999, 1.0 - 2.0**-30])
def test_a_best_policy_that_pays_nothing_ends_the_search(next_state, reward, discount):
    """Values of 0 come out of large ones: pivots that are not the diagonal once left rounding of the wrong sign."""
    mdp = fsq.TabularMDP(next_state, reward, False)
    np.testing.assert_allclose(shortfalls(matrices(mdp), discount), exact_shortfalls(mdp, discount), rtol=1e-14)


def test_three_of_four_times_away_from_staying():
    """At chance, 4 ln 2; to take the worse action three times of four is less likely at every other temperature."""
    mdp = fsq.TabularMDP([[1, 0], [0, 1]], [[0.0, 0.0], [-1.0, -1.0]], False)
    fit = fsq.fit_temperature(mdp, fsq.Demonstrations.of([[(0, 0)]] * 3 + [[(0, 1)]]), 0.99)
    assert fit.estimate == np.inf
    assert fit.log_likelihood == pytest.approx(-4.0 * np.log(2.0), rel=1e-14)
    # The end of the interval: by soft value iteration there.
    policy = fsq.soft_value_iteration(mdp, 0.99, temperature=fit.low).policy
    drop = 1.959963984540054**2 / 2.0
    likelihood = 3.0 * np.log(policy[0, 0]) + np.log(policy[0, 1])
    assert likelihood == pytest.approx(-4.0 * np.log(2.0) - drop, rel=1e-9)
