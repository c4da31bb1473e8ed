"""What of an audience may be sold: mixes in which the profiles that the gate withholds are one row. Pure.

The estimate itself knows all profiles; only what people read is folded, and its shares still add up to 1.
"""

from collections.abc import Mapping

import pandas as pd

PUBLISHED = ("published", "flagged")  # verdicts; anything else, none included, is not published
OTHERS, OTHERS_NAME = "others", "autres profils, non publiés"
UNSOLD = (OTHERS, "atypical")  # groups that are no profile an advertiser can choose


def is_published(verdict: str | None) -> bool:
    """Whether an advertiser may be told of a profile."""
    return verdict in PUBLISHED


def group_names(profiles: pd.DataFrame) -> dict[str, str]:
    """Readable name of each group of a mix. profiles: profile_key, profile_name."""
    found = dict(zip(profiles.profile_key, profiles.profile_name, strict=True)) if len(profiles) else {}
    return {**found, "atypical": "achats atypiques", OTHERS: OTHERS_NAME}


def sellable(audience: pd.DataFrame, verdicts: Mapping[str, str]) -> pd.DataFrame:
    """Rows of `store_audience`, those of withheld profiles added up to one of the group `OTHERS`, a share without interval or index."""
    cell = ["store_key", "daypart"]
    told = audience.group_name.map(lambda group: group == "atypical" or is_published(verdicts.get(group))).astype(bool)
    if told.all():
        return audience
    rest = audience[~told].groupby(cell, sort=False)
    facts = ["receipts_count", "people", "is_people_estimated", "is_published"]
    others = rest[facts].first().join(rest.mix_share.sum(min_count=1).round(9)).reset_index().assign(group_name=OTHERS)
    return pd.concat([audience[told], others], ignore_index=True)[audience.columns.tolist()]
