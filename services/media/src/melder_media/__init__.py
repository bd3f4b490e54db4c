"""The media service of melder: it keeps photos, and nobody's privacy leaks through them.

Uploads are checked in a sandboxed process and kept encrypted and private; nothing is public
before a clerk releases it. What is shown is always re-encoded, without any metadata. Released
photos can be taken back and are gone within an hour. Erased means gone from every store.
"""

from melder_common.lean_imports import import_plainly

# minio takes PyCryptodome along, which has cffi's parser of C read its headers when there is one
import_plainly("minio", without=["cffi"])
