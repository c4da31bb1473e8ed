"""What each shopper likes: the base of the group, bent by the place, and an own taste drawn around it.

Belongs here: tastes over families, of groups at places and of shoppers. Does not belong here: the base of a group (`model`), what is bought
(`draws`). A *place* is the quarter of a shop: those whose first shop it is.
"""

import numpy as np

from bmyshop_profiles.simulation.mixing import rng_of
from bmyshop_profiles.simulation.model import Model
from bmyshop_profiles.simulation.places import Places

_DIRECTIONS = 5  # of the tastes of a world without personas


def local_bases(model: Model, places: Places, area: int) -> np.ndarray:
    """Base taste of each group in the quarter of each shop of an area (shops × 12 P × F).

    Log tastes are bent by place: half of the variance is the area's and the same for everybody, half is the quarter's and differs from
    persona to persona.
    """
    shops = int((places.shops["area"] == area).sum())
    personas, families = len(model.shares), model.bases.shape[1]
    rng = rng_of(model.seed, "local tastes", area)
    bent = rng.normal(size=families) + rng.normal(size=(shops, personas, families))
    weights = model.bases * np.exp(model.parameters.place_strength * np.sqrt(0.5) * np.repeat(bent, len(model.bases) // personas, axis=1))
    return np.asarray(weights / weights.sum(axis=2, keepdims=True))


def own_tastes(model: Model, places: Places, area: int, part: str, groups: np.ndarray, first_shops: np.ndarray) -> np.ndarray:
    """Own taste of shoppers of an area (n × F): Dirichlet around the base of group and place; first_shops: rows of the shops.

    In the continuum logistic normal: the common taste tilted along five random directions, each person's position on them standard normal.
    """
    rng = rng_of(model.seed, "tastes", area, part)
    if model.parameters.world == "continuum":
        directions = rng_of(model.seed, "directions").normal(0, 0.35, (_DIRECTIONS, model.bases.shape[1]))
        tilt = np.exp(rng.normal(size=(len(groups), _DIRECTIONS)) @ directions)
        return np.asarray(model.tastes[0] * tilt / (model.tastes[0] * tilt).sum(axis=1, keepdims=True))
    start = int(places.shops.index[places.shops["area"] == area][0])
    bases = local_bases(model, places, area)[first_shops - start, groups]
    weights = rng.standard_gamma(model.concentrations[groups][:, None] * bases) + 1e-12
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
