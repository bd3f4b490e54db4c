"""A clerk who works at the desk with a browser."""

from playwright.sync_api import Page, expect

from melder_local.system import System, eventually


class ClerkAtDesk:
    """One signed-in clerk; every method is what a person would do on the page."""

    def __init__(self, system: System, page: Page, body: str) -> None:
        self.page = page
        user, password = system.clerk(body)
        page.goto("/desk/login")
        page.get_by_label("Benutzername").fill(user)
        page.get_by_label("Passwort").fill(password)
        page.get_by_role("main").get_by_role("button", name="Anmelden").click()
        page.wait_for_url("**/desk/")

    def take_from_list(self, number: str) -> None:
        """Find the new case in the list and open it."""

        def listed() -> bool:
            self.page.goto("/desk/")
            return self.page.locator(f'a[href="/desk/cases/{number}"]').count() == 1

        eventually(listed, what=f"case {number} in the list of the desk")
        self.page.locator(f'a[href="/desk/cases/{number}"]').click()
        expect(self.page.get_by_text("Nächster Schritt")).to_be_visible()

    def wait_until_shown(self, text: str) -> None:
        """Look at the case again until it says ``text``."""

        def shown() -> bool:
            self.page.goto(self.page.url.partition("?")[0])
            return self.page.get_by_text(text).count() > 0

        eventually(shown, what=f"{text!r} on the case page")

    def accept(self) -> None:
        """Acknowledge that the body is responsible."""
        self._press("Annehmen", "Der Fall ist angenommen.")

    def claim(self) -> None:
        """Take the case oneself."""
        self._press("Übernehmen", "Sie haben den Fall übernommen.")

    def ask(self, question: str) -> None:
        """Ask the reporter."""
        self._unfold("Rückfrage stellen")
        self.page.get_by_label("Ihre Frage").fill(question)
        self._press("Frage senden", "Die Rückfrage ist gestellt.")

    def photo_id(self) -> str:
        """The id of the case's first photo, once it is there."""
        self.wait_until_shown("Fotos")
        photo = self.page.locator("img.d-photo__image").first
        return str(photo.get_attribute("src")).split("/")[2]

    def sees_the_photo(self) -> bool:
        """Whether the browser could draw the photo, which is not public yet."""
        photo = self.page.locator("img.d-photo__image").first
        loaded = self.page.request.get(str(photo.get_attribute("src")))
        return loaded.ok and loaded.headers["content-type"] == "image/webp"

    def release_photo(self) -> None:
        """Make the photo public."""
        photos = self.page.locator(".d-photos")
        photos.get_by_role("button", name="Veröffentlichen").click()
        expect(self.page.get_by_text("Das Foto wird veröffentlicht.")).to_be_visible()

    def release_text(self, text: str) -> None:
        """Make the text public as ``text``, shortened where it says too much."""
        field = self.page.get_by_label("Das liest die Öffentlichkeit")
        field.fill(text)
        form = self.page.locator("form", has=field)
        form.get_by_role("button", name="Veröffentlichen").click()
        expect(self.page.get_by_text("Der Text ist veröffentlicht.")).to_be_visible()

    def plan(self, message: str) -> None:
        """Say that the work is planned."""
        self._unfold("Zustand ändern")
        self.page.get_by_label("Einplanen").check()
        self.page.get_by_label("Öffentliche Mitteilung").fill(message)
        self._press("Zustand ändern", "Der Zustand ist geändert.")

    def close(self, message: str) -> None:
        """Say that it is fixed."""
        self._unfold("Abschließen")
        self.page.get_by_label("Ergebnis").select_option("resolved:fixed")
        self.page.get_by_label("Öffentlicher Text").fill(message)
        self._press("Fall abschließen", "Der Fall ist abgeschlossen.")

    def _unfold(self, summary: str) -> None:
        self.page.locator("summary", has_text=summary).click()

    def _press(self, button: str, done: str) -> None:
        self.page.get_by_role("main").get_by_role("button", name=button, exact=True).click()
        expect(self.page.get_by_text(done)).to_be_visible()
