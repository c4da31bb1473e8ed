"""Which key the pseudonyms of a data directory have: the settings', else its vault's. What a key is is `privacy/pseudonyms.py`'s."""

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.privacy.pseudonyms import KEY_FILE, SIMULATED_KEY, is_simulated, load_key
from bmyshop_profiles.settings import Settings


def key_in_use(settings: Settings) -> bytes:
    """The key that was given, else the vault's. A vault that has none gets a new secret; of a simulated network, the fixed key.

    Raises:
        BmyshopError: the key is damaged or too short, or it is the fixed one and the sources are not a simulated network as it was written.
    """
    given = settings.pseudonym_key.get_secret_value() if settings.pseudonym_key else None
    simulated = settings.raw_dir is None and is_simulated(settings.sources_file)
    key = load_key(settings.vault_dir, given, new=SIMULATED_KEY if simulated else None)
    if key == SIMULATED_KEY.encode() and not simulated:
        raise BmyshopError(
            f"{settings.vault_dir / KEY_FILE}: holds the fixed key of simulated networks, which is no secret, but {settings.sources_file} "
            "is not a simulated network as it was written; give these sources another --data-dir"
        )
    return key
