"""What of an audience may be sold: grades in words, and mixes in which what is not sold is one row. Pure.

The estimate itself knows all profiles; only what people read is folded, and its shares still add up to 1.
"""

from collections.abc import Collection

import pandas as pd

GRADES = {"seen": "observé", "sure": "estimé, sûr", "indicative": "estimé, indicatif", "unsold": "non vendable"}  # from the best
OTHERS, OTHERS_NAME = "others", "autres profils, non vendus"
UNSOLD = (OTHERS, "atypical")  # groups that are no profile an advertiser can choose


def is_sold(grade: str, sold_from: str) -> bool:
    """Whether a group of a grade may be offered, where the lowest grade that is offered is `sold_from`."""
    order = list(GRADES)
    return grade != "unsold" and order.index(grade) <= order.index(sold_from)


def group_names(profiles: pd.DataFrame) -> dict[str, str]:
    """Readable name of each group of a mix. profiles: profile_key, profile_name."""
    found = dict(zip(profiles.profile_key, profiles.profile_name, strict=True)) if len(profiles) else {}
    return {**found, "atypical": "achats atypiques", OTHERS: OTHERS_NAME}


def sold_keys(profiles: pd.DataFrame) -> list[str]:
    """Keys of the profiles that may be sold. profiles: profile_key, is_sold."""
    return profiles.profile_key[profiles.is_sold.astype(bool)].tolist() if len(profiles) else []


def sellable(audience: pd.DataFrame, sold: Collection[str]) -> pd.DataFrame:
    """Rows of `store_audience`, those of profiles that are not sold added up to one of the group `OTHERS`, a share without interval or
    index. sold: keys of profiles."""
    cell = ["store_key", "daypart"]
    told = audience.group_name.isin(["atypical", *sold])
    if told.all():
        return audience
    rest = audience[~told].groupby(cell, sort=False)
    facts = ["receipts_count", "people", "is_people_estimated", "is_published"]
    others = rest[facts].first().join(rest.mix_share.sum(min_count=1).round(9)).reset_index().assign(group_name=OTHERS)
    return pd.concat([audience[told], others], ignore_index=True)[audience.columns.tolist()]
