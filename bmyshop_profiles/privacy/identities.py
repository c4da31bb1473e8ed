"""The vault's list of members: where it is, and the one way to look into it. Names in clear: whoever calls this must not let them out."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.lake import ALL, Lake, TableName
from bmyshop_profiles.engine.session import Session, relation_of_files
from bmyshop_profiles.privacy.pseudonyms import vault

IDENTITIES = TableName("vault", "identities")


def first_and_last_names(session: Session, vault_dir: Path) -> pd.DataFrame:
    """member_key, first_name, last_name of listed members. session: with the macro `pseudonym`. Empty where no list was read."""
    with Lake(vault(vault_dir)).snapshot([(IDENTITIES, ALL)]) as snapshot:
        files = snapshot.files(IDENTITIES, ALL)
        if not files:
            return pd.DataFrame({"member_key": [], "first_name": [], "last_name": []}, dtype=object)
        keyed = f"select pseudonym('member', member_id) as member_key, first_name, last_name from ({relation_of_files(files)})"
        return session.frame(f"select member_key, min(first_name) as first_name, min(last_name) as last_name from ({keyed}) group by 1")


@contextlib.contextmanager
def nothing_told(what: str) -> Iterator[None]:
    """Whatever goes wrong inside is told by its kind alone: messages of errors quote values, and here these are names.

    Raises:
        BmyshopError: in place of any other error.
    """
    try:
        yield
    except BmyshopError:
        raise
    except Exception as error:
        raise BmyshopError(f"{what} failed ({type(error).__name__}); the details are withheld, since they may quote names") from None
