"""Small Markov decision processes for hypothesis: any shape, padding, repeated next states, several starts."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fastsoftq.mdp.tabular import TabularMDP


@st.composite
def mdps(draw, max_states=5, max_actions=3, max_outcomes=3, rewards=(-12, 12), ending=False, anywhere=False):
    """With `ending`, every action terminates with probability 3/8 at least; with `anywhere`, all states are starts."""
    states = draw(st.integers(1, max_states))
    shape = (states, draw(st.integers(1, max_actions)), draw(st.integers(1, max_outcomes)))
    weight = draw(arrays(np.int64, shape, elements=st.integers(0, 5)))
    weight[:, :, -1] += 6 if ending else 1
    terminated = draw(arrays(np.bool_, shape, elements=st.booleans()))
    if ending:
        terminated[:, :, -1] = True
    next_state = draw(arrays(np.int64, shape, elements=st.integers(0, states - 1)))
    reward = draw(arrays(np.int64, shape, elements=st.integers(*rewards))) / 4.0
    start = draw(arrays(np.int64, states, elements=st.integers(0, 3)))
    over = ((next_state == np.arange(states)[:, None, None]) & terminated & (reward == 0.0)) | (weight == 0)
    reward[over.all(axis=(1, 2))] = rewards[0] / 4.0  # a state one can start in is not terminal
    start[slice(None) if anywhere else 0] += 1
    return TabularMDP(
        next_state=next_state,
        reward=reward,
        terminated=terminated,
        probability=weight / weight.sum(axis=2, keepdims=True),
        start=start / start.sum(),
    )


@st.composite
def policies(draw, mdp, horizon=None):
    shape = (() if horizon is None else (horizon,)) + (mdp.n_states, mdp.n_actions)
    weight = draw(arrays(np.int64, shape, elements=st.integers(0, 4)))
    weight[..., 0] += 1
    return weight / weight.sum(axis=-1, keepdims=True)
