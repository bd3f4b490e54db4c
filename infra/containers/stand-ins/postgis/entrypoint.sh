#!/bin/bash
# Makes the cluster at the first start, as the official image does, then becomes PostgreSQL.
set -euo pipefail
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  # shellcheck disable=SC2086 # several arguments are meant
  initdb --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --auth-local=trust ${POSTGRES_INITDB_ARGS:-} >/dev/null
  printf 'host all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
  pg_ctl --silent --wait --options="-c listen_addresses='' -c logging_collector=off" start >/dev/null
  createdb --username="$POSTGRES_USER" "$POSTGRES_DB"
  psql --quiet --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" --command='CREATE EXTENSION postgis'
  pg_ctl --silent --wait stop >/dev/null
fi
exec postgres -c listen_addresses='*' "$@"
