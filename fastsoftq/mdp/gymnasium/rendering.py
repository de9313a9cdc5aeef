"""What can be rendered, and a state of an MDP shown as text."""

from __future__ import annotations

from typing import Any

from fastsoftq import checks
from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["MODES", "as_text", "checked_render_mode"]

MODES = ("ansi", "rgb_array")
"""What can be rendered: text, and pictures."""

_AGENT = "@"


def checked_render_mode(render_mode: Any) -> str | None:
    """Return `render_mode` if it is one of `MODES`, or None.

    Raises
    ------
    ValueError
        A mode that does not exist.
    TypeError
        Not a string.

    Examples
    --------
    >>> checked_render_mode("ansi")
    'ansi'
    """
    if isinstance(render_mode, str) and render_mode == "human":
        raise ValueError(
            "render_mode is 'human'; it must be 'ansi' or 'rgb_array': gymnasium.wrappers.HumanRendering shows the "
            "pictures of 'rgb_array' in a window"
        )
    return None if render_mode is None else checks.choice("render_mode", render_mode, MODES)


def as_text(mdp: TabularMDP, state: int, last: tuple[int, float] | None = None) -> str:
    """Show a state as text.

    Parameters
    ----------
    mdp : TabularMDP
    state : int
    last : (int, float), optional
        The action that led there and its reward.

    Returns
    -------
    str
        The map, where there is one, with `@` at the state, and a line with its number and what happened last.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> print(as_text(fsq.from_map("S.G"), 1, (1, -1.0)))
    S@G
    state 1 after action 1: reward -1
    """
    shown = [list(row) for row in mdp.map or ()]
    if mdp.cells is not None:
        y, x = mdp.cells[state]
        shown[y][x] = _AGENT
    happened = "" if last is None else f" after action {last[0]}: reward {last[1]:g}"
    return "\n".join([*map("".join, shown), f"state {state}{happened}"])
