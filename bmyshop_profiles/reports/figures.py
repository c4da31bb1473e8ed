"""Charts of the report as SVG, made offline: no script, no address in the page."""

import hashlib
import re
from typing import Any

import pandas as pd

from bmyshop_profiles.reports.words import DAYPARTS, WEEKDAYS

INK = "#22303c"
FONT = "system-ui, sans-serif"
PERCENT = "replace(format(100 * datum.value, '.1f'), '.', ',') + '\u202f%'"


def traffic_chart(traffic: pd.DataFrame, *, title: str) -> str:
    """Receipts of a shop by weekday and hour. traffic: weekday, sold_hour, receipts_share."""
    import altair as alt

    shown = traffic.assign(day=[WEEKDAYS[number - 1] for number in traffic.weekday], share=traffic.receipts_share)
    chart = (
        alt.Chart(shown)
        .mark_rect()
        .encode(
            x=alt.X("sold_hour:O", title="heure", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("day:N", sort=list(WEEKDAYS), title=None),
            color=alt.Color("share:Q", scale=alt.Scale(scheme="blues"), legend=alt.Legend(labelExpr=PERCENT, title="part des tickets")),
        )
    )
    return svg_of(chart.properties(width=480, height=alt.Step(20), title=title), title)


def affinity_chart(cells: pd.DataFrame, *, title: str) -> str:
    """Affinity by profile and daypart. cells: name, daypart, affinity_index."""
    import altair as alt

    shown = cells.assign(when=[DAYPARTS[daypart] for daypart in cells.daypart], index=cells.affinity_index.round())
    order = [text for daypart, text in DAYPARTS.items() if daypart in set(cells.daypart)]
    names = list(dict.fromkeys(cells.name))
    base = alt.Chart(shown).encode(
        x=alt.X("when:N", sort=order, title=None, axis=alt.Axis(labelAngle=-25, labelLimit=200)),
        y=alt.Y("name:N", sort=names, title=None, axis=alt.Axis(labelLimit=320)),
    )
    scale = alt.Scale(scheme="blueorange", domain=[0, 200], domainMid=100, clamp=True)
    heat = base.mark_rect().encode(color=alt.Color("index:Q", scale=scale, legend=alt.Legend(title="indice")))
    dark = (alt.datum.index < 45) | (alt.datum.index > 155)
    text = base.mark_text(fontSize=11).encode(text="index:Q", color=alt.condition(dark, alt.value("white"), alt.value(INK)))
    return svg_of((heat + text).properties(width=alt.Step(84), height=alt.Step(26), title=title), title)


def svg_of(chart: Any, title: str) -> str:
    """The SVG of a chart, numbers as the French write them. title: no two charts of a page have the same."""
    import vl_convert

    # labels may be wider in a browser than where the picture is laid out: room on the left
    configured = chart.configure(font=FONT, padding={"left": 70, "right": 20, "top": 5, "bottom": 5})
    spec = configured.configure_view(stroke=None).configure_title(anchor="start", fontSize=14).to_json()
    svg = str(vl_convert.vegalite_to_svg(spec, format_locale="fr-FR"))
    # ids count up over the life of the process: named by the chart, the same month gives the same page, and no two charts share one
    prefix = hashlib.md5(title.encode(), usedforsecurity=False).hexdigest()[:8]
    for number, identifier in enumerate(dict.fromkeys(re.findall(r'\bid="([^"]+)"', svg))):
        svg = re.sub(rf'(?<=["#]){re.escape(identifier)}(?=[")])', f"{prefix}-{number}", svg)
    return svg
