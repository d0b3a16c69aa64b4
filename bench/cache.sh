#!/usr/bin/env bash
# Measures cache hits with pgbench in a throw-away cluster of its own (fsync on) and prints tables:
#   bare       prepared UPDATE … RETURNING that counts in the row, on a copy of the table with the same indexes
#   plpgsql    the same statement in a PL/pgSQL function that builds the response
#   cached     ai_cached_sql
#   generate   ai_generate_sql, a warm hit, in each runtime on this machine
# The subjects take turns; a figure is the median of the rounds. Of a round only the last seconds count: in the one
# before them the sessions compile their functions.
#
# Usage: bench/cache.sh [--rounds N] [--seconds S] [--growth HITS]
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
rounds=3 seconds=3 growth=100000
while [ $# -gt 0 ]; do
  case $1 in
    --rounds) rounds=$2 ;;
    --seconds) seconds=$2 ;;
    --growth) growth=$2 ;;
    *) echo "usage: bench/cache.sh [--rounds N] [--seconds S] [--growth HITS]" >&2 && exit 2 ;;
  esac
  shift 2
done
readonly KEYS=10000

# shellcheck source=bench/cluster.sh
. "$root/bench/cluster.sh"
start_cluster 'shared_buffers = 256MB' 'max_wal_size = 4GB'

# One database a runtime; the subjects without Java are measured in the first.
subjects=(bare plpgsql cached)
databases=()
for runtime in pljava plpython; do
  createdb "bench_$runtime"
  if "$root/install/install.sh" --dbname "bench_$runtime" --runtime "$runtime" >"$work/install.log" 2>&1; then
    databases+=("bench_$runtime")
    subjects+=("generate:$runtime")
  else
    echo "runtime $runtime: not measured: $(grep -m 1 '^ERROR' "$work/install.log")"
  fi
done
for database in "${databases[@]}"; do
  psql -qX -v ON_ERROR_STOP=1 -v keys=$KEYS -d "$database" -f "$root/bench/hits.sql"
done

statement() {
  case $1 in
    bare) echo "UPDATE bare_cache SET hit_count = hit_count + 1, last_accessed_at = clock_timestamp() WHERE cache_key = encode(sha256(convert_to('question ' || :key || '|gpt-4o-mini|v1', 'UTF8')), 'hex') AND expires_at > clock_timestamp() RETURNING generated_sql, tokens_used, hit_count;" ;;
    plpgsql) echo "SELECT bare_hit('question ' || :key, 'v1');" ;;
    cached) echo "SELECT ai_cached_sql('question ' || :key, 'v1');" ;;
    generate:*) echo "SELECT ai_generate_sql('question ' || :key, 'v1');" ;;
  esac
}

database_of() {
  case $1 in
    generate:*) echo "bench_${1#generate:}" ;;
    *) echo "${databases[0]}" ;;
  esac
}

# Remembers how many hits pgbench has made through us.
processed() {
  case $1 in
    bare | plpgsql) ;;
    *) sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p' "$work/pgbench.out" \
      >>"$work/processed.$(database_of "$1")" ;;
  esac
}

# Prints: transactions per second, p50 and p99 in microseconds, of one round.
round() {
  local subject=$1 clients=$2 keys=$3 sync=$4
  { echo "\\set key random(1, $keys)"; statement "$subject"; } >"$work/script.sql"
  rm -f "$work"/run.*
  (cd "$work" && PGOPTIONS="-c synchronous_commit=$sync" "$bindir/pgbench" -n -M prepared -f script.sql -c "$clients" \
    -T $((1 + seconds)) -l --log-prefix="$work/run" "$(database_of "$subject")" >"$work/pgbench.out" 2>&1) ||
    { cat "$work/pgbench.out" >&2 && exit 1; }
  processed "$subject"
  # client, number, latency in us, script, seconds, microseconds; only the last seconds count
  cat "$work"/run.* | awk -v seconds="$seconds" '
    { end = $5 + $6 / 1e6; if (end > last) last = end; ends[NR] = end; times[NR] = $3 }
    END { for (i = 1; i <= NR; i++) if (ends[i] > last - seconds) { n++; print times[i] }
          printf "%.0f\n", n / seconds > "/dev/stderr" }' 2>"$work/tps" | sort -n >"$work/sorted"
  local count
  count=$(wc -l <"$work/sorted")
  echo "$(cat "$work/tps") $(sed -n "$((count / 2 + 1))p" "$work/sorted") $(sed -n "$((count * 99 / 100 + 1))p" "$work/sorted")"
}

median() {
  sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

echo "PostgreSQL $(psql -AtX -d postgres -c 'SHOW server_version'), $(nproc) cores, $rounds rounds of $seconds s, medians"
echo

for sync in on off; do
  for keys in 1 $KEYS; do
    for clients in 1 8 16; do
      echo
      echo "synchronous_commit $sync, $keys key(s), $clients client(s)"
      printf '%-20s %10s %10s %10s %10s\n' subject hits/s 'p50 us' 'p99 us' 'x bare'
      for ((i = 1; i <= rounds; i++)); do
        for subject in "${subjects[@]}"; do
          round "$subject" "$clients" "$keys" "$sync" >>"$work/result.$sync.$keys.$clients.$subject"
        done
      done
      bare=
      for subject in "${subjects[@]}"; do
        file=$work/result.$sync.$keys.$clients.$subject
        tps=$(cut -d ' ' -f 1 "$file" | median)
        bare=${bare:-$tps}
        printf '%-20s %10s %10s %10s %10s\n' "$subject" "$tps" "$(cut -d ' ' -f 2 "$file" | median)" \
          "$(cut -d ' ' -f 3 "$file" | median)" "$(awk -v a="$tps" -v b="$bare" 'BEGIN { printf "%.2f", a / b }')"
      done
    done
  done
done

echo
echo "WAL and growth: $growth hits each, 8 clients, synchronous_commit off, random keys"
printf '%-20s %14s %14s %14s\n' subject 'WAL bytes/hit' 'kB before' 'kB after'
for subject in bare cached; do
  tables="pg_total_relation_size('bare_cache')"
  [ $subject = bare ] || tables="pg_total_relation_size('ai_worker_cache') + pg_total_relation_size('ai_worker.cache_hits')"
  size="SELECT ($tables) / 1024"
  { echo "\\set key random(1, $KEYS)"; statement $subject; } >"$work/script.sql"
  psql -qX -d "${databases[0]}" -c 'CALL ai_worker_cleanup_all()' -c 'VACUUM FULL ANALYZE bare_cache' \
    -c 'VACUUM FULL ANALYZE ai_worker_cache' -c 'VACUUM FULL ANALYZE ai_worker.cache_hits' \
    -c CHECKPOINT -c 'SELECT pg_switch_wal()' >/dev/null
  before=$(psql -AtX -d "${databases[0]}" -c "$size")
  lsn=$(psql -AtX -d postgres -c 'SELECT pg_current_wal_insert_lsn()')
  PGOPTIONS='-c synchronous_commit=off' "$bindir/pgbench" -n -M prepared -f "$work/script.sql" -c 8 -t $((growth / 8)) \
    "${databases[0]}" >"$work/pgbench.out" 2>&1
  processed $subject
  wal=$(psql -AtX -d postgres -c "SELECT round((pg_current_wal_insert_lsn() - '$lsn') / $growth)")
  printf '%-20s %14s %14s %14s\n' $subject "$wal" "$before" "$(psql -AtX -d "${databases[0]}" -c "$size")"
done

echo
for database in "${databases[@]}"; do
  echo "$database: $(awk '{ n += $1 } END { print n }' "$work/processed.$database") hits made," \
    "$(psql -AtX -d "$database" -c 'SELECT total_hits FROM ai_worker_cache_stats') counted by ai_worker_cache_stats"
done
