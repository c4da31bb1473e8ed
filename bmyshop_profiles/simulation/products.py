"""What the simulated shops sell: families, till labels and prices. Data only; who buys what is in `model`.

One product is `LABEL price`, products are parted by ` | `, the most sold first. Brands and titles are invented. Some labels
hold quotes, delimiters, accents, `œ` and `€` on purpose: a reader of raw files has to survive them.
"""

from dataclasses import dataclass

_LABELS: dict[str, str] = {
    "CIGARETTES": (
        "GAULINE BLONDE 20 12.00 | MARBOREL ROUGE 20 12.50 | LUCETTE BLEU 20 11.50 | GAULINE BRUNE 20 12.00 "
        "| MARBOREL GOLD 20 12.50 | NEWTON 20 11.00 | LUCETTE ROUGE 25 14.40 | CAMÉLIA JAUNE 20 12.00 | WESTERLY 30 17.00 "
        "| CAMÉLIA BLEU 20 12.00 | NEWTON 30 16.50 | MARBOREL SLIM 20 12.50 | ROYAL MAINE 20 11.50 | PHILIBERT 25 14.80 "
        "| CORSAIRE BRUNE 20 10.90"
    ),
    "TABAC À ROULER": (
        "AJACCIEN 30G 16.60 | FLEUR DU SUD 30G 16.20 | OLD SAILOR 40G 21.90 | AJACCIEN BIO 30G 17.00 "
        "| TUBEUR GAULINE 50G 25.20 | FLEUR DU SUD 50G 27.00 | WINFORD TUBE 30G 14.90 | MARBOREL TUBE 30G 15.60 "
        "| CIGARILLOS X10 6.40 | CIGARE ROBUSTO 8.90 | TABAC PIPE 40G 15.20"
    ),
    "ARTICLES FUMEURS": (
        "FEUILLES SLIM 1.50 | BRIQUET COULEUR 1.80 | FILTRES SLIM X120 1.70 | FEUILLES + FILTRES 2.40 "
        "| BRIQUET TEMPÊTE 4.90 | TUBES X100 1.90 | ALLUMETTES X3 1.20 | ROULEUSE MÉTAL 5.90 | CENDRIER DE POCHE 3.50 "
        "| GAZ BRIQUET 250ML 3.90 | ÉTUI CIGARETTES 7.50"
    ),
    "VAPE": (
        "E-LIQ MENTHE 10ML 5.90 | E-LIQ CLASSIC BLOND 10ML 5.90 | RECHARGE POD FRUITS X2 8.90 "
        "| E-LIQ FRUITS ROUGES 10ML 5.90 | KIT POD DÉBUTANT 19.90 | RÉSISTANCE 0,8 OHM X5 12.50 | E-LIQ CAFÉ 10ML 5.90 "
        "| BOOSTER NICOTINE 10ML 1.50 | RECHARGE POD MENTHE X2 8.90 | BATTERIE 18650 9.90 | E-LIQ VANILLE 50ML 17.90 "
        "| CHARGEUR USB VAPE 9.50"
    ),
    "QUOTIDIENS": (
        "QUOTIDIEN RÉGIONAL 1.40 | LE JOURNAL DU SOIR 3.40 | QUOTIDIEN RÉGIONAL DIM. 2.00 | LA DÉPÊCHE SPORTIVE 2.70 "
        "| LE MATIN NATIONAL 3.20 | TURF DU JOUR 1.90 | QUOTIDIEN ÉCO 3.90 | L'ÉCHO DU CANTON 1.60 | LE PETIT CANARD 1.80 "
        "| COURSES & PRONOS 1.70 | LE QUOTIDIEN DES ENFANTS 1.20"
    ),
    "MAGAZINES": (
        "TÉLÉ SEMAINE 1.50 | MOTS FLÉCHÉS FACILE 2.90 | GALERIE DES STARS 2.20 | FEMMES D'ICI 2.50 | JARDIN & MAISON 4.90 "
        '| TÉLÉ 15 JOURS 1.90 | AUTO RÉTRO 5.50 | SUDOKU EXPERT 3.20 | CUISINE "MAISON" 3.95 | HEBDO PANORAMA 5.50 '
        "| FOOT MENSUEL 4.90 | SCIENCES & CIEL 6.20 | PÊCHE EN RIVIÈRE 6.50 | MON PREMIER CAHIER 5.95 "
        "| TRICOT; CROCHET & CIE 4.50 | HISTOIRE VIVANTE 6.90 | MANGA HEBDO 6.95 | CHEVAL MAG 5.80"
    ),
    "JEUX À GRATTER": (
        "GRATTAGE CASH 5€ 5.00 | GRATTAGE TRÈFLE 2€ 2.00 | GRATTAGE MOTS 3€ 3.00 | GRATTAGE DÉS 1€ 1.00 "
        '| GRATTAGE RENTE 5€ 5.00 | GRATTAGE DIAMANT 10€ 10.00 | GRATTAGE "NUMÉRO FÉTICHE" 1.00 '
        "| GRATTAGE VACANCES 3€ 3.00 | GRATTAGE BINGO 3€ 3.00 | GRATTAGE ASTRO 2€ 2.00 | GRATTAGE MAXI 10€ 10.00 "
        "| GRATTAGE PYRAMIDE 2€ 2.00"
    ),
    "LOTO": (
        "LOTO GRILLE 2.20 | EUROGRILLE 2.50 | LOTO MULTIPLE 8.80 | LOTO + 2ND TIRAGE 3.00 | EUROGRILLE FLASH 2.50 "
        "| KENO MIDI 1.00 | KENO SOIR 1.00 | LOTO ABONNEMENT 11.00 | GRAND LOTO NOËL 5.00"
    ),
    "PARIS": (
        "PARI SPORTIF SIMPLE 5.00 | TIERCÉ 1.50 | QUINTÉ 2.00 | PARI SPORTIF COMBINÉ 10.00 | COUPLÉ GAGNANT 1.50 "
        "| LOTO FOOT 3.00 | SIMPLE PLACÉ 2.00 | QUARTÉ 1.50 | PARI SPORTIF 20€ 20.00"
    ),
    "PAIN": (
        "BAGUETTE TRADITION 1.30 | BAGUETTE 1.05 | PAIN DE CAMPAGNE 2.80 | BAGUETTE AUX CÉRÉALES 1.60 | 1/2 BAGUETTE 0.60 "
        "| PAIN COMPLET 2.60 | FICELLE 0.80 | BOULE TRANCHÉE 2.50 | PAIN DE MIE; COMPLET 3.20 | PAIN DE SEIGLE 3.10 "
        "| PAIN AUX NOIX 3.40 | COUPE 1/4 1.40 | FOUGASSE OLIVES 2.90"
    ),
    "VIENNOISERIE": (
        "CROISSANT BEURRE 1.20 | PAIN AU CHOCOLAT 1.30 | PAIN AUX RAISINS 1.70 | CHAUSSON AUX POMMES 1.90 "
        "| BRIOCHE À TÊTE 1.60 | LOT 4 CROISSANTS 4.20 | PAIN SUISSE 2.00 | CROISSANT AMANDES 2.10 | CHOUQUETTES X10 2.80 "
        "| BRIOCHE TRESSÉE 5.40 | BEIGNET CHOCOLAT 1.80 | KOUIGN-AMANN 2.60"
    ),
    "PÂTISSERIE": (
        "ÉCLAIR CHOCOLAT 2.80 | TARTELETTE CITRON 3.40 | FLAN NATURE 2.60 | ÉCLAIR CAFÉ 2.80 | MILLE-FEUILLE 3.50 "
        "| TARTE POMMES 6P 14.50 | COOKIE 2.00 | PARIS-BREST 3.90 | RELIGIEUSE 3.30 | MACARON 1.50 | CŒUR COULANT 3.20 "
        "| FRAISIER 4P 19.90 | MUFFIN MYRTILLE 2.30 | GALETTE DES ROIS 6P 18.00"
    ),
    "SANDWICHS": (
        "JAMBON-BEURRE 4.20 | POULET CRUDITÉS 5.20 | THON CRUDITÉS 5.20 | FORMULE MIDI 8.90 | QUICHE LORRAINE 3.90 "
        "| PANINI 3 FROMAGES 5.50 | CROQUE-MONSIEUR 4.50 | SALADE CÉSAR 6.90 | WRAP POULET 5.40 "
        '| SANDWICH "LE RUSTIQUE" 5.80 | PIZZA PART 3.80 | SALADE DE PÂTES 5.90 | FORMULE SANDWICH, BOISSON 7.50 '
        "| SOUPE DU JOUR 4.20 | PANINI JAMBON 5.50 | FRIAND FROMAGE 2.90"
    ),
    "BOISSONS CHAUDES": (
        "CAFÉ EXPRESSO 1.50 | CAFÉ ALLONGÉ 1.60 | CAFÉ CRÈME 2.60 | NOISETTE 1.70 | CAFÉ À EMPORTER 1.80 "
        "| CHOCOLAT CHAUD 2.90 | THÉ 2.50 | DÉCA 1.60 | DOUBLE EXPRESSO 2.80 | CAPPUCCINO 3.20 | INFUSION 2.50"
    ),
    "SODAS": (
        "EAU 50CL 1.00 | COLA 33CL 1.80 | COLA ZÉRO 33CL 1.80 | COLA 50CL 2.50 | THÉ GLACÉ PÊCHE 33CL 1.80 "
        "| EAU GAZEUSE 50CL 1.40 | ÉNERGIE DRINK 25CL 2.40 | JUS D'ORANGE 25CL 2.20 | LIMONADE 33CL 1.80 "
        "| ORANGEADE 33CL 1.80 | EAU 1,5L 1.20 | ÉNERGIE DRINK 50CL 3.20 | COLA 1,5L 2.90 | SIROP À L'EAU 1.50"
    ),
    "BIÈRES": (
        "BIÈRE BLONDE 50CL 2.20 | PACK BLONDE 6X25 5.40 | DEMI PRESSION 3.20 | BIÈRE FORTE 50CL 2.60 | BLANCHE 33CL 2.40 "
        "| BIÈRE IPA 33CL 3.10 | PACK BLONDE 12X25 9.90 | PINTE PRESSION 6.00 | BIÈRE D'ABBAYE 33CL 2.90 "
        "| BIÈRE SANS ALCOOL 33CL 2.00 | PANACHÉ 33CL 1.90 | BIÈRE AMBRÉE 75CL 5.20"
    ),
    "VINS": (
        "CÔTES DU SUD RGE 75CL 5.90 | ROSÉ DE PAYS 75CL 5.50 | BLANC SEC 75CL 6.20 | BORDELAIS RGE 75CL 7.90 "
        "| PASTIS 70CL 21.90 | WHISKY 70CL 19.90 | CIDRE BRUT 0,75L 3.90 | VIN CUBI 3L 14.90 | PÉTILLANT BRUT 75CL 9.90 "
        "| RHUM BLANC 70CL 17.90 | VODKA 35CL 10.90 | CHAMPAGNE BRUT 29.90 | PORTO 75CL 9.50 | VERRE DE BLANC 3.00"
    ),
    "CONFISERIE": (
        "CHEWING-GUM MENTHE 1.60 | BARRE CHOCOLAT 1.40 | BONBONS SACHET 2.20 | SUCETTE 0.50 | CHEWING-GUM FRAISE 1.60 "
        "| BARRE CARAMEL 1.40 | TABLETTE NOIR 100G 2.60 | PASTILLES MENTHE 1.90 | BONBON ACIDE 0.30 | ŒUF SURPRISE 1.70 "
        "| RÉGLISSE ROULEAU 1.20 | BISCUIT FOURRÉ 1.50 | NOUGAT 2.90 | CARAMELS BEURRE SALÉ 4.50"
    ),
    "GLACES": (
        "CÔNE VANILLE 2.80 | BÂTONNET CHOCOLAT 2.90 | SORBET CITRON 2.50 | GLACE À L'EAU 1.50 | CÔNE FRAISE 2.80 "
        '| BAC VANILLE 1L 4.90 | CORNET 2 BOULES 4.20 | GLACE "FUSÉE" 1.80 | SANDWICH GLACÉ 2.60'
    ),
    "ÉPICERIE": (
        "CHIPS NATURE 150G 2.20 | PÂTES 500G 1.60 | CACAHUÈTES 200G 1.90 | CAFÉ MOULU 250G 3.90 "
        "| CHIPS, SEL & VINAIGRE 2.40 | RIZ 500G 2.10 | SAUCE TOMATE 1.90 | THON BOÎTE 2.60 | OLIVES VERTES 2.30 "
        "| SUCRE 1KG 1.90 | HUILE 1L 3.50 | FARINE 1KG 1.40 | CONFITURE FRAISE 2.90 | BISCUITS APÉRO 1.80 "
        "| BŒUF SÉCHÉ 80G 4.90 | RAVIOLI BOÎTE 2.70 | MOUTARDE 1.90 | PÂTÉE CHAT 1.30 | MIEL 500G 7.50 "
        "| TARTINADE AUBERGINE 3.10"
    ),
    "FRAIS": (
        "LAIT 1L 1.30 | ŒUFS FRAIS X6 2.40 | BEURRE 250G 3.10 | CAMEMBERT 2.90 | JAMBON 4TR 3.60 | YAOURTS NATURE X4 1.70 "
        "| EMMENTAL RÂPÉ 2.30 | SAUCISSON SEC 4.50 | PIZZA FRAÎCHE 4.20 | BANANES 1.80 | TOMATES 2.60 | CRÈME 20CL 1.40 "
        "| SALADE SACHET 2.20 | KNACKS X4 2.50 | CHÈVRE BÛCHE 3.20 | HOUMOUS 2.70"
    ),
    "HYGIÈNE": (
        "MOUCHOIRS X10 1.90 | DENTIFRICE 2.60 | PAPIER TOILETTE X6 3.90 | GEL DOUCHE 2.90 | RASOIRS X5 3.50 "
        "| LESSIVE 1L 6.90 | GEL MAINS 2.20 | DÉODORANT 3.60 | SHAMPOOING 3.20 | ÉPONGES X3 1.80 | COUCHES T4 9.90 "
        "| PILES LR6 X4 4.90"
    ),
    "PAPETERIE": (
        "STYLO BILLE BLEU 1.20 | ENVELOPPES X25 3.50 | CARTE ANNIVERSAIRE 3.20 | CAHIER 96P 2.30 | SCOTCH 2.50 "
        "| BLOC-NOTES 2.90 | FEUTRES X12 5.90 | COLLE BÂTON 1.90 | CLASSEUR A4 3.90 | PHOTOCOPIE N&B 0.20 | AGENDA 9.90 "
        "| CARTE POSTALE 0.80"
    ),
    "CADEAUX": (
        "PORTE-CLÉS 4.90 | BOUGIE PARFUMÉE 8.90 | PELUCHE 12.90 | CARTE CADEAU 25€ 25.00 | JEU DE CARTES 4.50 "
        '| MUG "MEILLEUR PAPI" 7.90 | MAGNET VILLE 3.50 | CARTES À COLLECTIONNER 5.50 | BOUQUET SÉCHÉ 11.90 '
        "| ROMAN POCHE 8.40 | PUZZLE 500P 13.90"
    ),
    "TÉLÉPHONIE": (
        "RECHARGE MOBILE 10€ 10.00 | RECHARGE MOBILE 20€ 20.00 | CÂBLE USB-C 9.90 | RECHARGE INTERNATIONALE 15.00 "
        "| CARTE SIM PRÉPAYÉE 9.99 | ÉCOUTEURS 12.90 | TICKET PRÉPAYÉ 50€ 50.00 | CHARGEUR RAPIDE 14.90 "
        "| RECHARGE JEUX 20€ 20.00"
    ),
    "COLIS": (
        "RETRAIT COLIS 0.00 | DÉPÔT COLIS RELAIS 4.90 | COLIS RELAIS 1KG 5.60 | CARTON TAILLE M 2.50 | RETOUR COLIS 0.00 "
        "| ENVELOPPE BULLES 1.80 | COLIS RELAIS 3KG 7.20 | ADHÉSIF COLIS 3.90"
    ),
    "TIMBRES": (
        "CARNET TIMBRES VERTS X12 16.68 | TIMBRE VERT 1.39 | TIMBRE FISCAL 25€ 25.00 | TIMBRE INTERNATIONAL 2.10 "
        "| CARNET BEAUX TIMBRES 17.20 | TIMBRE AMENDE 35€ 35.00 | TICKET BUS 1.70 | CARNET 10 TICKETS BUS 14.50 "
        "| VIGNETTE SUIVI 0.50"
    ),
}

FAMILIES: tuple[str, ...] = tuple(_LABELS)

# Suffix and price factor of the seldom sold variants of the labels of a family.
_FRESH, _PACKED = (("BIO", 1.3), ("MAXI", 1.6)), (("LOT X2", 1.9), ("NOUVEAU", 1.0))
_VARIANTS: dict[str, tuple[tuple[str, float], ...]] = dict.fromkeys(_LABELS, _PACKED) | {
    "PAIN": (*_FRESH, ("TRANCHÉ", 1.1)),
    "VIENNOISERIE": (*_FRESH, ("MINI", 0.6)),
    "PÂTISSERIE": (*_FRESH, ("DE SAISON", 1.2)),
    "SANDWICHS": (*_FRESH, ("VÉGÉTARIEN", 1.0)),
    "CIGARETTES": (("X5", 5.0),),
    "JEUX À GRATTER": (("ÉDITION LIMITÉE", 1.0),),
    "LOTO": (),
    "PARIS": (),
    "TIMBRES": (),
    "COLIS": (),
}

# Families bought several at a time: how often a line has more than one.
SEVERAL: dict[str, float] = {
    "CIGARETTES": 0.15, "JEUX À GRATTER": 0.25, "PAIN": 0.3, "VIENNOISERIE": 0.45, "PÂTISSERIE": 0.25, "BIÈRES": 0.35,
    "BOISSONS CHAUDES": 0.15, "SODAS": 0.15, "CONFISERIE": 0.15, "PAPETERIE": 0.15, "TIMBRES": 0.1,
}  # fmt: skip


@dataclass(frozen=True)
class Product:
    """One article of the simulated network."""

    ean: str
    label: str
    family: str
    price_cents: int
    is_variant: bool


def _ean(family: int, rank: int) -> str:
    """An EAN-13 of the range that shops number themselves, with its check digit."""
    digits = f"25{family:04d}{rank:06d}"
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-weighted % 10}"


def catalogue() -> list[Product]:
    """Every product, by family and then from the most to the least sold: the labels above, then their variants."""
    products = []
    for number, (family, text) in enumerate(_LABELS.items()):
        plain = [entry.rsplit(maxsplit=1) for entry in text.split(" | ")]
        entries = [(label, round(float(price) * 100), False) for label, price in plain]
        for suffix, factor in _VARIANTS[family]:
            entries += [(f"{label} {suffix}", round(cents * factor), True) for label, cents, _ in entries[: len(plain)] if cents]
        products += [
            Product(_ean(number + 1, rank), label, family, cents, is_variant) for rank, (label, cents, is_variant) in enumerate(entries, 1)
        ]
    return products
