"""What the media service is made of; ``main`` builds it, edges and use cases get it."""

from dataclasses import dataclass

from nacl.signing import VerifyKey

from melder_media.sanitiser.client import Sanitiser
from melder_media.settings import MediaSettings
from melder_media.store.arrivals import Arrivals
from melder_media.store.object_store import ObjectStore
from melder_media.store.sealing import MasterKey


@dataclass(frozen=True, slots=True)
class Parts:
    """``upload_key`` signs upload tokens, ``grant_key`` checks what routing's clerks bring."""

    settings: MediaSettings
    objects: ObjectStore
    arrivals: Arrivals
    sanitiser: Sanitiser
    master_key: MasterKey
    upload_key: bytes
    grant_key: VerifyKey
