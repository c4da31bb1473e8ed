"""Plain truth on the simulated network: shops without people of their own have indexes of 100; shuffled receipts have no typology."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
import yaml
from pydantic import SecretStr

from bmyshop_profiles.audience.mixes import store_audience
from bmyshop_profiles.definitions import build_definitions
from bmyshop_profiles.engine.build import Frames, typed_parameters
from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.evaluation.truth import shopper_profiles, true_mix
from bmyshop_profiles.orchestration import runs
from bmyshop_profiles.orchestration.code import parameters
from bmyshop_profiles.questions.histories import audience, explanation, profile_histories
from bmyshop_profiles.questions.queries import Cell, readable, views
from bmyshop_profiles.questions.values import value_of_file
from bmyshop_profiles.references.wording import tidy
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.simulation import Parameters, simulate

pytestmark = pytest.mark.slow
MONTH = "2025-02"
OF_JANUARY = (
    *("member_demographics", "member_places", "member_clusters", "cluster_profiles", "profile_weights", "typology_numbers"),
    *("profile_changes", "profile_cards", "profiles"),
)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two months of a network of people who are easily told apart and come about as often, run through Dagster; of January what
    February's tables and the lives of profiles read."""
    directory = tmp_path_factory.mktemp("network")
    plain = Parameters(overlap=0.4, scatter=40.0, common_share=0.1, shop_strength=1.0, pace_shape=2.5)
    simulate(directory / "simulated", stores=16, members=1200, anonymous_shoppers=6000, months=2, lines=160_000, parameters=plain)
    settings = Settings(
        data_dir=directory,
        sources=Path("simulated/sources.yaml"),
        first_month="2025-01",
        last_month=MONTH,
        quality_folds=2,
        gate_draws=3,
        natural_draws=0,
        topic_receipts=5000,
        threads=1,  # the fits in processes of their own would each compile umap once more
        pseudonym_key=SecretStr(
            "0123456789abcdef0123456789abcdef"
        ),  # members are taken in the order of their keys: one world, one typology
    )
    definitions = build_definitions(settings)
    with dg.DagsterInstance.ephemeral() as instance:
        facts = [
            table.name for table in load_catalogue().values() if table.file.by_month and table.room in ("ingestion", "features", "missions")
        ]
        results = [runs.run_job(definitions, instance, "references")]
        results.append(runs.run_job(definitions, instance, "month", month="2025-01", tables=[*facts, *OF_JANUARY]))
        results.append(runs.run_job(definitions, instance, "month", month=MONTH))
    assert [result.failure for result in results] == [None] * 3
    return settings


@pytest.fixture
def month(network: Settings) -> Iterator[Session]:
    with views(network, months=[MONTH], beside=network.data_dir / "simulated" / "truth") as session:
        yield session


def evidence_of(session: Session, settings: Settings):  # type: ignore[no-untyped-def]
    table = load_catalogue()["store_evidence"]
    session.execute(f"create or replace temp table evidence as {table.sql}", typed_parameters(table, parameters(settings, MONTH)))
    return session.frame("from evidence order by store_key, daypart, group_name")


def test_with_shops_and_dayparts_shuffled_indexes_cover_100(network: Settings, month: Session) -> None:
    month.execute(
        "create or replace temp table places as "
        "select store_key, daypart, row_number() over (order by md5('place' || receipt_key)) as position from receipts"
    )
    month.execute(
        "create or replace temp table shuffled as select receipts.* replace (places.store_key as store_key, places.daypart as daypart) "
        "from (select *, row_number() over (order by receipt_key) as position from receipts) as receipts join places using (position)"
    )
    month.execute("create or replace temp view receipts as select * exclude (position) from shuffled")
    evidence = evidence_of(month, network)
    posteriors = month.frame(
        "select member_posteriors.*, store_key from (select * exclude (store_key) from member_posteriors) as member_posteriors "
        "left join receipts using (receipt_key) order by receipt_key, group_name"
    )
    month.execute(
        "create or replace temp view member_visit_months as select member_key, half, store_key, daypart, count(*) as receipts_count "
        "from receipts where member_key is not null group by all"
    )
    frames = Frames(month, load_catalogue()["store_audience"], load_catalogue(), parameters(network, MONTH))
    mixes, quality = store_audience(evidence, posteriors, frames["visits"], frames["halves"], frames["shoppers"], least=20)
    assert quality.set_index("measure").value["between_stores"] < 0.02
    cells = mixes[(mixes.store_key != "all") & (mixes.daypart != "all") & mixes.is_published]
    assert len(cells.drop_duplicates(["store_key", "daypart"])) > 40
    covers = (cells.affinity_low <= 100) & (cells.affinity_high >= 100)
    assert covers.mean() >= 0.85, covers.mean()


def test_real_shops_differ_and_the_estimate_is_nearer_the_truth_than_the_network(network: Settings, month: Session) -> None:
    mixes = month.frame("from store_audience")
    truth = true_mix(month, network.data_dir / "simulated" / "truth", MONTH)
    cells = mixes[(mixes.store_key != "all") & (mixes.daypart != "all") & mixes.is_published]
    joined = cells.merge(truth, on=["store_key", "daypart", "group_name"], how="left").fillna({"true_share": 0.0})
    whole = mixes[(mixes.store_key == "all") & (mixes.daypart == "all")].set_index("group_name").mix_share
    ours = ((joined.mix_share - joined.true_share) ** 2).mean()
    network_mix = ((joined.group_name.map(whole) - joined.true_share) ** 2).mean()
    assert ours < 0.8 * network_mix


def test_the_truth_reads_shoppers_as_the_typology_reads_members(network: Settings, tmp_path: Path) -> None:
    receipts = "select split_part(receipt_key, '/', 1) as source, substr(receipt_key, strpos(receipt_key, '/') + 1) as receipt_key"
    (tmp_path / "receipts").mkdir()
    with views(network) as session:
        own = session.frame(f"{receipts}, member_key as shopper from receipts where member_key is not null order by all")
        own.to_parquet(tmp_path / "receipts" / "0.parquet")
        members = session.frame(
            "select member_key, coalesce(profile_key, state) as group_name from member_clusters where part = 'whole' and month = $month",
            {"month": MONTH},
        ).set_index("member_key")
    with views(network, beside=tmp_path) as session:
        found = shopper_profiles(session, tmp_path, MONTH).set_index("shopper").group_name
    served = members.group_name[members.group_name != "too_few_receipts"]
    assert len(served) > 1000
    assert (found.reindex(served.index) == served).mean() == 1


def test_with_receipts_shuffled_between_people_the_gain_falls_to_a_tenth(month: Session) -> None:
    quality = month.frame("from typology_quality").set_index("measure")
    assert quality.low["held_out_gain"] > 0
    assert quality.value["shuffled"] <= 0.1 * quality.value["held_out_gain"]


def test_every_figure_has_its_interval(network: Settings) -> None:
    for table, condition in (
        ("store_audience", "is_published"),
        ("typology_quality", "value is not null"),  # a verdict without draws has no figure
        ("projection_quality", "true"),
        ("variable_value", "value is not null"),  # a question that cannot be measured has no figure
    ):
        low, high = ("low_share", "high_share") if table == "store_audience" else ("low", "high")
        _, rows = readable(network, f"select count(*), count({low}), count({high}) from {table} where {condition}")
        assert rows[0][0] == rows[0][1] == rows[0][2] > 0


def test_an_audience_and_a_receipt_are_explained(network: Settings) -> None:
    everybody = audience(network, MONTH, Cell("all", "morning"), kind="profile", everything=True)[1]
    names, rows = audience(network, MONTH, Cell("all", "morning"))
    of_kind = {kind: [row for row in rows if row[0] == kind] for kind in ("mission", "category", "profile")}
    for told in (of_kind["profile"], everybody):
        assert sum(row[names.index("share")] for row in told) == pytest.approx(1)
    known = {row[2]: row for row in profile_histories(network, month=MONTH, events=False)[1]}
    assert {row[1] for row in everybody} == {*known, "atypical"}
    unsold = {key for key, row in known.items() if row[-1] == "unsold"}
    assert {row[1] for row in of_kind["profile"]} == {*known, "atypical"} - unsold | ({"others"} if unsold else set())
    assert all(row[2] == known[row[1]][3] for row in everybody if row[1] in known)  # the names that stay
    assert rows == [*of_kind["mission"], *of_kind["category"], *of_kind["profile"]]  # what is seen comes first
    assert len(of_kind["mission"]) >= 5 and {row[3] for row in of_kind["mission"] + of_kind["category"]} == {"seen"}
    assert all(row[2] for row in rows) and not {row[1] for row in rows} & {"other"}
    asked = Cell("all", "morning", weekday=6, period="quarter")
    assert {row[0] for row in audience(network, MONTH, asked)[1]} == {"mission", "category"}
    assert audience(network, MONTH, Cell(hour=9))[1] == audience(network, MONTH, Cell(daypart="morning", hour=9))[1]
    assert {row[0] for row in audience(network, MONTH, Cell(hour=9))[1]} == {"mission", "category"}
    _, found = readable(
        network, f"select receipt_key from receipts where month = '{MONTH}' and lines_count > 2 order by receipt_key limit 1"
    )
    names, rows = explanation(network, found[0][0])
    assert {row[1] for row in rows} == {row[3] for row in known.values()} | {"achats atypiques"}
    by_profile = {row[0]: row[names.index("posterior")] for row in rows}
    assert sum(by_profile.values()) == pytest.approx(1, abs=1e-3)
    assert {row[names.index("what")] for row in rows} >= {"(sans le ticket)"}
    assert explanation(network, found[0][0], MONTH) == (names, rows)
    with pytest.raises(Exception, match="there is no receipt nowhere;"):
        explanation(network, "nowhere")
    with pytest.raises(Exception, match=f"there is no receipt nowhere in {MONTH}"):
        explanation(network, "nowhere", MONTH)
    with pytest.raises(Exception, match="no profiles were projected in 2024-01"):
        explanation(network, found[0][0], "2024-01")
    with pytest.raises(Exception, match="shop S0 has no receipts"):
        audience(network, MONTH, Cell("S0", "morning"))
    with pytest.raises(Exception, match="no audience has been made for 2024-01"):
        audience(network, "2024-01", Cell())
    with pytest.raises(Exception, match="profiles have no weekdays, hours or quarters"):
        audience(network, MONTH, Cell(weekday=3), kind="profile")


def test_the_report_names_no_article_that_few_people_bought(network: Settings) -> None:
    query = """
        select label, count(distinct member_key) as people
        from member_item_months join (select product_key, any_value(label) as label from products group by all) using (product_key)
        where bought_count > 0 group by all
    """
    buyers = {tidy(label): people for label, people in readable(network, query)[1]}
    told = readable(network, f"select label from profile_cards where month = '{MONTH}' and section in ('article', 'basket')")[1]
    articles = {part.lower() for (label,) in told for part in label.split(" + ")}
    assert len(articles) > 5
    assert all(buyers.get(name, 5) >= 5 for name in articles)
    page = (network.reports_dir / f"{MONTH}.html").read_text(encoding="utf-8")
    assert any(name in page for name in articles)
    rare = [name for name, people in buyers.items() if people < 5]
    assert rare
    assert not [name for name in rare if f">{name} " in page or f" + {name}" in page]


def test_a_question_of_ones_own_is_measured_on_synthetic_and_on_real_answers(network: Settings, tmp_path: Path) -> None:
    """Real answers are joined by pseudonym: the persona, which says more of purchases than any profile found."""
    truth = pd.read_parquet(network.data_dir / "simulated" / "truth" / "shoppers", columns=["member", "persona"]).dropna(subset="member")
    path, answers = tmp_path / "persona.yaml", tmp_path / "persona.csv"
    kinds = truth.persona.fillna(0).astype(int).astype(str)
    shares = kinds.value_counts(normalize=True).to_dict()
    declared = {"name": "persona", "label": "le persona", "answers": shares, "leans": {"receipts": [0.0] * len(shares)}, "answered": 0.5}
    path.write_text(yaml.safe_dump(declared))
    variable, synthetic, faithful = value_of_file(network, path, MONTH)
    assert faithful is not None
    told = faithful[faithful.figure == "share"]
    assert (told.declared - told.drawn).abs().max() < 0.05
    assert variable.label == "le persona" and set(synthetic.outcome) == {"measured"}
    assert synthetic.chance.dropna().item() > 0.05  # answers that lean with nothing are worth nothing
    path.write_text(yaml.safe_dump({**declared, "answers_file": answers.name}))

    def real(given: pd.Series) -> pd.DataFrame:
        pd.DataFrame({"member_id": truth.member, "answer": given}).to_csv(answers, index=False)
        return value_of_file(network, path, MONTH)[1]

    found = real(kinds)
    told = found.set_index(["question", "measure", "answer"])
    assert told.low["gain", "information", ""] > synthetic.high.iloc[0]
    assert told.low["change", "label_loss", ""] > 0
    assert not truth.member.isin(found.astype(str).to_numpy().ravel()).any()
    assert set(real(pd.Series(next(iter(shares)), index=truth.index)).outcome) == {"no_variance"}
    assert set(real(pd.Series("", index=truth.index)).outcome) == {"nobody_answered"}
    with pytest.raises(BmyshopError, match="line 2: an answer that is not declared"):
        real(pd.Series("a cat", index=truth.index))
    answers.write_text("id,answer\nA1,1\n")
    with pytest.raises(BmyshopError, match="needs the columns member_id and answer"):
        value_of_file(network, path, MONTH)
