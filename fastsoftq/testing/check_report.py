"""A report of checks: a line for each thing looked at, with what was found and what to do."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Literal, TypeAlias

from fastsoftq.system.html import html_table

__all__ = ["CheckReport", "Finding", "Verdict"]

Verdict: TypeAlias = Literal["ok", "note", "wrong", "skipped"]

_WIDTH = 120


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    check : str
        What was looked at.
    verdict : {"ok", "note", "wrong", "skipped"}
        "note" is worth knowing, and no fault; "skipped" says in `found` why nothing was looked at.
    found : str
    advice : str
        What to do about it; empty where there is nothing to do.

    Examples
    --------
    >>> Finding("rewards", "wrong", "reward[0, 1, 0] is nan", "make every reward finite").verdict
    'wrong'
    """

    check: str
    verdict: Verdict
    found: str
    advice: str = ""


@dataclass(frozen=True, repr=False)
class CheckReport:
    """What `check_agent` or `check_mdp` found; it prints as a table, and shows as one in notebooks.

    Attributes
    ----------
    subject : str
        What was checked.
    findings : tuple of Finding
        One for each check, in the order they were made.

    Examples
    --------
    >>> report = CheckReport("mine", (Finding("rewards", "ok", "all finite"),))
    >>> report.ok
    True
    >>> print(report)
    mine: nothing is wrong
    rewards  ok  all finite
    """

    subject: str
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """The findings that are faults."""
        return tuple(finding for finding in self.findings if finding.verdict == "wrong")

    def raise_if_wrong(self) -> CheckReport:
        """Raise if something is wrong, for tests of your own; return the report otherwise.

        Returns
        -------
        CheckReport
            Itself.

        Raises
        ------
        AssertionError
            With every fault, what was found and what to do.

        Examples
        --------
        >>> CheckReport("mine", (Finding("rewards", "wrong", "one is nan"),)).raise_if_wrong()
        Traceback (most recent call last):
        AssertionError: mine: rewards: one is nan
        """
        if self.wrong:
            faults = (
                f"{fault.check}: {fault.found}{f' ({fault.advice})' if fault.advice else ''}" for fault in self.wrong
            )
            raise AssertionError(f"{self.subject}: " + "; ".join(faults))
        return self

    def __getitem__(self, check: str) -> Finding:
        """The finding of a check, by its name."""
        for finding in self.findings:
            if finding.check == check:
                return finding
        raise KeyError(f"{check!r} is no check of this report; there are {[f.check for f in self.findings]}")

    @property
    def _title(self) -> str:
        faults = len(self.wrong)
        what = f"{faults} thing{'s are' if faults > 1 else ' is'} wrong" if faults else "nothing is wrong"
        return f"{self.subject}: {what}"

    def __str__(self) -> str:
        checks, verdicts = (max(len(getattr(f, field)) for f in self.findings) for field in ("check", "verdict"))
        indent = " " * (checks + verdicts + 4)
        lines = [self._title]
        for finding in self.findings:
            apart = "\n" if "\n" in finding.found else "; "
            text = f"{finding.found}{apart}{finding.advice}" if finding.advice else finding.found
            head = f"{finding.check:<{checks}}  {finding.verdict:<{verdicts}}  "
            for part in text.splitlines():
                lines += textwrap.wrap(part, _WIDTH, initial_indent=head, subsequent_indent=indent)
                head = indent
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = [(finding.check, finding.verdict, finding.found, finding.advice) for finding in self.findings]
        return html_table(self._title, rows, ("check", "verdict", "found", "what to do"))
