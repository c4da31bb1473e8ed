"""Words the simulator dresses people and shops with: last names and rare first names, all invented, and names of shops. Data only."""

# what INSEE pools as rare names is replaced by these, invented as well
RARE_FIRST_NAMES: tuple[str, ...] = (
    "ALDÉBERT", "BRUNISSE", "CÉLESTINIEN", "DORIANELLE", "ÉLOÏSANE", "FLAVIGNE", "GUÉRINETTE", "HYACINTHAN", "ISALDE", "JOSSERAN",
    "KERMELINE", "LÉONTIANE", "MAËLYSANDRE", "NOÉLIEN", "ONDINETTE", "PHILÉMONE", "ROSALBAN", "SYLVESTRINE", "THÉODULINE", "ZÉLINDE",
)  # fmt: skip

LAST_NAMES: tuple[str, ...] = (
    "Brindacier", "Tournepluie", "Vaucresson-Lune", "Malibranque", "Ortolard", "Peuplinot", "Courtechaise", "Fontembrune",
    "Grisollier", "Hautbéjard", "Quincevert", "Larmançon", "Mirepoivre", "Noisemont", "Ouatelin", "Pimprelard", "Rondelair",
    "Sauvechêne", "Trifouillet", "Valsepin", "Zéphirot", "Bellecardoche", "Chantemiette", "Dormevaux", "Épinelet", "Farfouillac",
    "Gouttelune", "Houblonet", "Jolibardeau", "Kerfantosque", "Cœurlandier", "D'Arpentigny-Fols",
)  # fmt: skip

SHOP_WORDS: dict[str, tuple[str, ...]] = {
    "tobacconist": ("Tabac", "Le Fume-Cigare", "Civette"),
    "tobacconist_press": ("Tabac-presse", "Tabac-journaux", "Le Kiosque"),
    "bar_tobacconist": ("Bar-tabac", "Café-tabac", "Le Balthazar"),
    "bakery": ("Boulangerie", "Le Fournil", "Au Pain Doré"),
    "press": ("Maison des Journaux", "La Gazette", "Librairie-presse"),
    "grocery": ("Épicerie", "Le Petit Panier", "Alimentation"),
}

SHOP_PLACES: tuple[str, ...] = (
    "de la Gare", "du Marché", "de l'Église", "des Halles", "du Centre", "du Pont", "de la Poste", "des Tilleuls", "du Lavoir",
    "de la Mairie", "du Port", "des Écoles", "du Canal", "de la Fontaine", "du Vieux Moulin", "des Remparts", "du Sacré-Cœur",
)  # fmt: skip
