"""``melder api-key``: keys of programs that post by Open311, made, renewed, changed, ended."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

import typer

from melder_common.unit_of_work import UnitOfWork
from melder_intake.domain.api_client import ClientRecord, ClientRefused
from melder_intake.operator_units import in_one_unit
from melder_intake.store import api_clients
from melder_intake.use_cases import manage_api_client as manage

T = TypeVar("T")

api_keys = typer.Typer(help="Keys of programs that post by Open311.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="the client's name, e.g. Stadt-App")]
Contact = Annotated[str | None, typer.Option(help="whom to ask when it misbehaves")]
Note = Annotated[str | None, typer.Option(help="what colleagues should know")]
Services = Annotated[
    list[str] | None, typer.Option("--service", help="the only service code allowed; repeatable")
]
PerDay = Annotated[int | None, typer.Option(help="reports and updates per day", min=1)]


@api_keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="what clerks read as the sender, e.g. Stadt-App")],
    *,
    contact: Contact = None,
    note: Note = None,
    per_minute: Annotated[int, typer.Option(help="reports and updates per minute", min=1)] = 60,
    per_day: PerDay = None,
    service: Services = None,
    peer: Annotated[
        bool,
        typer.Option(
            "--peer",
            help="a mark for people: the other side of an outgoing connection; "
            "what keeps its reports from going back is `client:` in the region file",
        ),
    ] = False,
) -> None:
    """Create a key and print it; it is shown this once and cannot be read again."""
    key = _do(
        lambda unit: manage.create_api_client(
            unit,
            name=name,
            contact=contact,
            note=note,
            requests_per_minute=per_minute,
            requests_per_day=per_day,
            services=service or (),
            peer=peer,
        )
    )
    typer.echo(key)


@api_keys.command("rotate")
def rotate_key(
    name: Name,
    overlap_days: Annotated[
        int, typer.Option(help="how long the old key stays good; 0 ends it now", min=0, max=366)
    ] = 14,
    *,
    end_previous: Annotated[
        bool, typer.Option("--end-previous", help="end a key that is still in its overlap")
    ] = False,
) -> None:
    """Print a new key; the old one stays good for some days, so that nobody is cut off."""
    overlap = timedelta(days=overlap_days)
    key, until = _do(
        lambda unit: manage.rotate_key(unit, name, overlap=overlap, end_previous=end_previous)
    )
    typer.echo(key)
    typer.echo(f"the old key is good until {_moment(until)}", err=True)


@api_keys.command("revoke")
def revoke_key(name: Name) -> None:
    """End every key of this client at once (within five seconds)."""
    _do(lambda unit: manage.revoke_api_client(unit, name))
    typer.echo(f"every key of “{name}” is revoked")


@api_keys.command("change")
def change_client(
    name: Name,
    *,
    contact: Contact = None,
    note: Note = None,
    per_minute: Annotated[int | None, typer.Option(help="per minute", min=1)] = None,
    per_day: PerDay = None,
    service: Services = None,
    no_daily_quota: Annotated[bool, typer.Option("--no-daily-quota")] = False,
    all_services: Annotated[bool, typer.Option("--all-services")] = False,
    peer: Annotated[bool | None, typer.Option("--peer/--no-peer")] = None,
) -> None:
    """Change what is said; the key stays."""
    given: dict[str, Any] = {
        "contact": contact,
        "note": note,
        "requests_per_minute": per_minute,
        "requests_per_day": per_day,
        "services": service or None,
        "peer": peer,
    }
    changes = {column: value for column, value in given.items() if value is not None}
    if no_daily_quota:
        changes["requests_per_day"] = None
    if all_services:
        changes["services"] = []
    _do(lambda unit: manage.change_api_client(unit, name, changes))
    typer.echo(f"“{name}” is changed; it counts within five seconds")


@api_keys.command("list")
def list_keys(
    *, revoked: Annotated[bool, typer.Option(help="the revoked ones too")] = False
) -> None:
    """One line for each client: name, quota, last day used, state."""
    for record in _do(lambda unit: api_clients.list_clients(unit.connection, revoked=revoked)):
        client = record.client
        facts = (_quota(record), f"used {record.last_used_on or 'never'}", _state(record))
        typer.echo("\t".join((client.name, *facts)))


@api_keys.command("show")
def show_client(name: Name) -> None:
    """Everything about one client but its key, which nobody has."""
    record = _do(lambda unit: manage.require_client(unit, name))
    facts = {
        "name": record.client.name,
        "state": _state(record),
        "quota": _quota(record),
        "services": ", ".join(sorted(record.client.services)) or "all",
        "peer": "yes" if record.client.peer else "no",
        "contact": record.contact or "",
        "note": record.note or "",
        "created": _moment(record.created_at),
        "rotated": _moment(record.rotated_at) if record.rotated_at else "never",
        "last used": str(record.last_used_on or "never"),
    }
    for label, value in facts.items():
        typer.echo(f"{label:<10} {value}".rstrip())


def _do(work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
    try:
        return in_one_unit(work)
    except ClientRefused as refused:
        typer.secho(str(refused), err=True, fg="red")
        raise typer.Exit(1) from None


def _quota(record: ClientRecord) -> str:
    day = record.client.requests_per_day
    minute = f"{record.client.requests_per_minute}/minute"
    return f"{minute}, {day}/day" if day else minute


def _state(record: ClientRecord) -> str:
    if record.revoked_at:
        return f"revoked {_moment(record.revoked_at)}"
    until = record.old_key_good_until(datetime.now(UTC))
    return f"old key good until {_moment(until)}" if until else "active"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
