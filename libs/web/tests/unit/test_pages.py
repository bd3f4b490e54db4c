"""What a rendered page promises: language, caching, escaping, no silent gaps."""

import datetime as dt
import io
from importlib.resources import files
from pathlib import Path

import httpx
import pytest
from babel.messages.pofile import read_po
from fastapi import FastAPI
from jinja2 import UndefinedError
from jinja2.ext import babel_extract
from markupsafe import Markup

from melder_common.event_values import CaseState
from melder_web import Assets, AssetsMissing, FormErrors, Pages, Site
from melder_web.case_states import STATE_BADGES
from melder_web.catalogues import accepted_languages, choose_language, direction_of
from melder_web.page_problems import ADVICE, ADVICE_FOR_KIND
from melder_web.pages import MACRO_FILES
from melder_web.standard_answers import STANDARD_ANSWERS


def macro(pages: Pages, source: str, **context: object) -> str:
    return pages.environment.from_string(source).render(**context)


async def get(app: FastAPI, path: str, **headers: str) -> httpx.Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        return await client.get(path, headers=names)


def test_macros_are_compiled_when_the_first_page_asks_for_one() -> None:
    fresh = Pages("melder_web", templates="templates")
    assert len(fresh.environment.cache or ()) == 0
    with pytest.raises(UndefinedError, match="nothing_like_it"):
        macro(fresh, "{{ kern.nothing_like_it() }}")
    assert len(fresh.environment.cache or ()) >= len(MACRO_FILES)


async def test_a_page_is_private_and_says_its_language(kitchen_app: FastAPI) -> None:
    answer = await get(kitchen_app, "/teile", accept_language="fr, de;q=0.5")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-language"] == "de"
    assert "etag" not in answer.headers
    assert '<html lang="de" dir="ltr"' in answer.text


async def test_the_address_chooses_the_language_over_the_browser(kitchen_app: FastAPI) -> None:
    english = await get(kitchen_app, "/melden?lang=en", accept_language="de")
    assert english.headers["content-language"] == "en"
    assert "Skip to content" in english.text
    arabic = await get(kitchen_app, "/melden?lang=ar")
    assert '<html lang="ar" dir="rtl"' in arabic.text
    assert english.cookies["language"] == "en"
    remembered = await get(kitchen_app, "/melden", cookie="language=en", accept_language="de")
    assert remembered.headers["content-language"] == "en"
    unknown = await get(kitchen_app, "/melden?lang=../../etc")
    assert not unknown.cookies
    assert unknown.headers["content-language"] == "de"


async def test_another_language_keeps_what_the_address_asks_for(kitchen_app: FastAPI) -> None:
    german = await get(kitchen_app, "/melden?lat=54.1&lang=de&suche=a%26b", cookie="language=en")
    assert 'href="?lat=54.1&amp;suche=a%26b&amp;lang=en"' in german.text
    assert 'hreflang="de"' not in german.text


def test_what_operators_write_may_hold_percent_signs(pages: Pages) -> None:
    assert macro(pages, "{{ '100 %s Ökostrom' | translated }}") == "100 %s Ökostrom"


def test_a_site_for_clerks_speaks_its_first_language() -> None:
    assert Site(languages=("de", "en")).in_first_language().languages == ("de",)


def test_values_are_escaped_everywhere(pages: Pages) -> None:
    evil = '"><script>alert(1)</script>'
    sources = [
        "{{ kern.text_input('n', evil, evil, hint=evil, errors=errors) }}",
        "{{ kern.text_area('n', evil, evil, hint=evil, errors=errors) }}",
        "{{ kern.select('n', evil, [(evil, evil)], evil) }}",
        "{{ kern.radios('n', evil, [(evil, evil, evil)], evil) }}",
        "{{ kern.alert('info', evil) }}{{ kern.badge(evil) }}{{ kern.button(evil, 'n', evil) }}",
        "{{ kern.link_button(evil, evil) }}{{ kern.error_summary(errors) }}",
        "{{ kern.description_list([(evil, evil)]) }}{{ kern.table(evil, [evil], [[evil]]) }}",
        "{{ kern.report_card(evil, evil, facts=[evil], text=evil, image=evil, image_alt=evil) }}",
        "{{ kern.letter(evil, now, evil) }}{{ kern.timeline([{'at': now, 'title': evil, 'text': evil}]) }}",
        "{{ kern.post_button(evil, evil, {evil: evil}) }}{{ kern.place_field({'address': evil}) }}",
    ]
    errors = FormErrors({"n": evil})
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    for source in sources:
        rendered = macro(pages, source, evil=evil, errors=errors, now=now)
        assert "<script>" not in rendered, source
        assert "alert(1)" in rendered, source


def test_an_undefined_name_is_an_error_not_a_gap(pages: Pages) -> None:
    with pytest.raises(UndefinedError):
        macro(pages, "{{ missing }}")


def test_a_field_ties_label_hint_and_error_together(pages: Pages) -> None:
    errors = FormErrors({"email": "Diese Adresse ist unvollständig."})
    source = "{{ kern.text_input('email', 'E-Mail', hint='Dorthin schreiben wir.', required=true, errors=errors) }}"
    field = macro(pages, source, errors=errors)
    assert '<label class="kern-label" for="email">' in field
    assert "(Pflichtfeld)" in field
    assert 'aria-describedby="email-hint email-error"' in field
    assert 'aria-invalid="true"' in field
    assert 'id="email-error"' in field


def test_the_error_summary_links_to_the_first_choice_of_a_group(pages: Pages) -> None:
    errors = FormErrors([("hazard", "Bitte wählen."), ("", "Alles ist anders.")])
    summary = macro(pages, "{{ kern.error_summary(errors) }}", errors=errors)
    assert 'href="#hazard"' in summary
    assert "<li>Alles ist anders.</li>" in summary
    group = macro(pages, "{{ kern.radios('hazard', 'Gefahr?', [('a', 'A'), ('b', 'B')]) }}")
    assert 'id="hazard"' in group
    assert 'id="hazard-2"' in group
    assert macro(pages, "{{ kern.error_summary(errors) }}", errors=FormErrors()).strip() == ""


def test_a_form_begins_with_its_own_submit_and_token(pages: Pages) -> None:
    source = "{% call kern.form('/melden', token='t', hidden={'version': 3}) %}x{% endcall %}"
    form = macro(pages, source)
    assert form.index('type="submit"') < form.index("x")
    assert '<input type="hidden" name="form_token" value="t">' in form
    assert '<input type="hidden" name="version" value="3">' in form


def test_markup_passes_where_it_is_meant(pages: Pages) -> None:
    shown = macro(pages, "{{ kern.description_list([('a', cell)]) }}", cell=Markup("<b>1</b>"))
    assert "<b>1</b>" in shown


def test_every_state_has_a_face() -> None:
    assert set(STATE_BADGES) == set(CaseState)


def test_a_missing_build_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(AssetsMissing, match="make assets"):
        Assets.read(tmp_path)


def test_an_unknown_asset_names_the_known_ones() -> None:
    with pytest.raises(AssetsMissing, match=r"app\.css"):
        Assets.read()["nothing.css"]


def test_languages_are_chosen_by_rank_and_primary_subtag() -> None:
    assert accepted_languages("fr;q=0.2, en-GB, de;q=x") == ["en-gb", "fr"]
    assert choose_language(["en-gb", "fr"], ("de", "en")) == "en"
    assert choose_language(["fr"], ("de", "en")) == "de"
    assert direction_of("ar") == "rtl"
    assert direction_of("de") == "ltr"


def test_english_is_complete() -> None:
    said = {
        text
        for advice in (*ADVICE.values(), *ADVICE_FOR_KIND.values())
        for text in (advice.headline, advice.next_step)
    }
    said |= {face.text for face in STATE_BADGES.values()} | set(STANDARD_ANSWERS)
    package = files("melder_web")
    options = {"trimmed": "true", "extensions": "jinja2.ext.do"}
    for template in Path(str(package.joinpath("templates"))).rglob("*.html"):
        source = io.BytesIO(template.read_bytes())
        for _, _, message, _ in babel_extract(source, ("_",), [], options):
            first = message if isinstance(message, str) else (message or ("",))[0]
            said.add(first or "")
    english = read_po(io.BytesIO(package.joinpath("locale", "en.po").read_bytes()))
    translated = {str(message.id) for message in english if message.string}
    assert said - translated <= {""}


def test_site_reads_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MELDER_SITE_NAME", "Sag's uns")
    monkeypatch.setenv("MELDER_SITE_LANGUAGES", '["de", "en"]')
    assert Site().name == "Sag's uns"
    assert Site().languages == ("de", "en")
