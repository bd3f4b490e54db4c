"""The first installation of README.md with real parts: everything but Kubernetes itself.

Every command that the README names runs as it stands there; migrations, set-up of streams, services
and gateway run as the rendered manifests say, with the Secrets that `melder kubernetes-secrets`
prints. `make k8s-check` runs it; `make test` does not, because the parts take half a minute to start.
"""

import os
import re
import shutil
import subprocess
import time
from base64 import b64decode
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import httpx
import pytest
import yaml

from melder_common.testing.mail import MailSink
from melder_common.testing.nats import program
from melder_common.testing.ports import free_ports, is_open
from melder_common.testing.postgres import PostgresCluster
from melder_common.testing.processes import Launch, Process
from melder_common.testing.s3 import S3Store

from .rendered import K8S, SERVICES, Manifests, Workload, render_at

REGION = K8S.parent / "demo/region.yaml"
PLACE = {"lat": "54.0887", "long": "12.1405"}
KEEP_LEDGERS = ("intake", "media", "notify")
PATIENCE_S = 120.0


def run(*argv: str, env: Mapping[str, str] | None = None) -> str:
    """A command that must succeed; what it printed."""
    done = subprocess.run(
        [program(argv[0]), *argv[1:]],
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(argv)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


class Installation:
    """What an IT team has at hand: servers of its own, a directory of secrets, an overlay."""

    def __init__(self, directory: Path, running: ExitStack) -> None:
        self.directory = directory
        self.running = running
        self.secrets = directory / "secrets"
        names = ("postgres", "nats", "s3", "smtp", "gateway", *SERVICES)
        self.ports = dict(zip(names, free_ports(len(names)), strict=True))
        self.mounted: dict[str, Path] = {}

    @property
    def admin(self) -> str:
        return f"postgresql://melder_admin@127.0.0.1:{self.ports['postgres']}/postgres"

    def start(self, *launches: Launch) -> None:
        """All at once; back when each is ready."""
        processes = [Process(one, self.directory / f"{one.name}.log") for one in launches]
        for process in processes:
            process.start()
            self.running.callback(process.kill)
        for process in processes:
            process.wait_ready(PATIENCE_S)

    def write_overlay(self) -> Manifests:
        """A copy with the addresses of this installation, as README.md says."""
        copy = self.directory / "k8s"
        shutil.copytree(K8S, copy, ignore=shutil.ignore_patterns("tests"))
        ports = self.ports
        (copy / "overlays/region/region.env").write_text(
            "public_url=https://melder.rostock.example\n"
            f"database=127.0.0.1:{ports['postgres']}/melder\n"
            f"nats_url=nats://127.0.0.1:{ports['nats']}\n"
            "nats_replicas=1\ntrusted_proxies=127.0.0.1\n"
            f"s3_endpoint=127.0.0.1:{ports['s3']}\ns3_secure=false\n"
            f"smtp_host=127.0.0.1\nsmtp_port={ports['smtp']}\nsmtp_tls=none\n"
            "mail_from=melder@rostock.example\n"
        )
        return render_at(copy / "overlays/region")

    def mount_secrets(self) -> None:
        """As the cluster does with what is piped into `kubectl apply -f -`."""
        for secret in yaml.safe_load_all(run("melder", "kubernetes-secrets", str(self.secrets))):
            mounted = self.directory / "mounted" / secret["metadata"]["name"]
            mounted.mkdir(parents=True)
            for key, content in secret["data"].items():
                (mounted / key).write_bytes(b64decode(content))
            self.mounted[secret["metadata"]["name"]] = mounted

    def environment(self, manifests: Manifests, workload: Workload) -> dict[str, str]:
        """The pod's environment, its files where they lie here, its neighbours on this machine."""
        mounts = manifests.secret_mounts(workload)
        found = {}
        for name, value in manifests.environment(workload).items():
            for mount, secret in mounts.items():
                if value == mount or value.startswith(mount + "/"):
                    value = str(self.mounted[secret] / value.removeprefix(mount).lstrip("/"))  # noqa: PLW2901 (the path it has here)
            if value == "/ledger":
                value = str(self.directory / "ledger")  # noqa: PLW2901 (as above)
            for service in SERVICES:
                here = f"127.0.0.1:{self.ports[service]}"
                value = value.replace(f"melder-{service}:8080", here)  # noqa: PLW2901 (as above)
            found[name] = value
        return found


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    shutil.rmtree(tmp_path)
    directory = Path("/tmp") / f"melder-rehearsal-{os.getpid()}"  # noqa: S108 (PostgreSQL's account must get in)
    directory.mkdir(mode=0o711)
    with ExitStack() as running:
        running.callback(shutil.rmtree, directory, ignore_errors=True)
        yield Installation(directory, running)


def start_parts(town: Installation) -> MailSink:
    """PostgreSQL, S3 and a mail server, as a town has them."""
    password = (town.secrets / "database/melder_admin").read_text().strip()
    postgres = PostgresCluster(town.directory / "postgres", town.ports["postgres"], password)
    keys = [
        (town.secrets / "s3" / name).read_text().strip() for name in ("access_key", "secret_key")
    ]
    store = S3Store(town.directory / "s3", town.ports["s3"], *keys)
    postgres.prepare()
    store.prepare()
    town.start(postgres.launch(), store.launch())
    mails = MailSink(town.ports["smtp"])
    mails.start()
    town.running.callback(mails.stop)
    return mails


def start_nats(town: Installation) -> None:
    """A server that includes the users' file, as README.md says."""
    directory = town.directory / "nats"
    directory.mkdir()
    shutil.copy(town.mounted["melder-nats"] / "authorization.conf", directory)
    (directory / "nats.conf").write_text(
        f'listen: "127.0.0.1:{town.ports["nats"]}"\n'
        f'jetstream {{ store_dir: "{directory}" }}\n'
        'include "authorization.conf"\n'
    )
    argv = (program("nats-server"), "--config", str(directory / "nats.conf"))
    town.start(Launch("nats", argv, lambda: is_open(town.ports["nats"])))


def run_job(town: Installation, manifests: Manifests, service: str, job: Workload) -> None:
    """What a Job of this service does."""
    run(f"melder-{service}", *job.container["args"], env=town.environment(manifests, job))


def start_pods(town: Installation, manifests: Manifests) -> None:
    """Jobs first, then services and the gateway: the order of README.md."""
    workloads = manifests.workloads()
    with ThreadPoolExecutor() as together:
        jobs = [workloads[f"Job/migrate-{service}"] for service in SERVICES]
        list(together.map(partial(run_job, town, manifests), SERVICES, jobs))
        # As after a restore; here nobody has been erased yet.
        again = [workloads[f"CronJob/erase-again-{service}"] for service in KEEP_LEDGERS]
        list(together.map(partial(run_job, town, manifests), KEEP_LEDGERS, again))
    job = workloads["Job/streams"]
    run(*job.container["command"], env=town.environment(manifests, job))
    launches = []
    for service in SERVICES:
        workload = workloads[f"Deployment/{service}"]
        port = town.ports[service]
        env = town.environment(manifests, workload)
        env |= {f"{service.upper()}_PORT": str(port), f"{service.upper()}_HOST": "127.0.0.1"}
        argv = (program(f"melder-{service}"), *workload.container["args"])
        launches.append(Launch(service, argv, partial(is_open, port), env))
    config = town.directory / "Caddyfile"
    shutil.copy(K8S / "base/gateway/Caddyfile", config)
    env = {service.upper(): f"127.0.0.1:{town.ports[service]}" for service in SERVICES}
    env |= {"GATEWAY_PORT": str(town.ports["gateway"]), "XDG_DATA_HOME": str(town.directory)}
    argv = (program("caddy"), "run", "--config", str(config), "--adapter", "caddyfile")
    ready = partial(is_open, town.ports["gateway"])
    town.start(*launches, Launch("gateway", argv, ready, env))


def administrator(town: Installation) -> dict[str, str]:
    """The variables that README.md has an administrator set for `melder apply` and the others."""
    text = (K8S / "README.md").read_text()
    block = text.split("<!-- administrator -->")[1].split("```")[1]
    values = {
        "SECRETS": str(town.secrets),
        "DATABASE": f"127.0.0.1:{town.ports['postgres']}/melder",
    }
    found = {}
    for name, value in re.findall(r"^export (\w+)=(\S+)$", block, re.MULTILINE):
        found[name] = re.sub(r"\$(\w+)", lambda one: values[one[1]], value)
    return found


def wait_for(mails: MailSink) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not mails.received:
        assert time.monotonic() < deadline, "no mail arrived"
        time.sleep(0.1)


@pytest.mark.timeout(600)
def test_the_first_installation(installation: Installation) -> None:
    town = installation
    run("melder", "secrets", str(town.secrets))
    mails = start_parts(town)
    password_file = str(town.secrets / "database/melder_admin")
    for _ in range(2):  # safe to repeat
        run("melder", "database", "provision", f"--admin-url={town.admin}",
            f"--admin-password-file={password_file}", f"--secrets={town.secrets}")  # fmt: skip
    town.mount_secrets()
    start_nats(town)
    start_pods(town, town.write_overlay())

    env = administrator(town)
    check = ["melder", "apply", str(REGION), "--secrets", str(town.secrets), "--generate-passwords"]
    run(*check, "--plan", env=env)
    run(*check, "--yes", env=env)
    key = run("melder", "api-key", "create", "Rehearsal", env=env).split()[-1]

    origin = f"http://127.0.0.1:{town.ports['gateway']}"
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}
    with httpx.Client(base_url=origin, headers=headers, trust_env=False) as web:
        deadline = time.monotonic() + PATIENCE_S
        while not (services := web.get("/open311/v2/services.json")).is_success:
            assert time.monotonic() < deadline, services.text
            time.sleep(0.2)
        (code, *_) = [one["service_code"] for one in services.json()]
        report = {"api_key": key, "service_code": code, "email": "erika@example.org"}
        said = web.post("/open311/v2/requests.json", data={**report, **PLACE, "description": "x"})
        assert said.status_code == 200, said.text
        assert web.get("/internal/responsibility").status_code == 404
    wait_for(mails)
    assert mails.received[0]["To"] == "erika@example.org"

    doctor = ["melder", "doctor", f"--database-url={town.admin.replace('/postgres', '/melder')}",
              f"--password-file={password_file}"]  # fmt: skip
    doctor += [f"--service={one}=http://127.0.0.1:{town.ports[one]}" for one in SERVICES]
    assert "BAD" not in run(*doctor, env=env)
