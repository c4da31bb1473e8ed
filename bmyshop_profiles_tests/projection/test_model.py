"""The projection's tables on a small world, and odd inputs."""

import numpy as np
import pandas as pd
import pytest

from bmyshop_profiles.projection.model import Material, project


def material(people: int = 80, *, labels: pd.DataFrame | None = None) -> Material:
    """Two kinds who mostly buy their own five items."""
    rng = np.random.default_rng(0)
    names = [f"m{number:03d}" for number in range(people)]
    kind = np.arange(people) % 2
    bought, receipts, sample = [], [], []
    for name, own in zip(names, kind, strict=True):
        for item in range(10):
            bought.append((name, f"i{item}", int(rng.poisson(4 if item // 5 == own else 0.4))))
        for number in range(4):
            items = {int(rng.integers(5)) + 5 * (own if rng.random() < 0.85 else 1 - own) for _ in range(2)}
            receipts += [(f"{name}/{number}", name, f"S{own}", "bakery", "noon", f"i{item}") for item in items]
            sample += [(f"s{name}/{number}", f"i{item}") for item in items]
    if labels is None:
        labels = pd.DataFrame({"member_key": names, "target": "profile", "group_name": [f"p0{own + 1}" for own in kind]})
    frame = pd.DataFrame(bought, columns=["member_key", "item_key", "bought_count"])
    return Material(
        labels,
        frame[frame.bought_count > 0],
        pd.DataFrame(receipts, columns=["receipt_key", "member_key", "store_key", "store_type", "daypart", "item_key"]),
        pd.DataFrame(sample, columns=["receipt_key", "item_key"]),
        pd.DataFrame({"item_key": [f"i{item}" for item in range(10)], "category": [f"c{item // 3}" for item in range(10)]}),
    )


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return project(material(), served="topics", seed=0)


def test_one_receipt_tells_kinds_apart_in_both_variants(tables) -> None:
    quality = tables["projection_quality"].set_index(["variant", "measure", "subject"])
    for variant in ("everybody", "topics"):
        assert quality.high[variant, "log_loss", "difference"] < -0.2
        assert quality.value[variant, "accuracy", "posterior"] > 0.8
    assert quality[["value", "low", "high"]].notna().all().all()
    assert set(quality.people_count) == {80}


def test_posteriors_add_up_and_know_their_label(tables) -> None:
    posteriors = tables["member_posteriors"]
    assert np.allclose(posteriors.groupby("receipt_key").posterior.sum(), 1)
    own = posteriors[posteriors.label == posteriors.group_name]
    assert own.posterior.mean() > 0.7
    assert len(own) == 320
    assert (posteriors.store_key.str.replace("S", "") == (posteriors.member_key.str[1:].astype(int) % 2).astype(str)).all()


def test_weights_score_receipts_and_places_add_to_them(tables) -> None:
    """What the tables say of an item, a shop and a moment, put together by hand, is a posterior that tells kinds apart."""
    evidence = tables["item_evidence"].query("variant == 'topics'")
    terms = tables["evidence_calibration"].query("variant == 'topics'").set_index(["term", "group_name"]).coefficient
    ratios = evidence.pivot(index="item_key", columns="group_name", values="log_ratio").to_numpy()
    weights = evidence.pivot(index="item_key", columns="group_name", values="weight_micronats").to_numpy() / 1e6
    coefficients = np.array([[terms[term, group] for group in ("p01", "p02")] for term in ("p01", "p02")])
    own = weights - ratios @ coefficients  # beyond the log-ratios, drawn towards 0
    assert 0 < np.abs(own).max() < np.abs(weights).max()
    assert terms["prior_share"].sum() == pytest.approx(1)
    places = (
        tables["place_evidence"]
        .query("variant == 'topics'")
        .set_index(["place_kind", "place_key", "group_name"])
        .weight_micronats.sort_index()
    )
    assert set(places.index.droplevel(2)) == {("store", "S0"), ("store", "S1"), ("moment", "bakery/noon")}
    assert places["store", "S0", "p01"] > places["store", "S0", "p02"] + 200_000  # each kind has a shop of its own
    assert abs(places["moment", "bakery/noon"]).max() <= 1  # all receipts are there: nothing to say
    quality = tables["projection_quality"].set_index(["variant", "measure", "subject"])
    assert quality.high["topics", "log_loss", "place_difference"] < -0.05
    assert quality.value["topics", "log_loss", "placed"] < quality.value["topics", "log_loss", "posterior"]


def test_the_same_input_gives_the_same_tables(tables) -> None:
    again = project(material(), served="topics", seed=0)
    for name, frame in tables.items():
        pd.testing.assert_frame_equal(frame, again[name])


def test_other_targets_stand_beside_profiles(tables) -> None:
    labels = material().labels
    both = pd.concat([labels, labels.assign(target="sex", group_name=np.where(labels.group_name == "p01", "f", "m"))])
    found = project(material(labels=both), served="everybody", seed=0)
    assert set(found["item_evidence"].target) == {"profile", "sex"}
    assert set(found["member_posteriors"].group_name) == {"p01", "p02"}


@pytest.mark.parametrize("case", ["no labels", "one group", "no receipts", "unknown receipts", "no sample"])
def test_without_enough_material_there_is_nothing_and_no_crash(case: str) -> None:
    full = material(20)
    parts = {name: getattr(full, name) for name in ("labels", "bought", "receipts", "sample", "categories")}
    if case == "no labels":
        parts["labels"] = full.labels.iloc[:0]
    elif case == "one group":
        parts["labels"] = full.labels.assign(group_name="p01")
    elif case == "unknown receipts":
        parts["receipts"] = full.receipts.assign(member_key="somebody else")
    else:
        name = case.removeprefix("no ")
        parts[name] = parts[name].iloc[:0]
    tables = project(Material(**parts), served="topics", seed=0)
    assert all(frame.empty for frame in tables.values())
