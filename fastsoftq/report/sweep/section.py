"""The section of a sweep: the answer and its picture, what was studied, and all that the answer rests on."""

from __future__ import annotations

from collections.abc import Sequence

from fastsoftq.figures.curve import in_doubt
from fastsoftq.figures.interval_chart import IntervalRow
from fastsoftq.figures.labels import typeset
from fastsoftq.report.charts import learning_charts
from fastsoftq.report.comparison_tables import band_footnotes
from fastsoftq.report.decision import ErrorRate
from fastsoftq.report.drawing import Drawing
from fastsoftq.report.folder import FolderContents, command_of, lost_words, run_facts
from fastsoftq.report.outline import Group, Part, Section
from fastsoftq.report.performance import Performance, performance_of
from fastsoftq.report.rounding import counted, span_text
from fastsoftq.report.run_charts import profile_charts, spread_chart
from fastsoftq.report.summaries import summary_groups
from fastsoftq.report.sweep.across import across_part
from fastsoftq.report.sweep.analysis import SweepAnalysis, SweptWorld, analysed
from fastsoftq.report.sweep.condition_labels import parameter_name, value_text
from fastsoftq.report.sweep.measured import Watch
from fastsoftq.report.sweep.pictures import heat_picture, interval_picture, sensitivity_picture
from fastsoftq.report.sweep.sensitivity_lines import by_table, ordered_values
from fastsoftq.report.sweep.sentences import flattery_words, plateau_words, world_answers
from fastsoftq.report.sweep.sweep_moments import analysed_by_moments
from fastsoftq.report.sweep.sweep_tables import bias_table, fair_table, main_table, matched_table
from fastsoftq.report.sweep.swept_study import SweptStudy

__all__ = ["sweep_section"]

_CURVES = 8  # of the best algorithms of a world, whose learning curves and runs are shown
_OPENING, _ALL = 12, 40  # conditions in the chart that opens a section, and in that of all
_LISTED = 12  # values of a parameter


def sweep_section(contents: FolderContents, rate: ErrorRate, watch: Watch | None = None) -> Section:
    """Say what there is to say of a sweep.

    Parameters
    ----------
    contents : FolderContents
        With a sweep.
    rate : ErrorRate
        Of the whole report.
    watch : callable, optional
        Told after each condition how many are read, and of how many.

    Returns
    -------
    Section

    Raises
    ------
    ValueError
        A measure that the curves cannot give.
    DamagedError
        Curves that are missing or damaged.
    """
    assert contents.sweep is not None
    analyse = analysed_by_moments if contents.summarised else analysed
    analysis = analyse(contents, rate, watch)
    colours = _colours(contents, contents.sweep)
    several = len(analysis.worlds) > 1
    parts = [_part(world, analysis, contents.sweep, colours, several) for world in analysis.worlds]
    notes = [*analysis.notes]
    if several and analysis.by_moments:
        notes.append("Worlds are not put together: an interquartile mean needs every run.")
    elif several:
        across = across_part(analysis, colours)
        if isinstance(across, str):
            notes.append(across)
        else:
            parts.insert(0, across)
    return Section(
        name=contents.name.replace("-", " "),
        heading=contents.heading,
        sentences=contents.sentences,
        parts=parts,
        facts=run_facts(contents.run, analysis.steps),
        command=command_of(contents.run),
        summary=contents.summary,
        notes=notes,
        studied=_studied(contents, contents.sweep, analysis),
    )


def _colours(contents: FolderContents, sweep: SweptStudy) -> dict[str, str]:
    """A colour for each algorithm: that of the middle one of its agents, where colours are shades."""
    agents = contents.agents or contents.summarised
    places: dict[str, list[int]] = {}
    for place, table in enumerate(sweep.tables):
        places.setdefault(table, []).append(place)
    return {table: agents[own[len(own) // 2]].colour for table, own in places.items()}


def _studied(contents: FolderContents, sweep: SweptStudy, analysis: SweepAnalysis) -> list[tuple[str, str]]:
    worlds = [world.name for world in analysis.worlds]
    facts = [("worlds" if len(worlds) > 1 else "world", "; ".join(worlds))]
    single: list[str] = []
    for table, own in by_table([one for world in analysis.worlds for one in world.conditions]).items():
        swept = [
            f"{parameter_name(name, symbol=True)} {_listed([one.coordinates[name] for one in own])}"
            for name in sweep.parameters(table)
        ]
        if swept:
            facts.append((table, "; ".join(swept)))
        else:
            single.append(table)
    if single:
        names = "; ".join(single) if len(single) <= _LISTED else f"{typeset(len(single))} agents"
        facts.append(("one setting each" if len(single) > 1 else "one setting", names))
    conditions = typeset(sum(len(world.conditions) for world in analysis.worlds))
    seeds, columns = (
        span_text(own or [int(contents.run[what])])
        for what, own in (("seeds", sweep.runs), (sweep.axis.value, sweep.columns))
    )
    each = "of" if " to " in f"{seeds} {columns}" else "each of"
    facts.append(("conditions", f"{conditions}, {each} {seeds} seeds and {counted(columns, sweep.axis.value)}"))
    facts.append(("measured by", "; ".join(measure.title for measure in analysis.measures)))
    return facts


def _listed(values: Sequence[object]) -> str:
    texts = [value_text(value) for value in ordered_values(values)]  # type: ignore[arg-type]
    if len(texts) <= _LISTED:
        return ", ".join(texts)
    return f"{texts[0]}, {texts[1]}, …, {texts[-1]} ({len(texts)} values)"


def _part(
    world: SweptWorld, analysis: SweepAnalysis, sweep: SweptStudy, colours: dict[str, str], several: bool
) -> Part:
    answers = [
        *world_answers(world, analysis),
        *lost_words([one.agent for one in world.conditions], world.name if several else ""),
    ]
    if several:
        answers[0] = f"{world.name}: {answers[0]}"
    columns = [name for name in sweep.swept if len({str(one.coordinates[name]) for one in world.conditions}) > 1]
    groups = [
        _fair(world, analysis),
        _flattery(world, analysis),
        *_sensitivity(world, analysis, colours),
        *_curves(world, analysis),
        *_whole(world, analysis),
    ]
    return Part(
        title=world.name if several else "",
        answers=answers,
        unlike="",
        comparisons=main_table(world, columns, analysis),
        groups=[group for group in groups if group.drawings or group.tables],
        picture=_picture(world, analysis),
    )


def _picture(world: SweptWorld, analysis: SweepAnalysis) -> Drawing:
    """Each algorithm at its best, or the conditions of the only one."""
    name = f" in {world.name}" if world.name and len(analysis.worlds) > 1 else ""
    if len(world.chosen) < 2:
        return _all_conditions(world, analysis, f"Conditions{name}", _OPENING)[0]
    rows = []
    for table, one in world.chosen.items():
        exact, worth = one.condition.exact_values[0], one.worth
        colour, label = one.condition.agent.colour, one.condition.label
        rows.append(IntervalRow(label, colour, worth.estimate, worth.low, worth.high, exact, False, table))
    return interval_picture(f"Each algorithm at its best{name}", rows, analysis.measures[0])[0]


def _all_conditions(world: SweptWorld, analysis: SweepAnalysis, title: str, most: int) -> tuple[Drawing, str]:
    """Conditions with their intervals, the best first."""
    rows = []
    for place, one in enumerate(world.conditions):
        found = world.estimates[place][0]
        assert found is not None
        exact, best = one.exact_values[0], place in world.best
        rows.append(
            IntervalRow(one.label, one.agent.colour, found.estimate, found.low, found.high, exact, best, one.table)
        )
    return interval_picture(title, rows, analysis.measures[0], most)


def _fair(world: SweptWorld, analysis: SweepAnalysis) -> Group:
    named = f"{world.reference.condition.label} was named to compare with. " if world.reference.named else ""
    words = f"{named}Each is the best setting of its algorithm by {analysis.measures[0].title}."
    tables = [fair_table(world, analysis), matched_table(world, analysis)]
    several = len(world.conditions) > 1
    return Group("Algorithms at their best", words, [], tables=[t for t in tables if t is not None] if several else [])


def _flattery(world: SweptWorld, analysis: SweepAnalysis) -> Group:
    table = bias_table(world, analysis)
    return Group("Chosen and measured on the same seeds", flattery_words(world), [], tables=[table] if table else [])


def _whole(world: SweptWorld, analysis: SweepAnalysis) -> list[Group]:
    """All conditions in one chart, where it does not open the section."""
    if len(world.conditions) <= (_OPENING if len(world.chosen) < 2 else len(world.chosen)):
        return []
    drawing, left_out = _all_conditions(world, analysis, "Conditions, the best first", _ALL)
    words = (
        "Discs: estimates over all seeds; bars: intervals; strokes: exact answers, once all is learned; rings: cannot "
        f"be told from the best. {left_out}"
    )
    return [Group("All conditions in a chart", words.strip(), [drawing], folded=True)]


def _sensitivity(world: SweptWorld, analysis: SweepAnalysis, colours: dict[str, str]) -> list[Group]:
    main, groups = analysis.measures[0], []
    if world.lines:
        others = any(line.others for lines in world.lines.values() for line in lines)
        words = "A line for each algorithm, with intervals at the confidence of the report; the ring is its best value"
        if any(one.exact_values[0] is not None for one in world.conditions):
            words += "; dashed: exact, by planning, once all is learned"
        words += "."
        if others:
            how = ", chosen on the seeds that choose and drawn for the others" if analysis.split.tune else ""
            words += (
                f" Other parameters are at their best for each value{how}; the pale band spreads over all of their "
                "values."
            )
        told = [plateau_words(line, name, main) for name, lines in world.lines.items() for line in lines]
        groups.append(
            Group(
                "Sensitivity",
                words,
                [sensitivity_picture(lines, name, main, colours) for name, lines in world.lines.items()],
                [words for words in told if words],
            )
        )
    if world.planes:
        words = (
            f"{main.title[0].upper()}{main.title[1:]} for each two parameters; framed: cannot be told from the best; "
            "no frames: none is told from it."
        )
        groups.append(
            Group("Two parameters at once", words, [heat_picture(plane, main) for plane in world.planes], folded=True)
        )
    return groups


def _curves(world: SweptWorld, analysis: SweepAnalysis) -> list[Group]:
    """Learning curves and runs of the best of each algorithm only: bands take time, and many cannot be read."""
    main = analysis.measures[0]
    order = sorted(
        world.chosen.values(), key=lambda one: -one.worth.estimate if main.higher_is_better else one.worth.estimate
    )
    shown = order[:_CURVES]
    of = (
        "the best of each algorithm" if len(order) == len(shown) else f"the {_CURVES} best algorithms, each at its best"
    )
    if analysis.by_moments:
        return summary_groups([one.condition.agent for one in shown], analysis.rate.of_description, of)
    best = [performance_of(one.condition.agent, analysis.rate.of_description) for one in shown]
    curves = [c for one in best for c in (one.returns, one.lengths)]
    held = [c for c in curves if not in_doubt([c])]
    known = any(one.returns.exact is not None for one in best)
    exact = "; dashed: exact, by planning, once all is learned" if known else ""
    words = (
        f"Of {of}; lines: mean over seeds, {best[0].columns.drawn}; bands are for the whole mean curve, at "
        f"the confidence of the report{in_doubt(curves)}; dotted: median{exact}."
    )
    lengths: list[list[Performance]] = []
    for one in sorted(best, key=lambda one: one.columns.number(one.columns.n)):
        if not lengths or not one.columns.match(lengths[-1][0].columns):
            lengths.append([])
        lengths[-1].append(one)
    charts = [chart for alike in lengths for chart in learning_charts(alike, alike[0])]
    return [
        Group("Learning curves", words, charts, band_footnotes((c.label, c.caution) for c in held)),
        Group(
            "Runs",
            f"Of {of}, where a run is its mean return over its {best[0].last_ones}. Bands of profiles hold "
            "everywhere at once. In the distribution, bars of growing thickness hold all runs, nine tenths and the "
            "middle half; the stroke is the median, the ring the mean of the worst 5 %.",
            [*profile_charts(best, best[0]), spread_chart(best)],
            folded=True,
        ),
    ]
