"""Browser windows that note whatever a page must never do, and check it when they close."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from playwright.sync_api import Browser, Page

from melder_web.testing import watch


class Windows:
    """Opens windows of one browser, each with cookies and storage of its own."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._url = url
        self._open = ExitStack()

    def open(self, *, scripts: bool = True, **options: Any) -> Page:
        """A new window; ``options`` are Playwright's for a context."""
        return self._open.enter_context(self._window(java_script_enabled=scripts, **options))

    def close(self) -> None:
        """Close every window. Fails if a page did what it must not do."""
        self._open.close()

    @contextmanager
    def _window(self, **options: Any) -> Iterator[Page]:
        context = self._browser.new_context(base_url=self._url, locale="de-DE", **options)
        page = context.new_page()
        page.set_default_timeout(20_000)
        seen = watch(page)
        try:
            yield page
        finally:
            context.close()
        seen.assert_clean()
