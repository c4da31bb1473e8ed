"""What one more question to members would be worth, in words.

Belongs here: the sentences of the report's section and of the verb `value`. Does not belong here: any measure.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from bmyshop_profiles.questions.published import GRADES
from bmyshop_profiles.reports.words import NARROW, counted, interval, number, percent, span

WHY = {
    "nobody_answered": "personne n’a répondu : rien à mesurer.",
    "one_answer": "un seul membre a répondu : rien à mesurer.",
    "no_variance": "tous donnent la même réponse : elle ne dit rien de personne.",
    "too_few_answers": "moins de 30 membres ont répondu : trop peu pour mesurer.",
    "told_by_profile": "le profil dit déjà la réponse : la demander n’apprendrait rien de plus.",
}
CHANCE = 0.05


def asked_content(values: pd.DataFrame, labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """One entry per question, those that say most first. values: `variable_value`, labels: what each is called.

    Each: label, sentences, sold (rows of answers), is_seen, and the figures of the table.
    """
    found = [_question(own, labels.get(str(name), str(name))) for name, own in values.groupby("variable", sort=False)]
    return sorted(found, key=lambda each: (not each["is_seen"], -(each["value"] or 0.0)))


def _question(own: pd.DataFrame, label: str) -> dict[str, Any]:
    outcome = str(own.outcome.iloc[0])
    rows = {(row.question, row.measure): row for row in own[own.question != "sale"].itertuples()}
    told: dict[str, Any] = {"label": label, "is_seen": False, "value": None, "sold": [], "outcome": outcome, "members": None}
    if outcome != "measured":
        return {**told, "sentences": [WHY.get(outcome, outcome)]}
    said, worth = rows["gain", "information"], rows["gain", "members_worth"]
    is_seen = said.chance <= CHANCE
    per_thousand = f"{number(1000 * said.value, 1)} {span(1000 * said.low, 1000 * said.high)}"
    verdict = "rien de sûr" if not is_seen else "dit quelque chose" if said.low > 0 else "à confirmer"
    told |= {
        "is_seen": is_seen,
        "verdict": verdict,
        "value": said.value,
        "per_thousand": per_thousand,
        "smallest": number(1000 * said.smallest, 1),
    }
    told |= {"people": said.people_count, "members": _members(worth) if is_seen else "–"}
    told["sold"] = _answers(own[own.question == "sale"])
    told["sentences"] = [_gain_sentence(told), *_change_sentences(rows), _sale_sentence(told["sold"])]
    return told


def _members(worth: Any) -> str:
    if worth.low >= worth.value > 0:  # all draws lie at the most that is told
        return f"plus de {number(round(worth.value, -1))}"
    low, high = number(round(worth.low, -1)), number(round(worth.high, -1))
    return f"{number(round(worth.value, -1))} [{low}\u00a0;\u00a0{high}]"


def _gain_sentence(told: dict[str, Any]) -> str:
    figures = f"{told['per_thousand']} millinats par article, {counted(told['people'], 'réponse', 'réponses')}"
    if not told["is_seen"]:
        return (
            f"Rien de sûr au-delà du profil ({figures}). Avec autant de réponses, on verrait quatre fois sur cinq une valeur"
            f" de {told['smallest']}."
        )
    sure = "" if told["verdict"] == "dit quelque chose" else ", à confirmer"
    return f"Elle dit quelque chose au-delà du profil{sure} ({figures}) : autant que {told['members']} membres de plus."


def _change_sentences(rows: dict[Any, Any]) -> list[str]:
    changed, loss = rows["change", "labels_changed"], rows["change", "label_loss"]
    better = "les dit mieux" if loss.low > 0 else "les dit moins bien" if loss.high < 0 else "ne les dit pas mieux de façon sûre"
    sentences = [
        f"Elle change le profil le plus probable de {percent(changed.value, 1)} des membres, et {better}"
        f" ({number(1000 * loss.value, 1)} {span(1000 * loss.low, 1000 * loss.high)} millinats par membre)."
    ]
    before, after = rows.get(("change", "slope")), rows.get(("change", "slope_with"))
    if before is not None and after is not None:
        sentences.append(
            f"Part connue des différences entre boutiques et créneaux : {percent(before.expected_skill, 1)} sans elle,"
            f" {percent(after.expected_skill, 1)} avec elle ; pente des tickets : {number(before.value, 2)} puis {number(after.value, 2)}."
        )
    return sentences


def _sale_sentence(sold: list[dict[str, str]]) -> str:
    names = [f"«{NARROW}{row['answer']}{NARROW}»" for row in sold if row["grade"] != GRADES["unsold"]]
    if not names:
        return "Aucune réponse ne pourrait être vendue comme groupe : les tickets la disent trop peu."
    return f"Pourrait être vendu comme groupe : {', '.join(names)}."


def _answers(sale: pd.DataFrame) -> list[dict[str, str]]:
    rows = []
    for answer, own in sale.groupby("answer", sort=False):
        share, said = (own[own.measure == measure].iloc[0] for measure in ("visits_share", "information"))
        rows.append(
            {
                "answer": str(answer),
                "share": percent(share.value, 1),
                "interval": interval(share.low, share.high, 1),
                "said": f"{number(said.value, 4)} [{number(said.low, 4)}\u00a0;\u00a0{number(said.high, 4)}]",
                "skill": percent(said.expected_skill),
                "grade": GRADES[str(said.grade)],
            }
        )
    return rows
