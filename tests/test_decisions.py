"""What rounds have decided and what a tuning chose, line by line."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from fastsoftq.cli.decisions import decision_lines, selection_lines
from fastsoftq.measures import Measured, measure
from fastsoftq.studies.rounds import PairDecision, StudyDecision
from fastsoftq.studies.stopping import Stop

PAIRS = {
    "above": PairDecision("a/soft", "a/hard", True, 1, 9.0, 17.0, 20),
    "below": PairDecision("b/soft", "b/hard", True, -1, -17.0, -9.0, 1000),
    "alike": PairDecision("c/soft", "c/hard", True, 0, -0.5, 0.3, 40),
    "open": PairDecision("d/soft", "d/hard", False, 0, -3.0, 4.0, 40),
    "small": PairDecision("e\nsoft", "e/hard", True, 1, 0.3, 0.5, 40),
    "unknown": PairDecision("f/soft", "f/hard", False, 0, -math.inf, math.inf, 40),
}
LINES = {
    "above": "a/soft is above a/hard by 9 to 17, after 20 seeds",
    "below": "b/soft is below b/hard by 9 to 17, after 1,000 seeds",
    "alike": "c/soft differs from c/hard by less than 1, after 40 seeds: above by −0.5 to 0.3",
    "open": "d/soft is not told from d/hard after 40 seeds: above by −3 to 4",
    "small": "e\\nsoft is above e/hard by 0.30 to 0.50, less than 1, after 40 seeds",
    "unknown": "f/soft is not told from f/hard after 40 seeds: above by −∞ to ∞",
}


def decided(names, rounds=(20, 1000), **stop):
    return StudyDecision(Stop(1.0, **stop), "last:100", rounds, tuple(PAIRS[name] for name in names))


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_is_a_line(name):
    assert list(decision_lines(decided([name])))[1:] == [LINES[name]]


@pytest.mark.parametrize(
    ("names", "stop", "head"),
    [
        (["above", "alike"], {}, "answered after 1,000 seeds: 2 of 2 differences of last:100, at 95%"),
        (["above", "open"], {}, "not answered yet, after 1,000 seeds: 1 of 2 differences of last:100, at 95%"),
        (["open"], {"most": 1001, "confidence": 0.999}, "not answered yet, after 1,000 seeds: 0 of 1 differences"),
        (["open"], {"most": 1000, "confidence": 0.999}, "the budget is spent, after 1,000 seeds: 0 of 1 differences"),
        (["above"], {"confidence": 0.999}, "answered after 1,000 seeds: 1 of 1 differences of last:100, at 99.9%"),
    ],
)
def test_the_first_line_says_how_it_stands(names, stop, head):
    assert next(decision_lines(decided(names, **stop))).startswith(head)


def test_what_is_open_comes_first_and_what_is_alike_last():
    found = list(decision_lines(decided(["alike", "above", "open", "below"])))[1:]
    assert found == [LINES[name] for name in ("open", "above", "below", "alike")]


@pytest.mark.parametrize(("many", "more"), [(12, []), (13, ["... and 1 more, which the report shows"])])
def test_of_many_pairs_the_first_are_shown_and_the_others_counted(many, more):
    found = list(decision_lines(decided(["open"] * many)))
    assert found[1:] == [LINES["open"]] * 12 + more

    samples = [Measured(np.arange(5.0) + shift, np.arange(5, dtype=np.uint64)) for shift in range(2)]
    choices = [
        SimpleNamespace(condition=f"a/{table}", table=table, candidates=(f"a/{table}",), test=test)
        for table, test in zip(("hard", "soft"), samples, strict=True)
    ]
    pair = SimpleNamespace(
        condition="a\nsoft", reference="a/hard", comparison=SimpleNamespace(difference=3.0, low=1.0, high=5.0)
    )

    class Selected(SimpleNamespace):
        def __iter__(self):
            return iter(choices)

        def compare(self, level):
            assert level == 0.9
            return [pair] * many

    selected = Selected(measure=measure("area"), selection=SimpleNamespace(tune=1234))
    head, hard, soft, *pairs = selection_lines(selected, level=0.9)
    assert head == ("mean return over all episodes, chosen on 1,234 seeds and compared on others, intervals at 90%:")
    assert (hard[:11], soft[:11]) == ("a/hard: 2.0", "a/soft: 3.0")
    assert pairs == ["a\\nsoft − a/hard: 3 [1, 5]"] * 12 + more
    del choices[1]
    assert len(list(selection_lines(selected, level=0.9))) == 2  # nothing to compare with
