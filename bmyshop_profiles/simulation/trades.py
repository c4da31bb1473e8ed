"""Types of shops, written down: what they sell, when they open, when people come. Data only."""

STORE_TYPES: tuple[str, ...] = ("tobacconist", "tobacconist_press", "bar_tobacconist", "bakery", "press", "grocery")
# of the shops of a network of this software; tobacconists are its core
TYPE_SHARES: tuple[float, ...] = (0.14, 0.24, 0.20, 0.22, 0.09, 0.11)

_SMOKING = ("CIGARETTES", "TABAC À ROULER", "ARTICLES FUMEURS", "VAPE")
_GAMES = ("JEUX À GRATTER", "LOTO", "PARIS")
_SERVICES = ("TÉLÉPHONIE", "COLIS", "TIMBRES")
_SNACKS = ("CONFISERIE", "SODAS", "GLACES", "BOISSONS CHAUDES", "VIENNOISERIE")
# Shops of these trades sell a little of everything: the type restricts the basket, it does not tell the shopper.
ASSORTMENTS: dict[str, tuple[str, ...]] = {
    "tobacconist": (
        *_SMOKING, *_GAMES, *_SERVICES, *_SNACKS, "QUOTIDIENS", "PAPETERIE", "CADEAUX", "BIÈRES", "SANDWICHS", "PAIN",
    ),
    "tobacconist_press": (
        *_SMOKING, *_GAMES, *_SERVICES, *_SNACKS, "QUOTIDIENS", "MAGAZINES", "PAPETERIE", "CADEAUX", "PAIN", "SANDWICHS", "BIÈRES",
    ),
    "bar_tobacconist": (
        *_SMOKING, *_GAMES, *_SNACKS, "TIMBRES", "TÉLÉPHONIE", "QUOTIDIENS", "SANDWICHS", "BIÈRES", "VINS", "PAIN", "ÉPICERIE",
    ),
    "bakery": (
        *_SNACKS, "PAIN", "PÂTISSERIE", "SANDWICHS", "QUOTIDIENS", "MAGAZINES", "FRAIS", "ÉPICERIE", "COLIS", "BIÈRES",
    ),
    "press": (
        *_GAMES, *_SERVICES, *_SNACKS, "QUOTIDIENS", "MAGAZINES", "PAPETERIE", "CADEAUX", "VAPE", "ARTICLES FUMEURS", "PAIN",
    ),
    "grocery": (
        *_SERVICES, *_SNACKS, "PAIN", "PÂTISSERIE", "SANDWICHS", "BIÈRES", "VINS", "ÉPICERIE", "FRAIS", "HYGIÈNE", "PAPETERIE",
        "QUOTIDIENS", "MAGAZINES", "JEUX À GRATTER", "ARTICLES FUMEURS", "VAPE",
    ),
}  # fmt: skip

# Families of which a trade carries more than the two articles everybody asks for.
DEEP: dict[str, tuple[str, ...]] = {
    "tobacconist": (*_SMOKING, *_GAMES, "CONFISERIE"),
    "tobacconist_press": (*_SMOKING, *_GAMES, "QUOTIDIENS", "MAGAZINES", "PAPETERIE"),
    "bar_tobacconist": (*_SMOKING, *_GAMES, "BOISSONS CHAUDES", "BIÈRES", "VINS", "SODAS"),
    "bakery": ("PAIN", "VIENNOISERIE", "PÂTISSERIE", "SANDWICHS"),
    "press": ("QUOTIDIENS", "MAGAZINES", "PAPETERIE", "CADEAUX", "LOTO"),
    "grocery": ("ÉPICERIE", "FRAIS", "HYGIÈNE", "BIÈRES", "VINS", "SODAS", "GLACES", "CONFISERIE"),
}

# What the counter of a trade makes people take, whoever they are: factors on the common purchases.
COUNTERS: dict[str, dict[str, float]] = {
    "tobacconist": {"CIGARETTES": 1.3, "JEUX À GRATTER": 1.2, "ARTICLES FUMEURS": 1.2},
    "tobacconist_press": {"CIGARETTES": 1.2, "QUOTIDIENS": 1.3, "MAGAZINES": 1.3},
    "bar_tobacconist": {"BOISSONS CHAUDES": 1.6, "BIÈRES": 1.3, "CIGARETTES": 1.2},
    "bakery": {"PAIN": 1.8, "VIENNOISERIE": 1.5, "PÂTISSERIE": 1.4},
    "press": {"QUOTIDIENS": 1.6, "MAGAZINES": 1.6, "PAPETERIE": 1.4},
    "grocery": {"ÉPICERIE": 1.6, "FRAIS": 1.6, "HYGIÈNE": 1.4},
}

# Families with a time of the day: factors on the common purchases until 11, until 15, later.
TIMES: dict[str, tuple[float, float, float]] = {
    "QUOTIDIENS": (1.5, 0.8, 0.6), "VIENNOISERIE": (1.6, 0.6, 0.8), "SANDWICHS": (0.4, 2.0, 0.7), "BOISSONS CHAUDES": (1.4, 1.0, 0.6),
    "BIÈRES": (0.4, 0.8, 1.6), "VINS": (0.3, 0.8, 1.6), "PÂTISSERIE": (0.7, 1.2, 1.1), "PARIS": (0.7, 1.0, 1.2), "GLACES": (0.4, 1.1, 1.4),
}  # fmt: skip

# Opening hours by type: (opens, closes, closes at lunch, Sunday until or 0). A shop takes one of those of its type.
OPENINGS: dict[str, tuple[tuple[int, int, bool, int], ...]] = {
    "tobacconist": ((7, 19, False, 0), (7, 20, False, 13), (6, 19, True, 12)),
    "tobacconist_press": ((7, 19, False, 13), (6, 20, False, 13), (7, 19, True, 12)),
    "bar_tobacconist": ((6, 21, False, 14), (6, 20, False, 13), (7, 21, False, 0)),
    "bakery": ((7, 20, True, 13), (7, 20, False, 13), (7, 19, True, 13)),
    "press": ((7, 19, True, 12), (8, 19, False, 0), (7, 19, False, 13)),
    "grocery": ((8, 20, False, 13), (8, 21, False, 21), (9, 20, True, 13)),
}
LUNCH: tuple[int, int] = (13, 15)
CLOSED_DAY_SHARE: dict[str, float] = {  # shops that close one working day
    "tobacconist": 0.1, "tobacconist_press": 0.1, "bar_tobacconist": 0.4, "bakery": 0.6, "press": 0.2, "grocery": 0.2,
}  # fmt: skip

# How many people come at an hour, whoever they are: factors, 6 h to 21 h.
TRAFFIC: dict[str, tuple[float, ...]] = {
    "tobacconist": (0.8, 1.2, 1.2, 1.1, 1.1, 1.1, 1.0, 0.8, 0.8, 0.9, 1.0, 1.2, 1.2, 1.0, 0.8, 0.5),
    "tobacconist_press": (0.7, 1.1, 1.2, 1.2, 1.2, 1.1, 0.9, 0.7, 0.8, 0.9, 1.0, 1.1, 1.1, 0.9, 0.6, 0.4),
    "bar_tobacconist": (1.0, 1.3, 1.1, 1.0, 1.0, 1.0, 1.1, 0.9, 0.8, 0.8, 0.9, 1.1, 1.2, 1.1, 0.9, 0.7),
    "bakery": (0.2, 0.13, 0.5, 1.05, 1.45, 1.65, 1.1, 1.8, 0.15, 0.01, 0.36, 0.42, 0.42, 0.12, 0.02, 0.02),
    "press": (0.6, 1.1, 1.3, 1.3, 1.2, 1.0, 0.7, 0.5, 0.7, 0.9, 0.9, 1.0, 0.9, 0.7, 0.4, 0.3),
    "grocery": (0.2, 0.4, 0.7, 0.9, 1.1, 1.2, 1.0, 0.8, 0.8, 0.8, 0.9, 1.2, 1.4, 1.4, 1.0, 0.7),
}
# The week of a trade, whoever comes: Monday to Sunday.
WEEK: dict[str, tuple[float, ...]] = {"bakery": (1.05, 0.98, 0.62, 1.07, 0.81, 0.96, 1.51)}

# Lines of a receipt, and the weight of a basket of one line beside a geometric tail.
BASKETS: dict[str, float] = {
    "tobacconist": 1.6, "tobacconist_press": 1.75, "bar_tobacconist": 1.9, "bakery": 1.75, "press": 1.7, "grocery": 3.2,
}  # fmt: skip
LARGEST_BASKET = 12
