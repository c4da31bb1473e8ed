"""The classifier of labels: learns, abstains, adapts without forgetting, survives its file."""

import numpy as np
import pytest

from bmyshop_profiles.features import label_classifier
from bmyshop_profiles.features.label_classifier import LabelClassifier, adapt, fit, from_bytes, shipped, to_bytes
from bmyshop_profiles.references.taxonomy import taxonomy

KINDS = {
    "bread": ("pain", "baguette", "ficelle", "boule"),
    "press": ("journal", "magazine", "hebdo", "revue"),
    "beer": ("biere", "pinte", "demi", "pression"),
}
FLAVOURS = ("nature", "maison", "special", "regional", "grand", "petit", "blanc", "rouge")


def made(kinds: dict[str, tuple[str, ...]] = KINDS) -> tuple[list[str], list[str]]:
    pairs = [(f"{word} {flavour}", kind) for kind, words in kinds.items() for word in words for flavour in FLAVOURS]
    return [text for text, _ in pairs], [kind for _, kind in pairs]


@pytest.fixture(scope="module")
def model() -> LabelClassifier:
    return fit(*made())


def best(model: LabelClassifier, label: str) -> tuple[str, float]:
    shares = model.confidences([label])[0]
    return model.classes[shares.argmax()], float(shares.max())


def test_it_reads_labels_and_their_abbreviations(model: LabelClassifier) -> None:
    assert model.classes == ("beer", "bread", "press")
    assert [best(model, label)[0] for label in ("baguette tradition", "baguet nat", "hebdo", "pression")] == [
        "bread",
        "bread",
        "press",
        "beer",
    ]


def test_confidences_are_probabilities_and_lower_where_nothing_is_known(model: LabelClassifier) -> None:
    shares = model.confidences(["baguette nature", "zzz", ""])
    assert np.allclose(shares.sum(1), 1)
    assert shares[0].max() > 0.9 > shares[1].max()
    assert model.confidences([]).shape == (0, 3)


def test_the_same_labels_give_the_same_weights(model: LabelClassifier) -> None:
    again = fit(*made())
    assert np.array_equal(again.weights, model.weights)
    assert again.temperature == model.temperature


def test_what_cannot_be_learnt_is_refused(model: LabelClassifier) -> None:
    with pytest.raises(ValueError, match="two classes"):
        fit(["pain"], ["bread"])
    with pytest.raises(ValueError, match="knows no class wine"):
        adapt(model, ["rouge"], ["wine"])


def test_the_network_s_labels_move_it_and_leave_the_rest(model: LabelClassifier) -> None:
    learnt = [f"tradition {flavour}" for flavour in FLAVOURS] + [f"canard {flavour}" for flavour in FLAVOURS]
    labels, kinds = learnt * 2, (["bread"] * 8 + ["press"] * 8) * 2
    adapted = adapt(model, labels, kinds)
    assert [best(adapted, label)[0] for label in ("tradition", "canard", "pinte", "journal maison")] == ["bread", "press", "beer", "press"]
    assert best(adapted, "canard nature")[1] > best(model, "canard nature")[1]
    beer = model.classes.index("beer")
    assert np.array_equal(adapted.weights[:, beer], model.weights[:, beer])
    assert np.allclose(adapt(model, labels, kinds, pull=1e9).weights, model.weights, atol=1e-4)


def test_a_handful_of_labels_moves_nothing(model: LabelClassifier) -> None:
    assert adapt(model, ["canard nature"], ["press"]) is model


def test_weights_in_a_file_answer_alike(model: LabelClassifier) -> None:
    read = from_bytes(to_bytes(model))
    labels = made()[0]
    assert read.classes == model.classes
    assert np.allclose(read.confidences(labels), model.confidences(labels), atol=0.02)


def test_labels_with_one_key_are_never_parted() -> None:
    folds = label_classifier._folds(["pates #weight", "pain", "pates", "biere", "pates #pieces"])
    assert folds[0] == folds[2] == folds[4]


def test_what_the_package_ships() -> None:
    model = shipped()
    assert set(model.classes) == set(taxonomy())
    expected = {
        "baguette tradition": "bread",
        "croissant beurre": "pastry",
        "lait #volume": "dairy_eggs",
        "marlboro red": "tobacco",
        "eliquide menthe #volume": "vaping",
        "timbre fiscal": "fiscal_stamps",
        "dentifrice": "hygiene",
        "euromillions": "games_of_chance",
        "recharge mobile": "phone_top_up",
        "bananes": "fruit_vegetables",
    }
    assert {label: best(model, label)[0] for label in expected} == expected


def test_the_file_of_weights_is_small() -> None:
    from importlib import resources

    assert len(resources.files("bmyshop_profiles.references").joinpath(label_classifier.WEIGHTS).read_bytes()) <= 2_000_000
