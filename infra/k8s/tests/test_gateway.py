"""The gateway in Kubernetes sends every path where the gateway on one machine sends it."""

import http.server
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from melder_common.testing.nats import program
from melder_common.testing.ports import free_ports, is_open
from melder_common.testing.processes import Launch, Process
from melder_local.gateway import NEVER_PUBLIC, ROUTES, caddyfile

from .rendered import K8S, SERVICES, render

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("gateways")]

NOWHERE = "404"
PATHS = (
    *(
        "/",
        "/melden",
        "/meldungen",
        "/m/ABC",
        "/open311/v2/services.json",
        "/docs",
        "/gateway/ready",
    ),
    *(f"/docs/openapi/{service}.json" for service in SERVICES),
    *("/deskx", "/me", "/mexico", "/photosx", "/api", "/api/responsibility/x", "/healthzx"),
    *("//internal/x", "/%69nternal/x", "/x/../internal/x", "/INTERNAL/x", "/healthz%2Flive"),
    *(path.replace("*", "some/thing") for path in NEVER_PUBLIC),
    *(p.replace("*", "a/b?c=d") for name, ps, _ in ROUTES if name != "mail" for p in ps.split()),
)
"""The mail sink is the demo's alone."""


class Echo(http.server.BaseHTTPRequestHandler):
    """Says which service was asked, for what, and what it was told of the client."""

    def do_GET(self) -> None:
        service = self.server.service  # type: ignore[attr-defined]
        told = {name: self.headers[name] for name in ("X-Forwarded-For", "X-Forwarded-Proto")}
        body = json.dumps({"service": service, "path": self.path, "told": told}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(body + b" " * 2000)

    def do_POST(self) -> None:
        """Break off, as a service that dies."""
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """The tests read the answers."""


@pytest.fixture(scope="module")
def upstreams() -> Iterator[dict[str, int]]:
    servers = {}
    for service in (*SERVICES, "mail"):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        server.service = service  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers[service] = server
    yield {service: server.server_address[1] for service, server in servers.items()}
    for server in servers.values():
        server.shutdown()
        server.server_close()


@contextmanager
def gateway(config: Path, port: int, env: Mapping[str, str]) -> Iterator[str]:
    home = {"XDG_DATA_HOME": str(config.parent), "XDG_CONFIG_HOME": str(config.parent)}
    argv = (program("caddy"), "run", "--config", str(config), "--adapter", "caddyfile")
    launch = Launch("caddy", argv, ready=lambda: is_open(port), env={**home, **env})
    process = Process(launch, config.parent / f"caddy-{port}.log")
    process.start()
    try:
        process.wait_ready()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()


@pytest.fixture(scope="module")
def gateways(
    upstreams: dict[str, int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """The addresses of the local one and of that in Kubernetes."""
    directory = tmp_path_factory.mktemp("gateways")
    ports = free_ports(2)
    local, cluster = directory / "local", directory / "cluster"
    here = {name: f"127.0.0.1:{port}" for name, port in upstreams.items()}
    local.write_text(caddyfile(ports[0], here))
    mounted = render("region").of("ConfigMap")
    (name,) = [one for one in mounted if one.startswith("melder-gateway-")]
    cluster.write_text(mounted[name]["data"]["Caddyfile"])
    env = {service.upper(): here[service] for service in SERVICES}
    with ExitStack() as both:
        yield (
            both.enter_context(gateway(local, ports[0], {})),
            both.enter_context(gateway(cluster, ports[1], env | {"GATEWAY_PORT": str(ports[1])})),
        )


def ask(url: str, headers: Mapping[str, str] | None = None) -> tuple[str, str, str]:
    """Service, path and compression of an answer."""
    sent = {"Accept-Encoding": "gzip"} | dict(headers or {})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers=sent), timeout=20) as answer:
            coding = answer.headers.get("Content-Encoding", "")
            raw = answer.read()
    except urllib.error.HTTPError as refusal:
        return str(refusal.code), "", ""
    if coding or not raw.startswith(b"{"):
        return "", raw.decode() if not coding else "", coding
    said = json.loads(raw)
    return said["service"], said["path"], coding


@pytest.mark.parametrize("path", PATHS)
def test_a_path_goes_to_the_same_service(gateways: tuple[str, str], path: str) -> None:
    local, cluster = (ask(address + path) for address in gateways)
    assert cluster == local
    plain = {"Accept-Encoding": "identity"}
    assert ask(gateways[1] + path, plain) == ask(gateways[0] + path, plain)


@pytest.mark.parametrize("path", NEVER_PUBLIC)
def test_what_is_private_is_answered_by_nobody(gateways: tuple[str, str], path: str) -> None:
    assert ask(gateways[1] + path.replace("*", "x"))[0] == NOWHERE


def test_what_the_ingress_controller_says_of_the_client_arrives(gateways: tuple[str, str]) -> None:
    headers = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}
    request = urllib.request.Request(f"{gateways[1]}/", headers=headers)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        told = json.loads(answer.read())["told"]
    assert told == {"X-Forwarded-For": "198.51.100.7, 127.0.0.1", "X-Forwarded-Proto": "https"}


def test_it_finds_the_services_by_their_names_and_its_probe_answers(
    gateways: tuple[str, str],
) -> None:
    text = (K8S / "base/gateway/Caddyfile").read_text()
    services = render("region").of("Service")
    for service in SERVICES:
        (port,) = services[f"melder-{service}"]["spec"]["ports"]
        assert f"{{${service.upper()}:melder-{service}:{port['port']}}}" in text
    container = render("region").workloads()["Deployment/gateway"].container
    assert f":{container['ports'][0]['containerPort']}}}" in text
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert ask(gateways[1] + container[probe]["httpGet"]["path"])[1] == "ready"


def test_the_log_of_failures_tells_no_key_link_and_address(
    gateways: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A key may come in the query, and a tracking link is a key."""
    for address in gateways:
        request = urllib.request.Request(
            f"{address}/m/7ZKQ3NTV/canary-path?api_key=canary-query",
            data=b"api_key=canary-body",
            headers={"X-API-Key": "canary-header", "Cookie": "canary-cookie"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with pytest.raises(urllib.error.HTTPError, match="502"):
            opener.open(request, timeout=20)
        port = address.rpartition(":")[2]
        (log, *_) = tmp_path_factory.getbasetemp().glob(f"gateways*/caddy-{port}.log")
        (failure,) = [line for line in log.read_text().splitlines() if "http.log.error" in line]
        assert "canary" not in failure
        assert "remote_ip" not in failure
        assert '"status":502' in failure
