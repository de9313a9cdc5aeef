"""What docs/gymnasium.md shows: prints its table of worlds, and draws docs/figures/gymnasium.png.

python docs/gymnasium_page.py
"""

import sys
import warnings
from pathlib import Path

import gymnasium
import numpy as np
from gymnasium.utils.env_checker import check_env

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import fastsoftq as fsq  # noqa: E402
from fastsoftq.mdp.gymnasium.registration import registered  # noqa: E402

# What functions cannot do without.
NEEDED = {
    "from_map": {"rows": ["S.#", "..G"]},
    "garnet": {"states": 20, "actions": 3, "branching": 2, "seed": 1},
}


MARGIN = 16  # pixels between pictures


def frame(mdp, state):
    """The picture of a state."""
    env = fsq.to_gymnasium(mdp, render_mode="rgb_array")
    env.reset(seed=0, options={"state": state})
    return env.render()


def river(states=12):
    """A world without a map: to swim right is hard, to drift left is not."""
    here = np.arange(states)
    left, right = np.maximum(here - 1, 0), np.minimum(here + 1, states - 1)
    return fsq.TabularMDP(
        next_state=np.stack([np.stack([left] * 3, -1), np.stack([left, here, right], -1)], axis=1),
        reward=0.0,
        terminated=False,
        probability=np.broadcast_to([[1.0, 0.0, 0.0], [0.05, 0.6, 0.35]], (states, 2, 3)),
    )


def draw(path):
    """Draw some worlds below and beside each other."""
    from matplotlib.image import imsave

    lake = fsq.from_gymnasium("FrozenLake-v1")
    walled = fsq.from_map(["S.#.0", "..#..", ".C...", ".C#.1"])
    upper = [frame(lake, 6), frame(walled, 8)]
    rows = [[frame(fsq.cliff_walking(), 14)], upper, [frame(river(), 5)]]
    width = max(picture.shape[1] for row in rows for picture in row)
    height = sum(row[0].shape[0] + MARGIN for row in rows) - MARGIN
    page, y = np.full((height, width, 3), 255, np.uint8), 0
    for row in rows:
        x = 0
        for picture in row:
            page[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
            x += picture.shape[1] + MARGIN
        y += row[0].shape[0] + MARGIN
    imsave(path, page)


def main():
    """Draw the figure and print the table."""
    draw(ROOT / "docs" / "figures" / "gymnasium.png")
    print("| name | states | actions | outcomes | `check_env` |")
    print("| --- | --- | --- | --- | --- |")
    for name, maker in registered().items():
        env = gymnasium.make(name, **NEEDED.get(maker, {})).unwrapped
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                check_env(env)
                verdict = "passes, no warnings"
            except Exception as error:
                verdict = f"{type(error).__name__}: {error}"
        verdict = "; ".join(map(str, (one.message for one in said))) or verdict
        mdp = env.mdp
        print(f"| `{name}` | {mdp.n_states} | {mdp.n_actions} | {mdp.n_outcomes} | {verdict} |")


if __name__ == "__main__":
    main()
