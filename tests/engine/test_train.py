"""train: what it refuses, what it warns of, what it tells while it works, and how it stops."""

import itertools
import re
import signal
import subprocess
import sys
import textwrap
import threading
import warnings

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq import tabular_training
from fastsoftq.engine.threads import Progress
from fastsoftq.planning import critical

MDP = fsq.TabularMDP(
    next_state=[[0, 1], [1, 1]], reward=[[-1.0, -1.0], [10.0, 10.0]], terminated=[[False, False], [True, True]], start=0
)
HARD = fsq.QLearning(0.5, 0.9)
SOFT = fsq.SoftQLearning(0.5, 0.9)
GOOD = {"mdp": MDP, "agent": HARD, "seeds": 2, "episodes": 2}


@pytest.fixture
def no_work(monkeypatch):
    """Nothing may be run: what is bad is said before any work."""

    def run(*args):
        raise AssertionError("training began")

    monkeypatch.setattr(tabular_training, "run_on_threads", run)


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"mdp": "cliff_walking"}, TypeError, "mdp is 'cliff_walking'; it must be a TabularMDP"),
        ({"agent": fsq.QLearning}, TypeError, "agent is <class .*>; it must be a NamedTuple of hyperparameters"),
        ({"agent": (0.5, 0.9)}, TypeError, r"agent is \(0.5, 0.9\); it must be a NamedTuple"),
        ({"agent": HARD._replace(discount=1.5)}, ValueError, r"QLearning.discount is 1.5; it must lie in \[0, 1\]"),
        ({"agent": HARD._replace(discount=-0.1)}, ValueError, r"QLearning.discount is -0.1; it must lie in \[0, 1\]"),
        ({"agent": HARD._replace(discount=np.nan)}, ValueError, r"QLearning.discount is nan; it must lie in \[0, 1\]"),
        ({"agent": HARD._replace(step_size=0)}, ValueError, r"QLearning.step_size is 0.0; it must lie in \(0, 1\]"),
        ({"agent": HARD._replace(step_size=1.1)}, ValueError, r"QLearning.step_size is 1.1; it must lie in \(0, 1\]"),
        ({"agent": HARD._replace(step_size="a")}, TypeError, "QLearning.step_size is 'a'; it must be a number"),
        ({"agent": HARD._replace(epsilon=2)}, ValueError, r"QLearning.epsilon is 2.0; it must lie in \[0, 1\]"),
        ({"agent": SOFT._replace(temperature=0)}, ValueError, "SoftQLearning.temperature is 0.0; it must be above 0"),
        ({"agent": SOFT._replace(temperature=np.inf)}, ValueError, "SoftQLearning.temperature is inf; it must be fin"),
        ({"agent": SOFT._replace(reward_scale=-1)}, ValueError, "SoftQLearning.reward_scale is -1.0; it must be above"),
        ({"agent": SOFT._replace(reward_scale=np.nan)}, ValueError, "SoftQLearning.reward_scale is nan; it must be fi"),
        (
            {"agent": HARD._replace(epsilon=fsq.LinearDecay(2.0, 0.1, 0.1))},
            ValueError,
            r"QLearning.epsilon.start is 2.0; it must lie in \[0, 1\]",
        ),
        (
            {"agent": SOFT._replace(temperature=fsq.PowerDecay(1.0, 0.0, 0.5))},
            ValueError,
            "SoftQLearning.temperature.stop is 0.0; it must be above 0",
        ),
        (
            {"agent": fsq.Frozen(HARD._replace(epsilon=3))},
            ValueError,
            r"QLearning.epsilon is 3.0; it must lie in \[0, 1\]",
        ),
        (
            {"agent": SOFT._replace(reward_scale=1e308)},
            ValueError,
            r"SoftQLearning.reward_scale is 1e\+308; times the largest reward, 10, it must be at most 1e\+100",
        ),
        (
            {"agent": fsq.Frozen(HARD._replace(reward_scale=1e100))},
            ValueError,
            r"reward_scale is 1e\+100; times",
        ),
        (
            {"agent": SOFT._replace(temperature=1e-200)},
            ValueError,
            r"temperature is 1e-200; it must lie in \[1e-30",
        ),
        ({"agent": SOFT._replace(temperature=fsq.LinearDecay(1e99, 1.0, 0.0))}, ValueError, "temperature.start is 1e"),
        (
            {"initial_q": np.full((2, 2), 1e200)},
            ValueError,
            r"initial_q includes 1e\+200; all must be finite and",
        ),
        ({"seeds": 0}, ValueError, "seeds is 0; it must be at least 1"),
        ({"seeds": -3}, ValueError, "seeds is -3; it must be at least 1"),
        ({"seeds": 2.0}, TypeError, "seeds is 2.0; it must be an integer"),
        ({"seeds": True}, TypeError, "seeds is True; it must be an integer"),
        ({"seeds": "ten"}, TypeError, "seeds is .*ten"),
        ({"seeds": [3, -1]}, ValueError, "seeds includes -1; seeds must be at least 0"),
        ({"seeds": [3, 2**64]}, ValueError, r"seeds includes 18446744073709551616; seeds must be .* below 2\*\*64"),
        ({"seeds": [2**63, -1]}, ValueError, "seeds includes -1; seeds must be at least 0"),
        ({"seeds": [2**63, 1.0]}, TypeError, "seeds has dtype float64; it must be a count or an array of integers"),
        ({"seeds": [[1, 2], [3]]}, ValueError, "seeds is no array"),
        ({"seeds": range(2**70)}, TypeError, r"seeds is range\(0, 1180591620717411303424\); it must"),
        ({"seeds": range(-1, 3)}, ValueError, "seeds includes -1"),
        ({"seeds": 2**70}, ValueError, "seeds is 1180591620717411303424; it must be at most"),
        ({"seeds": 2**40}, ValueError, "seeds is 1099511627776, which .* needs .* of memory, of which .* available; "),
        ({"seeds": range(2**40)}, ValueError, "seeds is 1099511627776, which .* take fewer .* or fastsoftq.stream"),
        (
            {"seeds": 2**20, "episodes": 2**30},
            ValueError,
            "seeds is 1048576, which with 1073741824 episodes",
        ),
        ({"episodes": 2**70}, ValueError, "episodes is 1180591620717411303424; it must be at most 2147483647"),
        ({"threads": 2**70}, ValueError, "threads is 1180591620717411303424; it must be at most 1024"),
        ({"progress": 3}, TypeError, "progress is 3; it must be a callable"),
        ({"keep_q": "no"}, TypeError, "keep_q is 'no'; it must be True or False"),
        ({"initial_q": [[1.0], [1.0, 2.0]]}, ValueError, "initial_q is no array"),
        ({"seeds": [3, 1, 3]}, ValueError, "seeds includes 3 more than once; every run needs a seed of its own"),
        ({"seeds": []}, (TypeError, ValueError), "seeds has"),
        ({"seeds": np.zeros((2, 2), int)}, ValueError, r"seeds has shape \(2, 2\); it must be a count or one-dimens"),
        ({"seeds": [0.5, 1.0]}, TypeError, "seeds has dtype float64; it must be a count or an array of integers"),
        ({"seeds": [True, False]}, TypeError, "seeds has dtype bool; it must be a count or an array of integers"),
        ({"episodes": 0}, ValueError, "episodes is 0; it must be at least 1"),
        ({"episodes": 1.5}, TypeError, "episodes is 1.5; it must be an integer"),
        ({"max_steps": 0}, ValueError, "max_steps is 0; it must be at least 1"),
        ({"max_steps": 2**31}, ValueError, "max_steps is 2147483648; it must be at most 2147483647"),
        ({"precision": "duoble"}, ValueError, "precision is 'duoble'; did you mean 'double'"),
        ({"precision": np.float32}, TypeError, "precision is .*; it must be one of 'double', 'mixed'"),
        ({"threads": 0}, ValueError, "threads is 0; it must be at least 1"),
        ({"threads": "2"}, TypeError, "threads is '2'; it must be an integer"),
        (
            {"initial_q": np.zeros(4)},
            ValueError,
            r"initial_q has shape \(4,\); it must have shape \(2, 2\) or \(2, 2, 2",
        ),
        ({"initial_q": np.zeros((3, 2, 2))}, ValueError, r"initial_q has shape \(3, 2, 2\)"),
        ({"initial_q": np.full((2, 2), np.inf)}, ValueError, "initial_q includes inf; all must be finite and"),
        ({"initial_q": [["a", "b"]] * 2}, TypeError, "initial_q has dtype <U1; it must hold numbers"),
    ],
)
def test_a_bad_argument_is_named_with_its_value_and_what_is_allowed(changes, kind, message):
    with pytest.raises(kind, match=message):
        fsq.train(**(GOOD | changes))


@pytest.mark.parametrize(
    "seeds", [3, np.int64(3), [0, 1, 2], (0, 1, 2), np.arange(3, dtype=np.uint8), range(3), np.array(3), range(0, 3, 1)]
)
def test_a_count_of_seeds_is_the_seeds_from_zero(seeds):
    assert fsq.train(MDP, HARD, seeds, 1).seeds.tolist() == [0, 1, 2]


def test_the_largest_seeds_are_seeds():
    curves = fsq.train(MDP, HARD, np.array([2**64 - 1, 2**63], np.uint64), 3)
    assert curves.seeds.tolist() == [2**64 - 1, 2**63]
    assert fsq.train(MDP, HARD, [1, 2**63, 2**64 - 1], 3).seeds.tolist() == [1, 2**63, 2**64 - 1]
    assert fsq.train(MDP, HARD, range(2**63, 2**63 + 2), 3).seeds.tolist() == [2**63, 2**63 + 1]


def test_ranges_of_seeds_may_have_steps():
    assert fsq.train(MDP, HARD, range(2, 9, 3), 1).seeds.tolist() == [2, 5, 8]
    assert fsq.train(MDP, HARD, range(3, 0, -1), 1).seeds.tolist() == [3, 2, 1]


def test_initial_tables_may_be_whole_numbers_or_one_for_each_run():
    frozen = fsq.Frozen(HARD)
    whole = fsq.train(MDP, frozen, 2, 1, initial_q=[[1, 2], [3, 4]], keep_q=True)
    assert whole.final_q.tolist() == [[[1.0, 2.0], [3.0, 4.0]]] * 2
    each = np.arange(12.0).reshape(3, 2, 2)
    assert fsq.train(MDP, frozen, 3, 2, initial_q=each, keep_q=True).final_q.tolist() == each.tolist()
    assert fsq.train(MDP, frozen, 2, 1, initial_q=each[::2], keep_q=True).final_q.tolist() == each[::2].tolist()


@pytest.mark.parametrize("precision", ["double", "mixed"])
@pytest.mark.parametrize(("reward", "temperature"), [(1e100, 1e-30), (1e100, 1e30), (1e-300, 1e-30), (1.0, 1e30)])
@pytest.mark.parametrize("seeds", [2, 64])  # one at a time, and in lanes
def test_what_is_taken_is_reckoned_with_to_the_end(precision, reward, temperature, seeds):
    mdp = fsq.TabularMDP([[0, 1], [1, 1]], [[-reward, -reward / 2], [0.0, 0.0]], [[False, True], [True, True]])
    agent = fsq.SoftQLearning(0.9, 1.0, temperature)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        curves = fsq.train(mdp, agent, seeds, 30, 50, precision=precision, keep_q=True)
    assert np.isfinite(curves.returns).all()
    assert np.isfinite(curves.final_q).all()


# ---- the warning -----------------------------------------------------------------------------------------------------


def warned(agent, mdp=None, **options):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fsq.train(fsq.cliff_walking() if mdp is None else mdp, agent, 3, 2, 50, **options)
    return [w for w in caught if w.category is UserWarning]


def test_below_the_critical_scale_train_warns_once_and_names_both_numbers():
    (warning,) = warned(fsq.SoftQLearning(0.8, 0.95, temperature=4.0, reward_scale=2.0), threads=2)
    assert "reward_scale / temperature is 0.5" in str(warning.message)
    assert "critical reward scale 1.33764" in str(warning.message)
    assert warning.filename == __file__


def test_every_call_warns():
    agent = fsq.SoftQLearning(0.8, 0.95)
    assert len(warned(agent)) == len(warned(agent)) == 1


def test_where_no_scale_is_enough_it_says_so():
    free = fsq.from_map("S.G", step_reward=0.0)
    (warning,) = warned(fsq.SoftQLearning(0.8, 0.95), free)
    assert "no reward scale is large enough in map" in str(warning.message)
    assert "inf" not in str(warning.message)


def test_the_critical_scale_is_worked_out_once_for_an_environment(monkeypatch):
    mdp, agent, asked = fsq.cliff_walking(), fsq.SoftQLearning(0.8, 0.95), []
    monkeypatch.setattr(critical, "critical_reward_scale", lambda mdp: asked.append(mdp) or 1.3376)
    assert [len(warned(agent, mdp)) for _ in range(3)] == [1, 1, 1]
    assert asked == [mdp]


def ring(states):
    """One goes on or back, for 1 a step, for ever; the critical scale is ln 2."""
    here = np.arange(states)
    return fsq.TabularMDP(
        np.stack([(here + 1) % states, (here - 1) % states], axis=1), -1.0, np.zeros((states, 2), bool)
    )


def test_a_warning_costs_a_tenth_of_the_training_or_is_not_given(monkeypatch):
    """In units of work, not seconds: which warnings are given must not depend on the machine."""
    large, agent = ring(200_000), fsq.SoftQLearning(0.8, 0.95, reward_scale=0.5)
    monkeypatch.setattr(critical, "critical_reward_scale", lambda mdp: pytest.fail("that would take too long"))
    monkeypatch.setattr(critical, "endless_parts", lambda mdp, model: pytest.fail("and so would this"))
    assert warned(agent, large) == []


def test_where_the_side_is_told_sooner_than_the_scale_the_warning_does_without_it(monkeypatch):
    middle = ring(20_000)
    monkeypatch.setattr(critical, "critical_reward_scale", lambda mdp: pytest.fail("that would take too long"))
    (warning,) = warned(fsq.SoftQLearning(0.8, 0.95, reward_scale=0.5), middle)
    assert "reward_scale / temperature is 0.5, not above mdp's critical reward scale: " in str(warning.message)
    assert warned(fsq.SoftQLearning(0.8, 0.95, reward_scale=0.7), middle) == []
    slow = fsq.multi_goal(101)  # too near to tell from a few sweeps
    assert warned(fsq.SoftQLearning(0.8, 0.95, reward_scale=1.386), slow) == []


def test_a_schedule_is_judged_by_where_it_ends():
    assert len(warned(fsq.SoftQLearning(0.8, 0.95, fsq.LinearDecay(5.0, 1.0, 0.1)))) == 1
    assert len(warned(fsq.SoftQLearning(0.8, 0.95, fsq.LinearDecay(5.0, 0.5, 0.1)))) == 0


@pytest.mark.parametrize(
    "agent",
    [
        fsq.SoftQLearning(0.8, 0.95, reward_scale=1.34),
        fsq.SoftQLearning(0.8, 0.95, reward_scale=10.0),
        fsq.QLearning(0.8, 0.95, reward_scale=0.1),
    ],
)
def test_no_warning_without_reason(agent):
    assert warned(agent) == []


def test_one_action_leaves_nothing_to_wander_for():
    corridor = fsq.TabularMDP(next_state=[[1], [0]], reward=[[-0.1], [-0.1]], terminated=[[False], [True]], start=0)
    assert warned(fsq.SoftQLearning(0.8, 0.95), corridor) == []


# ---- while it works --------------------------------------------------------------------------------------------------


def test_progress_is_told_in_this_thread_and_ends_with_everything():
    told = []

    def progress(now):
        assert threading.current_thread() is threading.main_thread()
        told.append(now)

    curves = fsq.train(fsq.cliff_walking(), HARD, 400, 400, 1000, progress=progress, threads=2)
    assert told[-1] == Progress(400, 400, curves.steps)
    for before, after in itertools.pairwise(told):
        assert before.runs <= after.runs <= 400
        assert before.steps <= after.steps
    assert {now.of_runs for now in told} == {400}


def test_an_exception_in_progress_stops_training():
    """A run of these takes hours, so that training ends at all says that it was stopped."""

    def progress(now):
        raise LookupError("enough")

    before = threading.active_count()
    with pytest.raises(LookupError, match="enough"):
        fsq.train(fsq.cliff_walking(), HARD, 64, 2**18, 1000, progress=progress, threads=2)
    with pytest.raises(LookupError, match="enough"):
        fsq.train(fsq.cliff_walking(), HARD, 2, 2**22, 1000, progress=progress, threads=2)
    assert threading.active_count() == before


@pytest.mark.parametrize(
    "task",
    [
        "fsq.cliff_walking(), fsq.QLearning(0.8, 0.95), 64, 2**18, 1000",  # in lanes
        "fsq.cliff_walking(), fsq.QLearning(0.8, 0.95), 2, 2**24, 1000",  # one at a time
        "fsq.from_map('S..'), fsq.QLearning(0.8, 0.95), 1, 1, 2**31 - 1",  # there is no goal
        "fsq.from_map('S..'), fsq.QLearning(0.8, 0.95), 64, 1, 2**31 - 1",
    ],
    ids=["lanes", "one at a time", "one long episode", "long episodes in lanes"],
)
def test_an_interrupt_stops_training_at_once(task):
    script = textwrap.dedent(f"""
        import fastsoftq as fsq
        def progress(now):
            print("working", flush=True)
        try:
            fsq.train({task}, progress=progress, threads=2)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
    """)
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "working\n"
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=30)  # a second, with room for a busy machine
        assert re.fullmatch(r"(working\n)*interrupted\n", rest)
        assert process.returncode == 0
    finally:
        process.kill()
        process.wait()
