"""What people and programs read when a file cannot be taken."""

from melder_media.domain.pictures import Refusal
from melder_media.settings import MediaSettings
from melder_web.page_problems import PageProblem

RETRY_SECONDS = 30


def refusal_problem(refusal: Refusal, settings: MediaSettings) -> PageProblem:
    """The answer for a picture that is refused; ``type_slug`` is the refusal's code."""
    megabytes = settings.max_upload_bytes // 1_000_000
    megapixels = settings.max_pixels // 1_000_000
    formats = "JPEG, PNG, WebP, HEIC oder AVIF"
    status, title, detail = {
        Refusal.EMPTY: (
            422,
            "No photo",
            "Es kam kein Foto an. Bitte wählen Sie eines aus.",
        ),
        Refusal.NOT_AN_IMAGE: (
            415,
            "Not a photo",
            f"Diese Datei ist kein Foto, das wir lesen können. Möglich sind {formats}.",
        ),
        Refusal.TOO_LARGE: (
            413,
            "Photo too large",
            f"Das Foto ist zu groß. Möglich sind {megabytes} Megabyte.",
        ),
        Refusal.TOO_MANY_PIXELS: (
            413,
            "Too many pixels",
            f"Das Foto hat zu viele Bildpunkte. Möglich sind {megapixels} Millionen.",
        ),
    }.get(
        refusal,
        (
            422,
            "Photo cannot be read",
            "Das Foto ist beschädigt oder unvollständig. Bitte nehmen Sie ein anderes.",
        ),
    )
    slug = refusal.value.replace("_", "-")
    return PageProblem(status, slug, title, detail)


def not_now() -> PageProblem:
    """The service has no room or no hands at the moment."""
    return PageProblem(
        503,
        "photos-not-taken-now",
        "Photos cannot be taken now",
        "Im Augenblick können wir keine Fotos annehmen. Melden geht auch ohne Foto.",
        headers={"Retry-After": str(RETRY_SECONDS)},
    )


def unknown_photo() -> PageProblem:
    """Not there, or not for this asker: nobody can tell which."""
    return PageProblem(404, "unknown-photo", "Unknown photo", "Dieses Foto gibt es hier nicht.")
