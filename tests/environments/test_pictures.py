"""Breakout and catch play as slow games on grids do, step by step and number by number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastsoftq as fsq
from fastsoftq.environments import describe, reset, step
from fastsoftq.kernels.random import advance, seed
from tests.environments.playing import seen
from tests.reference import breakout as slow_breakout
from tests.reference import catch as slow_catch

KEYS = st.integers(0, 2**32).map(seed)


def follows_the_ball(state):
    """Keeps the ball in play for long, so that bricks break, whole walls of them too."""
    x, paddle = state[0], state[6]
    return 1 if paddle > x else 2 if paddle < x else 0


@given(KEYS, st.floats(0.0, 1.0), st.lists(st.integers(0, 3), min_size=1, max_size=60))
def test_breakout_is_the_games(key, sticky, wishes):
    environment, game, state = fsq.breakout(sticky=sticky), slow_breakout.Game(key), reset(fsq.breakout(), key)
    for wish in wishes:
        assert seen(environment, state).tolist() == game.picture()
        action = follows_the_ball(state) if wish == 3 else wish
        key = advance(key)
        state, reward, terminated = step(environment, state, action, key)
        assert (reward, terminated) == game.step(("none", "left", "right")[action], sticky, key)
        if terminated:
            break
    assert seen(environment, state).tolist() == game.picture()


@pytest.mark.parametrize("number", range(6))
def test_who_follows_the_ball_breaks_walls_again_and_again(number):
    environment, key = fsq.breakout(sticky=0.0), seed(number)
    game, state, total, walls = slow_breakout.Game(key), reset(environment, key), 0.0, 0
    for _ in range(3000):
        action = follows_the_ball(state)
        key = advance(key)
        before = len(game.bricks)
        state, reward, terminated = step(environment, state, action, key)
        assert (reward, terminated) == game.step(("none", "left", "right")[action], 0.0, key)
        walls += before == 0 and len(game.bricks) == 30
        total += reward
        assert bin(state[8]).count("1") == len(game.bricks)
        assert not terminated
    assert total > 30
    assert seen(environment, state).tolist() == game.picture()


def test_breakout_starts_at_both_ends():
    starts = {reset(fsq.breakout(), seed(n)) for n in range(50)}
    assert {state[:4] for state in starts} == {(0, 3, 1, 1), (9, 3, -1, 1)}


@given(KEYS, st.integers(2, 12), st.integers(2, 12), st.lists(st.integers(0, 2), min_size=12, max_size=12))
def test_catch_is_the_games(key, rows, columns, actions):
    environment = fsq.catch(rows, columns)
    game, state = slow_catch.Game(rows, columns, key), reset(environment, key)
    assert describe(environment).shape == (2, rows, columns)
    for t, action in enumerate(actions, 1):
        assert seen(environment, state).tolist() == game.picture()
        state, reward, terminated = step(environment, state, action, key)
        assert (reward, terminated) == game.step(("left", "none", "right")[action])
        if terminated:
            assert t == rows - 1 <= describe(environment).max_steps
            break
    assert seen(environment, state).tolist() == game.picture()


def test_catch_can_always_be_won():
    environment = fsq.catch()
    for n in range(100):
        state, terminated = reset(environment, seed(n)), False
        while not terminated:
            state, reward, terminated = step(environment, state, 1 + (state[1] > state[2]) - (state[1] < state[2]), 0)
        assert reward == 1.0


@pytest.mark.parametrize(
    ("make", "options", "error", "message"),
    [
        (fsq.breakout, {"sticky": 1.5}, ValueError, r"sticky is 1.5; it must lie in \[0, 1\]"),
        (fsq.breakout, {"max_steps": 2.5}, TypeError, "max_steps is 2.5; it must be an integer"),
        (fsq.catch, {"rows": 1}, ValueError, "rows is 1; it must be at least 2"),
        (fsq.catch, {"columns": 101}, ValueError, "columns is 101; it must be at most 100"),
    ],
)
def test_bad_options_are_refused(make, options, error, message):
    with pytest.raises(error, match=message):
        make(**options)
