"""Verbs that take something out of a data directory: a member, old months, debris."""

from typing import Annotated

import typer

from bmyshop_profiles.cli.common import app, settings_in_use
from bmyshop_profiles.terminal import out


@app.command()
def erase(
    member: Annotated[
        str, typer.Option(prompt="member id, as the app's files write it", hide_input=True, help="asked for, unseen, when it is not given")
    ],
) -> None:
    """Take a member out of every month of every table and out of the vault; receipts stay, as anonymous ones. It cannot be undone."""
    from bmyshop_profiles.orchestration.upkeep import erase_member

    found = erase_member(settings_in_use(), member)
    vault = " and the vault" if found.had_identity else ""
    out.print(f"The member is gone from {found.partitions} table-months ({found.rows} rows){vault}.")
    out.print("Files that still name the member will not bring the member back.")
    out.print("Sums and models made before still count the receipts; status shows them stale. Next: bmyshop-profiles run")


@app.command()
def vacuum() -> None:
    """Remove what killed runs left behind, versions nobody needs (the previous one stays), and what is older than the retention."""
    from bmyshop_profiles.engine.lake import Lake
    from bmyshop_profiles.orchestration.upkeep import apply_retention

    settings = settings_in_use()
    expired = apply_retention(settings)
    if expired.partitions or expired.identities:
        out.print(f"{expired.partitions} table-months and {expired.identities} identities were older than the retention.")
    removed = Lake(settings.lake_dir).vacuum() + Lake(settings.vault_dir).vacuum()
    out.print(f"{len(removed)} old versions removed.")
