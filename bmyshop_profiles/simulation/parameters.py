"""Every knob of the simulated network in one typed value, and the events planted in its time. No drawing here.

A strength of 0 switches its effect off; the defaults are what `benchmarks/simulation/realism.py` was passed with. See docs/simulator.md.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

from bmyshop_profiles.simulation.personas import PERSONAS, Persona
from bmyshop_profiles.simulation.raw_files import FLAVOURS

# Overlap of the personas: 0 says everything, 1 nothing.
OVERLAPS: dict[str, float] = {"separable": 0.05, "default": 0.65, "hard": 0.85}


_SHARES = ("no_persona_share", "overlap", "common_share", "same_family_share", "mission_share", "favourite_share", "stranger_share",
           "app_shown", "card_holders", "card_shown", "late_members", "objectors", "leavers", "refunds")  # fmt: skip


@dataclass(frozen=True)
class Event:
    """From `month` on, `share` of the shoppers of one persona are of another. None: taken from, or given to, all others alike.

    A persona grows: (None → it); shrinks: (it → None); vanishes: (it → None, share 1); appears: its share of the people is 0 and some come
    from everywhere; splits: half of it goes to a persona that has no people before.
    """

    month: str
    source: str | None
    target: str | None
    share: float


@dataclass(frozen=True)
class Parameters:
    """What may be chosen about people and time. Shares are in 0..1, strengths are factors of a documented effect."""

    world: Literal["personas", "continuum"] = "personas"
    personas: tuple[Persona, ...] = PERSONAS
    no_persona_share: float = 0.1
    overlap: float = OVERLAPS["default"]  # of tastes, hours, weeks, baskets, articles and shops
    scatter: float = 250.0  # Dirichlet concentration of people around their persona; lower is wilder
    scatter_without_persona: float = 100.0
    common_share: float = 0.3  # of the lines: the counter speaks, not the shopper
    same_family_share: float = 0.06  # of the later lines of a receipt that stay in the family of the first
    mission_share: float = 0.75  # of the other later lines that follow the mission of the visit; 0: articles of a basket are independent
    favourite_share: float = 0.45  # of the lines that are the shopper's usual article of the family
    article_spread: float = 2.2  # log-spread of the articles of a family between personas
    sex_strength: float = 0.35
    age_strength: float = 0.35
    trait_strength: float = 0.35  # of the trait nobody observes, on baskets
    zone_strength: float = 0.4  # of age, income and density of the commune on who lives there
    clientele_strength: float = 1.0  # log-spread of personas from shop to shop and from commune to commune, whatever the shops sell
    place_strength: float = 0.2  # log-spread of the tastes of one persona from place to place
    shop_strength: float = 0.3  # of personas on the types of shops they use; 0: no link between them
    pace_shape: float = 0.5  # gamma shape of the visits of a person
    stranger_share: float = 0.06  # of the visits to a shop that is none of the usual ones
    distance_km: float = 2.5  # a shop this much further is chosen e times less often
    app_age: float = 0.5  # log-odds of adoption per ten years younger
    app_persona: float = 1.0
    app_trait: float = 0.8  # log-odds between those who have the trait and those who do not
    app_pace: float = 0.5  # log-odds per unit of log pace
    app_shown: float = 0.7  # of a member's visits
    card_holders: float = 0.125  # of the anonymous shoppers: a card token that may be known
    card_shown: float = 0.8  # of their visits
    late_members: float = 0.12  # join during the simulated months
    objectors: float = 0.02  # of the members: object to profiling
    leavers: float = 0.01  # of the shoppers leave each month, others come in their place
    season: float = 1.0
    payday: float = 0.1  # more visits of smokers and players in the first days of a month
    inflation: float = 0.02  # a year
    refunds: float = 0.003  # of the lines
    events: tuple[Event, ...] = ()
    flavours: tuple[str, ...] = ("caisse_a", "caisse_b")  # tills of the network; shops are parted between them
    defects: float = 1.0  # factor on the rates of defects of the raw files; 0: none

    def __post_init__(self) -> None:
        """Refuse what makes no sense, saying which."""
        names = [persona.name for persona in self.personas]
        for name in _SHARES:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a share between 0 and 1, not {getattr(self, name)}")
        for name in ("scatter", "scatter_without_persona", "pace_shape", "distance_km"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0, not {getattr(self, name)}")
        for event in self.events:
            for persona in (event.source, event.target):
                if persona is not None and persona not in names:
                    raise ValueError(f"an event names the persona {persona!r}; there are {', '.join(names)}")
            if event.source == event.target or not 0 <= event.share <= 1:
                raise ValueError(f"the event of {event.month} moves a share in 0..1 between two personas, not {event.share}")
        for flavour in self.flavours:
            if flavour not in FLAVOURS:
                raise ValueError(f"{flavour!r} is no flavour of raw files; there are {', '.join(FLAVOURS)}")

    def with_latent(self, *personas: Persona) -> "Parameters":
        """The same with personas that have no people until an event gives them some."""
        return replace(self, personas=(*self.personas, *(replace(persona, share=0.0) for persona in personas)))


def parameters_of(told: dict[str, Any]) -> Parameters:
    """Parameters back from JSON, where tuples are lists."""
    kept: dict[str, Any] = {name: _tuples(value) for name, value in told.items()}
    kept["personas"] = tuple(Persona(**{name: _tuples(value) for name, value in persona.items()}) for persona in told["personas"])
    kept["events"] = tuple(Event(**event) for event in told["events"])
    return Parameters(**kept)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(part) for part in value) if isinstance(value, list) else value
