"""Whether and how a word from the desk reaches the reporter, who is not known to the desk."""

from dataclasses import dataclass

from melder_routing.domain.case import Case


@dataclass(frozen=True, slots=True)
class Reach:
    """The ways that are open.

    ``by_mail``: a confirmed channel carries it at once. ``by_link``: it stands on the status
    page, whose link the reporter has opened or got by mail. ``sentence`` says so to the clerk.
    """

    by_mail: bool
    by_link: bool
    sentence: str

    @property
    def can_ask(self) -> bool:
        """Whether a question would reach anybody at all."""
        return self.by_mail or self.by_link


def reach_of(case: Case) -> Reach:
    """How the reporter of ``case`` can be reached now."""
    has_channel = bool(case.channels) and not case.contact_erased
    by_mail = has_channel and case.contact_confirmed
    by_link = case.tracking_opened or has_channel
    return Reach(by_mail, by_link, _sentence(case, by_mail=by_mail, has_channel=has_channel))


def _sentence(case: Case, *, by_mail: bool, has_channel: bool) -> str:
    if by_mail and case.tracking_opened:
        return "Der Text geht per E-Mail an die meldende Person und steht auf ihrer Statusseite."
    if by_mail:
        return "Der Text geht per E-Mail an die meldende Person."
    if has_channel:
        return (
            "Die Adresse ist noch nicht bestätigt: Der Text steht auf der Statusseite, deren Link "
            "die meldende Person mit der Eingangsbestätigung erhalten hat."
        )
    if case.tracking_opened:
        return "Es gibt keine Adresse. Der Text steht auf der Statusseite, die schon geöffnet war."
    return (
        "Es gibt keine Adresse und die Statusseite wurde nie geöffnet: "
        "Eine Rückfrage würde niemanden erreichen."
    )
