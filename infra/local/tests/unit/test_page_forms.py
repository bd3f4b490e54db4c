"""Forms are read as a browser without scripts would send them."""

import pytest

from melder_local.page_forms import form_to, read_forms

PAGE = """
<form action="/search"><input name="q" value="lampe"></form>
<form method="post" action="/desk/cases/AB/status?x=1">
  <input type="hidden" name="version" value="7">
  <input type="radio" name="state" value="planned"><input type="radio" name="state" value="done" checked>
  <input type="checkbox" name="tell" value="yes">
  <input type="file" name="photo"><input type="submit" name="go" value="Los">
  <textarea name="message">
Zwei
Zeilen &amp; mehr</textarea>
  <select name="reason"><option value="a">A</option><option value="b" selected>B</option></select>
</form>
"""


def test_a_form_sends_what_is_ticked_chosen_and_typed() -> None:
    form = form_to(PAGE, "/status")
    assert form.method == "post"
    assert form.filled(message="Neu") == {
        "version": ["7"],
        "state": ["done"],
        "message": ["Neu"],
        "reason": ["b"],
    }


def test_the_text_of_an_area_is_unescaped_and_keeps_its_lines() -> None:
    assert form_to(PAGE, "/status").filled()["message"] == ["Zwei\nZeilen & mehr"]


def test_an_unknown_form_is_named_with_those_there_are() -> None:
    with pytest.raises(LookupError, match=r"/close.*\/search"):
        form_to(PAGE, "/close")


def test_forms_come_in_the_order_of_the_page() -> None:
    assert [form.action for form in read_forms(PAGE)] == ["/search", "/desk/cases/AB/status?x=1"]
