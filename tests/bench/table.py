"""The figures as a table for the terminal, and as Markdown for docs/performance.md."""

from __future__ import annotations

from figures import Figure
from goals import Outcome


def terminal(title: str, figures: list[Figure]) -> str:
    """Return one case's table; ratios refer to the first program that did the same."""
    lines = [f"\n{title}", f"  {'':44}{'median':>10}{'min':>10}{'max':>10}{'ratio':>8}"]
    for what, group in _groups(figures).items():
        lines.append(f"  {what}{f', {group[0].unit}' if group[0].unit else ''}")
        for figure in group:
            values = [figure.median, min(figure.samples), max(figure.samples)]
            lines.append(
                f"    {figure.who:42}{''.join(f'{_number(value):>10}' for value in values)}"
                f"{_ratio(figure, group[0]):>8}"
            )
    return "\n".join(lines)


def markdown(title: str, figures: list[Figure]) -> str:
    """Return one case's table with a cell for each figure: median (minimum to maximum), ratio."""
    groups = _groups(figures)
    who = list(dict.fromkeys(figure.who for figure in figures))
    cells = {(what, figure.who): _cell(figure, group[0]) for what, group in groups.items() for figure in group}
    heads = {what: f"{what}{f', {group[0].unit}' if group[0].unit else ''}" for what, group in groups.items()}
    if len(who) >= len(heads):
        columns = ["program", *heads.values()]
        rows = [[name, *(cells.get((what, name), "") for what in heads)] for name in who]
    else:
        columns = ["measured", *who]
        rows = [[head, *(cells.get((what, name), "") for name in who)] for what, head in heads.items()]
    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    return "\n".join([f"## {title}", "", *lines, *(f"| {' | '.join(row)} |" for row in rows)])


def goals_in_terminal(outcomes: list[Outcome]) -> str:
    """Return the goals, one a line."""
    lines = [f"\nGoals\n  {'':72}{'measured':>9}{'goal':>14}"]
    for one in outcomes:
        verdict = "" if one.is_reached else "  missed"
        lines.append(f"  {one.goal:72}{one.measured:>9.2f}{_limit(one):>14}{verdict}")
    return "\n".join(lines)


def goals_in_markdown(outcomes: list[Outcome]) -> str:
    """Return the goals as a table."""
    rows = [
        f"| {one.goal} | {one.measured:.2f} | {_limit(one)} | {'yes' if one.is_reached else 'no'} |" for one in outcomes
    ]
    return "\n".join(["## Goals", "", "| measured | here | goal | reached |", "| --- | --- | --- | --- |", *rows])


def _limit(outcome: Outcome) -> str:
    return f"at {'least' if outcome.at_least else 'most'} {outcome.limit:g}"


def as_data(case: str, figures: list[Figure]) -> list[dict[str, object]]:
    """Return one case's figures for a JSON file."""
    return [
        {
            "case": case, "what": figure.what, "who": figure.who, "unit": figure.unit, "median": figure.median,
            "min": min(figure.samples), "max": max(figure.samples), "ratio": figure.ratio(group[0]),
            "samples": figure.samples,
        }
        for group in _groups(figures).values() for figure in group
    ]  # fmt: skip


def _groups(figures: list[Figure]) -> dict[str, list[Figure]]:
    groups: dict[str, list[Figure]] = {}
    for figure in figures:
        groups.setdefault(figure.what, []).append(figure)
    return groups


def _cell(figure: Figure, reference: Figure) -> str:
    spread = f" ({_number(min(figure.samples))} to {_number(max(figure.samples))})" if len(figure.samples) > 1 else ""
    ratio = f", **{_ratio(figure, reference)}**" if figure is not reference and reference.median else ""
    return f"{_number(figure.median)}{spread}{ratio}"


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.1f}"


def _ratio(figure: Figure, reference: Figure) -> str:
    ratio = figure.ratio(reference)
    return "-" if ratio is None else f"{ratio:.2f}"
