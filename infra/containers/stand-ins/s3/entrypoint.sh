#!/bin/bash
# `server DIRECTORY`, with the one identity that the two secret files name.
set -euo pipefail
directory="$2"
umask 077
read -r access <"$MINIO_ROOT_USER_FILE"
read -r secret <"$MINIO_ROOT_PASSWORD_FILE"
printf '{"identities":[{"name":"melder","credentials":[{"accessKey":"%s","secretKey":"%s"}],"actions":["Admin","Read","Write","List","Tagging"]}]}' \
  "$access" "$secret" >/tmp/s3.json
cd /tmp
exec weed -logtostderr=true -v=0 server -dir="$directory" -ip=127.0.0.1 -ip.bind=0.0.0.0 \
  -master.telemetry=false -master.volumeSizeLimitMB=64 -volume.max=200 \
  -filer -filer.localSocket=/tmp/filer.sock -s3 -s3.port=9000 -s3.port.iceberg=0 -s3.port.lance=0 -s3.iam=false \
  -s3.config=/tmp/s3.json -s3.localSocket=/tmp/s3.sock
