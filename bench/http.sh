#!/usr/bin/env bash
# Measures a cached answer over HTTP, through the gateway, next to the same call over pgjdbc with a pool of the same size, and prints a
# table. Both take turns in one run, against a throw-away cluster; of each round the first second does not count. The caller of either is the
# same Java program, with one thread a client; over HTTP each client keeps its connection.
#
# Usage: bench/http.sh [--rounds N] [--seconds S]
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
rounds=3 seconds=5
while [ $# -gt 0 ]; do
  case $1 in
    --rounds) rounds=$2 ;;
    --seconds) seconds=$2 ;;
    *) echo "usage: bench/http.sh [--rounds N] [--seconds S]" >&2 && exit 2 ;;
  esac
  shift 2
done
readonly POOL=8 JAR=$root/target/ai-worker-gateway.jar

# shellcheck source=bench/cluster.sh
. "$root/bench/cluster.sh"
start_cluster "listen_addresses = '127.0.0.1'" 'shared_buffers = 256MB' 'max_wal_size = 4GB'
createdb bench
"$root/install/install.sh" --dbname bench --runtime plpython >"$work/install.log"
psql -qX -v ON_ERROR_STOP=1 -d bench <<SQL
SET client_min_messages = warning;
INSERT INTO ai_worker_cache (cache_key, prompt_text, model, schema_version, generated_sql, tokens_used, expires_at)
SELECT encode(sha256(convert_to('question ' || i || '|gpt-4o-mini|v1', 'UTF8')), 'hex'), 'question ' || i,
       'gpt-4o-mini', 'v1', 'SELECT * FROM users WHERE id = ' || i || ' LIMIT 1000', 120, now() + interval '10 days'
  FROM generate_series(1, 10000) AS i;
VACUUM ANALYZE;
SQL

export POSTGRES_HOST=127.0.0.1 POSTGRES_PORT=$PGPORT POSTGRES_DB=bench POSTGRES_USER=postgres
AI_WORKER_HTTP=127.0.0.1:0 AI_WORKER_HTTP_POOL=$POOL java -XX:+UseSerialGC -jar "$JAR" >"$work/said" &
gateway=$!
trap 'kill $gateway; wait $gateway || true; end_cluster' EXIT
until [ -s "$work/said" ]; do
  kill -0 $gateway
  sleep 0.1
done

echo "PostgreSQL $(psql -AtX -d postgres -c 'SHOW server_version'), $(nproc) cores, pool of $POOL, $rounds rounds of $seconds s, medians"
java -XX:+UseSerialGC -cp "$JAR" "$root/bench/HttpBench.java" "$(sed -n 's/^listening at //p' "$work/said")" \
  "jdbc:postgresql://127.0.0.1:$PGPORT/bench?user=postgres" $POOL "$rounds" "$seconds"
echo "$(psql -AtX -d bench -c 'SELECT total_hits FROM ai_worker_cache_stats') counted by ai_worker_cache_stats"
