"""Pages of melder: KERN styles, shells, macros, maps and the rules every page obeys.

A service builds one ``Pages`` in its ``main.py``, calls ``install_pages(app, pages)`` and renders
with ``pages.render(request, "form.html", …)``. Everything else is templates and assets.
"""

from melder_web.assets import Assets, AssetsMissing
from melder_web.forms import FormErrors, new_form_token
from melder_web.install import install_pages
from melder_web.pages import Pages
from melder_web.site import Site

__all__ = [
    "Assets",
    "AssetsMissing",
    "FormErrors",
    "Pages",
    "Site",
    "install_pages",
    "new_form_token",
]
