"""Read a region file with its boundary files and its clerks' passwords; change nothing."""

import secrets
from collections.abc import Iterator
from pathlib import Path

from melder_common.secret_files import write_secret
from melder_common.settings import read_secret
from melder_routing.domain.prepared_region import PreparedRegion
from melder_routing.domain.region import BoundarySource, Region
from melder_routing.domain.region_areas import Feature, find_areas
from melder_routing.domain.region_clerk import RegionClerk
from melder_routing.domain.region_findings import Finding
from melder_routing.store.boundary_files import BoundaryFileRefused, read_boundary_file
from melder_routing.store.region_file import RegionFile, read_region_file

OPEN311_KEYS = "open311"
"""The folder of the secrets directory in which the keys of endpoints lie."""


def read_region(path: Path, *, passwords_in: Path | None = None) -> PreparedRegion:
    """Everything that ``path`` declares and refers to. Raises RegionRefused naming all mistakes.

    With ``passwords_in`` the clerks' password files and the keys of Open311 endpoints must lie
    there; ``read_passwords`` reads the former.
    """
    file = read_region_file(path)
    features, unread = _read_features(file)
    file.refuse(unread)
    areas, findings = find_areas(file.region, features)
    if passwords_in is not None:
        findings += _missing_passwords(file.region, passwords_in)
        findings += _missing_keys(file.region, passwords_in)
    file.refuse(findings)
    return PreparedRegion(file.region, features, areas, file.refuse)


def read_passwords(region: Region, directory: Path) -> tuple[RegionClerk, ...]:
    """The clerks with the passwords below ``directory``; missing ones are made up."""
    return tuple(_clerks(region, directory))


def _read_features(
    file: RegionFile,
) -> tuple[dict[str, tuple[Feature, ...]], list[Finding]]:
    features, findings = {}, []
    for position, source in enumerate(file.region.boundaries):
        try:
            features[source.id] = _read(file, source)
        except BoundaryFileRefused as error:
            problem, _, remedy = str(error).rpartition("; ")
            findings.append(Finding(("boundaries", position, "file"), source.file, problem, remedy))
    return features, findings


def _read(file: RegionFile, source: BoundarySource) -> tuple[Feature, ...]:
    path = file.directory / source.file
    return read_boundary_file(path, key=source.key, name=source.name, crs=source.crs)


def _missing_passwords(region: Region, directory: Path) -> Iterator[Finding]:
    for position, clerk in enumerate(region.clerks):
        if clerk.password_file and not (directory / clerk.password_file).exists():
            yield Finding(
                ("clerks", position, "password_file"),
                clerk.password_file,
                f"there is no such file below {directory}",
                "put it there, name another --secrets directory, or use --generate-passwords",
            )


def _missing_keys(region: Region, directory: Path) -> Iterator[Finding]:
    for position, body in enumerate(region.bodies):
        name = body.open311.key_file if body.open311 else None
        if name and not (directory / OPEN311_KEYS / name).exists():
            yield Finding(
                ("bodies", position, "open311", "key_file"),
                name,
                f"there is no such file in {directory / OPEN311_KEYS}",
                "put the key that the other side gave you there, or name another directory",
            )


def _clerks(region: Region, directory: Path) -> Iterator[RegionClerk]:
    for clerk in region.clerks:
        yield RegionClerk(
            user=clerk.user,
            name=clerk.name,
            body=clerk.body,
            roles=clerk.roles,
            queues=clerk.queues,
            function=clerk.function,
            password=_password(directory / clerk.password_file) if clerk.password_file else None,
        )


def _password(path: Path) -> str:
    if not path.exists():
        write_secret(path, (secrets.token_urlsafe(12) + "\n").encode())
    return read_secret(path)
