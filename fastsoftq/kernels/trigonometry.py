"""Sine and cosine with the same bits on every machine, for one number and for vectors.

An angle is brought within a quarter of a right angle by taking away a whole number of right angles in three parts
(Cody & Waite 1980), whose products are exact by fused multiply-adds; what rounding leaves of it is carried along. There
a polynomial in the square is evaluated, likewise by explicit fused multiply-adds. Its coefficients interpolate Taylor's
series at Chebyshev's nodes, to 2**-60 relative. Results are within 1 ulp of the exact ones.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import numpy as np
from numba import types

from fastsoftq.kernels.jit import by_type
from fastsoftq.kernels.number_kinds import NumberKind
from fastsoftq.kernels.simd import bitcast, element, fma, select

__all__ = ["LARGEST_ANGLE", "cos", "sin", "sin_cos"]

LARGEST_ANGLE = 2.0**40
"""In radians, about 1.1e12; beyond it there are no sines and cosines."""

# sin(r) = r + r**3 S(r**2), cos(r) = 1 - r**2/2 + r**4 C(r**2), for |r| <= pi/4
_SIN = (
    -0.16666666666666666,
    0.008333333333333331,
    -0.0001984126984126504,
    2.755731921932058e-06,
    -2.50521062259944e-08,
    1.6058530596645953e-10,
    -7.586636882825159e-13,
)
_COS = (
    0.041666666666666664,
    -0.0013888888888887389,
    2.48015872987544e-05,
    -2.755731726587808e-07,
    2.087614504941318e-09,
    -1.138254464534925e-11,
)
# pi/2 as the sum of three numbers: what is left is 6e-50.
_RIGHT, _RIGHT_2, _RIGHT_3 = 1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33
_PER_RIGHT = 0.6366197723675814  # 2/pi
_ROUND = 1.5 * 2.0**52  # added and taken away, rounds to a whole number, which its last bits are
_MINUS = -1.0  # vectors have no negation
_NAN = float("nan")


class _AngleKind(NumberKind):
    """An angle of which there is a sine."""

    def checked(self, name: str, value: Any) -> Any:
        found = super().checked(name, value)
        if abs(found) > LARGEST_ANGLE:
            raise ValueError(f"{name} is {found}; it must lie within ±2**40")
        return found


_Angle: TypeAlias = Annotated[Any, _AngleKind()]


def _sin_cos(x):
    turned = fma(x, _PER_RIGHT, _ROUND)
    quadrant = bitcast(turned, types.int64)
    n = turned - _ROUND
    first = fma(n, -_RIGHT, x)  # exact: both are multiples of its last place
    second = n * -_RIGHT_2
    high = first + second
    back = high - first
    low = (first - (high - back)) + (second - back) + (fma(n, -_RIGHT_2, _MINUS * second) - n * _RIGHT_3)
    r = high + low
    low = (high - r) + low  # r + low is the angle that is left

    z = r * r
    half = 0.5 * z
    s = fma(z, _SIN[6], _SIN[5])
    s = fma(z, fma(z, fma(z, fma(z, fma(z, s, _SIN[4]), _SIN[3]), _SIN[2]), _SIN[1]), _SIN[0])
    s = r + fma(z * r, s, fma(half, _MINUS * low, low))
    c = fma(z, fma(z, fma(z, fma(z, fma(z, _COS[5], _COS[4]), _COS[3]), _COS[2]), _COS[1]), _COS[0])
    near = 1.0 - half
    rest = (1.0 - near) - half - fma(r, low, 0.5 * fma(r, r, _MINUS * z))
    c = near + fma(z * z, c, rest)

    swapped = (quadrant & 1) != 0
    sine, cosine = select(swapped, c, s), select(swapped, s, c)
    sine = select((quadrant & 2) != 0, _MINUS * sine, sine)
    cosine = select(((quadrant + 1) & 2) != 0, _MINUS * cosine, cosine)
    known = (x <= LARGEST_ANGLE) & (x >= -LARGEST_ANGLE)
    return select(known, sine, _NAN), select(known, cosine, _NAN)


@by_type
def sin_cos(x: _Angle):
    """The sine and the cosine of `x`, for the price of one of them.

    Parameters
    ----------
    x : float64 or a vector of them
        In radians, within ±2**40; any other number is taken as a float64. Compiled code gets NaN for what lies beyond,
        and for NaN.

    Returns
    -------
    sin, cos : the type of `x`
        Within 1 ulp.

    Examples
    --------
    >>> sin_cos(0.0)
    (0.0, 1.0)
    """
    if element(x) == types.float64:
        return _sin_cos
    return lambda x: sin_cos(np.float64(x))


@by_type
def sin(x: _Angle):
    """The sine of `x`, as `sin_cos` gives it.

    Examples
    --------
    >>> sin(0.5)
    0.479425538604203
    """
    return lambda x: sin_cos(x)[0]


@by_type
def cos(x: _Angle):
    """The cosine of `x`, as `sin_cos` gives it.

    Examples
    --------
    >>> cos(0.5)
    0.8775825618903728
    """
    return lambda x: sin_cos(x)[1]
