"""Conditions of a study's own, tables kept, and runs that go on from tables: all is what `train` gives."""

import pickle
import re
from dataclasses import replace

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.studies import Condition, Study, open_results, run
from fastsoftq.studies.conditions import product_of, source_states
from fastsoftq.studies.inspect import verify
from fastsoftq.studies.plan import FolderError, Plan
from fastsoftq.studies.storing.store import create
from fastsoftq.studies.storing.zarr_files import DamagedError
from fastsoftq.studies.work import work

ROOM = fsq.from_map(["S...", "....", "...G"])
WALLED = fsq.from_map(["S...", ".##.", "...G"])
HARD = fsq.QLearning(step_size=0.8, discount=0.95, epsilon=0.2)
SOFT = fsq.SoftQLearning(step_size=0.8, discount=0.95, reward_scale=5.0)


def study(**changes):
    fields = {
        "name": "rooms",
        "episodes": 12,
        "seeds": range(3, 153),
        "max_steps": 40,
        "environments": {"room": ROOM, "walled": WALLED},
        "agents": {"hard": HARD, "soft": SOFT},
        "conditions": [
            Condition("room", "soft", "pretrained"),
            Condition("room", "hard"),
            Condition("walled", "hard", "tuned", episodes=20, first_seed=1000, after="pretrained"),
            Condition("walled", "soft", "again", episodes=3, max_steps=9, precision="mixed", after="tuned"),
        ],
        "tables": True,
        "checkpoints": [2, 12, 15],
    }
    return Study(**(fields | changes))


def cells_of(mdp):
    return {tuple(cell): state for state, cell in enumerate(mdp.cells.tolist())}


@pytest.fixture(scope="module")
def trained():
    """By condition: what `train` gives for it, and the tables after each checkpoint as runs of as many episodes."""
    seeds = np.arange(3, 153)
    old, new = cells_of(ROOM), cells_of(WALLED)
    moved = [old[cell] for cell in sorted(new, key=new.get)]

    def training(mdp, agent, seeds, episodes, max_steps=40, **options):
        def after(n):
            return fsq.train(mdp, agent, seeds, n, max_steps, keep_q=True, **options).final_q

        curves = fsq.train(mdp, agent, seeds, episodes, max_steps, keep_q=True, **options)
        return curves, {n: after(n) for n in (2, 12, 15) if n <= episodes}

    pretrained = training(ROOM, SOFT, seeds, 12)
    tuned = training(WALLED, HARD, np.arange(1000, 1150), 20, initial_q=pretrained[0].final_q[:, moved])
    again = training(WALLED, SOFT, seeds, 3, 9, precision="mixed", initial_q=tuned[0].final_q)
    return {"pretrained": pretrained, "room/hard": training(ROOM, HARD, seeds, 12), "tuned": tuned, "again": again}


@pytest.fixture(scope="module")
def digest(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference")
    run(study(), folder, threads=1)
    found = verify(folder)
    assert (found.missing, found.damaged) == ((), ())
    return found.digest


def check(results, trained, names=None):
    for name in names or results.conditions:
        curves, tables = trained[name]
        stored = results.curves(name)
        for field in ("returns", "lengths", "truncated", "seeds"):
            np.testing.assert_array_equal(getattr(stored, field), getattr(curves, field))
        assert (stored.agent, stored.mdp) == (curves.agent, curves.mdp)
        assert (stored.max_steps, stored.precision) == (curves.max_steps, curves.precision)
        assert stored.final_q is None
        np.testing.assert_array_equal(results.tables(name), curves.final_q)
        for episode, table in tables.items():
            np.testing.assert_array_equal(results.tables(name, episode), table)
        assert results.steps(name) == curves.lengths.sum()
        assert results.seconds(name) > 0.0
        assert results.agent(name) == curves.agent


@pytest.mark.parametrize(("threads", "chunk"), [(1, None), (3, 64)])
def test_everything_is_what_train_gives(tmp_path, trained, threads, chunk):
    outcome = run(study(), tmp_path, threads=threads, chunk=chunk)
    assert outcome.computed + outcome.kept >= 4
    results = open_results(tmp_path)
    assert results.conditions == ["pretrained", "room/hard", "tuned", "again"]
    check(results, trained)
    assert outcome.steps == sum(results.steps(name) for name in results.conditions)
    assert results.condition("again") == Condition("walled", "soft", "again", 3, 9, "mixed", 3, "tuned", 150)
    assert results.tables("tuned", 15, runs=5).shape == (5, 10, 4)
    assert verify(tmp_path).digest is not None


@pytest.mark.parametrize(("threads", "chunk"), [(2, 64), (8, 128)])
def test_the_digest_does_not_depend_on_how_the_work_is_cut(tmp_path, digest, threads, chunk):
    run(study(), tmp_path, threads=threads, chunk=chunk)
    assert verify(tmp_path).digest == digest


@pytest.mark.parametrize("parts", [[3, 1, 2], [2, 3, 1]])
def test_any_part_sees_to_what_it_starts_from(tmp_path, trained, digest, parts):
    steps = sum(run(study(), tmp_path, part=(part, 3), chunk=64, threads=2).steps for part in parts)
    assert verify(tmp_path).digest == digest
    check(open_results(tmp_path), trained)
    assert steps == sum(int(curves.lengths.sum()) for curves, _ in trained.values())  # nothing was trained twice


def test_a_chain_of_starts_is_followed_from_its_end(tmp_path, trained):
    store, _ = create(study(), tmp_path, chunk=64)
    [result] = work(store, study(), [store.plan.unit(3, 1)])
    assert (result.unit.name, result.source.unit.name, result.source.source.unit.name) == ("3.1", "2.1", "0.1")
    assert sorted(path.name for path in (tmp_path / "done").iterdir()) == ["0.1", "2.1", "3.1"]
    np.testing.assert_array_equal(store.find(result.unit).arrays["final_q"], trained["again"][0].final_q[64:128])


def test_a_unit_waits_for_the_one_it_starts_from(tmp_path, digest):
    store, _ = create(study(), tmp_path, chunk=64)
    (tmp_path / "claims").mkdir(exist_ok=True)
    (tmp_path / "claims" / "0.0").write_text("another-machine 17\n")
    assert work(store, study(), [store.plan.unit(2, 0)])[0].busy
    assert not any((tmp_path / "claims").glob("2.*"))
    (tmp_path / "claims" / "0.0").unlink()
    run(study(), tmp_path)
    assert verify(tmp_path).digest == digest


def test_a_folder_grows_by_conditions_larger_rooms_longer_runs_and_seeds(tmp_path):
    first = study(seeds=range(3, 83), environments={"walled": WALLED}, checkpoints=[2, 3],
                  conditions=[Condition("walled", "soft", "base", episodes=3)])  # fmt: skip
    larger = fsq.cliff_walking(height=6, width=7)
    five = fsq.TabularMDP(np.zeros((3, 5), int), -np.ones((3, 5)), np.eye(3, 5, dtype=bool), name="five")
    more = [*first.conditions, Condition("larger", "hard", episodes=9), Condition("five", "hard"),
            Condition("walled", "hard", "tuned", episodes=2, after="base")]  # fmt: skip
    grown = {"environments": {"five": five, "walled": WALLED, "larger": larger}, "checkpoints": [2, 3]}
    run(first, tmp_path / "grown", chunk=64)
    before = {path: path.read_bytes() for path in (tmp_path / "grown" / "done").iterdir()}
    for conditions, seeds in ((more[:2], 80), (more, 80), (more, 150)):
        run(study(seeds=range(3, 3 + seeds), conditions=conditions, **grown), tmp_path / "grown")
        assert verify(tmp_path / "grown").digest is not None
    assert before.items() >= {p: p.read_bytes() for p in before if p.name == "0.0"}.items()  # kept, bit for bit
    whole = study(conditions=more, **grown)
    run(whole, tmp_path / "whole", chunk=128)
    assert verify(tmp_path / "grown").digest == verify(tmp_path / "whole").digest
    results = open_results(tmp_path / "grown")
    for name, mdp, episodes in (("larger/hard", larger, 9), ("five/hard", five, 12)):
        curves = fsq.train(mdp, HARD, np.arange(3, 153), episodes, 40, keep_q=True)
        np.testing.assert_array_equal(results.tables(name), curves.final_q)
        np.testing.assert_array_equal(results.curves(name).returns, curves.returns)
        early = fsq.train(mdp, HARD, np.arange(3, 153), 3, 40, keep_q=True)
        np.testing.assert_array_equal(results.tables(name, 3), early.final_q)
    start = fsq.train(WALLED, SOFT, np.arange(3, 153), 3, 40, keep_q=True).final_q
    tuned = fsq.train(WALLED, HARD, np.arange(3, 153), 2, 40, keep_q=True, initial_q=start)
    np.testing.assert_array_equal(results.tables("tuned"), tuned.final_q)


def test_a_study_of_every_agent_everywhere_grows_by_conditions(small, tmp_path):
    run(small(), tmp_path, chunk=64)
    more = [*small().conditions, Condition("cliff", "soft", "longer", episodes=30)]
    assert run(small(conditions=more), tmp_path).computed == 4
    assert open_results(tmp_path).conditions == ["cliff/hard", "cliff/soft", "longer"]
    assert open_results(tmp_path).curves("longer").n_episodes == 30
    assert open_results(tmp_path).curves("cliff/hard").n_episodes == 12


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"checkpoints": [2, 12]}, r"checkpoints is \[2, 12, 15\] there and \[2, 12\] here"),
        ({"checkpoints": [2, 12, 15, 16]}, r"checkpoints is \[2, 12, 15\] there and \[2, 12, 15, 16\] here"),
        ({"conditions": "fewer"}, "condition 'again' is there and not here"),
        ({"tables": False, "conditions": "plain"}, "tables is True there and False here"),
        ({"conditions": {"episodes": 21}}, "condition 'tuned' has episodes 20 there and 21 here"),
        ({"conditions": {"first_seed": None}}, "condition 'tuned' has first_seed 1000 there and 3 here"),
        ({"conditions": {"after": "room/hard"}}, "condition 'tuned' has after 'pretrained' there and 'room/hard' here"),
        ({"conditions": {"agent": "soft"}}, "condition 'tuned' has agent 'hard' there and 'soft' here"),
        ({"conditions": "other names"}, "condition 'again' is there and not here"),
    ],
)
def test_another_study_is_refused(tmp_path, change, message):
    there = study(checkpoints=[2, 12]) if change.get("conditions") == "other names" else study()
    create(there, tmp_path)
    given = list(there.conditions)
    asked = change.get("conditions")
    if asked == "fewer":
        change = change | {"conditions": given[:3]}
    elif asked == "plain":
        change = change | {"conditions": [replace(given[0]), given[1], replace(given[2], after=None)]}
    elif asked == "other names":
        change = {"conditions": product_of(["room", "walled"], ["hard", "soft"]), "checkpoints": [2, 12]}
    elif isinstance(asked, dict):
        change = change | {"conditions": [*given[:2], replace(given[2], **asked), given[3]]}
    with pytest.raises(FolderError, match=re.escape("holds another study's results: ") + message):
        run(study(**change), tmp_path)


def test_only_conditions_that_others_start_from_keep_their_tables_unasked(tmp_path, trained):
    run(study(tables=False, checkpoints=[2]), tmp_path / "all", chunk=64)
    results = open_results(tmp_path / "all")
    for name, (curves, _) in trained.items():
        np.testing.assert_array_equal(results.curves(name).returns, curves.returns)
    for name in ("pretrained", "tuned"):
        np.testing.assert_array_equal(results.tables(name), trained[name][0].final_q)
    for name in ("room/hard", "again"):
        with pytest.raises(ValueError, match=f"of '{name}' tables are kept after 2 episodes"):
            results.tables(name)
    assert {path.name for path in (tmp_path / "all/results.zarr/final_q/c").iterdir()} == {"0", "2"}
    assert verify(tmp_path / "all").digest


def test_a_condition_whose_tables_were_not_kept_cannot_be_started_from_later(tmp_path, trained):
    given = study().conditions
    alone = {"tables": False, "checkpoints": (), "environments": {"room": ROOM}}
    run(study(**alone, conditions=[given[1]]), tmp_path, chunk=64)
    late = replace(given[1], name="late", after="room/hard")
    with pytest.raises(FolderError, match="'late' starts from tables of 'room/hard' that are not kept there"):
        run(study(**alone, conditions=[given[1], late]), tmp_path)
    new = {"tables": False, "checkpoints": ()}
    assert run(study(**new, conditions=[given[1], given[0], *given[2:]]), tmp_path).kept == 3
    results = open_results(tmp_path)
    np.testing.assert_array_equal(results.tables("tuned"), trained["tuned"][0].final_q)
    np.testing.assert_array_equal(results.curves("again").returns, trained["again"][0].returns)
    assert verify(tmp_path).digest


def test_any_flipped_bit_of_a_table_is_found_named_and_mended(tmp_path, trained, digest):
    run(study(), tmp_path, chunk=64)
    arrays = tmp_path / "results.zarr"
    files = [arrays / "final_q/c/0/1/0/0", arrays / "checkpoint_q/c/2/0/2/0/0", arrays / "returns/c/3/2/0"]
    for path in files:
        whole = path.read_bytes()
        path.write_bytes(whole[:40] + bytes([whole[40] ^ 4]) + whole[41:])
    names = {path.relative_to(tmp_path).as_posix() for path in files}
    assert set(verify(tmp_path).damaged) == names
    results = open_results(tmp_path)
    check(results, trained, ["room/hard"])
    np.testing.assert_array_equal(results.curves("pretrained").returns, trained["pretrained"][0].returns)
    with pytest.raises(DamagedError, match="final_q/c/0/1/0/0"):
        results.tables("pretrained")
    with pytest.raises(DamagedError, match="checkpoint_q/c/2/0/2/0/0"):
        results.tables("tuned", 15)
    np.testing.assert_array_equal(results.tables("tuned", 12), trained["tuned"][1][12])
    outcome = run(study(), tmp_path)
    assert (set(outcome.damaged), outcome.computed) == (names, 3)
    assert verify(tmp_path).digest == digest


def test_tables_swapped_between_checkpoints_are_found(tmp_path, digest):
    run(study(), tmp_path)
    arrays = tmp_path / "results.zarr"
    one, other = arrays / "checkpoint_q/c/0/0/0/0/0", arrays / "checkpoint_q/c/0/0/1/0/0"
    a, b = one.read_bytes(), other.read_bytes()
    one.write_bytes(b)
    other.write_bytes(a)
    assert len(verify(tmp_path).damaged) == 2
    run(study(), tmp_path)
    assert verify(tmp_path).digest == digest


def test_what_is_not_kept_is_said(tmp_path, small):
    run(study(), tmp_path / "tables")
    results = open_results(tmp_path / "tables")
    for name, episode, message in (
        ("pretrained", 15, "episode is 15; of 'pretrained' tables are kept after 2, 12 episodes"),
        ("again", 12, "episode is 12; of 'again' tables are kept after 2, 3 episodes"),
        ("tuned", 0, "episode is 0; it must be at least 1"),
    ):
        with pytest.raises(ValueError, match=message):
            results.tables(name, episode)
    with pytest.raises(ValueError, match="condition is 'tunde'; did you mean 'tuned'"):
        results.tables("tunde")
    np.testing.assert_array_equal(results.tables("again", 3), results.tables("again"))
    run(small(), tmp_path / "none")
    with pytest.raises(
        ValueError, match="episode is None, the last; of 'cliff/hard' tables are kept after no episodes"
    ):
        open_results(tmp_path / "none").tables("cliff/hard")


def test_zarr_reads_tables_padded(tmp_path):
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("zarr")
    run(study(), tmp_path, chunk=64)
    dataset = xarray.open_zarr(tmp_path / "results.zarr", chunks=None)
    assert dict(dataset.sizes) == {
        "condition": 4, "seed": 150, "episode": 20, "state": 12, "action": 4, "checkpoint": 3,
    }  # fmt: skip
    assert dataset.checkpoint.values.tolist() == [2, 12, 15]
    assert dataset.episode.values[[0, -1]].tolist() == [1, 20]
    assert dataset.episodes.values.tolist() == [12, 12, 20, 3]
    assert dataset.first_seed.values.tolist() == [3, 3, 1000, 3]
    assert dataset.after.values.tolist() == ["", "", "pretrained", "tuned"]
    results = open_results(tmp_path)
    for name, states, episodes in (("room/hard", 12, 12), ("tuned", 10, 20), ("again", 10, 3)):
        part = dataset.sel(condition=name)
        np.testing.assert_array_equal(part.final_q[:, :states], results.tables(name))
        assert np.isnan(part.final_q[:, states:]).all()
        np.testing.assert_array_equal(part.checkpoint_q[:, 0, :states], results.tables(name, 2))
        assert np.isnan(part.checkpoint_q[:, 2]).all() == (name != "tuned")
        np.testing.assert_array_equal(part.returns[:, :episodes], results.curves(name).returns)
        assert np.isnan(part.returns[:, episodes:]).all()
        assert not part.lengths[:, episodes:].any()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"conditions": []}, ValueError, "conditions is empty"),
        ({"conditions": 3}, TypeError, "conditions is 3; it must be an iterable of Condition"),
        ({"conditions": ["room/hard"]}, TypeError, r"conditions\[0\] is 'room/hard'; it must be a Condition"),
        (
            {"conditions": [Condition("rom", "hard")]},
            ValueError,
            r"conditions\[0\].environment is 'rom'; did you mean 'room'",
        ),
        ({"conditions": [Condition("room", "sarsa")]}, ValueError, r"conditions\[0\].agent is 'sarsa'"),
        (
            {"conditions": [Condition("room", "hard"), Condition("room", "soft", "room/hard")]},
            ValueError,
            r"conditions\[1\].name is 'room/hard', as conditions\[0\].name",
        ),
        (
            {"conditions": [Condition("room", "hard", after="room/hard")]},
            ValueError,
            r"conditions\[0\].after is 'room/hard'; .* an earlier condition, of which there is none",
        ),
        (
            {"tables": False, "checkpoints": (), "keep": "summary"},
            ValueError,
            r"conditions\[2\].after is 'pretrained'; it needs keep='curves'",
        ),
        (
            {"conditions": [Condition("room", "hard", first_seed=2**64 - 149)]},
            ValueError,
            rf"conditions\[0\].first_seed is {2**64 - 149}; it must be at most {2**64 - 150}",
        ),
        (
            {"conditions": [Condition("walled", "hard"), Condition("room", "hard", after="walled/hard")]},
            ValueError,
            r"conditions\[1\].after is 'walled/hard', whose tables do not fit: .* has the cell \(1, 1\)",
        ),
        ({"checkpoints": [0]}, ValueError, r"checkpoints\[0\] is 0; it must be at least 1"),
        ({"checkpoints": [2, 2]}, ValueError, r"checkpoints has 2 after 2; they must ascend"),
        ({"checkpoints": [2, 21]}, ValueError, r"checkpoints\[1\] is 21; it must be at most 20"),
        ({"checkpoints": 5}, TypeError, "checkpoints is 5; it must be a sequence of integers"),
        ({"checkpoints": ["5"]}, TypeError, r"checkpoints\[0\] is '5'"),
        ({"checkpoints": [2.5]}, TypeError, r"checkpoints\[0\] is 2.5"),
        ({"tables": 1}, TypeError, "tables is 1; it must be True or False"),
        ({"keep": "summary"}, ValueError, "tables is True; it needs keep='curves'"),
        ({"keep": "summary", "tables": False, "conditions": None}, ValueError, r"checkpoints is \(2, 12\); it needs"),
    ],
)
def test_what_does_not_fit_is_refused(change, error, message):
    with pytest.raises(error, match=message):
        study(**({"checkpoints": [2, 12]} | change))


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"episodes": 0}, ValueError, "episodes is 0"),
        ({"max_steps": 1.5}, TypeError, "max_steps is 1.5"),
        ({"precision": "duoble"}, ValueError, "did you mean 'double'"),
        ({"first_seed": -1}, ValueError, "first_seed is -1"),
        ({"first_seed": 2**64}, ValueError, f"first_seed is {2**64}"),
        ({"name": 3}, TypeError, "name is 3"),
        ({"name": "\ud800"}, ValueError, "UTF-8"),
        ({"after": 3}, TypeError, "after is 3"),
        ({"environment": 3}, TypeError, "environment is 3"),
    ],
)
def test_a_condition_checks_its_parts(fields, error, message):
    with pytest.raises(error, match=message):
        Condition(**({"environment": "room", "agent": "hard"} | fields))


def test_tables_without_cells_go_on_by_state():
    chain = fsq.TabularMDP([[1], [1]], [[-1.0], [0.0]], [[False], [True]], name="chain")
    longer = fsq.TabularMDP([[1], [2], [2]], [[-1.0], [-1.0], [0.0]], [[False], [False], [True]], name="longer")
    assert source_states(chain, chain).tolist() == [0, 1]
    with pytest.raises(ValueError, match="chain has 2 states and longer has 3, and they do not both have cells"):
        source_states(chain, longer)
    with pytest.raises(ValueError, match="has 4 actions and chain has 1"):
        source_states(ROOM, chain)


def test_the_identity_is_that_of_what_is_asked_for():
    plain = {"conditions": None, "tables": False, "checkpoints": ()}
    product = study(**plain).conditions
    assert study(**plain).identity == study(**plain | {"conditions": list(reversed(product))}).identity
    written_out = [replace(condition, episodes=12, first_seed=3, precision="double") for condition in product]
    assert study(**plain).identity == study(**plain | {"conditions": written_out}).identity
    assert study(conditions=[study().conditions[place] for place in (1, 0, 2, 3)]).identity == study().identity
    given = study().conditions
    others = [
        study(**plain),
        study(**plain | {"tables": True}),
        study(**plain | {"checkpoints": [3]}),
        study(**plain | {"conditions": product[:3]}),
        study(conditions=[*given[:3], replace(given[3], after="pretrained", environment="room")]),
        study(conditions=[*given[:3], replace(given[3], name="other")]),
        study(conditions=[*given[:3], replace(given[3], first_seed=4)]),
        study(),
    ]
    assert len({other.identity for other in others}) == len(others)
    restored = pickle.loads(pickle.dumps(study()))
    assert (restored.identity, restored.conditions) == (study().identity, study().conditions)


def test_more_seeds_take_fewer_runs_a_chunk_where_tables_are_large():
    large = fsq.cliff_walking(height=100, width=100)
    fields = {"environments": {"large": large}, "conditions": None, "episodes": 10, "max_steps": 5, "seeds": 10**5}
    plans = [Plan.first(study(**fields, checkpoints=points), None, None, {}) for points in ((), (1, 2, 3))]
    assert [plan.chunk for plan in plans] == [192, 64]
    with pytest.raises(ValueError, match=r"chunk is 6720 runs of 10000 states and 4 actions; .* at most 6707 runs"):
        Plan.first(study(**fields, checkpoints=()), 6711, None, {})
