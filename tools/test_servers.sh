#!/bin/sh
# test_servers.sh PYTHON: the part of the suite that a database server could make fail, on PostgreSQL.
#
# The engine itself (queries, locks, search, migrations, backups), then the features that lock rows, count seats, group
# figures or send from several processes, then what happens when the servers go away. The others ask the database in the
# same ways: the whole suite runs there too,
# by hand (CPTS_TEST_DATABASE_URL=… .venv/bin/python -m pytest).
set -eu
python=$1
url=${CPTS_TEST_DATABASE_URL:-postgresql://postgres@127.0.0.1:5432/postgres}
if "$python" -c 'import psycopg, sys; psycopg.connect(sys.argv[1], connect_timeout=3).close()' "$url" 2>/dev/null; then
    export CPTS_TEST_DATABASE_URL="$url"
    exec "$python" -m pytest -q -n auto --dist loadgroup \
        tests/kernel tests/account tests/adherent tests/event tests/mailing tests/directory tests/person \
        tests/subscription tests/system tests/test_desk_queries.py tests/faults/test_locks.py \
        tests/faults/test_servers_restart.py
fi
if [ -n "${CPTS_TEST_DATABASE_URL:-}" ]; then
    echo "Le serveur PostgreSQL de CPTS_TEST_DATABASE_URL ne répond pas." >&2
    exit 1
fi
echo "Aucun serveur PostgreSQL ne répond : les essais sur PostgreSQL sont passés." >&2
