"""The one origin: a Caddy configuration that sends each path to its service.

``python -m melder_local.gateway > infra/compose/Caddyfile`` writes the one of docker-compose.yml.
"""

from collections.abc import Mapping

CONTAINERS = {
    **{name: f"{name}:8080" for name in ("intake", "routing", "media", "notify")},
    "mail": "mail:8025",
}
"""Where docker-compose.yml has what the gateway leads to."""

NEVER_PUBLIC = ("/healthz", "/healthz/*", "/metrics", "/internal", "/internal/*")

ROUTES = (
    ("desk", "/desk /desk/*", "routing"),
    ("case", "/fall/*", "routing"),
    ("responsibility", "/api/responsibility /api/region.geojson", "routing"),
    ("photos", "/photos /photos/*", "media"),
    ("contact", "/me/*", "notify"),
    ("mail", "/mail /mail/*", "mail"),
)
"""Everything else is intake's. Whole path segments: ``/me*`` would swallow ``/melden``."""

NEVER_COMPRESSED = ("/desk", "/desk/*", "/fall/*", "/m/*", "/me/*", "/photos/*")
"""Pages with a session or a capability: their length must not tell what stands in them (BREACH)."""

LARGEST_BODY = "1GB"
"""Far beyond what services take: they refuse earlier, each in the format of its callers."""

HOLD = "30s"
"""How long a request waits for a service that is being restarted. A start takes 2 s; on a machine
of two cores at load 24, 17 s were measured."""
KEPT = 256
"""Connections to a service that stay open while nobody uses them: more than report at once, for
each closed one has to be opened anew (Caddy keeps 32)."""


def caddyfile(port: int, upstreams: Mapping[str, str], *, bind: str | None = None) -> str:
    """The configuration text. No access log: addresses of citizens are not kept here.

    Failures are logged without their request, whose address may hold a key or a tracking link.

    ``upstreams``: host:port of what is behind, by name. ``bind``: the only address to listen on.
    """
    lines = [
        "{",
        "\tadmin off",
        "\tauto_https off",
        "\tpersist_config off",
        "\tlog {",
        "\t\tformat filter {",
        "\t\t\trequest delete",
        "\t\t}",
        "\t}",
        *([f"\tdefault_bind {bind}"] if bind else []),
        "\tservers {",
        "\t\ttimeouts {",
        "\t\t\tread_header 10s",
        "\t\t\tidle 60s",
        "\t\t}",
        "\t}",
        "}",
        f"http://:{port} {{",
        "\theader -Server",
        "\theader -Via",
        "\trequest_body {",
        f"\t\tmax_size {LARGEST_BODY}",
        "\t}",
        f"\t@open not path {' '.join(NEVER_COMPRESSED)}",
        "\tencode @open gzip",
        f"\t@private path {' '.join(NEVER_PUBLIC)}",
        "\thandle @private {",
        "\t\trespond 404",
        "\t}",
        "\thandle /gateway/ready {",
        '\t\trespond "ready"',
        "\t}",
    ]
    for service in ("intake", "routing", "media", "notify"):
        lines += [
            f"\thandle /docs/openapi/{service}.json {{",
            "\t\trewrite * /openapi.json",
            f"\t\treverse_proxy {upstreams[service]}",
            "\t}",
        ]
    for name, paths, service in ROUTES:
        lines += [f"\t@{name} path {paths}", f"\thandle @{name} {{", *_proxy(upstreams[service])]
    lines += ["\thandle {", *_proxy(upstreams["intake"])]
    lines.append("}")
    return "\n".join(lines) + "\n"


def _proxy(upstream: str) -> list[str]:
    return [
        f"\t\treverse_proxy {upstream} {{",
        f"\t\t\tlb_try_duration {HOLD}",
        "\t\t\tlb_try_interval 200ms",
        "\t\t\ttransport http {",
        f"\t\t\t\tkeepalive_idle_conns_per_host {KEPT}",
        "\t\t\t}",
        "\t\t}",
        "\t}",
    ]


if __name__ == "__main__":
    print(caddyfile(8000, CONTAINERS), end="")
