"""What is planted can be found: biased members, events, personas that a receipt betrays a little, strengths that may be zero."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.simulation.protocols import said_by_half
from benchmarks.simulation.worlds import simulated_lines
from bmyshop_profiles.simulation import OVERLAPS, Event, Parameters, SimulatedNetwork, simulate, trades
from bmyshop_profiles.simulation.calendar import days_of, easter, weekdays
from bmyshop_profiles.simulation.missions import MISSIONS
from bmyshop_profiles.simulation.model import Model
from bmyshop_profiles.simulation.people import draw_area
from bmyshop_profiles.simulation.personas import PERSONAS
from bmyshop_profiles.simulation.places import draw_places, zones
from bmyshop_profiles.simulation.products import FAMILIES
from bmyshop_profiles.simulation.tastes import local_bases, own_tastes
from bmyshop_profiles_tests.simulation.reading import truth

DAYS = days_of("2025-01", "2025-12")
_NEUTRAL = {"app_age": 0.0, "app_persona": 0.0, "app_trait": 0.0, "app_pace": 0.0}


def people(count: int = 20_000, members: int = 2000, **parameters: object) -> pd.DataFrame:
    model = Model(Parameters(**parameters), 0)  # type: ignore[arg-type]
    return draw_area(model, draw_places(model, zones(None), 20), 0, count=count, members=members, first=1, days=DAYS).table


def test_members_are_a_biased_sample() -> None:
    table = people()
    is_member = table.member.notna()
    assert is_member.sum() == 2000
    assert table.birth_year[is_member].mean() > table.birth_year[~is_member].mean() + 5
    assert table.trait[is_member].mean() > 0.6
    rates = is_member.groupby(table.persona).mean()
    names = [None, *(persona.name for persona in PERSONAS)]
    assert rates[names.index("déjeuner sandwich")] > 2 * rates[names.index("presse du matin")]
    assert table.card[is_member].isna().all() and table.card.notna().mean() == pytest.approx(0.125 * 0.9, abs=0.01)


def test_without_strengths_members_are_like_the_others() -> None:
    table = people(count=40_000, members=8000, **_NEUTRAL)
    is_member = table.member.notna()
    for column in ("birth_year", "trait", "visits", "persona", "is_woman"):
        spread = table[column].std() * np.sqrt(1 / 8000 + 1 / 32_000)
        assert abs(table[column][is_member].mean() - table[column][~is_member].mean()) < 4 * spread, column


def test_cards_may_be_nobodys_or_everybodys() -> None:
    none, all_ = (people(2000, 200, card_holders=share) for share in (0.0, 1.0))
    assert none.card.isna().all()
    assert all_.card.notna().sum() == 1800 and all_.card[all_.member.notna()].isna().all()


@pytest.mark.parametrize(("knob", "strong"), [("app_persona", 3.0), ("app_trait", 3.0)])
def test_adoption_has_a_knob_for_persona_and_one_for_the_trait(knob: str, strong: float) -> None:
    def lift(strength: float) -> float:
        table = people(20_000, 2000, **(_NEUTRAL | {knob: strength}))
        leaning = table.trait if knob == "app_trait" else table.persona.map(dict(enumerate([0.0, *(p.app for p in PERSONAS)])))
        return float(leaning[table.member.notna()].mean() - leaning.mean())

    assert abs(lift(0.0)) < 0.03 < 0.2 < lift(strong)


def test_the_trait_shifts_baskets_within_a_persona_and_may_be_switched_off() -> None:
    """The bias that no model sees: members of a persona have the trait more often, and the trait buys differently."""
    tilted, plain = Model(Parameters(), 0), Model(Parameters(trait_strength=0.0), 0)
    shift = np.abs(
        tilted.bases.reshape(-1, 2, 6, tilted.bases.shape[1])[:, 1] - tilted.bases.reshape(-1, 2, 6, tilted.bases.shape[1])[:, 0]
    )
    assert (shift.sum(axis=2) > 0.05).all()
    assert plain.bases.reshape(-1, 2, 6, 27)[:, 0] == pytest.approx(plain.bases.reshape(-1, 2, 6, 27)[:, 1])


def test_tastes_are_dirichlet_around_the_base_of_the_group() -> None:
    model = Model(Parameters(scatter=50.0), 0)
    group, places = 12 * 3 + 5, draw_places(model, zones(None), 20)
    drawn = own_tastes(model, places, 0, "first", np.full(20_000, group), np.full(20_000, 7))
    base = local_bases(model, places, 0)[7, group]
    assert drawn.mean(axis=0) == pytest.approx(base, abs=0.002)
    assert drawn.var(axis=0) == pytest.approx(base * (1 - base) / 51, rel=0.1, abs=1e-5)


def test_places_bend_tastes_and_may_be_switched_off() -> None:
    places = draw_places(Model(Parameters(), 0), zones(None), 40)
    off = Model(Parameters(place_strength=0.0), 0)
    assert local_bases(off, places, 1)[3] == pytest.approx(off.bases)
    strong = Model(Parameters(place_strength=0.8), 0)
    spread = np.log(local_bases(strong, places, 0)).std(axis=0)[12:]  # of one group, between the quarters of an area
    assert np.median(spread) == pytest.approx(0.8 * np.sqrt(0.5), rel=0.15)
    own = [np.log(local_bases(strong, places, area)).mean(axis=0)[12:] for area in (0, 1)]
    assert np.corrcoef((own[0] - own[1]).reshape(10, -1))[np.triu_indices(10, 1)].mean() > 0.5  # areas differ for everybody alike


def test_clienteles_differ_from_shop_to_shop_and_may_be_switched_off() -> None:
    def spread(strength: float) -> float:
        table = people(20_000, 10, clientele_strength=strength, zone_strength=0.0, shop_strength=0.0)
        mixes = pd.crosstab(table.shop_1, table.persona, normalize="index")
        return float(((mixes - mixes.mean()) ** 2).sum(axis=1).mean())

    assert spread(0.0) < 0.002 < 0.05 < spread(1.2)


def test_overlap_goes_from_separable_to_the_same() -> None:
    distance = []
    for overlap in (*OVERLAPS.values(), 1.0):
        tastes = Model(Parameters(overlap=overlap), 0).tastes[1:]
        distance.append(float(np.abs(tastes[:, None] - tastes[None]).sum(axis=2).mean()))
    assert distance == sorted(distance, reverse=True)
    assert distance[-1] == pytest.approx(0, abs=1e-12)
    same = Model(Parameters(overlap=1.0), 0)
    for table in (same.hours, same.sizes, same.weeks, same.store_leanings, same.article_shares):
        assert np.ptp(table[1:], axis=0).max() == pytest.approx(0, abs=1e-12)


def test_no_link_between_personas_and_types_of_shops_at_strength_0() -> None:
    assert np.ptp(Model(Parameters(shop_strength=0.0), 0).store_leanings) == 0
    assert np.ptp(Model(Parameters(), 0).store_leanings) > 0.3


def test_without_strength_zones_do_not_tell_who_lives_there() -> None:
    model = Model(Parameters(zone_strength=0.0, clientele_strength=0.0), 0)
    places = draw_places(model, zones(None), 60)
    shares = [
        draw_area(model, places, area, count=4000, members=1, first=1, days=DAYS).table.persona.value_counts(normalize=True).sort_index()
        for area in range(places.areas)
    ]
    assert all((share - model.shares).abs().max() < 0.03 for share in shares)


@pytest.fixture(scope="module")
def eventful(tmp_path_factory: pytest.TempPathFactory) -> SimulatedNetwork:
    """Of personas 1, 2, 3 and 4 one vanishes, one shrinks, one splits, one grows; a latent one appears. Nobody leaves."""
    latent = replace(PERSONAS[5], name="nouveau venu")
    half = replace(PERSONAS[2], name="joueur, l’autre moitié")
    parameters = replace(Parameters(flavours=("caisse_a",), defects=0.0, leavers=0.0).with_latent(latent, half), events=(
        Event("2025-02", PERSONAS[0].name, None, 1.0),
        Event("2025-03", PERSONAS[2].name, half.name, 0.5),
        Event("2025-04", None, latent.name, 0.2),
    ))  # fmt: skip
    return simulate(
        tmp_path_factory.mktemp("events"), stores=12, members=400, anonymous_shoppers=4000, months=4, lines=80_000, parameters=parameters
    )


@pytest.mark.slow
def test_events_happen_in_their_months(eventful: SimulatedNetwork) -> None:
    rows = truth(eventful, "receipts", "select month, persona, count(distinct shopper) from truth where persona is not null group by all")
    people_of = {(month, persona): count for month, persona, count in rows}

    def seen(month: str, persona: int) -> int:
        return people_of.get((f"2025-0{month}", persona), 0)

    assert seen("1", 1) > 300 and seen("2", 1) == 0
    assert seen("3", 11) == 0 and seen("4", 11) > 200
    assert seen("2", 12) == 0 and seen("3", 12) == pytest.approx(seen("3", 3), rel=0.25)
    switched = truth(eventful, "switches", "select strftime(from_date, '%Y-%m'), count(*) from truth group by all order by all")
    assert [month for month, _ in switched] == ["2025-02", "2025-03", "2025-04"]


def test_people_come_and_go() -> None:
    table = people(leavers=0.05)
    start, end = DAYS[0].astype(int), DAYS[-1].astype(int)
    assert (table.last_day < end).mean() == pytest.approx(1 - 0.95**12, abs=0.02)
    assert (table.first_day > start).mean() == pytest.approx(1 - 0.95**12, abs=0.02)


def test_a_world_without_personas_tells_none(tmp_path: Path) -> None:
    parameters = Parameters(world="continuum", flavours=("caisse_a",))
    network = simulate(tmp_path, stores=4, members=50, anonymous_shoppers=300, months=1, lines=4000, parameters=parameters)
    assert truth(network, "shoppers", "select count(persona), count(*) from truth") == [(0, 350)]
    assert truth(network, "receipts", "select count(persona) from truth") == [(0,)]
    model, nobody = Model(parameters, 0), np.zeros(3000, dtype=int)
    tastes = own_tastes(model, draw_places(model, zones(None), 4), 0, "first", nobody, nobody)
    values = np.linalg.svd(np.log(tastes) - np.log(tastes).mean(axis=0), compute_uv=False)
    assert values[4] > 100 * values[6]  # five directions and the sum to one, nothing else


def test_holidays_are_sundays() -> None:
    assert [str(easter(year)) for year in (2024, 2025, 2026)] == ["2024-03-31", "2025-04-20", "2026-04-05"]
    found = weekdays(np.array(["2025-04-21", "2025-05-01", "2025-05-29", "2025-06-09", "2025-06-10"], dtype="datetime64[D]"))
    assert found.tolist() == [6, 6, 6, 6, 1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"overlap": 1.5}, "overlap is a share"),
        ({"scatter": 0.0}, "scatter must be above 0"),
        ({"events": (Event("2025-02", "nobody", None, 0.5),)}, "the persona 'nobody'"),
        ({"flavours": ("caisse_z",)}, "'caisse_z' is no flavour"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(wrong: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Parameters(**wrong)


def _said(directory: Path, **parameters: object) -> float:
    """Nats an article that half of a receipt says about the other half, by families."""
    chosen = Parameters(flavours=("caisse_a",), defects=0.0, **parameters)  # type: ignore[arg-type]
    simulate(directory, stores=6, members=30, anonymous_shoppers=400, months=2, lines=40_000, parameters=chosen)
    lines = simulated_lines(directory)
    return said_by_half(lines.assign(item=lines.family))


@pytest.mark.slow
def test_missions_tie_the_articles_of_a_receipt_and_may_be_switched_off(tmp_path: Path) -> None:
    assert _said(tmp_path / "zero", mission_share=0.0) < 0.02
    assert _said(tmp_path / "strong", mission_share=0.9) > 0.3


def test_missions_have_their_hours_their_shops_and_their_people() -> None:
    model = Model(Parameters(), 0)
    names, family = [mission.name for mission in MISSIONS], FAMILIES.index("VIENNOISERIE")
    bakery, early, afternoon = trades.STORE_TYPES.index("bakery"), 0, 3
    by_hour = model.mission_chances[0, bakery, :, family]
    assert by_hour[early, names.index("petit déjeuner")] > 2 * by_hour[afternoon, names.index("petit déjeuner")]
    assert model.mission_chances.sum(axis=-1) == pytest.approx(1)
    assert (model.mission_tables[bakery][:, FAMILIES.index("CIGARETTES")] == 0).all()  # which a bakery does not sell
    player = 1 + [persona.name for persona in PERSONAS].index("joueur")
    coffee = model.mission_chances[:, trades.STORE_TYPES.index("press"), early, FAMILIES.index("QUOTIDIENS"), names.index("jeux")]
    assert coffee[player] > 2 * coffee[0]
