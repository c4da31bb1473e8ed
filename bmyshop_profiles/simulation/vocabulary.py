"""Words the simulator dresses people and shops with: first names by generation, last names, towns, names of shops. Data only.

Which first name belongs to which generation is a rough mix made up for the demo, no statistic; last names are invented.
"""

# sex and generation (first year of birth it is typical of) -> first names
FIRST_NAMES: dict[tuple[str, int], tuple[str, ...]] = {
    ("female", 1930): ("Monique", "Jacqueline", "Denise", "Odette", "Ginette", "Claude"),
    ("male", 1930): ("Marcel", "Roger", "Lucien", "Raymond", "Gilbert", "Claude"),
    ("female", 1946): ("Françoise", "Martine", "Chantal", "Nicole", "Brigitte", "Dominique"),
    ("male", 1946): ("Jean-Pierre", "Alain", "Gérard", "Bernard", "Daniel", "Dominique"),
    ("female", 1964): ("Nathalie", "Sylvie", "Sandrine", "Stéphanie", "Valérie", "Céline"),
    ("male", 1964): ("Thierry", "Stéphane", "Christophe", "Laurent", "Frédéric", "Éric"),
    ("female", 1980): ("Aurélie", "Élodie", "Julie", "Émilie", "Audrey", "Camille"),
    ("male", 1980): ("Julien", "Nicolas", "Jérôme", "Sébastien", "Kévin", "Mickaël"),
    ("female", 1996): ("Léa", "Manon", "Chloé", "Inès", "Emma", "Camille"),
    ("male", 1996): ("Lucas", "Théo", "Hugo", "Enzo", "Mathis", "Yanis"),
}

LAST_NAMES: tuple[str, ...] = (
    "Brindacier", "Tournepluie", "Vaucresson-Lune", "Malibranque", "Ortolard", "Peuplinot", "Courtechaise", "Fontembrune",
    "Grisollier", "Hautbéjard", "Quincevert", "Larmançon", "Mirepoivre", "Noisemont", "Ouatelin", "Pimprelard", "Rondelair",
    "Sauvechêne", "Trifouillet", "Valsepin", "Zéphirot", "Bellecardoche", "Chantemiette", "Dormevaux", "Épinelet", "Farfouillac",
    "Gouttelune", "Houblonet", "Jolibardeau", "Kerfantosque", "Cœurlandier", "D'Arpentigny-Fols",
)  # fmt: skip

# shops stand in real towns, so that zones can be joined by postcode
TOWNS: tuple[tuple[str, str], ...] = (
    ("75011", "Paris"), ("69003", "Lyon"), ("13006", "Marseille"), ("31000", "Toulouse"), ("44000", "Nantes"), ("59800", "Lille"),
    ("67000", "Strasbourg"), ("35000", "Rennes"), ("33000", "Bordeaux"), ("06000", "Nice"), ("87000", "Limoges"),
    ("63000", "Clermont-Ferrand"), ("76600", "Le Havre"), ("42000", "Saint-Étienne"), ("29200", "Brest"), ("62100", "Calais"),
    ("93200", "Saint-Denis"), ("94300", "Vincennes"), ("78000", "Versailles"), ("58000", "Nevers"), ("23000", "Guéret"),
    ("15000", "Aurillac"), ("64100", "Bayonne"), ("56100", "Lorient"), ("74000", "Annecy"), ("84000", "Avignon"),
    ("66000", "Perpignan"), ("02100", "Saint-Quentin"), ("08000", "Charleville-Mézières"), ("61000", "Alençon"),
    ("50100", "Cherbourg-en-Cotentin"), ("71200", "Le Creusot"), ("48000", "Mende"), ("14800", "Deauville"),
    ("62520", "Le Touquet-Paris-Plage"), ("12100", "Millau"), ("88100", "Saint-Dié-des-Vosges"), ("22300", "Lannion"),
    ("38500", "Voiron"), ("20200", "Bastia"),
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
