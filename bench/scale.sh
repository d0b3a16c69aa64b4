#!/usr/bin/env bash
# Measures how a cache behaves as it grows, in a throw-away cluster of its own (fsync on, no autovacuum), and prints:
#   growth       the latency of hits and of stores that evict, 1 client, with 1,000 entries and with all, in turns
#   statistics   the time of the view ai_worker_cache_stats on all entries, after loading, with hits to fold, after a clean-up and
#                after a mass delete, each before VACUUM, and whether its figures are those that a scan finds; unfolded: rows of
#                hits that the clean-up has not folded yet, which it has to read
#   clean-up     the time of CALL ai_worker_cleanup_all() where a fifth of the entries has expired, for a tenth of the entries and
#                for all, and the latency of hits and stores of 8 clients during it, next to the same without it
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
readonly FEW=1000 ROUNDS=5
UNFOLDED=$((entries / 10 < 100000 ? entries / 10 : 100000))

# shellcheck source=bench/cluster.sh
. "$root/bench/cluster.sh"
start_cluster 'shared_buffers = 1GB' 'max_wal_size = 8GB' 'maintenance_work_mem = 512MB' 'autovacuum = off'

query() {
  psql -AtqX -v ON_ERROR_STOP=1 -d "$1" -c "$2"
}

# Makes a database with so many entries of the last 30 hours that live 24, so that every fifth has expired. Indexes and triggers
# would slow loading down; what they hold is made afterwards.
load() {
  local database=$1 number=$2
  createdb "$database"
  "$root/install/install.sh" --dbname "$database" >"$work/install.log" 2>&1 || { cat "$work/install.log" >&2 && exit 1; }
  psql -qX -v ON_ERROR_STOP=1 -d "$database" <<SQL
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
  FROM generate_series(1, $number) AS i,
       LATERAL (SELECT now() - interval '30 hours' * (1 - i::double precision / $number) AS created_at) AS moment;
SELECT definition FROM index_definitions \gexec
ALTER TABLE ai_worker_cache ENABLE TRIGGER USER;
INSERT INTO ai_worker.cache_totals (created_hour, expires_hour, entries, hits, tokens_saved, bytes)
SELECT date_trunc('hour', created_at, 'UTC'), date_trunc('hour', expires_at, 'UTC'), count(*), sum(hit_count),
       sum(tokens_used * hit_count), sum(octet_length(prompt_text) + octet_length(generated_sql))
  FROM ai_worker_cache GROUP BY 1, 2;
VACUUM ANALYZE;
SQL
}

# Prints: time of the first and the median time of five further looks at the statistics, milliseconds, each in a session
# that has looked at something else, and whether they are right.
statistics() {
  local times right
  times=$(psql -AtqX -v ON_ERROR_STOP=1 -d all <<'SQL' | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p'
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
  right=$(query all "
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
  printf '%-40s %10s %10s %12.1f %12.1f %8s\n' "$1" "$(query all 'SELECT count(*) FROM ai_worker_cache')" \
    "$(query all 'SELECT count(*) FROM ai_worker.cache_hits')" \
    "$(head -n 1 <<<"$times")" "$(tail -n +2 <<<"$times" | sort -n | sed -n 3p)" "$([ "$right" = t ] && echo yes || echo NO)"
}

# Writes the scripts of pgbench for a cache of so many entries, of which the younger half is asked.
scripts() {
  cat >"$work/hit.sql" <<SQL
\set key random($1 / 2, $1)
SELECT ai_cached_sql('question ' || :key, 'v1');
SQL
  cat >"$work/store.sql" <<'SQL'
\set key random(1, 1000000000000)
SELECT ai_worker.store(s.prompt, jsonb_build_object('cache_key', ai_worker.cache_key(s.prompt, 'gpt-4o-mini', 'v1'), 'schema_version', 'v1', 'started_us', 1000000 * extract(epoch FROM clock_timestamp())), ai_worker.settings(), 'SELECT ' || :key || ' LIMIT 1000', 120) FROM (SELECT 'new ' || :key) AS s (prompt);
SQL
}

# Prints of the latencies of one script in the logs of pgbench (client, number, latency in us, script): number and percentiles.
percentiles() {
  cat "$work"/run.* | awk -v script="$1" '$4 == script { print $3 / 1000 }' | sort -n | awk '
    { v[NR] = $1 }
    END { printf "%10d %10.3f %10.3f %10.3f %10.3f", NR, v[int(NR / 2) + 1], v[int(NR * .99) + 1], v[int(NR * .999) + 1], v[NR] }'
}

median() {
  sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# Prints a line on one script with few entries and with all: the median of the rounds' p50, which take turns.
grow() {
  local name=$1 script=$2 database size
  rm -f "$work"/p50.*
  for ((i = 0; i < ROUNDS; i++)); do
    for database in few all; do
      size=$([ $database = few ] && echo $FEW || echo "$entries")
      scripts "$size"
      rm -f "$work"/run.*
      (cd "$work" && "$bindir/pgbench" -n -M prepared -f "$script" -c 1 -T 3 -l --log-prefix="$work/run" $database >"$work/pgbench.out" 2>&1)
      percentiles 0 | awk '{ print $2 }' >>"$work/p50.$database"
    done
  done
  awk -v name="$name" -v few="$(median <"$work/p50.few")" -v all="$(median <"$work/p50.all")" \
    'BEGIN { printf "%-24s %14.3f %14.3f %8.2f\n", name, few, all, all / few }'
}

# Prints the latencies of 8 clients until the given process ends.
traffic() {
  local name=$1 until=$2 pgbench
  printf '\n%-18s %-8s %10s %10s %10s %10s %10s\n' '8 clients' kind number 'p50 ms' 'p99 ms' 'p99.9 ms' 'max ms'
  rm -f "$work"/run.*
  scripts "$entries"
  (cd "$work" && exec "$bindir/pgbench" -n -M prepared -f hit.sql@4 -f store.sql@1 -c 8 -j 2 -T 3600 -l \
    --log-prefix="$work/run" all >"$work/pgbench.out" 2>&1) &
  pgbench=$!
  wait "$until"
  kill -INT $pgbench || { cat "$work/pgbench.out" >&2 && exit 1; }
  wait $pgbench || true
  printf '%-18s %-8s %s\n' "$name" hits "$(percentiles 0)" "$name" stores "$(percentiles 1)"
}

header() {
  printf '\n%-40s %10s %10s %12s %12s %8s\n' statistics entries unfolded 'first ms' 'then ms' right
}

expired() {
  query "$1" 'SELECT count(*) FROM ai_worker_cache WHERE expires_at <= clock_timestamp()'
}

# Prints how long a clean-up takes.
clean_up() {
  local number started
  number=$(expired "$1")
  started=$(date +%s.%N)
  query "$1" 'CALL ai_worker_cleanup_all()'
  awk -v entries="$(query "$1" 'SELECT count(*) FROM ai_worker_cache')" -v n="$number" -v left="$(expired "$1")" -v a="$started" \
    -v b="$(date +%s.%N)" 'BEGIN { printf "clean-up of %d expired entries: %.1f s, %.0f us each, %d left among %d\n", n, b - a, 1e6 * (b - a) / n, left, entries }'
}

load few $FEW
load tenth $((entries / 10))
load all "$entries"
query all CHECKPOINT

echo "PostgreSQL $(query all 'SHOW server_version'), $(nproc) cores, load $(cut -d ' ' -f 1 /proc/loadavg)"
header
statistics 'after loading'

printf '\n%-24s %14s %14s %8s\n' 'p50, ms, 1 client' "$FEW entries" "$entries" times
grow hits hit.sql
# What is not verified yet: one in, one out.
for database in few all; do
  query $database "UPDATE ai_worker_config SET max_entries = (SELECT count(*) FROM ai_worker_cache)"
done
grow 'stores that evict' store.sql
query all "UPDATE ai_worker_config SET max_entries = 1000000000"

query all "SELECT count(ai_cached_sql('question ' || i, 'v1')) FROM generate_series($entries - $UNFOLDED, $entries) AS i" >/dev/null
header
statistics 'with hits to fold'

sleep "$seconds" &
traffic alone $!
printf '\na tenth of the entries: '
clean_up tenth
clean_up all >"$work/cleaned" &
traffic 'during clean-up' $!
printf 'all entries: %s\n' "$(cat "$work/cleaned")"

header
statistics 'after the clean-up, before VACUUM'
query all "DELETE FROM ai_worker_cache WHERE created_at < now() - interval '12 hours'"
statistics 'after a mass delete, before VACUUM'
query all 'VACUUM ai_worker_cache'
statistics 'after VACUUM'
