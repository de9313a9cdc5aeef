"""The frozen lake, as in Gymnasium's FrozenLake-v1, without Gymnasium."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fastsoftq import checks
from fastsoftq.mdp.grid import marks_of, neighbours
from fastsoftq.mdp.table_memory import check_table
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.mdp.uniform_draws import uniform_draws

__all__ = ["frozen_lake"]

_MOVES = ((0, -1), (1, 0), (0, 1), (-1, 0))  # left, down, right, up, as Gymnasium numbers them
_LAKES = {
    "4x4": ("SFFF", "FHFH", "FFFH", "HFFG"),
    "8x8": ("SFFFFFFF", "FFFFFFFF", "FFFHFFFF", "FFFFFHFF", "FFFHFFFF", "FHHFFFHF", "FHFFHFHF", "FFFHFFFG"),
}
_ATTEMPTS = 1000


def frozen_lake(
    map_name: str = "4x4",
    *,
    desc: Sequence[str] | None = None,
    size: int | None = None,
    frozen: float = 0.8,
    seed: int = 0,
    is_slippery: bool = True,
    success_rate: float = 1 / 3,
    reward_schedule: Sequence[float] = (1.0, 0.0, 0.0),
) -> TabularMDP:
    """Make the frozen lake: over the ice to the goal, around holes.

    The table is Gymnasium's, and so are the names of the arguments. States are the cells, numbered row by row, actions
    0 left, 1 down, 2 right, 3 up. Holes and goals terminate. On the slippery 4x4 lake, undiscounted, the start is
    worth 14/17 if episodes are not cut.

    Parameters
    ----------
    map_name : {"4x4", "8x8"}
        One of Gymnasium's lakes.
    desc : sequence of str, optional
        A lake of one's own instead: `S` start (several: each is equally likely), `F` ice, `H` hole, `G` goal.
    size : int, optional
        Cells along a side of a random lake instead, as of Gymnasium's `generate_random_map(size, frozen, seed)`: of
        the maps drawn in turn, the first with a way to the goal.
    frozen : float
        The chance of ice in each cell of a random lake, in (0, 1].
    seed : int
        Of the random lake.
    is_slippery : bool
        Whether a move may go to one of its two sides instead, each as likely.
    success_rate : float
        The chance that it does not, on a slippery lake.
    reward_schedule : three floats
        The reward of a step to a goal, into a hole, and on ice.

    Returns
    -------
    TabularMDP

    Raises
    ------
    ValueError
        An unknown name; an empty or ragged map, one with another character or without a start; a size below 2 or too
        large for the memory there is; a chance outside [0, 1]; no way in a thousand random lakes; a reward schedule
        that is not three finite numbers; both `desc` and `size`.
    TypeError
        An argument that is not of the type above.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> mdp = fsq.frozen_lake()
    >>> round(float(fsq.value_iteration(mdp, discount=1.0).v[0]), 9) == round(14 / 17, 9)
    True
    >>> fsq.frozen_lake(size=4, seed=1).map
    ('SHFH', 'FFHF', 'FFFF', 'FFFG')
    """
    map_name = checks.choice("map_name", map_name, _LAKES)
    is_slippery = checks.flag("is_slippery", is_slippery)
    success = checks.in_unit_interval("success_rate", success_rate)
    frozen = checks.in_unit_interval("frozen", frozen, open_below=True)
    uniform_draws(seed)  # refuses what is no seed, whether or not it is needed
    pays = checks.array("reward_schedule", reward_schedule, "iuf").ravel().tolist()
    if len(pays) != 3:
        raise ValueError(f"reward_schedule has {len(pays)} values; it must have 3: for goal, hole and ice")
    pays = [checks.reward(f"reward_schedule[{i}]", value) for i, value in enumerate(pays)]
    if desc is not None and size is not None:
        raise ValueError(f"size is {size}; it must not be given with desc, which is a lake of its own")
    if size is not None:
        size = checks.count("size", size, least=2)
        check_table(f"size is {size}; such a lake", size**2, len(_MOVES), 3)
        return _lake(_random_lake(size, frozen, seed), is_slippery, success, pays)
    return _lake(_LAKES[map_name] if desc is None else _checked(desc), is_slippery, success, pays)


def _checked(desc: Sequence[str]) -> tuple[str, ...]:
    lines = checks.rows("desc", desc)
    if not lines or not lines[0]:
        raise ValueError("desc is empty; it must hold at least one row of the map")
    for y, line in enumerate(lines):
        if len(line) != len(lines[0]):
            raise ValueError(f"desc[{y}] has {len(line)} cells; desc[0] has {len(lines[0])}, and all must be as wide")
        unknown = sorted(set(line) - set("SFHG"))
        if unknown:
            raise ValueError(f"desc[{y}] has {unknown[0]!r}; it must consist of 'S', 'F', 'H' and 'G'")
    if not any("S" in line for line in lines):
        raise ValueError("desc has no start; mark at least one cell 'S'")
    check_table(f"desc has {len(lines) * len(lines[0])} cells; it", len(lines) * len(lines[0]), len(_MOVES), 3)
    return lines


def _lake(lines: Sequence[str], is_slippery: bool, success: float, pays: Sequence[float]) -> TabularMDP:
    mark = marks_of(lines).ravel()
    ahead = neighbours(np.ones((len(lines), len(lines[0])), np.bool_), _MOVES)
    turns = (1, 0, -1) if is_slippery else (0,)  # Gymnasium's order: to one side, on, to the other
    next_state = np.stack([np.roll(ahead, turn, axis=1) for turn in turns], axis=2)
    over = (mark == "G") | (mark == "H")
    terminated = over[next_state]
    reward = np.select([mark == "G", mark == "H"], pays[:2], pays[2])[next_state]
    probability = np.empty(next_state.shape)
    probability[:] = ((1.0 - success) / 2.0, success, (1.0 - success) / 2.0) if is_slippery else 1.0
    next_state[over], reward[over], terminated[over] = np.flatnonzero(over)[:, None, None], 0.0, True
    probability[over] = np.arange(len(turns)) == 0
    start = mark == "S"
    return TabularMDP(
        next_state=next_state,
        reward=reward,
        terminated=terminated,
        probability=probability,
        start=start / start.sum(),
        name="frozen_lake" + ("_slippery" if is_slippery else ""),
        map=lines,
        cells=np.indices((len(lines), len(lines[0]))).reshape(2, -1).T,
    )


def _random_lake(size: int, frozen: float, seed: int) -> tuple[str, ...]:
    from scipy import ndimage

    for drawn in uniform_draws(seed, *[(size, size)] * _ATTEMPTS):
        ice = drawn < frozen
        ice[0, 0] = ice[-1, -1] = True
        parts, _ = ndimage.label(ice)
        if parts[0, 0] == parts[-1, -1]:
            marks = np.where(ice, "F", "H")
            marks[0, 0], marks[-1, -1] = "S", "G"
            return tuple("".join(row) for row in marks)
    raise ValueError(f"frozen is {frozen}; of {_ATTEMPTS} such lakes none has a way to the goal, so take more")
