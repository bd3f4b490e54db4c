"""Each rule about containers, images and logs notices what breaks it."""

from typing import Any

import pytest

from melder_containers.inspection import (
    find_leaks,
    find_passwords,
    find_ways_out,
    find_writes,
    judge_container,
)
from melder_containers.logs import find_trouble
from melder_containers.project import Container, is_well
from melder_containers.service_images import find_forbidden, judge

LOCKED: dict[str, Any] = {
    "ReadonlyRootfs": True,
    "Privileged": False,
    "CapDrop": ["ALL"],
    "CapAdd": None,
    "SecurityOpt": ["no-new-privileges:true"],
    "PortBindings": {},
    "Binds": ["melder_secrets-intake:/secrets:ro"],
    "RestartPolicy": {"Name": "unless-stopped"},
    "Tmpfs": {"/run/x": ""},
}


def container(service: str = "intake", *, user: str = "10001:10001", **host: Any) -> Container:
    return Container(
        service,
        "1" * 64,
        {
            "HostConfig": LOCKED | host,
            "Config": {"User": user, "Env": ["PATH=/usr/bin", "X_PASSWORD_FILE=/secrets/x"]},
            "Mounts": [{"Destination": "/secrets/all"}],
            "NetworkSettings": {"Networks": {"m_inner": {}, "m_outer": {}}},
            "State": {"Status": "running", "ExitCode": 0, "Health": {"Status": "healthy"}},
        },
    )


def test_a_locked_container_is_all_right() -> None:
    assert judge_container(container()) == []


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ({"ReadonlyRootfs": False}, "can be written"),
        ({"Privileged": True}, "privileged"),
        ({"CapDrop": None}, "keeps capabilities"),
        ({"CapAdd": ["CAP_NET_ADMIN"]}, "NET_ADMIN"),
        ({"SecurityOpt": None}, "may gain privileges"),
        ({"PortBindings": {"8080/tcp": [{}]}}, "publishes ports"),
        ({"Binds": ["/var/run/docker.sock:/s"]}, "engine's socket"),
        ({"user": "0:0"}, "runs as root"),
        ({"user": ""}, "runs as root"),
    ],
)
def test_whatever_is_open_is_said(host: dict[str, Any], words: str) -> None:
    findings = judge_container(container(**host))
    assert len(findings) == 1
    assert words in findings[0]


def test_root_may_hand_over_volumes_and_nothing_else() -> None:
    assert judge_container(container("volumes", user="0:0", CapAdd=["CAP_CHOWN"])) == []
    assert judge_container(container("volumes", user="0:0", CapAdd=["CAP_SYS_ADMIN"]))


def test_the_gateway_alone_publishes_its_port() -> None:
    ports = {"8000/tcp": [{"HostPort": "8000"}]}
    assert judge_container(container("gateway", PortBindings=ports)) == []


def test_the_gateway_alone_has_a_way_out() -> None:
    assert find_ways_out(container(), {"m_outer"}) == ["intake: is in m_outer, which leads outside"]
    assert find_ways_out(container(), set()) == []
    assert find_ways_out(container("gateway"), {"m_outer"}) == []


def test_a_password_in_the_environment_is_found_and_its_file_is_none() -> None:
    one = container()
    assert find_passwords(one) == []
    one.inspected["Config"]["Env"].append("POSTGRES_PASSWORD=melder")
    assert find_passwords(one) == ["intake: POSTGRES_PASSWORD stands in the environment"]


def test_what_is_written_beside_the_volumes_is_found() -> None:
    mounts = ["/secrets", "/secrets/all", "/run", "/run/x"]
    assert find_writes(container(), mounts) == []
    assert find_writes(container(), [*mounts, "/var/log/x"]) == ["intake: wrote /var/log/x"]


def test_a_secret_is_named_and_not_told() -> None:
    assert find_leaks("log of intake", "a s3cr3t b", {"intake/form_key": "s3cr3t"}) == [
        "log of intake: intake/form_key stands there"
    ]


@pytest.mark.parametrize(
    "line",
    [
        '{"event":"background_failed","level":"warning"}',
        '{"level":"error"',
        "2026-11-23 03:35:49.123 UTC [1] FATAL:  password authentication failed",
        "[1] 2026/11/23 03:35:36.670 [ERR] 10.0.0.1:42 - cid:5 - Permissions Violation",
        "E1123 03:36:09.266771 volume.go:1 disk full",
        "Traceback (most recent call last):",
    ],
)
def test_a_bad_line_is_found(line: str) -> None:
    assert find_trouble("intake", f"all well\n{line}\n") == [f"intake: {line}"]


@pytest.mark.parametrize(
    ("service", "line"),
    [
        ("intake", '{"event":"error_page_shown","level":"info"}'),
        ("postgres", "2026-11-23 UTC [1] LOG:  database system is ready"),
        ("store", "I1123 03:36:09 masterclient.go:1 rpc error: not current leader"),
        ("gateway", '{"level":"warn","msg":"HTTP/3 skipped because it requires TLS"}'),
    ],
)
def test_a_good_line_is_none(service: str, line: str) -> None:
    assert find_trouble(service, line) == []


def test_what_no_image_may_hold_is_found_by_its_place() -> None:
    found = find_forbidden(
        [
            "bin/sh",
            "usr/bin/gcc",
            "opt/melder/lib/python3.11/site-packages/pytest",
            "opt/melder/lib/python3.11/site-packages/pip",
            "usr/lib/python3.11/site-packages/starlette/make",
            "usr/share/doc/gcc",
        ]
    )
    assert [finding.split(":")[0] for finding in found] == [
        "compiler",
        "package manager",
        "shell",
        "test tool",
    ]


def test_an_image_has_a_size_and_a_user() -> None:
    assert judge(250_000_000, "10001:10001") == []
    assert len(judge(250_000_001, "root")) == 2


@pytest.mark.parametrize(
    ("state", "restart", "judged"),
    [
        ({"Status": "running", "ExitCode": 0, "Health": {"Status": "healthy"}}, "always", "well"),
        ({"Status": "running", "ExitCode": 0}, "always", "well"),
        ({"Status": "running", "ExitCode": 0, "Health": {"Status": "starting"}}, "always", "not"),
        ({"Status": "exited", "ExitCode": 0}, "always", "not"),
        ({"Status": "exited", "ExitCode": 0}, "no", "well"),
        ({"Status": "exited", "ExitCode": 1}, "no", "not"),
        ({"Status": "running", "ExitCode": 0}, "no", "not"),
    ],
)
def test_jobs_end_and_servers_run(state: dict[str, Any], restart: str, judged: str) -> None:
    one = container(RestartPolicy={"Name": restart})
    assert is_well(Container("x", "1", {**one.inspected, "State": state})) is (judged == "well")
