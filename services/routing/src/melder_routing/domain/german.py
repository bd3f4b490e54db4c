"""German words around the name of a body: articles, cases, possessives, distances."""

from dataclasses import dataclass

ARTICLES = {
    "land": "das",
    "kreis": "der",
    "verband": "das",
    "gemeinde": "die",
    "zweckverband": "der",
    "road_authority": "das",
    "utility": "die",
    "rail": "die",
    "state_body": "das",
    "contractor": "die",
}
"""The article of a kind of body; the region file may give a body another one."""

_POSSESSIVE = {"der": "seine", "die": "ihre", "das": "seine"}
_PRONOUN = {"der": "er", "die": "sie", "das": "es"}
_DATIVE = {"der": "dem", "die": "der", "das": "dem"}
_TO = {"der": "zum", "die": "zur", "das": "zum"}
_BY = {"der": "vom", "die": "von der", "das": "vom"}


@dataclass(frozen=True, slots=True)
class Named:
    """A name with its article; ``place`` follows "in" and "zu" without one."""

    name: str
    article: str
    place: str

    @property
    def nominative(self) -> str:
        """Der Landkreis Rostock, without a capital: "der Landkreis Rostock"."""
        return f"{self.article} {self.name}"

    @property
    def possessive(self) -> str:
        """Seine or ihre, for a feminine thing ("seine Aufgabe")."""
        return _POSSESSIVE[self.article]

    @property
    def pronoun(self) -> str:
        """Er, sie or es."""
        return _PRONOUN[self.article]

    @property
    def dative(self) -> str:
        """After "mit": "dem Landkreis Rostock"."""
        return f"{_DATIVE[self.article]} {self.name}"

    @property
    def border_to(self) -> str:
        """After "Grenze": "zu Roggentin", "zum Landkreis Rostock"."""
        if self.place != self.name:
            return f"zu {self.place}"
        return f"{_TO[self.article]} {self.name}"

    @property
    def by(self) -> str:
        """After "bearbeitet": "vom Amt Carbäk", "von der Stadt Rostock"."""
        return f"{_BY[self.article]} {self.name}"


def german_metres(metres: float) -> str:
    """A distance as people say it: 7 m, 140 m, 1,4 km."""
    if metres < 10:
        return f"{max(1, round(metres))} m"
    if metres < 1000:
        return f"{round(metres / 10) * 10} m"
    return f"{metres / 1000:.1f} km".replace(".", ",")


def german_list(words: list[str]) -> str:
    """A, B und C."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} und {words[-1]}"
