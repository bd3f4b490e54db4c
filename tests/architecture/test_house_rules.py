"""The rules of the house that no linter knows, each with an example that breaks it."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for place in ("libs", "services", "infra")
    for path in (ROOT / place).rglob("*.py")
    if not {"node_modules", ".venv", ".run"} & set(path.parts)
)
PRODUCT = [path for path in SOURCES if "tests" not in path.parts and "testing" not in path.parts]
SHOWN = sorted(
    path
    for place in ("libs", "services", "infra")
    for kind in ("html", "j2", "txt", "xml", "svg", "css", "js", "mjs")
    for path in (ROOT / place).glob(f"**/src/**/*.{kind}")
    if "node_modules" not in path.parts
)

FRONTEND = sorted(
    path for kind in ("scss", "js") for path in (ROOT / "libs/web/frontend").rglob(f"*.{kind}")
)

COMMON = "libs/common/src/melder_common"
MAY_COMMIT = {f"{COMMON}/unit_of_work.py", f"{COMMON}/migrations.py"}
MAY_PUBLISH = {f"{COMMON}/relay.py", f"{COMMON}/streams.py", f"{COMMON}/pull.py"}
MAY_KNOW_NATS = {
    f"{COMMON}/{module}.py" for module in ("connection", "speaking", "streams", "pull")
}
NAMELESS = {"util", "utils", "helper", "helpers", "manager", "managers", "base", "impl", "misc"}
LONGEST = 400

OUR_HOSTS = re.compile(
    r"(127\.0\.0\.1|localhost|\[::1\]|0\.0\.0\.0|([\w-]+\.)*(example|invalid|test))(?![\w.])|[{$%<]"
)
IDENTIFIERS = (
    "http://www.w3.org/",
    "http://www.opengis.net/",
    "http://ns.adobe.com/",
    "http://wiki.open311.org/GeoReport_v2",
    "https://openfontlicense.org",
)
"""Names that look like addresses (namespaces, reference systems, licences); nobody calls them."""

Check = Callable[[str, str], Iterator[str]]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def calls_of(source: str, method: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", None) == method:
            yield node


def commits(name: str, source: str) -> Iterator[str]:
    """Only the unit of work commits (and migrations)."""
    if name in MAY_COMMIT or "/migrations/" in name:
        return
    for call in calls_of(source, "commit"):
        yield f"{name}:{call.lineno} commits: open a unit of work (UnitsOfWork.begin) instead"
    for call in calls_of(source, "begin"):
        assert isinstance(call.func, ast.Attribute)
        if ast.unparse(call.func.value).endswith("engine"):
            yield f"{name}:{call.lineno} engine.begin() commits: open a unit of work instead"


def publishes(name: str, source: str) -> Iterator[str]:
    """Only the relay publishes; nobody else knows NATS."""
    if name not in MAY_PUBLISH:
        for call in calls_of(source, "publish"):
            yield f"{name}:{call.lineno} publishes: record the event in a unit of work instead"
    if name in MAY_KNOW_NATS:
        return
    for node in ast.walk(ast.parse(source)):
        modules: list[str] = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom) and not node.level:
            modules = [node.module or ""]
        if any(module.split(".")[0] == "nats" for module in modules):
            yield f"{name} imports nats: the bus belongs to melder_common"


def nameless(name: str, _source: str) -> Iterator[str]:
    """A module's name says what is in it."""
    if NAMELESS & set(Path(name).stem.split("_")):
        yield f"{name}: name it by what it does or holds"


def too_long(name: str, source: str) -> Iterator[str]:
    """What needs more than 400 lines is two modules."""
    lines = source.count("\n")
    if lines > LONGEST:
        yield f"{name} has {lines} lines: {LONGEST} are two modules"


def foreign_hosts(name: str, source: str) -> Iterator[str]:
    """Nothing we ship names a foreign host: no request leaves for one, now or later."""
    for found in re.finditer(r"https?://|(?<=[\"'(])//(?=[\w-]+\.\w)", source):
        rest = source[found.end() : found.end() + 120]
        address = found.group() + rest
        if not OUR_HOSTS.match(rest) and not address.startswith(IDENTIFIERS) and rest[:1].isalnum():
            line = source.count("\n", 0, found.start()) + 1
            yield f"{name}:{line} names a foreign host: {address[:60].splitlines()[0]}"


SQL = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|FROM|JOIN|WHERE|SET|GRANT)\b")


def formatted_sql(name: str, source: str) -> Iterator[str]:
    """SQL of services is fixed: only constants, schemas and pieces from ``…_sql`` go into it."""
    if not name.startswith("services/") or "/migrations/" in name:
        return
    tree = ast.parse(source)
    pieces = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and function.name.endswith("_sql")
        for node in ast.walk(function)
    }
    for text in ast.walk(tree):
        if isinstance(text, ast.JoinedStr) and id(text) not in pieces and SQL.search(_fixed(text)):
            for part in text.values:
                if isinstance(part, ast.FormattedValue) and not _is_our_own(part.value):
                    yield f"{name}:{text.lineno} puts {ast.unparse(part.value)} into SQL: bind it"


def _fixed(text: ast.JoinedStr) -> str:
    return " ".join(str(part.value) for part in text.values if isinstance(part, ast.Constant))


def _is_our_own(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return ast.unparse(value.func).endswith("_sql")
    last = ast.unparse(value).rpartition(".")[2]
    return last.isupper() or last == "schema"


def offences(check: Check, paths: list[Path]) -> list[str]:
    return [line for path in paths for line in check(name_of(path), path.read_text())]


@pytest.mark.parametrize(
    "check", [commits, publishes, nameless, too_long, formatted_sql], ids=lambda c: c.__name__
)
def test_the_product_keeps_the_rule(check: Check) -> None:
    assert PRODUCT
    found = offences(check, PRODUCT)
    assert not found, f"{check.__doc__}\n" + "\n".join(found)


def test_styles_and_scripts_are_no_longer_than_code() -> None:
    assert FRONTEND
    assert offences(too_long, FRONTEND + SHOWN) == []


def test_no_foreign_hosts_in_code_and_pages() -> None:
    assert SHOWN
    found = offences(foreign_hosts, PRODUCT + SHOWN)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("check", "name", "source"),
    [
        (commits, "services/x/store/reports.py", "await connection.commit()"),
        (commits, "services/x/store/reports.py", "async def f():\n with engine.begin(): pass"),
        (commits, "services/x/http/web.py", "units.engine.begin()"),
        (publishes, "services/x/use_cases/a.py", "stream.publish('x', b'')"),
        (publishes, "services/x/bus.py", "from nats.aio.client import Client"),
        (publishes, "services/x/bus.py", "import nats"),
        (nameless, "services/x/date_utils.py", ""),
        (nameless, "services/x/base.py", ""),
        (too_long, "services/x/all.py", "\n" * 401),
        (formatted_sql, "services/x/store/a.py", 'f"SELECT a FROM b WHERE c = {number}"'),
        (formatted_sql, "services/x/http/a.py", 'f"UPDATE {table} SET a = 1"'),
        (foreign_hosts, "a.html", '<script src="https://cdn.jsdelivr.net/x.js">'),
        (foreign_hosts, "a.html", '<script src="//cdn.jsdelivr.net/x.js">'),
        (foreign_hosts, "a.css", "url(http://fonts.googleapis.com/css)"),
        (foreign_hosts, "a.py", '"https://example.com.evil.org/"'),
        (foreign_hosts, "a.py", '"https://testing.org/"'),
    ],
)
def test_each_rule_notices_its_breach(check: Check, name: str, source: str) -> None:
    assert list(check(name, source))


@pytest.mark.parametrize(
    ("check", "name", "source"),
    [
        (commits, "services/x/migrations/env.py", "connection.commit()"),
        (commits, "services/x/http/web.py", "async def f():\n async with units.begin(): pass"),
        (publishes, f"{COMMON}/relay.py", "transport.publish(1, events)"),
        (publishes, "services/x/domain/catalogue.py", "publish(region)"),
        (nameless, "services/x/database.py", ""),
        (formatted_sql, "services/x/store/a.py", 'f"SELECT {metric_sql(1)} FROM {SCHEMA}.b"'),
        (formatted_sql, "services/x/store/a.py", "def a_sql(b):\n return f'SELECT {b} FROM c'"),
        (formatted_sql, "services/x/store/a.py", "f'the report {number}'"),
        (foreign_hosts, "a.html", '<svg xmlns="http://www.w3.org/2000/svg">'),
        (foreign_hosts, "a.py", 'f"http://127.0.0.1:{port}/" "https://melder.example/x"'),
        (foreign_hosts, "a.py", "a // b"),
    ],
)
def test_no_rule_cries_wolf(check: Check, name: str, source: str) -> None:
    assert not list(check(name, source))
