"""The kinds of training that the engines' property tests cover.

Types are few, since each is compiled for each engine; values are hypothesis's.
"""

from typing import NamedTuple

from hypothesis import strategies as st

import fastsoftq as fsq
from tests.engine.worlds import DISCOUNTS, SCALES, SHARES, STEP_SIZES, TEMPERATURES

down = st.builds(lambda stop, fall, rate: fsq.LinearDecay(stop + fall, stop, rate), *[st.floats(0.01, 0.5)] * 3)
power = st.builds(lambda stop, fall, rate: fsq.PowerDecay(stop + fall, stop, rate), *[st.floats(0.01, 0.5)] * 3)
cooling = st.builds(
    lambda stop, fall, rate: fsq.LinearDecay(stop + fall, stop, rate), TEMPERATURES, TEMPERATURES, TEMPERATURES
)
hard = st.builds(fsq.QLearning, STEP_SIZES, DISCOUNTS, SHARES, SCALES)
soft = st.builds(fsq.SoftQLearning, STEP_SIZES, DISCOUNTS, TEMPERATURES, SCALES, SHARES | st.just(0.0))
soft_cooling = st.builds(fsq.SoftQLearning, STEP_SIZES, DISCOUNTS, cooling, SCALES, SHARES)
sarsa = st.builds(fsq.Sarsa, STEP_SIZES, DISCOUNTS, SHARES, SCALES)
expected = st.builds(fsq.ExpectedSarsa, STEP_SIZES, DISCOUNTS, SHARES, SCALES)


class Kind(NamedTuple):
    agents: st.SearchStrategy
    lanes: int
    actions: int
    outcomes: int = 1
    several_starts: bool = False
    precision: str = "double"


KINDS = {
    "hard": Kind(hard, 64, 4),
    "hard, 32 lanes": Kind(hard, 32, 4),
    "hard, 16 lanes": Kind(hard, 16, 4),
    "hard, one action, slippery": Kind(hard, 32, 1, 3),
    "hard, eight actions, slippery, many starts": Kind(hard, 16, 8, 2, True),
    "hard, twelve actions": Kind(hard, 16, 12),
    "hard, schedules, many starts": Kind(st.builds(fsq.QLearning, down, DISCOUNTS, power, SCALES), 16, 3, 1, True),
    "soft": Kind(soft, 64, 4),
    "soft, 32 lanes": Kind(soft, 32, 4),
    "soft, 16 lanes": Kind(soft, 16, 4),
    "soft, mixed": Kind(soft, 64, 4, 1, False, "mixed"),
    "soft, two actions, slippery, many starts, mixed": Kind(soft, 32, 2, 3, True, "mixed"),
    "soft, nine actions, slippery": Kind(soft, 16, 9, 2),
    "soft, cooling, five actions": Kind(soft_cooling, 16, 5),
    "soft, cooling, slippery, mixed": Kind(soft_cooling, 32, 4, 3, False, "mixed"),
    "soft, schedules, six actions, many starts": Kind(
        st.builds(fsq.SoftQLearning, power, DISCOUNTS, TEMPERATURES, SCALES, down), 64, 6, 1, True,
    ),
    "sarsa": Kind(sarsa, 64, 4),
    "sarsa, seven actions": Kind(sarsa, 32, 7),
    "sarsa, schedules, slippery, many starts": Kind(
        st.builds(fsq.Sarsa, power, DISCOUNTS, down, SCALES), 16, 3, 3, True,
    ),
    "expected sarsa": Kind(expected, 64, 4),
    "expected sarsa, schedules, slippery": Kind(st.builds(fsq.ExpectedSarsa, down, DISCOUNTS, power, SCALES), 16, 5, 2),
    "frozen hard": Kind(st.builds(fsq.Frozen, hard), 32, 4),
    "frozen soft, cooling": Kind(st.builds(fsq.Frozen, soft_cooling), 16, 3),
}  # fmt: skip
