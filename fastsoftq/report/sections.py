"""What a report says of a result folder, in the order it says it; how that looks is the template's."""

from __future__ import annotations

from collections.abc import Sequence

from fastsoftq.figures.curve import in_doubt
from fastsoftq.figures.labels import typeset
from fastsoftq.report.charts import difference_charts, learning_charts
from fastsoftq.report.comparison_tables import band_footnotes, comparison_table, pairing
from fastsoftq.report.decision import ErrorRate
from fastsoftq.report.findings import Table
from fastsoftq.report.folder import FolderContents, ReportedAgent, command_of, lost_words, run_facts
from fastsoftq.report.outline import Group, Part, Section
from fastsoftq.report.performance import Performance, performance_of
from fastsoftq.report.rounding import interval_text, setting_text
from fastsoftq.report.run_charts import profile_charts, spread_chart
from fastsoftq.report.sweep.measured import Watch
from fastsoftq.report.sweep.section import sweep_section
from fastsoftq.report.sweep.statements import summary_error_rate, sweep_error_rate
from fastsoftq.report.verdict import Verdict, answers, reference_of, verdicts

__all__ = ["Group", "Part", "Section", "error_rate", "section"]


def error_rate(contents: FolderContents) -> ErrorRate:
    """Count what is said of a result folder, and so how seldom each statement may be wrong.

    Parameters
    ----------
    contents : FolderContents

    Returns
    -------
    ErrorRate

    Examples
    --------
    >>> from pathlib import Path
    >>> contents = FolderContents(Path(), "cliff-walking", "Hard against soft", {}, ["Soft is ahead."])
    >>> error_rate(contents)  # nothing is drawn from curves
    ErrorRate(conditions=0, pairs=0, descriptions=0, tests=0)
    """
    if contents.sweep is not None and contents.summarised:
        return summary_error_rate(contents.sweep, [agent.world for agent in contents.summarised])
    if contents.sweep is not None:
        return sweep_error_rate(contents.sweep, [agent.world for agent in contents.agents])
    return ErrorRate.of(len(agents) for agents in _worlds(contents.agents).values())


def section(contents: FolderContents, rate: ErrorRate | None = None, watch: Watch | None = None) -> Section:
    """Say what there is to say of a result folder.

    Parameters
    ----------
    contents : FolderContents
    rate : ErrorRate, optional
        Of the whole report; of this folder alone if not given.
    watch : callable, optional
        Told how many conditions of a sweep are read, and of how many.

    Returns
    -------
    Section

    Examples
    --------
    >>> from pathlib import Path
    >>> contents = FolderContents(Path(), "cliff-walking", "Hard against soft", {}, ["Soft is ahead."])
    >>> section(contents).answer
    'Soft is ahead.'
    """
    rate = error_rate(contents) if rate is None else rate
    if contents.sweep is not None:
        return sweep_section(contents, rate, watch)
    worlds = _worlds(contents.agents)
    groups = {
        world: [performance_of(agent, rate.of_description) for agent in agents] for world, agents in worlds.items()
    }
    references = {world: _reference(group, contents.agents) for world, group in groups.items()}
    pairs = [(one, references[w]) for w, group in groups.items() for one in group if one is not references[w]]
    found = verdicts(pairs, rate.of_comparison)
    parts = [
        _part(world if len(worlds) > 1 else "", group, references[world], [v for v in found if v.one in group])
        for world, group in groups.items()
    ]
    bought = pairing(found, rate.of_description)
    return Section(
        name=contents.name.replace("-", " "),
        heading=contents.heading,
        sentences=contents.sentences,
        parts=parts,
        pictures=contents.pictures,
        table=contents.table if contents.table and contents.table.rows else None,
        settings=_settings(contents.agents),
        facts=run_facts(contents.run, sum(one.steps for group in groups.values() for one in group)),
        command=command_of(contents.run),
        summary=contents.summary,
        notes=[bought] if bought else [],
    )


def _worlds(agents: Sequence[ReportedAgent]) -> dict[str, list[ReportedAgent]]:
    """The agents of each world."""
    names = dict.fromkeys(agent.world for agent in agents)
    return {name: [agent for agent in agents if agent.world == name] for name in names}


def _reference(group: Sequence[Performance], study: Sequence[ReportedAgent]) -> Performance:
    reference = reference_of([one.agent for one in group], study)
    return next(one for one in group if one.agent is reference)


def _part(title: str, group: Sequence[Performance], reference: Performance, found: Sequence[Verdict]) -> Part:
    told = [*(answers(found) or [_alone(group[0])]), *lost_words([one.agent for one in group], title)]
    if title:
        told[0] = f"{title}: {told[0]}"
    known = any(one.returns.exact is not None for one in group)
    exact = "; dashed: exact, by planning, once all is learned" if known else ""
    curves = [c for one in group for c in (one.returns, one.lengths)]
    held = [c for c in curves if not in_doubt([c])]  # of the others the words say why they are in doubt
    best = max(found, key=lambda v: v.comparison.mean_a, default=None)
    unit = group[0].columns.unit
    by_block = "block by block of episodes" if unit == "episode" else "point by point"
    axes = "The axis of values is logarithmic where they span orders of magnitude."
    if unit == "episode":
        axes = "The axis of episodes is logarithmic, and so is that of values where they span orders of magnitude."
    return Part(
        title=title,
        unlike=best.unlike if best else "",
        answers=told,
        comparisons=comparison_table(group, reference, found),
        groups=[
            Group(
                "Learning curves",
                f"Lines: mean over seeds, {group[0].columns.drawn}; bands are for the whole mean curve, at the "
                f"confidence of the report{in_doubt(curves)}; dotted: median{exact}. {axes}",
                learning_charts(group, reference),
                band_footnotes((c.label, c.caution) for c in held),
            ),
            Group(
                f"Difference to {reference.label}",
                f"Mean return less that of {reference.label}, {by_block}, with bands for the whole "
                f"curve: where one is clear of 0, they are told apart; the ring marks the first such {unit}.",
                difference_charts(found, f"Difference to {reference.label}"),
                band_footnotes((v.one.label, v.band.caution) for v in found if v.band),
            ),
            Group(
                "Runs",
                f"A run is its mean return over its {group[0].last_ones}. Bands of profiles hold everywhere "
                "at once. In the distribution, bars of growing thickness hold all runs, nine tenths and the "
                "middle half; the stroke is the median, the ring the mean of the worst 5 %.",
                [*profile_charts(group, reference), spread_chart(group)],
            ),
        ],
    )


def _alone(one: Performance) -> str:
    interval = one.final_return
    text = interval_text(interval.estimate, interval.low, interval.high)
    return f"{one.label} earns {text} an episode over the {one.last_ones}, {typeset(interval.runs)} seeds."


def _settings(agents: Sequence[ReportedAgent]) -> Table | None:
    if not agents:
        return None
    names = list(dict.fromkeys(name for agent in agents for name in agent.settings))
    rows = [
        [" / ".join(filter(None, (agent.world, agent.label)))]
        + [setting_text(agent.settings.get(name, "")) for name in names]
        for agent in agents
    ]
    return Table(["agent", *(name.replace("_", " ") for name in names)], rows, title="Settings")
