"""The check itself: what is done in which order, and what counts as wrong."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from melder_common.testing.nats import program
from melder_containers import logs
from melder_containers.engine import Engine
from melder_containers.foreign_images import FOR_BUILDS, FOR_COMPOSE, ForeignImages
from melder_containers.inspection import (
    find_leaks,
    find_passwords,
    find_ways_out,
    find_writes,
    judge_container,
)
from melder_containers.probes import PROBES, find_open_doors
from melder_containers.project import Project
from melder_containers.service_images import SERVICES, ServiceImage, build_image
from melder_containers.walk import CANARIES, Walk, Walked, last_line
from melder_local.place import CHECKOUT

_READ_SECRETS = (
    "import json, pathlib; root = pathlib.Path('/secrets/all'); "
    "print(json.dumps({str(f.relative_to(root)): f.read_text().strip() "
    "for f in root.rglob('*') if f.is_file()}))"
)
_NO_SECRETS = ("s3/access_key", "grants/public.pem", "nats/authorization.conf")
_VERSIONS = " UNION ALL ".join(
    f"SELECT '{service}', version_num FROM {service}.alembic_version" for service in SERVICES
)


@dataclass(slots=True)
class Outcome:
    """What was found out. ``findings``: what is wrong; without any the check has passed."""

    engine: str = ""
    sources: dict[str, str] = field(default_factory=dict)
    images: list[ServiceImage] = field(default_factory=list)
    healthy_s: float = 0
    healthy_again_s: float = 0
    containers: int = 0
    findings: list[str] = field(default_factory=list)

    def add(self, step: str, findings: Sequence[str]) -> None:
        """Note and print how a step went."""
        self.findings += findings
        print(f"{'FAILED' if findings else 'ok':>6}  {step}", flush=True)
        for finding in findings:
            print(f"        {finding}", flush=True)


def check(engine: Engine, directory: Path, *, port: int, mirror: str | None) -> Outcome:
    """All of it, on ``engine``. Raises when a step cannot be done at all."""
    outcome = Outcome(engine=engine.describe())
    print(outcome.engine, flush=True)
    outcome.add("hadolint has nothing to say", lint())
    provide_images(outcome, engine, ForeignImages(engine, directory, mirror))
    project = Project(engine, "melder-check", port)
    project.try_down()
    try:
        start_and_walk(outcome, project)
        project.save_logs(project.containers())
    except BaseException:
        project.save_logs(project.containers())
        raise
    finally:
        project.try_down()
    return outcome


def lint() -> list[str]:
    """What hadolint says about our Dockerfiles."""
    files = [str(file.relative_to(CHECKOUT)) for file in dockerfiles()]
    done = subprocess.run(
        [program("hadolint"), *files], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    return done.stdout.splitlines() + done.stderr.splitlines()


def dockerfiles() -> list[Path]:
    """Those of the services and of the stand-ins."""
    folders = (CHECKOUT / "services", CHECKOUT / "infra/containers/stand-ins")
    return sorted(file for folder in folders for file in folder.glob("*/Dockerfile"))


def provide_images(outcome: Outcome, engine: Engine, bases: ForeignImages) -> None:
    """Base images, then the services' (the stand-in of the mail sink is built on one of them)."""
    for image in FOR_BUILDS:
        outcome.sources[image.name] = bases.provide(image)
    for service in SERVICES:
        built = build_image(engine, service)
        outcome.images.append(built)
        step = f"{built.name}: {built.bytes / 1e6:.0f} MB, built in {built.seconds:.0f} s"
        outcome.add(step, [f"{built.name}: {finding}" for finding in built.findings])
    for image in FOR_COMPOSE:
        outcome.sources[image.name] = bases.provide(image)
    pulled = sum(source == "pulled" for source in outcome.sources.values())
    outcome.add(f"{pulled} images pulled, {len(outcome.sources) - pulled} stand-ins made", [])


def start_and_walk(outcome: Outcome, project: Project) -> None:
    """From empty volumes through two reports and a restart to the last look at everything."""
    outcome.healthy_s = project.up()
    outcome.containers = len(project.containers())
    outcome.add(f"{outcome.containers} containers healthy after {outcome.healthy_s:.0f} s", [])
    schema = project.psql(_VERSIONS)
    outcome.add("every migration ran once", find_migration_trouble(project, schema))
    walk = Walk(project)
    walk.prepare()
    walked = [walk.by_app(), walk.by_form()]
    for one in walked:
        outcome.add(f"a report with a photo by {one.door}: routed, mailed, closed, public", [])
    outcome.add("containers are locked, write nowhere, log no trouble, tell nothing", look(project))
    outcome.add(f"{len(PROBES)} doors are shut", find_open_doors(project))
    mails = walk.mails()
    project.down(with_data=False)
    outcome.healthy_again_s = project.up()
    outcome.add(
        f"a restart with new containers keeps everything ({outcome.healthy_again_s:.0f} s)",
        find_losses(project, walk, walked, mails=mails, schema=schema),
    )
    outcome.add("the same after the restart", look(project))


def find_losses(
    project: Project, walk: Walk, walked: Sequence[Walked], *, mails: int, schema: Sequence[str]
) -> list[str]:
    """What is not as it was before the restart, and whether reports are still taken."""
    findings = [finding for one in walked for finding in walk.find_differences(one)]
    if (now := walk.mails()) != mails:
        findings.append(f"{now} mails, before {mails}")
    if (versions := project.psql(_VERSIONS)) != list(schema):
        findings.append(f"schema at {versions}, before at {schema}")
    walk.by_app()
    return findings


def find_migration_trouble(project: Project, versions: Sequence[str]) -> list[str]:
    """Jobs of migration that ran again or are missing, schemas without one version."""
    jobs = {one.service: one for one in project.containers() if one.service.startswith("migrate-")}
    findings = [f"migrate-{one} is missing" for one in SERVICES if f"migrate-{one}" not in jobs]
    findings += [
        f"{name} was started {one.inspected['RestartCount'] + 1} times"
        for name, one in jobs.items()
        if one.inspected["RestartCount"]
    ]
    found = sorted(row.partition("|")[0] for row in versions)
    if found != sorted(SERVICES):
        findings.append(f"versions of {found}, expected one of each service")
    return findings


def look(project: Project) -> list[str]:
    """What is wrong with any container: rights, writes, log, what stands where."""
    read = project.run_once("secrets", "-c", _READ_SECRETS, entrypoint="python")
    secrets = {
        name: value
        for name, value in json.loads(last_line(read)).items()
        if name not in _NO_SECRETS
    }
    findings: list[str] = []
    ways_out = project.open_networks()
    for one in project.containers():
        log = project.log(one)
        findings += [
            *judge_container(one),
            *find_ways_out(one, ways_out),
            *find_passwords(one),
            *find_writes(one, project.changes(one)),
            *logs.find_trouble(one.service, log),
            *find_leaks(f"log of {one.service}", log, {**secrets, **CANARIES}),
            *find_leaks(f"container {one.service}", json.dumps(dict(one.inspected)), secrets),
        ]
    return findings
