"""Every query of the desk begins in the scope function: pages know no tables, queries no way past."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROUTING = Path(__file__).parents[2] / "services/routing/src/melder_routing"
CASE_TABLES = "melder_routing.store.case_tables"
PAST_THE_SCOPE = {
    "sqlalchemy",
    CASE_TABLES,
    "melder_routing.store.case_contents",
    "melder_routing.store.cases",
}
"""What pages may not import: SQL itself, tables of cases, functions without a scope."""

A_ROW = ("sqlalchemy", "Row")
"""The type of what queries give back may be named: nothing can be asked with it."""

PAGES = sorted((ROUTING / "http" / "desk").rglob("*.py"))
QUERIES = sorted((ROUTING / "store").glob("desk_*.py"))


def imports_of(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


def ways_past_in_pages(source: str) -> list[str]:
    return [
        module
        for module, name in imports_of(ast.parse(source))
        if (module, name) != A_ROW
        and any(
            known == banned or known.startswith(f"{banned}.")
            for banned in PAST_THE_SCOPE
            for known in (module, f"{module}.{name}")
        )
    ]


def ways_past_in_queries(source: str) -> list[str]:
    """Selections that begin at a table of cases, and functions that use one without a scope."""
    tree = ast.parse(source)
    tables = {name for module, name in imports_of(tree) if module == CASE_TABLES}
    found = [
        f"line {call.lineno}: {ast.unparse(call)[:80]}"
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and _begins_at(call, tables)
    ]
    for function in ast.walk(tree):
        if isinstance(function, ast.AsyncFunctionDef) and not function.name.startswith("_"):
            asked = {argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)}
            used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
            if used & tables and "scope" not in asked:
                found.append(f"{function.name} takes no scope")
    return found


def _begins_at(call: ast.Call, tables: set[str]) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
    if name == "text":
        return "from" in ast.unparse(call).lower().split()
    if name not in {"select", "select_from", "insert", "update", "delete"}:
        return False
    used = {node.id for part in call.args for node in ast.walk(part) if isinstance(node, ast.Name)}
    if isinstance(call.func, ast.Attribute):
        used |= {node.id for node in ast.walk(call.func.value) if isinstance(node, ast.Name)}
    return bool(used & tables)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_pages_know_neither_sql_nor_tables(path: Path) -> None:
    assert not ways_past_in_pages(path.read_text())


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_queries_begin_in_the_scope(path: Path) -> None:
    assert not ways_past_in_queries(path.read_text())


def test_there_is_a_desk_to_watch() -> None:
    assert {"desk_list", "desk_page"} <= {path.stem for path in QUERIES}
    assert len(PAGES) > 1, "the desk's pages live in http/desk"


@pytest.mark.parametrize(
    "source",
    [
        "from sqlalchemy import select",
        "import sqlalchemy.sql",
        "from melder_routing.store.case_tables import case",
        "from melder_routing.store import cases",
    ],
)
def test_a_page_with_a_way_past_is_noticed(source: str) -> None:
    assert ways_past_in_pages(source)


@pytest.mark.parametrize(
    "body",
    [
        "async def f(scope): return select(case).where(case.c.id == 1)",
        "async def f(scope): return select(func.count()).select_from(case)",
        "async def f(scope): return case.select().where(True)",
        "async def f(scope): return text('SELECT * FROM routing.case')",
        "async def f(connection): return visible_cases(None, case)",
        "async def f(scope): return update(case)",
    ],
)
def test_a_query_with_a_way_past_is_noticed(body: str) -> None:
    assert ways_past_in_queries(f"from {CASE_TABLES} import case\n{body}")


def test_a_query_within_the_scope_passes() -> None:
    good = "async def f(scope): return visible_cases(scope, case).where(case.c.id == 1)"
    assert not ways_past_in_queries(f"from {CASE_TABLES} import case\n{good}")
