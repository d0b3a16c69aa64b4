#!/usr/bin/env bash
# Measures a big cache in a throw-away cluster of its own (fsync on, no autovacuum) and prints:
#   statistics   the time of the view ai_worker_cache_stats on all entries, after a clean-up and after a mass delete, each
#                before VACUUM, and whether its figures are those that a scan finds; unfolded: rows of hits that the
#                clean-up has not folded yet, which it has to read
#   clean-up     the time of CALL ai_worker_cleanup_all() on a fifth of the entries, and the latency of hits and stores of 8
#                clients during it, next to the same without it
#
# Usage: bench/scale.sh [--entries N] [--seconds S]
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
entries=5000000 seconds=20
while [ $# -gt 0 ]; do
  case $1 in
    --entries) entries=$2 ;;
    --seconds) seconds=$2 ;;
    *) echo "usage: bench/scale.sh [--entries N] [--seconds S]" >&2 && exit 2 ;;
  esac
  shift 2
done

# shellcheck source=bench/cluster.sh
. "$root/bench/cluster.sh"
start_cluster 'shared_buffers = 1GB' 'max_wal_size = 8GB' 'maintenance_work_mem = 512MB' 'autovacuum = off'
export PGDATABASE=postgres
"$root/install/install.sh" --dbname postgres >"$work/install.log" 2>&1 || { cat "$work/install.log" >&2 && exit 1; }

query() {
  psql -AtqX -v ON_ERROR_STOP=1 -c "$1"
}

# Entries of the last 30 hours that live 24: every fifth has expired. Indexes and triggers would slow loading down; what
# they hold is made afterwards.
psql -qX -v ON_ERROR_STOP=1 <<SQL
SET client_min_messages = warning;
UPDATE ai_worker_config SET max_entries = 1000000000, max_bytes = 1000000000000;
CREATE TEMP TABLE index_definitions AS
    SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
      FROM pg_index WHERE indrelid = 'ai_worker_cache'::regclass AND NOT indisprimary;
ALTER TABLE ai_worker_cache DISABLE TRIGGER USER;
SELECT 'DROP INDEX ' || name FROM index_definitions \gexec
INSERT INTO ai_worker_cache (cache_key, prompt_text, model, schema_version, generated_sql, tokens_used, created_at,
                             expires_at, last_accessed_at, hit_count)
SELECT encode(sha256(convert_to('question ' || i || '|gpt-4o-mini|v1', 'UTF8')), 'hex'), 'question ' || i,
       'gpt-4o-mini', 'v1', 'SELECT * FROM users WHERE id = ' || i || ' LIMIT 1000', 120, created_at,
       created_at + interval '24 hours', created_at, i % 1000
  FROM generate_series(1, $entries) AS i,
       LATERAL (SELECT now() - interval '30 hours' * (1 - i::double precision / $entries) AS created_at) AS moment;
SELECT definition FROM index_definitions \gexec
ALTER TABLE ai_worker_cache ENABLE TRIGGER USER;
INSERT INTO ai_worker.cache_totals (created_hour, expires_hour, entries, hits, tokens_saved, bytes)
SELECT date_trunc('hour', created_at, 'UTC'), date_trunc('hour', expires_at, 'UTC'), count(*), sum(hit_count),
       sum(tokens_used * hit_count), sum(octet_length(prompt_text) + octet_length(generated_sql))
  FROM ai_worker_cache GROUP BY 1, 2;
SQL
query 'VACUUM ANALYZE'
query 'CHECKPOINT'

# Prints: time of the first and the median time of five further looks at the statistics, milliseconds, each in a session
# that has looked at something else, and whether they are right.
statistics() {
  local times right
  times=$(psql -AtqX -v ON_ERROR_STOP=1 <<'SQL' | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p'
SELECT to_jsonb(c) FROM ai_worker_config AS c;
\timing on
SELECT * FROM ai_worker_cache_stats;
SELECT * FROM ai_worker_cache_stats;
SELECT * FROM ai_worker_cache_stats;
SELECT * FROM ai_worker_cache_stats;
SELECT * FROM ai_worker_cache_stats;
SELECT * FROM ai_worker_cache_stats;
SQL
  )
  right=$(query "
    SELECT (s.total_entries, s.max_hits, s.oldest_entry, s.newest_entry) IS NOT DISTINCT FROM
           (c.entries, c.max_hits, c.oldest, c.newest)
           AND s.total_entries = s.valid_entries + s.expired_entries AND abs(s.expired_entries - c.expired) < 2000
      FROM ai_worker_cache_stats AS s,
           (SELECT count(*) AS entries, max(hit_count + COALESCE(h.hits, 0)) AS max_hits,
                   min(created_at + interval '0') AS oldest, max(created_at + interval '0') AS newest,
                   count(*) FILTER (WHERE expires_at <= clock_timestamp()) AS expired
              FROM ai_worker_cache
              LEFT JOIN (SELECT cache_key, created_at, sum(hits) AS hits FROM ai_worker.cache_hits GROUP BY 1, 2) AS h
             USING (cache_key, created_at)) AS c")
  printf '%-40s %10s %10s %12.1f %12.1f %8s\n' "$1" "$(query 'SELECT count(*) FROM ai_worker_cache')" \
    "$(query 'SELECT count(*) FROM ai_worker.cache_hits')" \
    "$(head -n 1 <<<"$times")" "$(tail -n +2 <<<"$times" | sort -n | sed -n 3p)" "$([ "$right" = t ] && echo yes || echo NO)"
}

cat >"$work/hit.sql" <<SQL
\set key random($entries / 2, $entries)
SELECT ai_cached_sql('question ' || :key, 'v1');
SQL
cat >"$work/store.sql" <<'SQL'
\set key random(1, 1000000000000)
SELECT ai_worker.store('new ' || :key, 'gpt-4o-mini', 'v1', encode(sha256(convert_to('new ' || :key || '|gpt-4o-mini|v1', 'UTF8')), 'hex'), 'SELECT ' || :key || ' LIMIT 1000', 120, clock_timestamp());
SQL

# Prints the latencies of 8 clients until the given process ends.
traffic() {
  local name=$1 until=$2 pgbench
  printf '\n%-18s %-8s %10s %10s %10s %10s %10s\n' '8 clients' kind number 'p50 ms' 'p99 ms' 'p99.9 ms' 'max ms'
  rm -f "$work"/run.*
  (cd "$work" && exec "$bindir/pgbench" -n -M prepared -f hit.sql@4 -f store.sql@1 -c 8 -j 2 -T 3600 -l \
    --log-prefix="$work/run" >"$work/pgbench.out" 2>&1) &
  pgbench=$!
  wait "$until"
  kill -INT $pgbench
  wait $pgbench || true
  # client, number, latency in us, script
  for script in 0 1; do
    cat "$work"/run.* | awk -v script=$script '$4 == script { print $3 }' | sort -n |
      awk -v name="$name" -v kind="$([ $script = 0 ] && echo hits || echo stores)" '
        { v[NR] = $1 / 1000 }
        END { printf "%-18s %-8s %10d %10.2f %10.2f %10.2f %10.2f\n",
              name, kind, NR, v[int(NR / 2) + 1], v[int(NR * .99) + 1], v[int(NR * .999) + 1], v[NR] }'
  done
}

header() {
  printf '\n%-40s %10s %10s %12s %12s %8s\n' statistics entries unfolded 'first ms' 'then ms' right
}

echo "PostgreSQL $(query 'SHOW server_version'), $(nproc) cores"
header
statistics 'after loading'

sleep "$seconds" &
traffic alone $!
header
statistics 'with hits to fold'
expired=$(query 'SELECT count(*) FROM ai_worker_cache WHERE expires_at <= clock_timestamp()')
(
  started=$(date +%s.%N)
  query 'CALL ai_worker_cleanup_all()'
  awk -v a="$started" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f\n", b - a }' >"$work/cleaned"
) &
traffic 'during clean-up' $!
echo "clean-up of $expired expired entries: $(cat "$work/cleaned") s," \
  "$(query 'SELECT count(*) FROM ai_worker_cache WHERE expires_at <= clock_timestamp()') left"

header
statistics 'after the clean-up, before VACUUM'
query "DELETE FROM ai_worker_cache WHERE created_at < now() - interval '12 hours'"
statistics 'after a mass delete, before VACUUM'
query 'VACUUM ai_worker_cache'
statistics 'after VACUUM'
