#!/usr/bin/env bash
# Measures PL/Java with and without the guard in a throw-away cluster of its own, for each Java under /usr/lib/jvm, and prints
# medians in milliseconds:
#   first call    a function of somebody else's in a new session, which starts Java
#   cancel        until a session in which Java runs has left pg_sleep, or a wait for a lock
#   terminate     until a session that is idle, or in pg_sleep, has gone
#   fast stop     pg_ctl stop -m fast with five idle sessions
# The two take turns. What has not happened after two seconds counts as two seconds, and is helped on.
#
# Usage: bench/pljava.sh [--rounds N]
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
rounds=11
while [ $# -gt 0 ]; do
  case $1 in
    --rounds) rounds=$2 ;;
    *) echo "usage: bench/pljava.sh [--rounds N]" >&2 && exit 2 ;;
  esac
  shift 2
done
readonly LONGEST_MS=2000
readonly WITHOUT='-Djava.security.manager=disallow -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xss8m -Xms8m -Xmx64m'
readonly WITH="$WITHOUT --enable-native-access=ALL-UNNAMED -Djava.class.path=ai-worker-guard.jar \
-Djava.util.logging.config.class=aiworker.pljava.Guard"
readonly USE="SELECT property('java.version')"

# shellcheck source=bench/cluster.sh
. "$root/bench/cluster.sh"
start_cluster 'fsync = off'
export PGDATABASE=postgres
"${as_server[@]}" tee "$work/data/ai-worker-guard.jar" <"$root/target/ai-worker-guard.jar" >/dev/null

query() {
  psql -AtqX -v ON_ERROR_STOP=1 -c "$1"
}

# milliseconds COMMAND...
milliseconds() {
  local start=$EPOCHREALTIME
  "$@" >/dev/null 2>&1 || true
  awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f\n", (b - a) * 1000 }'
}

# use_java LIBJVM
use_java() {
  query "ALTER DATABASE postgres SET pljava.libjvm_location = '$1'"
  query "ALTER DATABASE postgres SET pljava.vmoptions = '$WITHOUT'"
  query "ALTER DATABASE postgres SET pljava.allow_unenforced = 'javau'"
  psql -AtqX -v ON_ERROR_STOP=1 <<SQL
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pljava;
CREATE OR REPLACE FUNCTION property(text) RETURNS text LANGUAGE javau AS 'java.lang.System.getProperty';
-- until no row is left, in milliseconds
CREATE OR REPLACE FUNCTION act(action text, left_over text) RETURNS numeric LANGUAGE plpgsql AS \$\$
DECLARE
    started CONSTANT timestamptz := clock_timestamp();
    found boolean := true;
BEGIN
    EXECUTE action;
    WHILE found AND clock_timestamp() < started + interval '$LONGEST_MS ms' LOOP
        PERFORM pg_sleep(0.001), pg_stat_clear_snapshot();
        EXECUTE 'SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = ''subject'' AND ' || left_over || ')' INTO found;
    END LOOP;
    RETURN round(extract(epoch FROM clock_timestamp() - started)::numeric * 1000, 1);
END
\$\$;
SQL
}

# begin OPTIONS [STATEMENT]: a session that has used Java and waits, for the statement or for nothing.
begin() {
  local before sign="state = 'idle' AND query LIKE '%property%'"
  [ $# = 1 ] || sign="state = 'active' AND wait_event IN ('PgSleep', 'advisory')"
  before=$(query "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'subject' AND $sign")
  PGAPPNAME=subject psql -AtqX >/dev/null 2>&1 < <(
    echo "SET pljava.vmoptions = '$1'; $USE; ${2:-}"
    exec sleep 20 2>/dev/null
  ) &
  until [ "$(query "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'subject' AND $sign")" -gt "$before" ]; do
    sleep 0.02
  done
}

# A reload wakes whom nothing else does.
end_all() {
  query "SELECT act('SELECT pg_terminate_backend(pid), pg_reload_conf() FROM pg_stat_activity WHERE application_name = ''subject''', 'true')" >/dev/null
}

# measure WHAT OPTIONS
measure() {
  local action=pg_terminate_backend left_over=true
  case $1 in
    'first call')
      psql -AtqX <<<"SET pljava.vmoptions = '$2';
\\timing on
$USE" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p'
      return
      ;;
    'fast stop')
      for _ in 1 2 3 4 5; do
        begin "$2"
      done
      (cd / && milliseconds "${as_server[@]}" "$bindir/pg_ctl" -D "$work/data" -m fast -t $((LONGEST_MS / 1000)) stop)
      (
        cd /
        "${as_server[@]}" "$bindir/pg_ctl" -D "$work/data" -m immediate stop || true
        "${as_server[@]}" "$bindir/pg_ctl" -D "$work/data" -l "$work/log" -w start
      ) >/dev/null 2>&1
      return
      ;;
    cancel*) action=pg_cancel_backend left_over="state = ''active''" ;;
  esac
  case $1 in
    *idle) begin "$2" ;;
    *sleep) begin "$2" "SELECT pg_sleep(20);" ;;
    *lock) begin "$2" "SELECT pg_advisory_lock(1);" ;;
  esac
  query "SELECT act('SELECT $action(pid) FROM pg_stat_activity WHERE application_name = ''subject''', '$left_over')"
  end_all
}

median() {
  sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

echo "PostgreSQL $(query 'SHOW server_version'), $(nproc) cores, load $(cut -d ' ' -f 1 /proc/loadavg), $rounds rounds, medians, ms"
for libjvm in $(find -L /usr/lib/jvm -maxdepth 4 -path '*/lib/server/libjvm.so' -exec realpath {} + | sort -u); do
  use_java "$libjvm"
  printf '\n%-24s %14s %14s\n' "Java $(query "$USE")" 'without guard' 'with guard'
  # for the waits for a lock
  PGAPPNAME=holder psql -AtqX -c 'SELECT pg_advisory_lock(1), pg_sleep(86400)' >/dev/null 2>&1 &
  for what in 'first call' 'cancel in pg_sleep' 'cancel in a lock' 'terminate idle' 'terminate in pg_sleep' 'fast stop'; do
    for ((round = 0; round < rounds; round++)); do
      measure "$what" "$WITHOUT" >>"$work/without"
      measure "$what" "$WITH" >>"$work/with"
    done
    printf '%-24s %14s %14s\n' "$what" "$(median <"$work/without")" "$(median <"$work/with")"
    rm "$work/without" "$work/with"
  done
done
