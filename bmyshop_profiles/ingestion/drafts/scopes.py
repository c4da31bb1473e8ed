"""Whose codes the tills of a draft use: one network's, or each its own. From the labels that samples give to the codes they share."""

from collections.abc import Collection, Sequence

from bmyshop_profiles.ingestion.drafts.guesses import Guesses
from bmyshop_profiles.ingestion.drafts.looks import Look
from bmyshop_profiles.ingestion.mapping.expressions import columns_used, fold


def scopes_of(tills: Sequence[tuple[Look, Guesses]], lists: Collection[str]) -> dict[str, tuple[str, str]]:
    """Scope and reason for the codes of stores and of products; nothing where there is one till. lists: kinds of which there is a list."""
    if len(tills) < 2:
        return {}
    labels = [_labels(look, guesses) for look, guesses in tills]
    alike = unlike = 0
    for place, one in enumerate(labels):
        for other in labels[place + 1 :]:
            for code in one.keys() & other.keys():
                alike += bool(one[code] & other[code])
                unlike += not one[code] & other[code]
    found = {}
    for kind in ("stores", "products"):
        if kind in lists:
            found[kind] = ("network", f"the list of {kind} is for all tills")
        elif alike > unlike:
            found[kind] = ("network", f"of {alike + unlike} codes of articles that tills share, {alike} have the same label in both")
        else:
            found[kind] = ("source", "nothing shows that the tills share codes")
    return found


def _labels(look: Look, guesses: Guesses) -> dict[str, set[str]]:
    """What the sampled lines call each code of an article."""
    columns = [_column(look, guesses, canonical) for canonical in ("product_key", "label")]
    if None in columns:
        return {}
    found: dict[str, set[str]] = {}
    for code, label in zip(*(look.values(name) for name in columns if name), strict=True):
        if code and label:
            found.setdefault(code, set()).add(" ".join(label.lower().split()))
    return found


def _column(look: Look, guesses: Guesses, canonical: str) -> str | None:
    """The one raw column that a canonical one is read from."""
    guess = guesses.columns.get(canonical)
    used = {fold(name) for name in columns_used(guess.expression)} if guess else set()
    return next((column.name for column in look.columns if {fold(column.name)} == used), None)
