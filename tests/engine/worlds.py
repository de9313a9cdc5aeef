"""What the engines' property tests draw: small environments of every shape, and hyperparameters."""

import numpy as np
from hypothesis import strategies as st

from fastsoftq.mdp.tabular import TabularMDP


@st.composite
def worlds(draw, actions, outcomes=1, several_starts=False, ties=None):
    """Sizes are hypothesis's; what fills them comes from a seed. With `ties`, rewards are few and whole."""
    states = draw(st.integers(2 if several_starts else 1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = states, actions, outcomes
    if ties is None:
        ties = draw(st.booleans())
    reward = rng.integers(-3, 2, shape).astype(float) if ties else rng.normal(-1.0, 2.0, shape)
    reward[:, 0] = -1.0 if ties else -np.pi / 3  # so that no state is terminal: any may be a start
    probability = rng.random(shape)
    probability[:, :, :-1] *= rng.random((states, actions, outcomes - 1)) < 0.7
    start = rng.integers(states)
    if several_starts:
        start = rng.random(states)
        start[2:] *= rng.random(states - 2) < 0.5
        start /= start.sum()
    return TabularMDP(
        next_state=rng.integers(0, states, shape),
        reward=reward,
        terminated=rng.random(shape) < draw(st.sampled_from([0.0, 0.05, 0.3, 0.9, 1.0])),
        probability=probability / probability.sum(axis=2, keepdims=True),
        start=start,
    )


STEP_SIZES = st.sampled_from([1.0, 0.5]) | st.floats(0.01, 1.0)
DISCOUNTS = st.sampled_from([0.0, 1.0]) | st.floats(0.0, 1.0)
SHARES = st.sampled_from([0.0, 1.0]) | st.floats(0.0, 1.0)
SCALES = st.floats(-2, 2).map(lambda x: 10.0**x)
TEMPERATURES = st.floats(-3, 2).map(lambda x: 10.0**x)
