"""For tests of pages: Chromium, axe, and a watch for everything a page must never do.

Fixtures are used by importing them in a ``conftest.py``::

    from melder_web.testing import chromium
    __all__ = ["chromium"]

Playwright's synchronous interface occupies its thread's event loop: modules that use ``chromium``
have plain ``def`` tests, and no async fixtures.
"""

# ruff: noqa: S101 - assertions are this module's work
import contextlib
import functools
import json
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright
from starlette.types import ASGIApp

AXE_FILE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOUR_RULES = ("color-contrast", "link-in-text-block")
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-component-update",
    "--disable-quic",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's Chromium; ``MELDER_CHROMIUM`` names another binary."""
    binary = os.environ.get("MELDER_CHROMIUM") or shutil.which("chromium")
    if binary is None:
        pytest.fail("no chromium on PATH: apt-get install chromium, or set MELDER_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


def axe_violations(
    page: Page, *, without: tuple[str, ...] = (), only: tuple[str, ...] = ()
) -> list[str]:
    """What axe finds wrong (WCAG 2.0–2.2 A/AA and best practice), one readable line each.

    ``without`` names rules to leave out; say why beside the call. ``only`` asks for nothing but
    these rules: ``COLOUR_RULES`` for a look that differs in colours from one just asked. Works with
    scripts blocked for the page too? No: axe is a script, so open a second page with scripts on.
    """
    page.evaluate(_axe())
    wanted = {"type": "rule", "values": only} if only else {"type": "tag", "values": AXE_RULES}
    options = {
        "runOnly": wanted,
        "resultTypes": ["violations"],
        "rules": {rule: {"enabled": False} for rule in without},
    }
    found: dict[str, Any] = page.evaluate(f"() => axe.run(document, {json.dumps(options)})")
    return [
        f"{violation['id']}: {violation['help']}: {node['target']} {node.get('failureSummary', '')}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


@functools.cache
def _axe() -> str:
    """axe, which a page runs once: a second time it is there already."""
    return f"() => {{ if (!window.axe) {{ {AXE_FILE.read_text(encoding='utf-8')} }} }}"


@dataclass
class Watch:
    """What a page did that it must not do."""

    foreign: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def assert_clean(self) -> None:
        """No request to another host, nothing refused by the policy, no error in a script."""
        assert not self.foreign, f"requests to foreign hosts: {self.foreign}"
        assert not self.refused, f"refused by the content security policy: {self.refused}"
        assert not self.errors, f"errors in scripts: {self.errors}"


def watch(page: Page) -> Watch:
    """Begin to note foreign requests, policy violations and script errors of ``page``."""
    seen = Watch()

    def note_request(url: str) -> None:
        parts = urlsplit(url)
        ours = parts.scheme in {"data", "blob"} or parts.hostname in {"127.0.0.1", "localhost"}
        if not ours:
            seen.foreign.append(url)

    def note_console(kind: str, text: str) -> None:
        if "Content Security Policy" in text or "integrity" in text:
            seen.refused.append(text)
        elif kind == "error" and "Failed to load resource" not in text:
            seen.errors.append(text)

    page.on("request", lambda request: note_request(request.url))
    page.on("console", lambda message: note_console(message.type, message.text))
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    return seen


@contextlib.contextmanager
def serve(app: ASGIApp) -> Iterator[str]:
    """``app`` on a free port of 127.0.0.1 in a thread of its own; gives the address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 10
        while not server.started:
            if time.monotonic() > deadline:
                raise TimeoutError("the test server did not start within 10 s")
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window; 0 means no sideways scrolling."""
    wider: int = page.evaluate(
        "() => Math.max(0, document.documentElement.scrollWidth - window.innerWidth)"
    )
    return wider
