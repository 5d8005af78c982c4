#!/usr/bin/env bash
# Run PostgreSQL for Airflow's own state; the password comes from the environment and is asked of every client.
set -euo pipefail
data=/var/lib/tayho/postgresql
if [ ! -s "$data/PG_VERSION" ]; then
    printf '%s\n' "$AIRFLOW_DATABASE_PASSWORD" >/tmp/password
    initdb --pgdata="$data" --username=airflow --pwfile=/tmp/password --auth=scram-sha-256 --encoding=UTF8
    rm /tmp/password
    echo 'host all all samenet scram-sha-256' >>"$data/pg_hba.conf"
    postgres --single -D "$data" postgres <<<'CREATE DATABASE airflow'
fi
exec postgres -D "$data" -c listen_addresses='*' -c unix_socket_directories=/tmp
