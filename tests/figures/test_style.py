import io
import itertools

import matplotlib
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from fastsoftq.agents import ExpectedSarsa, LinearDecay, QLearning, Sarsa, SoftQLearning
from fastsoftq.figures.colours import agent_colour
from fastsoftq.figures.style import save


def luminance(colour):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def soft(k, temperature=1.0, epsilon=0.0):
    return SoftQLearning(0.8, 0.95, temperature=temperature, reward_scale=k, epsilon=epsilon)


def test_an_agent_has_one_colour_however_it_explores_and_whatever_its_step_size():
    assert agent_colour(QLearning(0.8, 0.95, 0.1)) == agent_colour(QLearning(0.1, 1.0, LinearDecay(0.9, 0.1, 0.001)))
    assert agent_colour(soft(10.0)) == agent_colour(soft(10.0, epsilon=0.3))


def test_only_reward_scale_over_temperature_counts():
    assert agent_colour(soft(10.0)) == agent_colour(soft(1.0, temperature=0.1))
    assert agent_colour(soft(1.0, temperature=LinearDecay(2.0, 0.5, 0.1))) == agent_colour(soft(2.0))


def test_soft_agents_are_darker_the_colder_and_differ_from_the_others():
    shades = [luminance(agent_colour(soft(k))) for k in (0.5, 1.0, 2.0, 5.0, 10.0)]
    assert all(light > dark + 0.02 for light, dark in itertools.pairwise(shades))
    agents = [QLearning(0.8, 0.95), Sarsa(0.8, 0.95), ExpectedSarsa(0.8, 0.95), soft(1.0), soft(2.0), soft(10.0)]
    assert len({agent_colour(agent) for agent in agents}) == len(agents)


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_a_figure_is_the_same_bytes_every_time(kind):
    def drawn():
        figure = Figure(figsize=(2, 2))
        figure.subplots().plot([0, 1], [0, 1])
        figure.suptitle("Title")
        file = io.BytesIO()
        with matplotlib.rc_context({"svg.hashsalt": None}):
            save(figure, file, kind)
        return file.getvalue()

    assert drawn() == drawn()
    assert b"Title" in drawn()


def test_paths_that_clip_are_named_by_their_order():
    """Matplotlib's own names hash the last bits of where axes lie, which a layout need not find again."""
    pictures = []
    for shift in (0.0, 2e-16):
        figure = Figure()
        for left in (0.12, 0.57):
            figure.add_axes((left + shift, 0.1, 0.33, 0.8)).plot([1.0, 2.0])
        file = io.BytesIO()
        save(figure, file, "svg")
        pictures.append(file.getvalue())
    assert pictures[0] == pictures[1]
    assert pictures[0].count(b'<clipPath id="clip') == 2
    assert b"url(#clip1)" in pictures[0]
