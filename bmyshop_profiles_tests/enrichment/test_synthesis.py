from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.enrichment.gain import UNKNOWN
from bmyshop_profiles.enrichment.synthesis import draw, draw_all, drivers_of, fidelity, tie
from bmyshop_profiles.enrichment.variables import Variable, catalogue, own_variable

MEMBERS = 4000
RNG = np.random.default_rng(0)
DRIVERS = pd.DataFrame({name: RNG.standard_normal(MEMBERS) for name in ("receipts", "age", "buys.bread")})


def variable(**more: object) -> Variable:
    told = {"name": "pet", "label": "un animal", "answers": {"non": 0.6, "oui": 0.4}, "leans": {"buys.bread": [-1, 1]}}
    return Variable(**{**told, **more})


def test_shares_and_answers_are_as_declared() -> None:
    declared = variable(answered=0.3, noise=0.1, answering={"receipts": 1.0, "answers": [0, 1]})
    drawn = draw(declared, DRIVERS, seed=1)
    assert (drawn.told == 1).mean() == pytest.approx(0.4, abs=0.03)
    assert (drawn.answers >= 0).mean() == pytest.approx(0.3, abs=0.03)
    answered = drawn.answers >= 0
    assert (drawn.told[answered] == 1).mean() > 0.5  # those of the second answer answer more
    assert DRIVERS.receipts[answered].mean() > 0.3
    np.testing.assert_array_equal(drawn.answers[answered], drawn.told[answered])
    np.testing.assert_array_equal(drawn.answers, draw(declared, DRIVERS, seed=1).answers)


def test_strength_makes_answers_lean_and_noise_takes_it_back() -> None:
    def lean(**more: float) -> float:
        drawn = draw(variable(**more), DRIVERS)
        return float(np.corrcoef(drawn.told, DRIVERS["buys.bread"])[0, 1])

    assert abs(lean(strength=0.0)) < 0.05
    assert 0.2 < lean(strength=0.3) < lean(strength=1.0)
    assert abs(lean(strength=1.0, noise=1.0)) < 0.05
    assert draw(variable().stronger(0.5), DRIVERS).probabilities.std() < draw(variable(), DRIVERS).probabilities.std()


def test_a_draw_tells_how_faithful_it_is() -> None:
    declared = variable(leans={"buys.bread": [-1, 1], "density": [1, -1]}, answered=0.5)
    drawn = draw(declared, DRIVERS)
    assert drawn.missing == ("density",)
    found = fidelity(declared, drawn, DRIVERS).set_index(["figure", "answer"])
    assert found.declared["share", "oui"] == 0.4
    assert (found.declared - found.drawn).abs().max() < 0.06
    assert found.drawn["mean of buys.bread", "oui"] > 0.3 > found.drawn["mean of buys.bread", "non"]


def test_two_questions_are_tied_by_what_they_both_lean_with() -> None:
    bread, age = variable(strength=2.0), variable(leans={"age": [-1, 1]}, strength=2.0)
    first, again, other = (draw(each, DRIVERS, seed=number) for number, each in enumerate((bread, bread, age)))
    expected, drawn = tie(first, again)
    assert 0.4 < expected == pytest.approx(drawn, abs=0.05)
    expected, drawn = tie(first, other)
    assert expected < 0.05 and drawn < 0.05
    toy = variable(name="toy", leans={"answers.pet": [-2, 2]})
    first, second = draw_all([bread, toy], DRIVERS)
    expected, drawn = tie(first, second)
    assert 0.5 < expected == pytest.approx(drawn, abs=0.05)
    assert second.missing == () and draw(toy, DRIVERS).missing == ("answers.pet",)


def test_nobody_answers_where_nobody_is_to_answer() -> None:
    assert (draw(variable(answered=0.0), DRIVERS).answers == UNKNOWN).all()
    assert (draw(variable(answered=1.0), DRIVERS).answers >= 0).all()
    assert len(draw(variable(answered=0.5), DRIVERS[:0]).answers) == 0


def test_drivers_are_what_members_buy_more_than_everybody() -> None:
    bought = csr_matrix([[10, 0, 0], [0, 10, 0], [5, 5, 0], [0, 0, 0]], dtype=float)
    categories = np.array(["bread", "press", None], dtype=object)
    found = drivers_of(bought, categories, np.array([3, 3, 3, 0]), pd.DataFrame({"age": [20.0, 40.0, np.nan, np.nan]}))
    assert set(found) == {"receipts", "buys.bread", "buys.press", "age"}
    assert found["buys.bread"].to_numpy() == pytest.approx([np.sqrt(2), -np.sqrt(2), 0, 0])
    assert found.age.to_numpy() == pytest.approx([-1, 1, 0, 0])  # unknown: nothing leans


def test_the_catalogue_leans_on_what_there_is() -> None:
    found = catalogue()
    taxonomy = pd.read_csv(files("bmyshop_profiles") / "references" / "data" / "product_taxonomy.csv")
    assert len({each.name for each in found}) == len(found) >= 7
    for each in found:
        assert {name.removeprefix("buys.") for name in each.leans if name.startswith("buys.")} <= set(taxonomy.category)
        assert each.source and (each.is_hypothesis or "hypothes" not in each.source)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: pet\nlabel: un animal\nanswers: {oui: 1.0}", "at least two answers, it has 1"),
        ("name: pet\nlabel: un animal\nanswers: {oui: 1.0, non: 0.0}", "everybody answers alike"),
        ("name: pet\nlabel: un animal\nanswers: {oui: 0.5, non: 0.2}", "must add up to 1, they add up to 0.7"),
        ("name: pet\nlabel: a\nanswers: {oui: 0.5, non: 0.5}\nleans: {agee: [1, 0]}", "did you mean age"),
        ("name: pet\nlabel: a\nanswers: {oui: 0.5, non: 0.5}\nleans: {age: [1, 0, 2]}", "3 numbers for 2 answers"),
        ("name: pet\nlabel: a\nanswers: {oui: 0.5, non: 0.5}\nanswering: {answers: [1]}", "1 numbers for 2 answers"),
        ("name: pet\nlabel: a\nanswers: {oui: 0.5, non: 0.5}\nstrenght: 1", "did you mean strength"),
        ("name: pet\nlabel: a\nanswers: {oui: 0.5, non: 0.5}\nanswered: 2", "answered: "),
        ("[", "is no YAML"),
        ("just words", "must declare one question"),
    ],
)
def test_a_wrong_declaration_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "pet.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BmyshopError, match=message) as refused:
        own_variable(path)
    assert "pet.yaml" in str(refused.value)


def test_a_declaration_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BmyshopError, match="cannot be read"):
        own_variable(tmp_path / "pet.yaml")


def test_answers_in_a_file_are_beside_the_declaration(tmp_path: Path) -> None:
    path = tmp_path / "pet.yaml"
    path.write_text("name: pet\nlabel: a\nanswers: {oui: 0.5, non: 0.5}\nanswers_file: pets.csv", encoding="utf-8")
    assert own_variable(path).answers_file == tmp_path / "pets.csv"
