"""What an MDP's tables take of memory while they are made: too large a world is refused before any work."""

from __future__ import annotations

from fastsoftq import checks
from fastsoftq.system.memory import check_memory

__all__ = ["check_table"]

_OUTCOME_BYTES = 64  # about what an outcome takes: 21 bytes in the end, and as much again and more while it is made


def check_table(subject: str, states: int, actions: int, outcomes: int = 1, advice: str = "take a smaller one") -> None:
    """Refuse an MDP with more states than can be numbered, or more outcomes than there is memory for.

    Parameters
    ----------
    subject : str
        How the message begins: the arguments and their values.
    states, actions, outcomes : int
    advice : str
        How it ends.

    Raises
    ------
    ValueError
        States do not fit 32 bits.
    TooLargeError
        It does not fit.

    Examples
    --------
    >>> check_table("size is 3; such a sea", 9, 2)
    """
    if states > checks.MOST:
        raise ValueError(f"{subject} has {states} states, more than {checks.MOST}; {advice}")
    check_memory(subject, states * actions * outcomes * _OUTCOME_BYTES, advice)
