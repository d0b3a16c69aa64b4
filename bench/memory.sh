#!/usr/bin/env bash
# Measures in a throw-away cluster of its own what sessions cost in memory, for each runtime that the server has, and prints the
# proportional set size (PSS, in which a page counts to each of those that share it in part) of so many idle sessions:
#   hit    which have asked the cache alone, so that no Java runs in them
#   miss   which have each asked a model, whose one answer comes from bench/model.py
#
# Usage: bench/memory.sh [--sessions '1 20 100'] [--options '-Xmx128m']
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
sessions='1 20 100' options=
while [ $# -gt 0 ]; do
  case $1 in
    --sessions) sessions=$2 ;;
    --options) options=$2 ;;
    *) echo "usage: bench/memory.sh [--sessions '1 20 100'] [--options '-Xmx128m']" >&2 && exit 2 ;;
  esac
  shift 2
done

# shellcheck source=bench/cluster.sh
. "$root/bench/cluster.sh"
start_cluster 'max_connections = 200' 'fsync = off'

query() {
  psql -AtqX -v ON_ERROR_STOP=1 -c "$1"
}

# await COUNT: until that many sessions have had their answer.
await() {
  until [ "$(query "SELECT count(*) FROM pg_stat_activity
                     WHERE application_name = 'subject' AND state = 'idle' AND query LIKE '%question%'")" -ge "$1" ]; do
    sleep 0.3
  done
}

# megabytes COUNT FUNCTION: of that many sessions which have called it, each with a question of its own.
megabytes() {
  local clients=() i pids
  for ((i = 0; i < $1; i++)); do
    PGAPPNAME=subject psql -AtqX >/dev/null 2>>"$work/errors" < <(
      echo "SELECT $2('question $i of $1 to $2', 'v1');"
      exec tail -f --pid=$$ /dev/null
    ) &
    clients+=($!)
    # a few at a time, as others may want the machine too
    await $((i - 1))
  done
  await "$1"
  if [ -s "$work/errors" ]; then
    cat "$work/errors" >&2
    exit 1
  fi
  pids=$(query "SELECT pid FROM pg_stat_activity WHERE application_name = 'subject'")
  for i in $pids; do
    "${as_server[@]}" cat "/proc/$i/smaps_rollup"
  done | awk '/^Pss:/ { kb += $2 } END { printf "%.0f\n", kb / 1024 }'
  kill "${clients[@]}"
  wait "${clients[@]}" 2>/dev/null || true
  query "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'subject'" >/dev/null
  until [ "$(query "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'subject'")" = 0 ]; do
    sleep 0.05
  done
}

start_model
for runtime in pljava plpython; do
  export PGDATABASE=$runtime
  PGDATABASE=postgres query "CREATE DATABASE $runtime"
  if ! "$root/install/install.sh" --dbname "$runtime" --runtime "$runtime" >"$work/installed" 2>&1; then
    printf '\n%s: %s\n' "$runtime" "$(grep -m 1 ERROR "$work/installed")"
    continue
  fi
  query "UPDATE ai_worker_config SET base_url = 'http://127.0.0.1:$endpoint/v1', request_timeout_ms = 600000,
         jvm_options = nullif('$options', '')"
  [ -z "$options" ] || "$root/install/install.sh" --dbname "$runtime" >"$work/installed" 2>&1
  printf '\nPostgreSQL %s, %s\n%s\n' "$(query 'SHOW server_version')" \
    "$(query "SELECT concat_ws(', ', h ->> 'runtime', h ->> 'jvm') FROM ai_worker_health() AS h")" \
    "$(query "SELECT ai_worker_health() ->> 'jvm_options'")"
  printf '%-10s %12s %12s %12s %12s\n' sessions 'hit, MB' 'one, MB' 'miss, MB' 'one, MB'
  for count in $sessions; do
    hit=$(megabytes "$count" ai_cached_sql)
    miss=$(megabytes "$count" ai_generate_sql)
    awk -v n="$count" -v h="$hit" -v m="$miss" \
      'BEGIN { printf "%-10d %12d %12.1f %12d %12.1f\n", n, h, h / n, m, m / n }'
  done
done
