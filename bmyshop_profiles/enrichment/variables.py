"""What a question to members is, as a person declares it: answers and their shares, what leans with them, who answers.

Belongs here: the declaration, the catalogue of the package, a file of one's own, and what is wrong with either. Does not belong here:
drawing answers (`synthesis.py`).
"""

import difflib
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bmyshop_profiles.engine.errors import BmyshopError

CATALOGUE = "enrichment/data/variables.yaml"
BUYS, ANSWERS = "buys.", "answers."
# of a member or of the places where the member shops, beside buys.<category> and, in the catalogue, answers.<earlier question>
KNOWN = ("age", "income", "density", "receipts")
HYPOTHESIS = "hypothesis"


class Answering(BaseModel):
    """Who answers, as log-odds: by how much more for one standard deviation more of the log of receipts, and for each answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    receipts: float = Field(0.0, ge=-5, le=5)
    answers: list[float] = []


class Variable(BaseModel):
    """A question, and a model of its answers. Shares add up to one within one per cent."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str = Field(min_length=1, description="what it is, as reports say it")
    question: str = ""
    source: str = Field(HYPOTHESIS, description="where the shares of the answers come from; hypothesis: from nowhere")
    answers: dict[str, float] = Field(description="share of each answer among everybody")
    leans: dict[str, list[float]] = Field({}, description="log-odds of each answer per standard deviation of a driver, at strength 1")
    strength: float = Field(1.0, ge=0, le=10, description="factor on all leans; 0: the answers tell nothing")
    noise: float = Field(0.0, ge=0, le=1, description="share of answers given at random")
    answered: float = Field(1.0, ge=0, le=1, description="share of members who answer")
    answering: Answering = Answering()
    answers_file: Path | None = Field(None, description="real answers instead: a CSV with the columns member_id and answer")

    @model_validator(mode="after")
    def _fits(self) -> "Variable":
        count = len(self.answers)
        if count < 2:
            raise ValueError(f"a question needs at least two answers, it has {count}")
        if min(self.answers.values()) < 0 or abs(sum(self.answers.values()) - 1) > 0.01:
            raise ValueError(f"the shares of the answers must add up to 1, they add up to {sum(self.answers.values()):.3g}")
        if max(self.answers.values()) >= 1:
            raise ValueError("one answer has the share 1: everybody answers alike, which tells nothing of anybody")
        for driver, leans in self.leans.items():
            if not (driver.startswith((BUYS, ANSWERS)) or driver in KNOWN):
                near = difflib.get_close_matches(driver, KNOWN, n=1)
                raise ValueError(
                    f"{driver!r} is nothing that answers can lean with"
                    + (f"; did you mean {near[0]}?" if near else f": write {BUYS}<category>, {', '.join(KNOWN)}")
                )
            if len(leans) != count:
                raise ValueError(f"{driver}: {len(leans)} numbers for {count} answers")
        if self.answering.answers and len(self.answering.answers) != count:
            raise ValueError(f"answering: {len(self.answering.answers)} numbers for {count} answers")
        return self

    @property
    def shares(self) -> np.ndarray:
        """(answers,) shares, adding up to 1."""
        shares = np.array(list(self.answers.values()), dtype=float)
        return shares / shares.sum()

    @property
    def is_hypothesis(self) -> bool:
        """Whether nobody has measured the shares."""
        return self.source == HYPOTHESIS

    def stronger(self, factor: float) -> "Variable":
        """The same, leaning by so many times as much."""
        return self.model_copy(update={"strength": self.strength * factor})


def catalogue() -> list[Variable]:
    """The questions that the package declares."""
    text = files("bmyshop_profiles").joinpath(CATALOGUE).read_text(encoding="utf-8")
    return [Variable(**declared) for declared in yaml.safe_load(text)]


def own_variable(path: Path) -> Variable:
    """The question that a file declares. A relative `answers_file` starts at the file.

    Raises:
        BmyshopError: the file is not there, or declares no question; what is wrong is named.
    """
    try:
        declared: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BmyshopError(f"{path}: cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise BmyshopError(f"{path}: is no YAML: {error}") from None
    if isinstance(declared, list) and len(declared) == 1:
        declared = declared[0]
    if not isinstance(declared, dict):
        raise BmyshopError(f"{path}: must declare one question: name, label, answers…")
    try:
        found = Variable(**declared)
    except ValidationError as error:
        raise BmyshopError("\n".join(f"{path}: {_told(problem)}" for problem in error.errors())) from None
    if found.answers_file is None:
        return found
    return found.model_copy(update={"answers_file": path.parent / found.answers_file})


def _told(problem: Any) -> str:
    place = ".".join(str(part) for part in problem["loc"])
    text = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(place, Variable.model_fields, n=1)
        text = "is no key of a question" + (f"; did you mean {near[0]}?" if near else "")
    return f"{place}: {text}" if place else text
