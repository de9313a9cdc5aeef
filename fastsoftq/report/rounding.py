"""Numbers as text: rounded to be read, but never to a number that they must not be taken for."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from fastsoftq.figures.labels import typeset
from fastsoftq.report.decision import ALPHA

__all__ = [
    "counted",
    "distinct",
    "interval_text",
    "p_text",
    "plain_text",
    "schedule_text",
    "setting_text",
    "share_text",
    "span_text",
]

_NOISE = 1e-12  # of the largest number of an interval: a narrower one is the rounding of sums
_ROUNDING = 1e-9  # of an estimate: likewise, of means of very many numbers
_DIGITS = 17  # tell any two numbers of double precision apart
_LONGEST = 9  # decimals; more are written with a power of ten
_LARGE = 1e15  # numbers from here on likewise


def distinct(number: float, decimals: int, *others: float) -> str:
    """Write a number with as many decimals as tell it from others, and no fewer than asked for.

    Parameters
    ----------
    number : float
    decimals : int
    *others : float
        Numbers that it must not be taken for, unless it equals them.

    Returns
    -------
    str

    Examples
    --------
    >>> distinct(0.9996, 2, 0.0, 1.0)
    '0.9996'
    """
    if not math.isfinite(number):
        return typeset(number, decimals)
    while any(number != other and round(number, decimals) == other for other in others):
        decimals += 1
        if decimals > _LONGEST:
            return _short(number, 2, *others)
    return typeset(number, decimals)


def _short(number: float, digits: int, *others: float) -> str:
    """Write a number with so many significant digits, or with more where those do not tell it from others."""
    while digits < _DIGITS and any(number != other and float(f"{number:.{digits}g}") == other for other in others):
        digits += 1
    text = f"{number:.{digits}g}".replace("e+", "e")
    return re.sub(r"e(-?)0+", r"e\1", text).replace("-", "\N{MINUS SIGN}")


def share_text(share: float, decimals: int = 1) -> str:
    """Write a share in per cent: 0% is none and 100% is all.

    Examples
    --------
    >>> share_text(0.99996), share_text(1.0)
    ('99.996%', '100.0%')
    """
    return f"{distinct(100.0 * share, decimals, 0.0, 100.0)}%"


def p_text(p: float) -> str:
    """Write a p-value to two digits, or to as many as show on which side of 0.05 it is.

    Examples
    --------
    >>> p_text(0.0123), p_text(0.0502), p_text(0.05)
    ('0.012', '0.0502', '0.05')
    """
    digits = 2
    while digits < _DIGITS and (float(f"{p:.{digits}g}") <= ALPHA) != (p <= ALPHA):
        digits += 1
    return f"{p:.{digits}g}"


def apart(a: float, b: float) -> float:
    """Give a - b, or 0 where the two differ by no more than the rounding of sums.

    Examples
    --------
    >>> apart(-12.0, -12.000000000000002), apart(-12.0, -12.001) > 0.0
    (0.0, True)
    """
    return 0.0 if abs(a - b) <= _ROUNDING * max(abs(a), abs(b)) else a - b


def interval_text(
    estimate: float, low: float, high: float, *, decimals: int | None = None, percent: bool = False
) -> str:
    """Write an estimate with its interval.

    Parameters
    ----------
    estimate, low, high : float
    decimals : int, optional
        At least so many, and more where a width or a share would be rounded to none, or a share to all. If not given,
        as many as the width of the interval calls for; only an end at 0 reads as 0.
    percent : bool
        With `decimals`: show shares in per cent.

    Returns
    -------
    str
        Both ends; with `decimals`, "estimate ± half width" (the larger half) where the estimate is in the middle: the
        halves differ by a tenth of the interval at most, or by one unit of the last decimal.

    Examples
    --------
    >>> interval_text(37.0312, 36.44, 37.62)
    '37.0 [36.4, 37.6]'
    >>> interval_text(2.5, 0.004, 5.0)
    '2 [0.004, 5]'
    >>> interval_text(-3.07e99, -3.6e99, -2.5e99)
    '−3.1e99 [−3.6e99, −2.5e99]'
    >>> interval_text(37.0312, 36.44, 37.62, decimals=1)
    '37.0 ± 0.6'
    >>> interval_text(0.98, 0.9, 1.0, decimals=0, percent=True)
    '98% [90, 100]'
    >>> interval_text(-5.0, -math.inf, 0.0, decimals=1)
    '-5.0 [−∞, 0.0]'
    """
    if decimals is not None:
        return _of_so_many_decimals(estimate, low, high, decimals, percent)
    half, largest = (high - low) / 2.0, max(abs(low), abs(high))
    if not math.isfinite(half):
        decimals = 2
    elif half > _NOISE * largest:
        decimals = max(0, -math.floor(math.log10(half) - 0.3))
    else:
        decimals = 2 if largest == 0.0 else max(2, 2 - math.floor(math.log10(largest)))
    clear = (0.0,) if low > 0.0 or high < 0.0 else ()
    if _LARGE <= largest < math.inf:
        wide = half > _NOISE * largest
        digits = max(2, math.floor(math.log10(largest)) + 1 - math.floor(math.log10(half) - 0.3)) if wide else 4
        texts = [_short(value, digits, *clear) for value in (estimate, low, high)]
    elif decimals > _LONGEST and largest > 0.0:
        digits = max(2, decimals + 1 + math.floor(math.log10(largest)))
        texts = [_short(value, digits, *clear) for value in (estimate, low, high)]
    else:
        texts = [distinct(value, decimals, *clear) for value in (estimate, low, high)]
    return f"{texts[0]} [{texts[1]}, {texts[2]}]"


def _of_so_many_decimals(estimate: float, low: float, high: float, decimals: int, percent: bool) -> str:
    if percent:
        estimate, low, high = 100.0 * estimate, 100.0 * low, 100.0 * high
    below, above = estimate - low, high - estimate
    if not math.isfinite(below + above):
        ends = [typeset(end, decimals) if math.isinf(end) else f"{end:.{decimals}f}" for end in (low, high)]
        return f"{estimate:.{decimals}f}{'%' if percent else ''} [{ends[0]}, {ends[1]}]"
    # What is not 0, nor all, is not shown as such.
    told = [(max(below, above), 0.0)] + ([(estimate, 0.0), (estimate, 100.0)] if percent else [])
    while any(abs(x - y) > _ROUNDING * max(1.0, abs(estimate)) and round(x, decimals) == y for x, y in told):
        decimals += 1
    text = f"{estimate:.{decimals}f}{'%' if percent else ''}"
    if below + above < math.inf and abs(above - below) <= max(10.0**-decimals, 0.1 * (below + above)):
        return f"{text} ± {max(below, above):.{decimals}f}"
    return f"{text} [{low:.{decimals}f}, {high:.{decimals}f}]"


def setting_text(value: str | float) -> str:
    """Write the value of a hyperparameter with the fewest digits that tell it from every other number.

    Examples
    --------
    >>> setting_text(10.0), setting_text(0.95), setting_text(0.95000001), setting_text(10_000), setting_text(1e-6)
    ('10', '0.95', '0.95000001', '10,000', '1e−6')
    """
    if isinstance(value, str):
        return value
    text = f"{float(value) + 0.0:,}" if isinstance(value, float) else f"{int(value):,}"
    return re.sub(r"e([+-]?)0*", r"e\1", text).replace("e+", "e").removesuffix(".0").replace("-", "\N{MINUS SIGN}")


def schedule_text(parts: Mapping[str, object], told: Collection[str] | None = None) -> str:
    """Write a schedule by its ends, and by what else there is.

    Parameters
    ----------
    parts : mapping
        Its values by name, such as "start", "stop" and "decrease".
    told : collection of str, optional
        Which are named besides the ends; all if not given.

    Returns
    -------
    str

    Examples
    --------
    >>> schedule_text({"start": 0.9, "stop": 0.1, "decrease": 0.001})
    '0.9 → 0.1 (decrease 0.001)'
    """
    texts = {name: plain_text(value) for name, value in parts.items()}
    ends = " → ".join(texts.pop(end) for end in ("start", "stop") if end in texts)
    rest = [f"{name.replace('_', ' ')} {text}" for name, text in texts.items() if told is None or name in told]
    return " ".join(filter(None, (ends, f"({', '.join(rest)})" if rest else "")))


def plain_text(value: object) -> str:
    """Write any value of a hyperparameter as a person would, never as Python does.

    Examples
    --------
    >>> plain_text(True), plain_text(None), plain_text((1, 2.5)), plain_text({"start": 1.0, "stop": 0.1, "power": 0.5})
    ('yes', 'none', '1, 2.5', '1 → 0.1 (power 0.5)')
    """
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if value is None:
        return "none"
    if isinstance(value, str | int | float | np.number):
        return setting_text(value.item() if isinstance(value, np.number) else value)
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return schedule_text({str(name): part for name, part in value.items()})
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, Iterable):
        return ", ".join(map(plain_text, value))
    return str(getattr(value, "__name__", type(value).__name__))


def span_text(counts: Sequence[int]) -> str:
    """Write counts by the least and the greatest.

    Examples
    --------
    >>> span_text([50, 1450, 150]), span_text([50, 50])
    ('50 to 1,450', '50')
    """
    ends = dict.fromkeys((min(counts), max(counts)))
    return " to ".join(typeset(end) for end in ends)


def counted(count: str, things: str) -> str:
    """Write how many of some things there are, of one as of several.

    Parameters
    ----------
    count : str
    things : str
        In the plural, with an s.

    Returns
    -------
    str

    Examples
    --------
    >>> counted("1", "episodes"), counted("1 to 30", "episodes")
    ('1 episode', '1 to 30 episodes')
    """
    return f"{count} {things.removesuffix('s') if count == '1' else things}"
