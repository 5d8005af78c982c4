#!/usr/bin/env bash
# Run PostgreSQL for Airflow's own state; the password comes from the environment and is asked of every client.
set -euo pipefail
data=/var/lib/tayho/postgresql
if [ ! -s "$data/PG_VERSION" ]; then
    # Made beside its place and moved there last: what was killed half made is made anew.
    draft=$data.draft
    rm -rf "$draft"
    printf '%s\n' "$AIRFLOW_DATABASE_PASSWORD" >/tmp/password
    initdb --pgdata="$draft" --username=airflow --pwfile=/tmp/password --auth=scram-sha-256 --encoding=UTF8
    rm /tmp/password
    echo 'host all all samenet scram-sha-256' >>"$draft/pg_hba.conf"
    postgres --single -D "$draft" postgres <<<'CREATE DATABASE airflow'
    mv -T "$draft" "$data"
fi
exec postgres -D "$data" -c listen_addresses='*' -c unix_socket_directories=/tmp
