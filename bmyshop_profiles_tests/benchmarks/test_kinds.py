"""Responses of kinds of shop: shrunk to the network's by the members behind them; kinds share one concentration."""

import numpy as np
import pytest

from benchmarks.audience.deconvolution import CONCENTRATIONS, deconvolve, fit_response, log_likelihoods
from benchmarks.audience.kinds import Kind, deconvolve_kinds, kind_responses, shop_context

CENTRES = np.array([[0.6, 0.25, 0.15], [0.4, 0.45, 0.15], [0.4, 0.2, 0.4]])  # mean posterior by profile
MOVED = np.array([-0.2, 0.2, 0.0])  # what everybody's basket says in kind b


def members(rng, people: dict[str, int], *, own: dict[str, np.ndarray] | None = None):
    """Posteriors, labels, members and kinds of three receipts of each person. own: what a kind adds to the columns beside its context."""
    kind = np.repeat(np.repeat(list(people), list(people.values())), 3)
    member = np.repeat(np.arange(sum(people.values())), 3)
    label = member % 3
    mean = CENTRES[label] + np.where(kind[:, None] == "b", MOVED, 0)
    for name, added in (own or {}).items():
        mean = mean + np.where(kind[:, None] == name, added[label], 0)
    noise = rng.normal(0, 0.1, (len(label), 3)) + np.repeat(rng.normal(0, 0.05, (sum(people.values()), 3)), 3, axis=0)
    return mean + noise - noise.mean(1, keepdims=True), label, member, kind


def matrices(material):
    network = fit_response(*material[:3])
    return network, kind_responses(*material, network=network)


def test_context_moves_all_columns_even_of_a_profile_nobody_was_seen_in():
    posterior, label, member, kind = members(np.random.default_rng(0), {"a": 600, "b": 600})
    seen = (kind == "a") | (label != 2)
    network, found = matrices((posterior[seen], label[seen], member[seen], kind[seen]))
    np.testing.assert_allclose(found["b"].matrix[:, :2], (CENTRES[:2] + MOVED).T, atol=0.03)
    # the network's column of profile 2 comes from kind a alone: the move of b from the network is half of its move from a
    expected = network.matrix[:, 2] + (found["b"].matrix - network.matrix)[:, :2].mean(1)
    np.testing.assert_allclose(found["b"].matrix[:, 2], expected, atol=0.02)
    assert abs(found["b"].matrix[1, 2] - CENTRES[2, 1]) > 0.05


def test_few_members_say_little_beside_the_context_and_many_are_believed():
    own = {"b": np.array([[0.1, -0.1, 0.0], [-0.1, 0.1, 0.0], [0.0, 0.0, 0.0]])}
    for people, atol in ((40, 0.08), (4000, 0.02)):
        network, found = matrices(members(np.random.default_rng(1), {"a": 4000, "b": people}, own=own))
        truth = (CENTRES + MOVED + own["b"]).T
        np.testing.assert_allclose(found["b"].matrix, truth, atol=atol)
        assert np.abs(found["b"].matrix - truth).sum() < np.abs(network.matrix - truth).sum() / 2
    # without anything of their own, kinds answer as the network moved by their context: no more scattered than that
    posterior, label, member, kind = members(np.random.default_rng(2), {"a": 2000, "b": 60})
    network, found = matrices((posterior, label, member, kind))
    alone = fit_response(posterior[kind == "b"], label[kind == "b"], member[kind == "b"]).matrix
    truth = (CENTRES + MOVED).T
    assert ((found["b"].matrix - truth) ** 2).sum() < ((alone - truth) ** 2).sum()


def test_one_kind_is_the_network_itself():
    posterior, label, member, kind = members(np.random.default_rng(3), {"a": 300})
    network, found = matrices((posterior, label, member, kind))
    for name in ("matrix", "within", "between", "doubt", "network_mix"):
        np.testing.assert_allclose(getattr(found["a"], name), getattr(network, name), atol=1e-12)


def test_kinds_share_the_likeliest_concentration_and_small_cells_say_nothing():
    rng = np.random.default_rng(4)
    _, found = matrices(members(rng, {"a": 600, "b": 600}))
    prior = np.full(3, 1 / 3)
    mixes = rng.dirichlet(prior * 10, 60)
    kind = np.array(["a", "b"] * 30)
    means = np.array([found[k].matrix @ q for k, q in zip(kind, mixes, strict=True)])
    people = np.full(60, 300.0)
    people[0] = 19
    kinds = {name: Kind(response, prior) for name, response in found.items()}
    ours = deconvolve_kinds(means, kind, kinds=kinds, receipts=people, people=people, least=20)
    assert np.isnan(ours.mix[0]).all() and not ours.is_published[0]
    rest = np.arange(60) > 0
    total = sum(
        log_likelihoods(
            means[rest & (kind == k)],
            response=found[k],
            receipts=people[rest & (kind == k)],
            people=people[rest & (kind == k)],
            network_mix=prior,
        )
        for k in "ab"
    )
    assert ours.concentration == CONCENTRATIONS[int(total.argmax())]
    alone = deconvolve(
        means[kind == "b"],
        response=found["b"],
        receipts=people[kind == "b"],
        people=people[kind == "b"],
        network_mix=prior,
        concentration=ours.concentration,
    )
    np.testing.assert_allclose(ours.mix[kind == "b"], alone.mix)
    assert np.abs(ours.mix[1:] - mixes[1:]).mean() < 0.05
    assert ((ours.low <= mixes) & (mixes <= ours.high))[1:].mean() == pytest.approx(0.95, abs=0.06)


def test_assortments_of_shops_are_told_from_the_noise_of_people():
    rng = np.random.default_rng(5)
    posterior, label, member, kind = members(rng, {"a": 3000, "b": 3000})
    shop = np.char.add(kind, (rng.integers(0, 30, len(kind))).astype(str))
    _, found = matrices((posterior, label, member, kind))
    none = shop_context(posterior, label, member, kind, shop, responses=found)
    assert np.trace(none) < 2e-4
    direction = np.array([1.0, -1.0, 0.0]) / np.sqrt(2)
    names, code = np.unique(shop, return_inverse=True)
    moved = posterior + np.outer(rng.normal(0, 0.1, len(names))[code], direction)  # everybody in a shop alike
    _, found = matrices((moved, label, member, kind))
    context = shop_context(moved, label, member, kind, shop, responses=found)
    assert direction @ context @ direction == pytest.approx(0.01, rel=0.35)
    assert np.trace(context) == pytest.approx(direction @ context @ direction, rel=0.05)
