"""The report of a small sweep: what it says, and that its numbers are what anybody finds in the folder."""

import json
import re

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.measures import measure
from fastsoftq.report.findings import Table
from fastsoftq.report.page import write_report
from fastsoftq.report.reader import read_results
from fastsoftq.report.rounding import interval_text
from fastsoftq.report.sections import error_rate, section
from fastsoftq.report.sweep.analysis import analysed
from fastsoftq.report.sweep.fair import SeedSplit, check_named
from fastsoftq.report.sweep.latex import escaped, latex_table
from fastsoftq.report.sweep.swept_study import Asked
from fastsoftq.statistics import selection_bias
from fastsoftq.studies import Condition, Study, open_results, read_study, run
from fastsoftq.studies.origins import Origin, Origins
from tests.report.pages import Page, check

STUDY = """
name = "small sweep"
episodes = 60
seeds = 30
max_steps = 80
[environments.cliff]
kind = "cliff_walking"
height = 3
width = 5
[environments.wide]
kind = "cliff_walking"
height = 3
width = 7
[agents.hard]
kind = "q_learning"
step_size = [0.1, 0.5]
discount = 0.95
epsilon = [0.05, 0.2]
[agents.soft]
kind = "soft_q_learning"
step_size = [0.1, 0.5]
discount = 0.95
reward_scale = [2, 20]
"""


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    (folder / "study.toml").write_text(STUDY)
    run(read_study(folder / "study.toml"), folder / "out", threads=1, source=STUDY)
    return folder / "out"


@pytest.fixture(scope="module")
def found(swept):
    (contents,) = read_results(swept, asked=Asked(("last:100", "area", "worst:0.1")))
    return analysed(contents, error_rate(contents))


def place(found, label, world=0):
    return next(i for i, one in enumerate(found.worlds[world].conditions) if one.label == label)


def test_conditions_are_named_and_measured_as_the_folder_has_them(swept, found):
    assert [world.name for world in found.worlds] == ["cliff", "wide"]
    assert found.worlds[0].conditions[0].label == "hard, α = 0.1, ε = 0.05"
    at = place(found, "soft, k = 20, α = 0.5")
    name = found.worlds[0].conditions[at].agent.name
    returns = open_results(swept).curves(name).returns
    np.testing.assert_allclose(found.worlds[0].conditions[at].measured[0].values, returns.mean(axis=1))
    expected = measure("area").estimate(
        measure("area").values(open_results(swept).curves(name)), 1 - found.rate.of_description
    )
    assert found.worlds[0].estimates[at][1] == expected
    exact = open_results(swept).exact(name)
    assert found.worlds[0].conditions[at].exact_values[0] == pytest.approx(exact.returns.mean())


def test_what_is_chosen_is_the_best_on_the_first_third_and_compared_on_the_rest(swept, found):
    assert (found.split.tune, found.split.test) == (10, 20)
    results = open_results(swept)
    for world in found.worlds:
        for table, chosen in world.chosen.items():
            rows = [one for one in world.conditions if one.table == table]
            means = {one.label: results.curves(one.agent.name).returns[:10].mean() for one in rows}
            assert chosen.condition.label == max(means, key=means.get)
            later = results.curves(chosen.condition.agent.name).returns[10:].mean()
            assert chosen.seemed == pytest.approx(max(means.values()))
            assert chosen.worth.estimate == pytest.approx(later)
            runs = [results.curves(one.agent.name).returns.mean(axis=1) for one in rows]
            bias = selection_bias([r[:10] for r in runs], [r[10:] for r in runs], 1.0 - found.rate.of_description)
            assert chosen.flattery == bias
            assert bias.optimism.estimate == pytest.approx(max(means.values()) - later)
            assert bias.expected >= 0.0
        (comparisons,) = world.comparisons
        one, other = (world.chosen[table].condition for table in ("soft", "hard"))
        assert comparisons[0].one is one
        assert comparisons[0].reference is other
        differences = one.measured[0].values[10:] - other.measured[0].values[10:]
        assert comparisons[0].found.difference == pytest.approx(differences.mean())


def test_a_line_of_sensitivity_has_the_others_at_their_best(found):
    world = found.worlds[0]
    (hard, soft) = world.lines["step_size"]
    assert (hard.table, soft.table) == ("hard", "soft")
    assert soft.values == [0.1, 0.5]
    for at, value in enumerate(soft.values):
        rows = [c for c in world.conditions if c.table == "soft" and c.coordinates["step_size"] == value]
        best = max(rows, key=lambda c: c.measured[0].values[:10].mean())
        means = [c.measured[0].values[10:].mean() for c in rows]
        assert soft.conditions[at] is best
        assert soft.intervals[at].estimate == pytest.approx(best.measured[0].values[10:].mean())
        assert (soft.lowest[at], soft.highest[at]) == (pytest.approx(min(means)), pytest.approx(max(means)))
    assert soft.best(found.measures[0]) in soft.plateau


def test_a_plane_has_a_cell_for_each_pair_and_frames_the_best(found):
    plane = next(p for p in found.worlds[0].planes if p.table == "soft")
    assert (plane.across, plane.up) == ("step_size", "reward_scale")
    for (iy, ix), mean in np.ndenumerate(plane.means):
        values = {"step_size": plane.xs[ix], "reward_scale": plane.ys[iy]}
        (one,) = [
            c
            for c in found.worlds[0].conditions
            if c.table == "soft" and all(c.coordinates[k] == v for k, v in values.items())
        ]
        assert mean == pytest.approx(one.measured[0].values.mean())
    assert np.unravel_index(int(plane.means.argmax()), plane.means.shape) in plane.best


def test_the_page_opens_with_the_answer_and_has_every_condition(swept, found):
    page = write_report(swept, measures=["last:100", "area", "worst:0.1"]).read_text()
    assert "soft, k = 20, α = 0.5" in page
    assert "[step_size" not in page
    assert "LinearDecay" not in page
    for world in found.worlds:
        for row in world.estimates:
            for interval in row:
                assert interval_text(interval.estimate, interval.low, interval.high) in page
    assert "mean of the worst 10% of runs" in page
    assert re.search(r"Across 2 worlds, (soft|hard) (is told to be ahead|has the highest score)", page)
    assert "Settings were chosen on the first 10 seeds and compared on the 20 after them" in page


def test_what_choosing_flatters_is_said_in_a_sentence_and_a_table(swept, found):
    page = write_report(swept, measures=("last:100", "area", "worst:0.1")).read_text()
    assert "on average by" in page
    for world in found.worlds:
        table, one = max(world.chosen.items(), key=lambda each: each[1].flattery.expected)
        at = one.flattery.optimism
        assert (
            f"On the seeds that chose it the best of 4 settings of {table} seems too good by "
            f"{interval_text(at.estimate, at.low, at.high)}; such a choice adds "
        ) in page


def test_no_sentence_of_a_sweep_is_said_twice(swept):
    page = write_report(swept).read_text()
    body = re.sub(r"<(style|script|svg|table).*?</\1>", "", page, flags=re.S)
    for found in ('p class="note caution">.*?</p', 'ul class="verdicts">.*?</ul'):  # stand wherever they apply
        body = re.sub(f"<{found}>", "", body, flags=re.S)
    sentences = [s.strip() for p in re.findall(r"<(?:p|li)[^>]*>(.*?)</(?:p|li)>", body, re.S) for s in p.split(". ")]
    long = [s for s in sentences if len(s) > 60 and "<" not in s]
    assert len(long) == len(set(long))


def test_what_is_compared_with_is_what_the_reader_names(swept):
    (contents,) = read_results(swept, asked=Asked((), "soft"))
    world = analysed(contents, error_rate(contents)).worlds[0]
    assert (world.reference.table, world.reference.named) == ("soft", False)
    (contents,) = read_results(swept, asked=Asked((), "soft, k = 2, α = 0.1"))
    world = analysed(contents, error_rate(contents)).worlds[0]
    assert world.reference.condition.label == "soft, k = 2, α = 0.1"
    assert world.reference.named
    own, curves = world.chosen["soft"].condition, open_results(swept).curves
    assert own is not world.reference.condition
    returns = [curves(one.agent.name).returns[10:].mean() for one in (own, world.reference.condition)]
    differences = {each[0].one.table: each[0].found.difference for each in world.comparisons}
    assert differences.keys() == {"hard", "soft"}
    assert differences["soft"] == pytest.approx(returns[0] - returns[1])
    answers = " ".join(section(contents, error_rate(contents)).parts[1].answers)
    assert re.search(rf"{own.label} (beats|and) soft, k = 2, α = 0.1", answers)
    # That algorithm at its best is compared, too, so that there is one comparison more in each world.
    (before,) = read_results(swept, asked=Asked((), "soft"))
    assert error_rate(contents).tests == error_rate(before).tests + 2
    with pytest.raises(ValueError, match=r"against is 'sofd'; did you mean 'soft'\? It must be one of 'hard', 'soft'"):
        read_results(swept, asked=Asked((), "sofd"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--measure", "lost:5"], "measure is 'lost:5'; did you mean 'last[:N]'?"),
        (["--measure", ""], "measure is ''; it must be one of 'last[:N]'"),
        (["--measure", "last:0"], "measure is 'last:0': N is 0; it must be at least 1"),
        (["--measure", "steps_to:x"], "measure is 'steps_to:x': R is 'x'; it must be a number"),
        (
            ["--measure", "last:500"],
            "measure is 'last:500': N is 500; curves have 60 episodes, so it must be at",
        ),
        (["--measure", "steps_to:-9:61"], "W is 61; curves have 60 episodes, so it must be at most 60"),
        (["--measure", "improvement"], "measure is 'improvement', which compares two conditions"),
        (["--against", "nobody"], "against is 'nobody'; it must be one of 'hard', 'soft', or a condition"),
        (["--against", " "], "--against is empty; it must be an agent, an algorithm or a condition"),
        (["--latex", ""], "'--latex': it is empty; it must be a path"),
        (["--latex", "."], "latex is '.'; it is a folder, and must be a file"),
        (["--latex", "no/such/folder/t.tex"], "latex is 'no/such/folder/t.tex'; there is no folder"),
        (["--latex", "STUDY"], "what is there is no LaTeX of a report, and is not written over"),
        (["--latex", "r.tex", "--out", "r.tex"], "latex is 'r.tex'; that is where the report or its notebook goes"),
        (["--out", "STUDY"], "what is there is no report, and is not written over"),
        (["--out", "r.ipynb", "--notebook"], "out is 'r.ipynb'; that is where the notebook goes"),
        (["OTHER", "--notebook"], "notebook is True; a notebook is written of one folder"),
        (["--import", "no_such_module"], "--import is 'no_such_module'; it cannot be imported"),
    ],
)
def test_bad_options_are_refused_in_a_line(swept, tmp_path, refused, arguments, said):
    study = swept / "study.json"
    before, there = study.read_bytes(), sorted(swept.iterdir())
    names = {"STUDY": str(study), "OTHER": str(swept)}
    done = refused("report", swept, *(names.get(word, word) for word in arguments), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("fastsoftq: ")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr
    assert (study.read_bytes(), sorted(swept.iterdir())) == (before, there)
    assert list(tmp_path.iterdir()) == []


def test_latex_has_a_row_for_each_condition_and_escapes(swept, tmp_path):
    write_report(swept, out=tmp_path / "r.html", latex=tmp_path / "table.tex")
    text = (tmp_path / "table.tex").read_text()
    assert text.count(r"\toprule") == text.count(r"\bottomrule") == 3  # each world, and across them
    assert text.count(r"soft, k = 20, $\alpha$ = 0.5") == 2
    assert "\N{MINUS SIGN}" not in text
    for columns, table in re.findall(r"\\begin\{longtable\}\{([lr]+)\}(.*?)\\end\{longtable\}", text, re.S):
        rows = [line for line in table.splitlines() if line.endswith(r"\\") and "&" in line]
        assert len(rows) in (1 + 2, 1 + 8)
        assert {len(re.findall(r"(?<!\\)&", row)) + 1 for row in rows} == {len(columns)}


@pytest.mark.parametrize("against", [None, "hard, α = 0.1, ε = 0.2"])
def test_the_notebook_finds_every_number_again(swept, tmp_path, capsys, against):
    measures = ["last:100", "area", "worst:0.1"]
    page = write_report(swept, out=tmp_path / "r.html", measures=measures, against=against, notebook=True).read_text()
    (contents,) = read_results(swept, asked=Asked(tuple(measures), against))
    found = analysed(contents, error_rate(contents))
    notebook = json.loads((tmp_path / "r.ipynb").read_text())
    assert notebook["nbformat"] == 4
    names = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), "cell", "exec"), names)
    assert "soft, k = 20, α = 0.5" in capsys.readouterr().out
    conditions = [one for world in found.worlds for one in world.conditions]
    at = {one.agent.name: i for i, one in enumerate(conditions)}
    ours = [row for world in found.worlds for row in world.estimates]
    for name, row in zip(names["conditions"], names["estimates"], strict=True):
        assert row == ours[at[name]]
        for each in row:
            assert interval_text(each.estimate, each.low, each.high) in page
    for world in found.worlds:
        labels = {names["labels"][i] for i in names["best"][world.name]}
        assert labels == {world.conditions[i].label for i in world.best}
        for table, chosen in world.chosen.items():
            assert names["labels"][names["chosen"][world.name, table]] == chosen.condition.label
            assert names["worth"][world.name, table] == chosen.worth
            assert names["seemed"][world.name, table] == chosen.seemed
        for comparisons in world.comparisons:
            mine = names["differences"][world.name, comparisons[0].one.table]
            assert len(world.comparisons) == sum(of == world.name for of, _ in names["differences"])
            for one, other in zip(comparisons, mine, strict=True):
                assert (one.found.difference, one.found.low, one.found.p_value) == (
                    other.difference,
                    other.low,
                    other.p_value,
                )
        for each in world.matched:
            assert names["matched"][world.name, each.table, each.value].difference == each.comparison.found.difference
        for parameter, lines in world.lines.items():
            for line in lines:
                for i, (value, interval) in enumerate(zip(line.values, line.intervals, strict=True)):
                    assert names["sensitivity"][world.name, line.table, parameter, value] == (
                        interval,
                        i in line.plateau,
                    )
        for plane in world.planes:
            for (iy, ix), mean in np.ndenumerate(plane.means):
                key = world.name, plane.table, (plane.across, plane.up), (plane.xs[ix], plane.ys[iy])
                assert names["cells"][key] == (pytest.approx(mean), (iy, ix) in plane.best)
    for score in names["scores"].values():
        assert interval_text(score.estimate, score.low, score.high) in page


def test_times_are_cut_at_the_horizon_that_all_conditions_of_a_world_have(swept):
    (contents,) = read_results(swept, asked=Asked(("steps_to:-10",)))
    rate = error_rate(contents)
    for world in analysed(contents, rate).worlds:
        assert len({one.measured[0].horizon for one in world.conditions}) == 1
    assert "steps until a return reaches −10" in str(section(contents, rate).parts)


def test_a_study_says_how_it_is_read(tmp_path):
    text = STUDY.replace('name = "small sweep"', 'name = "s"\nmeasures = ["area"]\nagainst = "soft"')
    text = text.replace("seeds = 30", "select = { tune = 6, test = 10 }")
    (tmp_path / "study.toml").write_text(text)
    run(read_study(tmp_path / "study.toml"), tmp_path / "out", threads=1, source=text)
    (contents,) = read_results(tmp_path / "out")
    found = analysed(contents, error_rate(contents))
    assert [m.name for m in found.measures] == ["area"]
    assert (found.split.tune, found.split.test) == (6, 10)
    assert found.worlds[0].reference.table == "soft"


def test_what_holds_in_two_worlds_is_said_of_both(tmp_path):
    text = STUDY.replace("width = 7", "width = 5").replace(
        "seeds = 30", 'seeds = 9\nmeasures = ["last:5", "worst:0.25"]'
    )
    (tmp_path / "study.toml").write_text(text)
    run(read_study(tmp_path / "study.toml"), tmp_path / "out", threads=1, source=text)
    page = write_report(tmp_path / "out").read_text()
    verdicts = re.findall(r'<ul class="verdicts">(.*?)</ul>', page, flags=re.S)
    assert len(verdicts) == 2  # of the same world twice, where the page opens with the first sentence
    assert verdicts[0].startswith("<li>None of the 8 conditions is told from the best")
    assert verdicts[1].endswith(verdicts[0])
    assert "difference of worst 25%" in page
    assert "less often than the report says: the worst 25% of 6 runs are too few" in page
    assert "; b: the worst" not in page


def test_seeds_beyond_those_that_select_names_compare_too(tmp_path):
    text = STUDY.replace("seeds = 30", "seeds = 25\nselect = { tune = 1, test = 4 }")
    (tmp_path / "study.toml").write_text(text)
    run(read_study(tmp_path / "study.toml"), tmp_path / "out", threads=1, source=text)
    (contents,) = read_results(tmp_path / "out")
    found, results = analysed(contents, error_rate(contents)), open_results(tmp_path / "out")
    assert "on the first seed and compared on the 24 after it" in found.notes[0]
    for world in found.worlds:
        (comparison,) = world.comparisons[0]
        later = [results.curves(one.agent.name).returns[1:].mean() for one in (comparison.one, comparison.reference)]
        assert comparison.found.difference == pytest.approx(later[0] - later[1])
        assert (comparison.found.runs_a, comparison.found.runs_b) == (24, 24)


def test_algorithms_of_fewer_seeds_are_compared_on_those_that_they_have(tmp_path):
    agents = {f"hard[{a}]": fsq.QLearning(a, 0.95) for a in (0.2, 0.5, 0.8)}
    study = Study(
        name="unequal",
        episodes=20,
        seeds=40,
        max_steps=40,
        environments={"cliff": fsq.cliff_walking(height=3, width=5)},
        agents={**agents, "soft": fsq.SoftQLearning(0.8, 0.95, reward_scale=9.0)},
        conditions=[*(Condition("cliff", name) for name in agents), Condition("cliff", "soft", seeds=12)],
        origins=Origins(agents={name: Origin("hard") for name in agents}),
    )
    run(study, tmp_path / "out", threads=1)
    (contents,) = read_results(tmp_path / "out")
    found, results = analysed(contents, error_rate(contents)), open_results(tmp_path / "out")
    assert "on the first 4 seeds and compared on up to 36 after them" in found.notes[0]
    returns = {name: results.curves(f"cliff/{name}").returns.mean(axis=1) for name in study.agents}
    best = max(agents, key=lambda name: returns[name][:4].mean())
    ((compared,),) = found.worlds[0].comparisons
    assert compared.found.difference == pytest.approx(returns["soft"][4:].mean() - returns[best][4:12].mean())
    with pytest.raises(ValueError, match=r"the first 30 seeds choose settings, .* 12 seeds: it must have 32 or more"):
        check_named(found.worlds[0].chosen["soft"].condition, SeedSplit(30, 10, True))


def test_counts_and_titles_say_what_there_is(tmp_path):
    names = {"hard": 12, "soft": None, "cold": 20}
    agents = {
        "hard": fsq.QLearning(0.8, 0.95),
        "soft": fsq.SoftQLearning(0.8, 0.95, reward_scale=9.0),
        "cold": fsq.SoftQLearning(0.8, 0.95, reward_scale=10.0),
    }
    study = Study(
        name="own counts",
        episodes=30,
        seeds=24,
        max_steps=40,
        environments={"cliff": fsq.cliff_walking(height=3, width=5)},
        agents=agents,
        conditions=[Condition("cliff", name, seeds=seeds) for name, seeds in names.items()],
        measures=("last:90", "last:100", "worst", "episodes_to:-20"),
    )
    run(study, tmp_path / "out", threads=1)
    page = Page.at(write_report(tmp_path / "out"))
    check(page)
    assert "conditions 3, of 12 to 24 seeds and 30 episodes" in page.words
    assert "seeds 12 to 24 episodes 30" in page.words
    assert "100 episodes" not in page.words
    measured = "mean return over the last 30 episodes; mean of the worst 5% of runs over the last 30 episodes; episodes"
    assert f"measured by {measured}" in page.words


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("a <b> | c", r"a $<$b$>$ \textbar{} c"),
        ("two\nlines\n\nof it", "two lines  of it"),
        ("\u202eturned\u2066", " turned "),
        ("bell\x07 and\ttab", "bell  and tab"),
        ("--- ,, ''", "-{}-{}- ,{}, '{}'"),
        ("!`", r"!\textasciigrave{}"),
        ("β, λ ≤ −5", r"$\beta$, $\lambda$ $\le$ $-5$"),
    ],
)
def test_latex_shows_odd_names_as_they_are(text, latex):
    assert escaped(text) == latex


def test_no_row_of_latex_is_taken_for_an_argument_of_the_row_before():
    text = latex_table(Table(["agent", "return"], [["[2cm]", "1"], ["*", "2"]], title="All"))
    rows = [line for line in text.splitlines() if " & " in line]
    assert rows[1:] == [r"{}[2cm] & 1 \\", r"{}* & 2 \\"]
