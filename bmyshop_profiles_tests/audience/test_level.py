"""The level of the network: members corrected by baskets as far as members' own shops show that it helps."""

import numpy as np
import pytest

from bmyshop_profiles.audience.level import CONCENTRATIONS, fit_level

MEMBERS, EVERYBODY = np.array([0.6, 0.3, 0.1]), np.array([0.3, 0.3, 0.4])


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


def test_baskets_that_tell_groups_apart_correct_members() -> None:
    *own, whole = receipts(0.6)
    level = fit_level(*own, whole=whole)
    assert level.mix == pytest.approx(EVERYBODY, abs=0.05)
    assert level.concentration < 100


def test_baskets_that_say_nothing_leave_members_as_they_are() -> None:
    *own, whole = receipts(0.0)
    level = fit_level(*own, whole=whole)
    assert level.mix == pytest.approx(own[1].mean(0), abs=0.02)


def test_the_more_shops_lie_beside_what_their_people_make_expect_the_less_is_corrected() -> None:
    far = [abs(fit_level(*receipts(0.15, misfit=misfit)[:4], whole=receipts(0.15)[4]).mix - EVERYBODY).max() for misfit in (0.0, 0.1)]
    assert far[0] < far[1]


def test_without_shops_to_learn_from_members_are_believed() -> None:
    posterior, soft, member, _, whole = receipts(0.6)
    level = fit_level(posterior, soft, member, member.astype(str), whole=whole)
    assert level.concentration == CONCENTRATIONS[-1]


def test_a_group_that_no_member_is_in_stays_possible() -> None:
    *own, whole = receipts(0.6)
    posterior = np.hstack([own[0], np.zeros((len(own[0]), 1))])
    soft = np.hstack([own[1], np.zeros((len(own[1]), 1))])
    level = fit_level(posterior, soft, *own[2:], whole=np.append(whole, 0.0))
    assert level.mix.sum() == pytest.approx(1)
    assert 0 < level.mix[3] < 0.05


def test_what_is_unknown_is_drawn_as_mixes() -> None:
    *own, whole = receipts(0.3)
    level = fit_level(*own, whole=whole)
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
        abs(fit_level(posterior, soft, member, shop, whole=whole).mix - EVERYBODY).max() for soft in (true[:, seen].T, np.eye(3)[seen])
    ]
    assert errors[0] < 0.08 < errors[1]
