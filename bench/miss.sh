#!/usr/bin/env bash
# Measures in a throw-away cluster of its own what the first and the second miss of a session take, with the archive of classes
# and without it, for each runtime that the server has and each Java under /usr/lib/jvm. Prints medians in milliseconds as psql
# sees them, less what the endpoint takes, which is bench/model.py, and the processor time of the backend for both together.
# The two take turns.
#
# Usage: bench/miss.sh [--rounds N]
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
rounds=11
while [ $# -gt 0 ]; do
  case $1 in
    --rounds) rounds=$2 ;;
    *) echo "usage: bench/miss.sh [--rounds N]" >&2 && exit 2 ;;
  esac
  shift 2
done

# shellcheck source=bench/cluster.sh
. "$root/bench/cluster.sh"
start_cluster 'fsync = off'
start_model
printf -v tick '%d' $((1000 / $(getconf CLK_TCK)))

# session NAME: the times of two misses, and the processor time, each into a file.
session() {
  local at=$EPOCHREALTIME
  psql -AtqX -v ON_ERROR_STOP=1 >"$work/session" <<SQL
SELECT pg_backend_pid() AS pid \\gset
\\timing on
SELECT ai_generate_sql('one at $at', 'v1');
SELECT ai_generate_sql('another at $at', 'v1');
\\timing off
SELECT 'Processor: ' || $tick * (string_to_array(substring(pg_read_file('/proc/' || :pid || '/stat') FROM '\\) (.*)'), ' '))[12]::integer
     + $tick * (string_to_array(substring(pg_read_file('/proc/' || :pid || '/stat') FROM '\\) (.*)'), ' '))[13]::integer;
SQL
  sed -n 's/^\(Time\|Processor\): \([0-9.]*\).*/\2/p' "$work/session" | {
    read -r first && read -r second && read -r processor
    echo "$first" >>"$work/$1.first"
    echo "$second" >>"$work/$1.second"
    echo "$processor" >>"$work/$1.processor"
  }
}

median() {
  sort -n "$1" | awk -v less="${2:-0}" '{ v[NR] = $1 } END { printf "%.0f", v[int((NR + 1) / 2)] - less }'
}

# hide or show the archives of the cluster
hide() {
  "${as_server[@]}" find "$work/data" -maxdepth 1 -name '*.jsa' -exec mv {} {}.hidden \;
}
show() {
  # shellcheck disable=SC2016  # for that shell
  "${as_server[@]}" find "$work/data" -maxdepth 1 -name '*.hidden' -exec sh -c 'mv "$1" "${1%.hidden}"' - {} \;
}

for ((round = 0; round < rounds; round++)); do
  curl -s -o /dev/null -w '%{time_total}\n' -d '{}' "http://127.0.0.1:$endpoint/v1"
done | awk '{ print $1 * 1000 }' >"$work/endpoint.times"
latency=$(median "$work/endpoint.times")
echo "PostgreSQL $(PGDATABASE=postgres psql -AtqXc 'SHOW server_version'), $(nproc) cores, load $(cut -d ' ' -f 1 /proc/loadavg), $rounds rounds, endpoint $latency ms"
printf '\n%-24s %12s %12s %12s\n' '' 'first, ms' 'second, ms' 'CPU, ms'
for runtime in pljava plpython; do
  for libjvm in $(find -L /usr/lib/jvm -maxdepth 4 -path '*/lib/server/libjvm.so' -exec realpath {} + | sort -u); do
    export PGDATABASE=bench
    dropdb --if-exists --maintenance-db postgres bench 2>/dev/null
    createdb --maintenance-db postgres bench
    psql -AtqX -f "$root/install/sample.sql" >/dev/null
    if ! "$root/install/install.sh" --dbname bench --runtime "$runtime" --java-home "${libjvm%/lib/server/libjvm.so}" >"$work/installed" 2>&1; then
      printf '%s: %s\n' "$runtime" "$(grep -m 1 ERROR "$work/installed")"
      continue
    fi
    psql -AtqXc "UPDATE ai_worker_config SET base_url = 'http://127.0.0.1:$endpoint/v1', request_timeout_ms = 600000"
    for ((round = 0; round < rounds; round++)); do
      session with
      hide
      session without
      show
    done
    java=$(psql -AtqXc "SELECT regexp_replace(ai_worker_health() ->> 'jvm', '.* ', '')")
    for which in without with; do
      printf '%-24s %12s %12s %12s\n' "$runtime, Java ${java%%[+-]*}, $which" "$(median "$work/$which.first" "$latency")" \
        "$(median "$work/$which.second" "$latency")" "$(median "$work/$which.processor")"
      rm "$work/$which".*
    done
  done
done
