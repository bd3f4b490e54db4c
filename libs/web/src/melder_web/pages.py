"""Rendering: Jinja2 with the shared shells and macros, the request's language, safe headers."""

import gettext
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PackageLoader,
    StrictUndefined,
)
from starlette.requests import Request
from starlette.responses import HTMLResponse

from melder_web.assets import Assets
from melder_web.case_states import STATE_BADGES
from melder_web.catalogues import (
    accepted_languages,
    choose_language,
    direction_of,
    read_catalogues,
)
from melder_web.formats import Formats
from melder_web.forms import FORM_TOKEN_FIELD, FormErrors, new_form_token
from melder_web.site import Site
from melder_web.standard_answers import translate_answer

ONE_YEAR_S = 365 * 24 * 60 * 60
PRIVATE = "no-store"
PUBLIC_MINUTE = "public, max-age=60"
FORM = "private, no-cache"
"""For pages with a form and nothing private: Back shows the form as it was filled in, which a
page with ``no-store`` loses."""

MACRO_FILES = ("actions", "fields", "messages", "lists", "place")

_language: ContextVar[str] = ContextVar("language", default="de")


class Pages:
    """The pages of one service.

    ``package`` is the service's package: its ``templates`` (a folder inside it, or a path) come
    first, melder_web's ``melder/…`` after them; its ``locale/<tag>.po`` wins over melder_web's.
    ``variables`` are names every template of this service sees. Raises
    ``AssetsMissing`` when nothing is built.
    """

    def __init__(
        self,
        package: str,
        *,
        site: Site | None = None,
        assets: Assets | None = None,
        templates: str | Path = "http/templates",
        variables: Mapping[str, Any] | None = None,
    ) -> None:
        self.site = site or Site()
        self.assets = assets or Assets.read()
        self._translations = read_catalogues(("melder_web", package), self.site.languages)
        self.environment = Environment(
            loader=ChoiceLoader([_own_loader(package, templates), PackageLoader("melder_web")]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        )
        self._install_names(variables or {})

    def render(
        self,
        request: Request,
        name: str,
        *,
        status: int = 200,
        cache: str = PRIVATE,
        headers: Mapping[str, str] | None = None,
        **context: Any,
    ) -> HTMLResponse:
        """The page ``name`` in the request's language.

        Private (``no-store``) unless ``cache`` says otherwise: ``FORM`` for an empty form,
        ``PUBLIC_MINUTE`` for pages that are the same for everybody.
        """
        language = self.language_of(request)
        content = self.render_text(name, language=language, request=request, **context)
        sent = {
            "Content-Language": language,
            "Cache-Control": cache,
            "Vary": "Accept-Language, Cookie",
        }
        response = HTMLResponse(content, status_code=status, headers={**sent, **(headers or {})})
        if request.query_params.get("lang") == language:
            _remember_language(request, response, language)
        return response

    def render_text(self, name: str, *, language: str = "de", **context: Any) -> str:
        """The template's text without a response, for parts of pages and for tests."""
        token = _language.set(language)
        try:
            return self.environment.get_template(name).render(
                language=language, direction=direction_of(language), **context
            )
        finally:
            _language.reset(token)

    def language_of(self, request: Request) -> str:
        """From ``?lang=``, else the cookie, else ``Accept-Language``; only what the site offers."""
        chosen = [request.query_params.get("lang"), request.cookies.get(_language_cookie(request))]
        accepted = accepted_languages(request.headers.get("accept-language", ""))
        wanted = [tag for tag in (*chosen, *accepted) if tag]
        return choose_language(wanted, self.site.languages)

    def words_for(self, request: Request) -> Callable[[str], str]:
        """How German sentences read in the request's language; unknown ones stay German."""
        translations = self._translations.get(self.language_of(request))
        return translations.gettext if translations else str

    def _install_names(self, variables: Mapping[str, Any]) -> None:
        formats = Formats(timezone=self.site.timezone, language=_language.get)
        self.environment.filters.update(formats.filters())
        self.environment.filters["translated"] = self._translate
        self.environment.filters["answer"] = self._translate_answer
        self.environment.globals.update(
            asset=self.assets.__getitem__,
            site=self.site,
            form_token=new_form_token,
            form_token_field=FORM_TOKEN_FIELD,
            no_errors=FormErrors(),
            state_badges=STATE_BADGES,
            language_address=language_address,
            **variables,
        )
        # jinja2.ext.i18n adds this method to the environment at run time
        self.environment.install_gettext_callables(  # type: ignore[attr-defined]
            lambda text: self._spoken().gettext(text),
            lambda one, many, count: self._spoken().ngettext(one, many, count),
            newstyle=True,
            pgettext=lambda about, text: self._spoken().pgettext(about, text),
        )

        self.environment.globals["kern"] = _Macros(self.environment)

    def _translate(self, text: str) -> str:
        """A sentence that is no template's own (a setting): percent signs mean nothing in it."""
        return self._spoken().gettext(text) if text else ""

    def _translate_answer(self, text: str) -> str:
        return translate_answer(text, self._spoken().gettext)

    def _spoken(self) -> gettext.NullTranslations:
        return self._translations.get(_language.get()) or gettext.NullTranslations()


class _Macros:
    """All macros under one name, so that no template needs an import.

    They are compiled when the first page asks for one: no service waits for them to start.
    """

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    @cached_property
    def _found(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in MACRO_FILES:
            module = self._environment.get_template(f"melder/macros/{name}.html").module
            found.update({key: value for key, value in vars(module).items() if callable(value)})
        return found

    def __getattr__(self, name: str) -> Any:
        try:
            return self._found[name]
        except KeyError:
            raise AttributeError(name) from None


def language_address(request: Request, tag: str) -> str:
    """This page in the language ``tag``, relative to it; what the address asks for stays."""
    asked = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return f"?{urlencode([*asked, ('lang', tag)])}"


def _language_cookie(request: Request) -> str:
    """Its name; over https bound to this host by the prefix (RFC 6265bis)."""
    return "__Host-language" if request.url.scheme == "https" else "language"


def _remember_language(request: Request, response: HTMLResponse, language: str) -> None:
    response.set_cookie(
        _language_cookie(request),
        language,
        max_age=ONE_YEAR_S,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


def _own_loader(package: str, templates: str | Path) -> BaseLoader:
    if isinstance(templates, Path):
        return FileSystemLoader(templates)
    return PackageLoader(package, templates)
