"""The stream of random numbers in Python's own integers, from the definition of splitmix64."""

_MASK = 2**64 - 1
_GOLDEN = 0x9E3779B97F4A7C15
_OUTCOME = 0xD1B54A32D192ED03
_START = 0x2545F4914F6CDD1D


def mixed(z):
    z &= _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def seed(number):
    return mixed(number + _GOLDEN)


def advance(key):
    return (key + _GOLDEN) & _MASK


def draw(key):
    """(high, low): the two halves of the bits at a key."""
    return divmod(mixed(key), 2**32)


def outcome_draw(key):
    return draw(key + _OUTCOME)


def start_draw(key):
    return draw(key + _START)


def uniform(key):
    key = advance(key)
    return key, (mixed(key) >> 11) / 2**53


def integer(key, count):
    key = advance(key)
    return key, (mixed(key) >> 32) * count >> 32


def unit(half):
    return half / 2**32
