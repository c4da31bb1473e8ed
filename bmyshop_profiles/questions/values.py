"""What a question of one's own would be worth, asked of the lake: the same measures as `variable_value`, for a variable declared in a file.

Belongs here: the frames of a month as that table's step is handed them, real answers from a file. Nothing is written.
"""

import csv
from pathlib import Path

import numpy as np
import pandas as pd

from bmyshop_profiles.engine.build import Frames
from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.enrichment.synthesis import draw, fidelity
from bmyshop_profiles.enrichment.value import Material, material_of, value_of
from bmyshop_profiles.enrichment.variables import Variable, own_variable
from bmyshop_profiles.months import month_plus, months_between
from bmyshop_profiles.orchestration.keys import key_in_use
from bmyshop_profiles.privacy.pseudonyms import pseudonym
from bmyshop_profiles.questions.queries import views
from bmyshop_profiles.settings import Settings


def value_of_file(settings: Settings, path: Path, month: str) -> tuple[Variable, pd.DataFrame, pd.DataFrame | None]:
    """The variable that a file declares, its rows as of `variable_value` in a month, and how faithful its answers are; None for real ones.

    Raises:
        BmyshopError: the file declares no variable; its answers cannot be read; or nothing is known of the month.
    """
    variable = own_variable(path)
    material = _material(settings, month)
    seed = settings.seed
    drawn = None if variable.answers_file else draw(variable, material.drivers, seed=seed)
    answers = drawn.answers if drawn else _answers(variable, material, settings)
    found = value_of(variable, answers, material, sure=settings.sure_skill, indicative=settings.indicative_skill, seed=seed)
    return variable, found, fidelity(variable, drawn, material.drivers) if drawn else None


def _material(settings: Settings, month: str) -> Material:
    catalogue = load_catalogue()
    table = catalogue["variable_value"]
    windows = {name: months_between(month_plus(month, 1 - months), month) for name, months in table.file.window.items()}
    with views(settings, months=[month], windows=windows) as session:
        read = dict(Frames(session, table, catalogue, {}))
    if read["asked_members"].empty:
        raise BmyshopError(f"no members are known in {month}: run that month first (bmyshop-profiles status says which there are)")
    material = material_of(read, seed=settings.seed)
    if material is None:
        raise BmyshopError(f"there are no profiles in {month}, so nothing can be measured beside them")
    return material


def _answers(variable: Variable, material: Material, settings: Settings) -> np.ndarray:
    """Codes of real answers by member; who is no member of the month is left out."""
    path, key = variable.answers_file, key_in_use(settings)
    assert path is not None
    codes = {answer: code for code, answer in enumerate(variable.answers)}
    given: dict[str, int] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for line, row in enumerate(csv.DictReader(file), start=2):
                if row.get("member_id") is None or row.get("answer") is None:
                    raise BmyshopError(f"{path}: needs the columns member_id and answer")
                if row["answer"] and row["answer"] not in codes:
                    raise BmyshopError(f"{path}, line {line}: an answer that is not declared; declared are {', '.join(codes)}")
                given[pseudonym(key, "member", row["member_id"])] = codes.get(row["answer"], -1)
    except OSError as error:
        raise BmyshopError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BmyshopError(f"{path}: cannot be read: it is not UTF-8") from None
    return pd.Series(given, dtype=int).reindex(material.members.keys).fillna(-1).to_numpy(int)
