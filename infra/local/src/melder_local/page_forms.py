"""Reads the forms of a page, as a browser without scripts would send them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass(slots=True)
class PageForm:
    """One form: where it goes, and its fields with the values the page gave them."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)

    def filled(self, **values: str) -> dict[str, list[str]]:
        """The fields with ``values`` put in; a field may come several times."""
        filled: dict[str, list[str]] = {}
        for name, value in self.fields:
            filled.setdefault(name, []).append(value)
        for name, value in values.items():
            filled[name] = [value]
        return filled

    def has(self, name: str) -> bool:
        """Whether the form has a field or button of this name."""
        return any(known == name for known, _ in self.fields)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self._select: str | None = None
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(PageForm(given.get("action", ""), given.get("method", "get").lower()))
        elif not self.forms:
            return
        elif tag == "input":
            self._input(given)
        elif tag == "textarea":
            self._area = given.get("name")
            self.forms[-1].fields.append((self._area or "", ""))
        elif tag == "select":
            self._select = given.get("name")
        elif tag == "option" and self._select and "selected" in given:
            self.forms[-1].fields.append((self._select, given.get("value", "")))

    def _input(self, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        unticked = kind in {"radio", "checkbox"} and "checked" not in given
        if "name" in given and not unticked and kind not in {"file", "image", "submit"}:
            self.forms[-1].fields.append((given["name"], given.get("value", "")))

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            name, value = self.forms[-1].fields[-1]
            self.forms[-1].fields[-1] = (name, (value + data).removeprefix("\n"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None


def read_forms(html: str) -> list[PageForm]:
    """Every form of ``html`` in the order of the page."""
    reader = _Reader()
    reader.feed(html)
    return [
        PageForm(form.action, form.method, [pair for pair in form.fields if pair[0]])
        for form in reader.forms
    ]


def form_to(html: str, ending: str, *, containing: str = "") -> PageForm:
    """The form whose action ends with ``ending``. Raises LookupError naming what there is."""
    forms = read_forms(html)
    for form in forms:
        path = form.action.split("?")[0].rstrip("/")
        if path.endswith(ending.rstrip("/")) and containing in path:
            return form
    raise LookupError(f"no form to {ending}; the page has {[form.action for form in forms]}")
