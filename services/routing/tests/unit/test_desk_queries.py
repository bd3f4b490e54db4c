"""Every query of the desk begins at the scope function: no other module selects from cases."""

import ast
from pathlib import Path

import melder_routing

ROOT = Path(melder_routing.__file__).parent
CASE_TABLES = {
    "case",
    "case_text",
    "case_photo",
    "case_message",
    "case_history",
    "border_case",
    "mail_log",
    "hand_over",
    "legal_hold",
}
READERS = {"select", "select_from", "join_from", "text"}


def raw_reads(source: str) -> list[str]:
    """Calls of ``select`` and its like that name a table of cases themselves."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _name(node.func) in READERS:
            named = {_table(argument) for argument in node.args}
            found += [f"line {node.lineno}: {table}" for table in named & CASE_TABLES]
    return found


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _table(argument: ast.expr) -> str:
    """``case``, ``case.c.state`` and ``func.count(case.c.id)`` all name the table ``case``."""
    for node in ast.walk(argument):
        if isinstance(node, ast.Name) and node.id in CASE_TABLES:
            return node.id
        if isinstance(node, ast.Constant) and "routing.case" in str(node.value):
            return "case"
    return ""


def test_desk_queries_go_through_the_scope() -> None:
    modules = [*(ROOT / "store").glob("desk_*.py"), *(ROOT / "http").rglob("*.py")]
    assert len(modules) > 5
    found = {module.name: raw_reads(module.read_text("utf-8")) for module in modules}
    assert {name: reads for name, reads in found.items() if reads} == {}


def test_the_check_sees_what_it_should() -> None:
    assert raw_reads("select(case).where(case.c.id == 1)")
    assert raw_reads("sa.select(func.count(case_text.c.case_id))")
    assert not raw_reads("visible_cases(scope, case.c.id)")
    assert not raw_reads("select(body.c.slug)")
