"""Doors that must be shut, tried from inside the project's network, where an intruder would be.

Each probe is Python for a service's container; it prints ``shut`` when the door is.
"""

from dataclasses import dataclass

from melder_containers.project import Project


@dataclass(frozen=True, slots=True)
class Probe:
    """``door``: what must not be possible; ``code`` tries it within ``service``'s container."""

    door: str
    service: str
    code: str


_NATS = """
import asyncio, json, socket
def say(*lines):
    with socket.create_connection(("nats", 4222), timeout=10) as nats:
        nats.settimeout(3)
        nats.recv(65536)
        for line in lines:
            nats.sendall(line.encode() + b"\\r\\n")
        answer = b""
        try:
            while b"-ERR" not in answer:
                answer += nats.recv(65536) or b"-ERR closed"
        except TimeoutError:
            pass
        return answer.decode()
"""

_AS_INTAKE = """
password = open("/secrets/nats/intake").read().strip()
me = "CONNECT " + json.dumps({"user": "intake", "pass": password, "verbose": False})
"""

_POSTGRES = """
import asyncio, asyncpg
async def enter(user, password):
    connection = await asyncpg.connect(
        host="postgres", user=user, password=password, database="melder", timeout=10
    )
    return await connection.fetchval(QUERY)
"""

_REFUSED_BY_POSTGRES = """
try:
    asyncio.run(enter(USER, PASSWORD))
except asyncpg.PostgresError as error:
    print("shut" if error.sqlstate in ("28P01", "28000", "42501") else error)
"""

_S3 = """
import urllib3
from minio import Minio
from minio.error import S3Error
http = urllib3.PoolManager(timeout=10, retries=False)
refusals = ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch")
try:
    store = Minio(
        "store:9000", access_key=ACCESS, secret_key=SECRET, secure=False, http_client=http
    )
    print([bucket.name for bucket in store.list_buckets()])
except S3Error as error:
    print("shut" if error.code in refusals else error)
"""


def _s3(access: str | None, secret: str | None) -> str:
    return f"ACCESS, SECRET = {access!r}, {secret!r}\n{_S3}"


def _postgres(user: str, password: str, query: str = "SELECT 1") -> str:
    given = f"QUERY, USER, PASSWORD = {query!r}, {user!r}, {password}\n"
    return given + _POSTGRES + _REFUSED_BY_POSTGRES


_AS_ITSELF = 'open("/secrets/database/melder_intake").read().strip()'

PROBES = (
    Probe(
        "NATS without a user",
        "intake",
        _NATS + 'print("shut" if "Authorization" in say("CONNECT {}", "PING") else "open")',
    ),
    Probe(
        "NATS: intake speaks as routing",
        "intake",
        _NATS + _AS_INTAKE + 'print("shut" if "Permissions Violation" in '
        'say(me, "PUB routing.0.forged 2", "{}", "PING") else "open")',
    ),
    Probe(
        "NATS: intake deletes its own stream",
        "intake",
        _NATS + _AS_INTAKE + 'print("shut" if "Permissions Violation" in '
        'say(me, "PUB $JS.API.STREAM.DELETE.INTAKE 0", "", "PING") else "open")',
    ),
    Probe(
        "NATS: intake listens to everything",
        "intake",
        _NATS + _AS_INTAKE + 'print("shut" if "Permissions Violation" in '
        'say(me, "SUB > 1", "PING") else "open")',
    ),
    Probe("PostgreSQL with the image's default", "intake", _postgres("postgres", "'postgres'")),
    Probe("PostgreSQL's administrator without password", "intake", _postgres("melder_admin", "''")),
    Probe(
        "PostgreSQL: intake reads notify's contacts",
        "intake",
        _postgres("melder_intake", _AS_ITSELF, "SELECT count(*) FROM notify.contact"),
    ),
    Probe("S3 without a key", "media", _s3(None, None)),
    Probe("S3 with MinIO's default", "media", _s3("minioadmin", "minioadmin")),
    Probe(
        "routing reads notify's secrets",
        "routing",
        'import os; print("open" if os.path.exists("/secrets/sealing/private") else "shut")',
    ),
)


def find_open_doors(project: Project) -> list[str]:
    """The doors that are not shut, with what was answered."""
    findings = []
    for probe in PROBES:
        answer = project.python(probe.service, probe.code).strip()
        if answer != "shut":
            findings.append(f"{probe.door}: {answer}")
    return findings
