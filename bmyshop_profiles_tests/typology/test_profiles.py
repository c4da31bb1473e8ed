"""Profiles: rounds, merging, a member left out of the own profile; and what shops are responsible for."""

import numpy as np
from scipy.sparse import csr_matrix

from bmyshop_profiles.statistics.likelihood import everybody_shares, group_totals, shrunk_shares
from bmyshop_profiles.typology.model.behaviour import behaviour
from bmyshop_profiles.typology.model.context import fit_contexts, no_shops
from bmyshop_profiles.typology.model.crossing import NOWHERE, cross_assign
from bmyshop_profiles.typology.model.merging import merge
from bmyshop_profiles.typology.model.profiles import Strengths, memberships, most_probable, own_left_out, refine
from bmyshop_profiles.typology.model.stability import best_jaccard
from bmyshop_profiles.typology.worth.gate import verdict
from bmyshop_profiles_tests.worlds import make_world

COUNTS = csr_matrix(np.array([[4, 0, 1], [3, 1, 0], [0, 4, 1], [0, 3, 0]], dtype=float))


def test_rounds_repair_wrong_starts():
    world = make_world()
    start = np.where(np.arange(240) < 90, world.profile, -1)
    start[:9] = (start[:9] + 1) % 3
    members = behaviour(world.first)
    profiles = refine(members, start, no_shops(everybody_shares(world.first)), damping=0.35)
    assert (profiles.scores(members).argmax(1) == world.profile).mean() > 0.98
    unseen = make_world(seed=5)
    assert (profiles.scores(behaviour(unseen.first)).argmax(1) == unseen.profile).mean() > 0.97


def test_without_damping_and_rounds_a_profile_is_its_shrunk_shares():
    members, labels = behaviour(COUNTS), np.array([0, 0, 1, 1])
    profiles = refine(members, labels, no_shops(everybody_shares(COUNTS)), damping=0, hard_rounds=0, strengths=Strengths((10.0,)))
    expected = shrunk_shares(group_totals(COUNTS, labels, groups=2), target=everybody_shares(COUNTS), strength=10.0)
    np.testing.assert_allclose(profiles.shares, expected)
    np.testing.assert_allclose(np.exp(profiles.log_ratios).T * everybody_shares(COUNTS), expected)


def test_leaving_a_member_out_is_fitting_without_the_member():
    members, labels = behaviour(COUNTS), np.array([0, 0, 1, 1])
    contexts = no_shops(everybody_shares(COUNTS))
    profiles = refine(members, labels, contexts, damping=0, hard_rounds=0, strengths=Strengths((10.0,)))
    scores = own_left_out(members, profiles, np.eye(2)[labels])
    without = shrunk_shares(group_totals(COUNTS[1:], labels[1:], groups=2), target=contexts.everybody, strength=10.0)
    expected = COUNTS[:1] @ np.log(without / contexts.everybody).T
    np.testing.assert_allclose(scores[0, 0], expected[0, 0])
    assert scores[0, 0] < profiles.scores(members)[0, 0]
    np.testing.assert_allclose(scores[0, 1], profiles.scores(members)[0, 1])


def test_damping_makes_memberships_wide():
    scores, sizes = np.array([[9.0, 0.0]]), np.array([64])
    assert memberships(scores, sizes, damping=0)[0, 0] > 0.999
    np.testing.assert_allclose(memberships(scores, sizes, damping=1)[0, 0], 1 / (1 + np.exp(-1)))


def test_size_decides_where_receipts_say_little():
    scores, items, sizes = np.array([[0.0, 0.3], [0.0, 9.0]]), np.array([1, 100]), np.array([0.7, 0.3])
    assert most_probable(scores, items, sizes, damping=0.35).tolist() == [0, 1]
    assert most_probable(np.zeros((2, 0)), items, np.zeros(0), damping=0.35).tolist() == [-1, -1]


def test_the_pair_that_loses_least_is_merged():
    world = make_world(people=120)
    split = np.where(world.profile == 2, 2 + np.arange(120) % 2, world.profile)  # profile 2 was cut in two
    merged = merge(behaviour(world.first), split, no_shops(everybody_shares(world.first)), to=3)
    assert len(np.unique(merged)) == 3
    assert len(np.unique(merged[world.profile == 2])) == 1


def test_groups_of_columns_add_up_and_each_has_its_own_shares():
    world = make_world(people=120)
    times = csr_matrix(np.eye(2)[world.profile % 2] * 3)
    members = behaviour(world.first, others={"dayparts": times})
    profiles = refine(members, world.profile, no_shops(everybody_shares(world.first)), damping=0, hard_rounds=0)
    items = refine(behaviour(world.first), world.profile, no_shops(everybody_shares(world.first)), damping=0, hard_rounds=0)
    np.testing.assert_allclose((profiles.ratios * profiles.everybody)[:, 30:].sum(1), 1)
    np.testing.assert_allclose(profiles.log_ratios, items.log_ratios)
    extra = profiles.scores(members) - items.scores(behaviour(world.first))
    np.testing.assert_allclose(extra, times @ np.log(profiles.ratios[:, 30:]).T)


def two_shops(planted: bool):
    """Two profiles, two shops that sell one half of the items each twice as much; members of a profile go to one shop, or to any."""
    rng = np.random.default_rng(0)
    profile = np.arange(400) % 2
    shop = profile if planted else (np.arange(400) // 2) % 2
    taste = np.where(np.arange(20) % 2 == profile[:, None], 3.0, 1.0)
    shelf = np.where((np.arange(20) < 10) == (shop[:, None] == 0), 4.0, 1.0)
    shares = taste * shelf
    counts = np.array([rng.multinomial(30, row / row.sum()) for row in shares]).astype(float)
    sold = np.array([counts[shop == number].sum(0) for number in (0, 1)])
    return profile, shop, behaviour(csr_matrix(counts), visits=csr_matrix(np.eye(2)[shop])), csr_matrix(sold)


def test_a_profile_is_not_a_shop():
    profile, shop, members, sold = two_shops(planted=False)
    everybody = everybody_shares(members.items)
    shops = fit_contexts(sold, everybody)
    assert shops.shares[0, :10].sum() > 0.7
    start = shop.copy()
    start[:200] = profile[:200]  # half of the starts are shops
    blind = refine(behaviour(members.items), start, no_shops(everybody), damping=0.35).scores(behaviour(members.items)).argmax(1)
    seeing = refine(members, start, shops, damping=0.35).scores(members).argmax(1)
    assert max((seeing == profile).mean(), (seeing != profile).mean()) > 0.95
    assert max((seeing == shop).mean(), (seeing != shop).mean()) < 0.6
    assert max((blind == shop).mean(), (blind != shop).mean()) > 0.7


def test_who_visits_a_shop_is_not_what_it_sells():
    profile, _, members, sold = two_shops(planted=True)
    everybody = everybody_shares(members.items)
    ratios = np.where(np.arange(20)[:, None] % 2 == np.arange(2), 1.5, 0.5)
    visits = np.array([np.asarray(members.visits[profile == number].sum(0)).ravel() for number in (0, 1)])
    blind, seeing = fit_contexts(sold, everybody), fit_contexts(sold, everybody, visits=visits, ratios=ratios)
    even = np.arange(20) % 2 == 0
    assert blind.shares[0, even].sum() > 0.7  # members of profile 0 like even items, and all go to shop 0
    assert abs(seeing.shares[0, even].sum() - everybody[even].sum()) < 0.06


def test_a_jaccard_is_with_the_best_match():
    labels, again = np.array([0, 0, 0, 0, 1, 1, -1]), np.array([1, 1, 1, 0, 0, 0, 0])
    np.testing.assert_allclose(best_jaccard(labels, again, groups=2), [3 / 4, 2 / 4])
    np.testing.assert_array_equal(best_jaccard(labels, np.full(7, -1), groups=2), [0, 0])


def test_verdicts_of_the_gate():
    assert verdict(0.75, 0.70, 0.1, 0.02) == "published"
    assert verdict(0.75, 0.69, 0.1, 0.02) == "flagged"
    assert verdict(0.74, 0.70, 0.1, 0.02) == "flagged"
    assert verdict(0.59, 0.55, 0.1, 0.02) == "withheld"
    assert verdict(0.99, 0.99, 0.02, 0.02) == "withheld"
    assert verdict(0.99, 0.99, -0.01, -0.02) == "withheld"  # everybody's shares say more
    assert verdict(0.99, 0.99, 0.1, float("nan")) == "withheld"  # no shuffle says what chance gives


def test_a_profile_that_only_a_fold_is_in_is_nobody_elses() -> None:
    world = make_world(people=90)
    known = behaviour(world.first)
    labels = np.where(np.arange(90) == 0, 3, world.profile)  # one member alone makes the fourth profile
    found = cross_assign(known, labels, no_shops(everybody_shares(world.first)), damping=0.35, strengths=Strengths((10.0,)))
    scores = found.scores(known)
    assert scores.shape == (90, 4)
    assert scores[0, 3] == NOWHERE
    assert set(found.labels) <= {0, 1, 2, 3}
    assert ((found.labels == world.profile) | (found.labels == 3)).mean() > 0.9
    assert np.isfinite(found.gain(known, known)).all()
