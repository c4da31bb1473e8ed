import numpy as np
import pytest
from scipy.sparse import csr_matrix

from bmyshop_profiles.enrichment.gain import UNKNOWN
from bmyshop_profiles.enrichment.sold import Places, answer_ratios, answers_as_groups, cells_of, known_of, soft_labels
from bmyshop_profiles_tests.worlds import make_world

MEMBERS, STORES = 1500, 30
RNG = np.random.default_rng(0)
PERSONA = np.arange(MEMBERS) % 3
# what half of the receipts tell: the persona in half of the cases
LABEL, OTHER = (np.where(RNG.random(MEMBERS) < 0.5, PERSONA, RNG.integers(3, size=MEMBERS)) for _ in range(2))
ANSWER = np.where(RNG.random(MEMBERS) < 0.9, PERSONA, RNG.integers(3, size=MEMBERS))


def places(persona: np.ndarray) -> Places:
    """Shops of which each is a persona's favourite: five visits a member."""
    liked = np.where(
        RNG.random((MEMBERS, 5)) < 0.5, persona[:, None] + 3 * RNG.integers(10, size=(MEMBERS, 5)), RNG.integers(30, size=(MEMBERS, 5))
    )
    cell, member = liked.ravel(), np.repeat(np.arange(MEMBERS), 5)
    size = np.full(STORES, 1000.0)
    return Places(np.arange(STORES), np.zeros(STORES, int), size, size / 3, cell, member, np.ones(len(cell)))


def test_ratios_of_useless_and_of_perfect_answers() -> None:
    useless = answer_ratios(RNG.integers(3, size=MEMBERS), PERSONA, codes=3, groups=3)
    np.testing.assert_allclose(useless, 1, atol=0.1)
    np.testing.assert_allclose(answer_ratios(PERSONA, PERSONA, codes=3, groups=3), 3 * np.eye(3), atol=0.05)


def test_answers_that_tell_the_persona_make_labels_better_and_a_decoy_does_not() -> None:
    good = soft_labels(LABEL, OTHER, ANSWER, groups=3, codes=3)
    assert good.loss.low > 0.1 and good.changed.value > 0.2
    decoy = soft_labels(LABEL, OTHER, RNG.integers(3, size=MEMBERS), groups=3, codes=3)
    assert abs(decoy.loss.value) < 0.005 and decoy.changed.value < 0.02
    np.testing.assert_allclose(good.with_answer.sum(1), 1)


def test_members_who_did_not_answer_keep_their_label() -> None:
    given = np.where(np.arange(MEMBERS) < 500, UNKNOWN, ANSWER)
    found = soft_labels(LABEL, OTHER, given, groups=3, codes=3)
    np.testing.assert_allclose(found.with_answer[:500], found.without[:500])
    nobody = soft_labels(LABEL, OTHER, np.full(MEMBERS, UNKNOWN), groups=3, codes=1)
    assert nobody.loss.value == pytest.approx(0, abs=1e-12) and nobody.changed.value == 0


def test_members_without_a_label_say_nothing_of_cells() -> None:
    label = np.where(np.arange(MEMBERS) < 700, -1, LABEL)
    soft = soft_labels(label, OTHER, ANSWER, groups=3, codes=3).with_answer
    assert (soft[:700] == 0).all()
    cells = cells_of(places(PERSONA), soft, np.full((STORES, 3), 1 / 3), np.ones(STORES))
    assert cells.visits.sum() == pytest.approx(5 * (MEMBERS - 700))


def test_cells_are_known_better_with_answers_and_as_before_with_a_decoy() -> None:
    where, means = places(PERSONA), np.full((STORES, 3), 1 / 3)
    skill = {}
    for name, answers in (("none", np.full(MEMBERS, UNKNOWN)), ("persona", ANSWER), ("decoy", RNG.integers(3, size=MEMBERS))):
        soft = soft_labels(LABEL, OTHER, answers, groups=3, codes=3).with_answer
        known = known_of(cells_of(where, soft, means, np.ones(STORES)))
        assert known is not None
        skill[name] = known.skill
    assert skill["persona"] > skill["none"] + 0.1
    assert skill["decoy"] == pytest.approx(skill["none"], abs=0.05)


def test_no_visit_no_cells() -> None:
    where = places(PERSONA)
    nothing = Places(where.store, where.daypart, where.receipts, where.crowd, where.cell[:0], where.member[:0], where.count[:0])
    assert known_of(cells_of(nothing, np.eye(3)[PERSONA], np.full((STORES, 3), 1 / 3), np.ones(STORES))) is None


def test_an_answer_that_receipts_tell_may_be_sold_and_a_decoy_not() -> None:
    world = make_world(people=600, purchases=60)
    persona = world.profile
    rng = np.random.default_rng(1)
    cell = persona[world.owner] * 4 + rng.integers(4, size=len(world.owner))
    size = np.full(12, 200.0)
    where = Places(np.arange(12), np.zeros(12, int), size, size / 3, cell, world.owner, np.ones(len(cell)))

    def graded(answers: np.ndarray) -> list[str]:
        found = answers_as_groups(world.first, answers, world.receipts, world.owner, world.receipts, cell, where, sure=0.5, indicative=0.3)
        assert all(each.information.low <= each.information.value <= each.information.high for each in found)
        return [each.grade for each in found]

    assert graded(persona) == ["sure"] * 3
    assert graded(rng.integers(3, size=600)) == ["unsold"] * 3
    few = np.where(np.arange(600) < 20, 1, UNKNOWN)
    assert graded(few) == []


def test_without_any_receipt_of_a_member_nothing_is_graded() -> None:
    world = make_world(people=90)
    none = csr_matrix((0, world.first.shape[1]))
    where = Places(np.arange(2), np.zeros(2, int), np.ones(2), np.ones(2), np.zeros(0, int), np.zeros(0, int), np.zeros(0))
    assert (
        answers_as_groups(world.first, world.profile, none, np.zeros(0, int), none, np.zeros(0, int), where, sure=0.5, indicative=0.3) == []
    )
