"""Charts of the study as SVG, for print in black and white: shapes, dashes and direct labels tell things apart, never colours.

Belongs here: three kinds of charts over plain rows. Does not belong here: which rows.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from bmyshop_profiles.reports.figures import INK, svg_of

WIDTH = 340
GREY = "#8a8a8a"
SHAPES = ["circle", "square", "triangle-up", "diamond", "cross"]
DASHES = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3]]


def intervals_chart(
    rows: Sequence[dict[str, Any]], *, title: str, axis: str, reference: float | None = 0.0, form: str = "", ticks: str = ""
) -> str:
    """One line per row, from low to high, with a mark at the value. rows: label, value, low, high; `sure` (filled, else hollow); `tick`, a
    short stroke that is told by `ticks`. reference: a dashed line to compare with. form: of the numbers, as d3 writes it."""
    import altair as alt

    frame = pd.DataFrame(rows).assign(sure=lambda each: each.get("sure", True))
    order = list(dict.fromkeys(frame.label))
    scale = alt.Scale(nice=True, zero=reference == 0)
    base = alt.Chart(frame).encode(y=alt.Y("label:N", sort=order, title=None, axis=alt.Axis(labelLimit=330, ticks=False, domain=False)))
    x = alt.X("value:Q", title=axis, scale=scale, axis=alt.Axis(format=form, grid=True, gridDash=[1, 3]))
    layers = [base.mark_rule(color=INK, strokeWidth=1.4).encode(x=alt.X("low:Q", title=axis, scale=scale), x2="high:Q")]
    layers += [
        base.transform_filter(alt.datum.sure == sure).mark_point(size=60, color=INK, fill=fill, opacity=1, strokeWidth=1.4).encode(x=x)
        for sure, fill in ((True, INK), (False, "white"))
    ]
    if "tick" in frame:
        layers.append(base.mark_tick(color=GREY, thickness=3, size=14).encode(x="tick:Q"))
    if reference is not None:
        line = alt.Chart(pd.DataFrame({"at": [reference]})).mark_rule(color=INK, strokeDash=[4, 3]).encode(x="at:Q")
        layers.append(line)
    note = [f"trait gris épais : {ticks}"] if ticks else []
    text = alt.TitleParams(title, subtitle=note, subtitleFontSize=11) if note else title
    return svg_of(alt.layer(*layers).properties(width=WIDTH, height=alt.Step(24), title=text), title)


def series_chart(rows: Sequence[dict[str, Any]], *, title: str, x: str, y: str, threshold: tuple[float, str] | None = None) -> str:
    """Lines over numbers, told apart by dash and shape and named at their end. rows: series, x, value, and low, high where there is an
    interval; `chosen` rings a point. threshold: a level and its name."""
    import altair as alt

    frame = pd.DataFrame(rows)
    names = list(dict.fromkeys(frame.series))
    base = alt.Chart(frame).encode(
        x=alt.X("x:Q", title=x, axis=alt.Axis(format="d", tickMinStep=1, grid=False), scale=alt.Scale(nice=False, zero=False))
    )
    value = alt.Y("value:Q", title=y, axis=alt.Axis(gridDash=[1, 3]))
    dash = alt.StrokeDash("series:N", sort=names, scale=alt.Scale(domain=names, range=DASHES[: len(names)]), legend=None)
    shape = alt.Shape("series:N", sort=names, scale=alt.Scale(domain=names, range=SHAPES[: len(names)]), legend=None)
    layers: list[Any] = []
    if "low" in frame:
        layers.append(base.mark_rule(color=GREY, strokeWidth=2).encode(y=alt.Y("low:Q", title=y), y2="high:Q"))
    layers.append(base.mark_line(color=INK, strokeWidth=1.3).encode(y=value, strokeDash=dash))
    layers.append(base.mark_point(color=INK, fill=INK, size=45, opacity=1).encode(y=value, shape=shape))
    if "chosen" in frame:
        layers.append(base.transform_filter(alt.datum.chosen == True).mark_point(size=260, color=INK, strokeWidth=1.6).encode(y=value))  # noqa: E712
    if len(names) > 1:
        ends = _apart(frame)
        layers.append(alt.Chart(ends).mark_text(align="left", dx=9, fontSize=11, color=INK).encode(x="x:Q", y="at:Q", text="series:N"))
    if threshold:
        level = alt.Chart(pd.DataFrame({"at": [threshold[0]], "from": [float(frame.x.max())], "name": [threshold[1]]}))
        layers.append(level.mark_rule(color=INK, strokeDash=[4, 3]).encode(y="at:Q"))
        layers.append(level.mark_text(align="right", dy=-6, fontSize=11, color=INK).encode(x="from:Q", y="at:Q", text="name:N"))
    return svg_of(alt.layer(*layers).properties(width=WIDTH, height=200, title=title), title)


def _apart(frame: pd.DataFrame) -> pd.DataFrame:
    """The last point of each series, with a height `at` for its name: no two names closer than a line of text."""
    ends = frame.sort_values("x").groupby("series", sort=False).tail(1).sort_values("value")
    whole = frame[["value", *(name for name in ("low", "high") if name in frame)]].to_numpy(float)
    line, last = 0.08 * float(whole.max() - min(whole.min(), 0.0)), float("-inf")
    heights = []
    for value in ends.value:
        last = max(float(value), last + line)
        heights.append(last)
    return ends.assign(at=heights)


def against_chart(rows: Sequence[dict[str, Any]], *, title: str, x: str, y: str, form: str = "") -> str:
    """Points with their intervals against the diagonal, on logarithmic axes. rows: x, value, low, high; an interval that holds 0 is cut."""
    import altair as alt

    frame = pd.DataFrame(rows)
    least, most = 0.7 * float(frame[["x", "value"]].min().min()), 1.5 * float(frame[["x", "value"]].max().max())
    frame = frame.assign(low=frame.low.clip(lower=least), high=frame.high.clip(upper=most))
    scale = alt.Scale(type="log", domain=[least, most], nice=False)
    axis = alt.Axis(format=form, gridDash=[1, 3], tickCount=4)
    base = alt.Chart(frame).encode(x=alt.X("x:Q", title=x, scale=scale, axis=axis))
    value = alt.Y("value:Q", title=y, scale=scale, axis=axis)
    diagonal = alt.Chart(pd.DataFrame({"x": [least, most], "value": [least, most]}))
    layers = [
        diagonal.mark_line(color=INK, strokeDash=[4, 3], strokeWidth=1).encode(x="x:Q", y="value:Q"),
        base.mark_rule(color=GREY).encode(y=alt.Y("low:Q", title=y), y2="high:Q"),
        base.mark_point(color=INK, size=28, opacity=1, strokeWidth=1.2).encode(y=value),
    ]
    return svg_of(alt.layer(*layers).properties(width=WIDTH - 60, height=WIDTH - 120, title=title), title)
