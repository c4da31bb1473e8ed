"""Which shops stand in the places of a brief. Pure.

Belongs here: communes by name or code, départements, radii, kinds of shop. Does not belong here: where the lake keeps them.
"""

import difflib
import re

import numpy as np
import pandas as pd

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.media.brief import NotPlanned, Places, Radius
from bmyshop_profiles.reports.words import unaccented

EARTH_KM = 6371.0


def shops_in(screens: pd.DataFrame, zones: pd.DataFrame, places: Places) -> np.ndarray:
    """Whether each shop stands in the places: (shops,) booleans.

    screens: store_key, store_type, zone_key, departement, latitude, longitude. zones: zone_key, name, departement, latitude, longitude of
    all communes that are known.

    Raises:
        BmyshopError: a commune, département or kind of shop is unknown, or there is no shop in a radius, or none at all.
    """
    inside = np.zeros(len(screens), dtype=bool)
    for told in places.communes:
        inside |= screens.zone_key.isin(zones.zone_key[_commune(zones, told)]).to_numpy()
    for code in places.departements:
        if code not in set(zones.departement):
            raise NotPlanned(
                f"places.departements: {code} is no département of the table zones; write 69, 2A or 971",
                f"Le département {code} est inconnu ; écrivez 69, 2A ou 971.",
            )
        inside |= (screens.departement == code).to_numpy()
    for radius in places.radius:
        near = _near(screens, zones, radius)
        if not near.any():
            raise NotPlanned(
                f"places.radius: no shop stands within {radius.km:g} km of {radius.around}; take a wider radius",
                f"Aucune boutique à moins de {radius.km:g} km de {radius.around} ; élargissez le rayon.",
            )
        inside |= near
    if not (places.communes or places.departements or places.radius):
        inside[:] = True
    kinds = set(screens.store_type)
    for kind in places.shops:
        if kind not in kinds:
            raise BmyshopError(f"places.shops: {kind} is no kind of shop of this network; there are {', '.join(sorted(kinds))}")
    inside &= screens.store_type.isin(places.shops).to_numpy() if places.shops else True
    if not inside.any():
        raise NotPlanned(
            "places: no shop of the network stands there; take more communes, a wider radius or other kinds of shop",
            "Aucune boutique du réseau n’est dans ces lieux ; élargissez-les, ou prenez d’autres types.",
        )
    return inside


def _commune(zones: pd.DataFrame, told: str) -> pd.Series:
    """Rows of a commune: one, or the arrondissements of a city."""
    code = zones.zone_key == told
    if code.any():
        return code
    names, wanted = zones.name.map(_plain), _plain(told)
    found = (names == wanted) | names.str.fullmatch(rf"{re.escape(wanted)} (1er|[0-9]+e) arrondissement")
    several = zones[found & ~names.str.endswith("arrondissement")]
    if len(several) > 1:
        codes = ", ".join(f"{row.zone_key} ({row.departement})" for row in several.itertuples())
        raise NotPlanned(
            f"places: several communes bear the name {told}; write the INSEE code of one: {codes}",
            f"Plusieurs communes s’appellent {told} ; écrivez le code INSEE de l’une : {codes}.",
        )
    if not found.any():
        near = difflib.get_close_matches(wanted, names, n=1)
        name = zones.name[names == near[0]].iloc[0] if near else ""
        guess, devine = (f"; did you mean {name}?", f" ; vouliez-vous dire {name} ?") if near else ("", ".")
        raise NotPlanned(
            f"places: {told} is no commune that the table zones knows{guess} (docs/references.md: official files know all)",
            f"La commune {told} est inconnue{devine}",
        )
    return found


def _near(screens: pd.DataFrame, zones: pd.DataFrame, radius: Radius) -> np.ndarray:
    centre = zones[_commune(zones, radius.around)]
    latitude, longitude = np.radians(centre.latitude.mean()), np.radians(centre.longitude.mean())
    there, along = np.radians(screens.latitude.astype(float)), np.radians(screens.longitude.astype(float))
    square = np.sin((there - latitude) / 2) ** 2 + np.cos(there) * np.cos(latitude) * np.sin((along - longitude) / 2) ** 2
    return (2 * EARTH_KM * np.arcsin(np.sqrt(square)) <= radius.km).to_numpy()


def _plain(text: str) -> str:
    """Lower case, without accents and hyphens."""
    return " ".join(unaccented(text.lower().replace("œ", "oe")).replace("-", " ").replace("’", "'").split())
