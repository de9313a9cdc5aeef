"""Jitted numbers-in, numbers-out functions, callable from Python and from a user's own `@njit`."""
