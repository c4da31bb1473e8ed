"""The level of the network: members corrected by baskets, as sure as these are; keyed shoppers are better witnesses."""

import numpy as np
import pandas as pd
import pytest

from bmyshop_profiles.audience.level import Response, Seen, fit_level, fit_response, level_of_others, shoppers_mix

MEMBERS, EVERYBODY = np.array([0.6, 0.3, 0.1]), np.array([0.3, 0.3, 0.4])
GROUPS = ["a", "b", "c"]


def receipts(sharp: float, *, shops: int = 20, differ: float = 10.0, misfit: float = 0.0, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Posteriors, labels, members and shops of receipts; sharp: how far a posterior tells its group; misfit: how far posteriors of a shop
    lie beside what its people make expect. Also the mean posterior of everybody."""
    rng = np.random.default_rng(seed)
    mixes = rng.dirichlet(MEMBERS * differ, shops)
    label = np.concatenate([rng.choice(3, 60, p=mix) for mix in mixes])
    shop = np.repeat(np.arange(shops), 60)
    bias = rng.normal(0, misfit, (shops, 3))
    response = sharp * np.eye(3) + (1 - sharp) / 3
    posterior = response[label] + bias[shop] - bias[shop].mean(1, keepdims=True) + rng.normal(0, 0.02, (len(label), 3))
    return posterior, np.eye(3)[label], np.arange(len(label)), shop.astype(str), EVERYBODY @ response


def fitted(*own: np.ndarray) -> tuple[Response, np.ndarray]:
    """The response, and the mean posterior of everybody."""
    return fit_response(*own[:4]), own[4]


def width(covariance: np.ndarray) -> float:
    return float(np.sqrt(np.diag(covariance)).mean())


def test_baskets_that_tell_groups_apart_correct_members_and_are_sure() -> None:
    response, whole = fitted(*receipts(0.6))
    level = fit_level(response, Seen(whole), None)
    assert level.mix == pytest.approx(EVERYBODY, abs=0.05)
    assert width(level.covariance) < 0.03
    assert level.spread > 0.3


def test_baskets_that_say_nothing_leave_members_as_they_are_and_say_so() -> None:
    response, whole = fitted(*receipts(0.0))
    level = fit_level(response, Seen(whole), None)
    assert level.mix == pytest.approx(response.members_mix, abs=0.02)
    assert width(level.covariance) > 0.15


def test_the_more_shops_lie_beside_what_their_people_make_expect_the_less_sure_is_the_level() -> None:
    levels = [fit_level(fitted(*receipts(0.15, misfit=misfit))[0], Seen(receipts(0.15)[4]), None) for misfit in (0.0, 0.1)]
    assert width(levels[0].covariance) < width(levels[1].covariance)
    assert abs(levels[0].mix - EVERYBODY).max() < abs(levels[1].mix - EVERYBODY).max()


def test_without_shops_to_learn_from_the_level_is_less_sure() -> None:
    posterior, soft, member, shop, whole = receipts(0.3)
    known, unknown = (fit_level(fit_response(posterior, soft, member, places), Seen(whole), None) for places in (shop, member.astype(str)))
    assert width(known.covariance) < width(unknown.covariance)


def test_members_who_are_like_everybody_are_found_so() -> None:
    response, _ = fitted(*receipts(0.6))
    level = level_of_others(response, response.members_mix, response.matrix @ response.members_mix)
    assert level.mix == pytest.approx(response.members_mix, abs=1e-6)
    assert level.spread < 0.1


def test_intervals_hold_whatever_who_is_no_member_is_like() -> None:
    """Networks whose members differ from everybody, each in its own way, read by baskets that tell little, with shops of their own."""
    held = []
    for number in range(120):
        rng = np.random.default_rng(number)
        true = rng.dirichlet(MEMBERS * 20)
        response, _ = fitted(*receipts(0.3, misfit=0.02, seed=number))
        beside = 0.01 * rng.standard_normal(3)
        level = fit_level(response, Seen((0.3 * np.eye(3) + 0.7 / 3) @ true + beside - beside.mean()), None)
        held.append(abs(level.mix - true) <= 1.645 * np.sqrt(np.diag(level.covariance)))
    assert 0.8 <= np.mean(held) <= 0.97


def test_a_group_that_no_member_is_in_stays_possible() -> None:
    posterior, soft, member, shop, whole = receipts(0.6)
    posterior, soft = (np.hstack([each, np.zeros((len(each), 1))]) for each in (posterior, soft))
    level = fit_level(fit_response(posterior, soft, member, shop), Seen(np.append(whole, 0.0)), None)
    assert level.mix.sum() == pytest.approx(1)
    assert 0 < level.mix[3] < 0.05


def test_what_is_unknown_is_drawn_as_mixes() -> None:
    response, whole = fitted(*receipts(0.3))
    level = fit_level(response, Seen(whole), None)
    drawn = np.array([level.draw(np.random.default_rng(seed)) for seed in range(300)])
    assert np.allclose(drawn.sum(1), 1)
    assert (drawn > 0).all()
    assert drawn.mean(0) == pytest.approx(level.mix, abs=0.03)


def test_labels_that_are_blurred_are_read_through_their_blur() -> None:
    posterior, label, member, shop, whole = receipts(0.6)
    blur = np.array([[0.7, 0.2, 0.1], [0.2, 0.6, 0.2], [0.1, 0.2, 0.7]])  # column: what a label may be
    rng = np.random.default_rng(0)
    seen = np.array([rng.choice(3, p=blur[own.argmax()] / blur[own.argmax()].sum()) for own in label])
    true = np.array([[(label.argmax(1)[seen == k] == j).mean() for k in range(3)] for j in range(3)])
    errors = [
        abs(fit_level(fit_response(posterior, soft, member, shop), Seen(whole), None).mix - EVERYBODY).max()
        for soft in (true[:, seen].T, np.eye(3)[seen])
    ]
    assert errors[0] < 0.08 < errors[1]


def shoppers(half: np.ndarray, whole: np.ndarray, *, people: int = 1000) -> pd.DataFrame:
    """Visits by label, two a person."""
    shares = {"half_0": half, "half_1": half, "whole": whole}
    rows = [
        (part, name, round(2 * people * p), round(4 * people * p))
        for part, own in shares.items()
        for name, p in zip(GROUPS, own, strict=True)
    ]
    return pd.DataFrame(rows, columns=["part", "group_name", "visits_count", "visit_squares"])


def test_labels_of_twice_the_receipts_go_as_far_again() -> None:
    found = shoppers_mix(shoppers(np.array([0.4, 0.3, 0.3]), np.array([0.35, 0.3, 0.35])), GROUPS)
    assert found is not None
    mix, covariance = found
    assert mix == pytest.approx([0.3, 0.3, 0.4], abs=1e-3)
    assert np.sqrt(covariance[0, 0]) == pytest.approx(np.sqrt(0.05**2 + 0.3 * 0.7 / 1000), rel=0.02)
    assert shoppers_mix(shoppers(MEMBERS, MEMBERS).iloc[:0], GROUPS) is None


def test_keyed_shoppers_say_what_baskets_cannot_and_the_more_the_surer() -> None:
    response, _ = fitted(*receipts(0.3, misfit=0.05))
    theirs = response.matrix @ EVERYBODY
    everybody = 0.1 * response.members_mix + 0.9 * EVERYBODY
    seen = Seen(response.matrix @ everybody, theirs, 0.1)
    without = fit_level(response, seen, None)
    few, many = (fit_level(response, seen, shoppers_mix(shoppers(EVERYBODY, EVERYBODY, people=people), GROUPS)) for people in (5, 1000))
    far = [abs(level.mix - everybody).max() for level in (many, few, without)]
    assert far[0] < far[1] < far[2]
    assert far[0] < 0.02
    assert width(many.covariance) < width(few.covariance) < width(without.covariance)


def test_shoppers_whose_baskets_are_unlike_the_others_are_no_witnesses_as_they_are() -> None:
    response, _ = fitted(*receipts(0.6))
    mix = np.array([0.2, 0.7, 0.1])
    seen = Seen(response.matrix @ EVERYBODY, response.matrix @ mix)
    found = fit_level(response, seen, shoppers_mix(shoppers(mix, mix), GROUPS))
    assert found.mix == pytest.approx(EVERYBODY, abs=0.03)
