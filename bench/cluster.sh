# shellcheck shell=bash
# For scripts to source: start_cluster makes a throw-away PostgreSQL cluster that ends with the script, in the folder $work,
# and points psql and the like to it. Its arguments are lines for postgresql.conf.

bindir=${PG_BINDIR:-$(find /usr/lib/postgresql -path '*/bin/initdb' | sort -V | tail -n 1 | xargs dirname)}
as_server=()

start_cluster() {
  work=$(mktemp -d)
  if [ "$(id -u)" = 0 ]; then
    chown postgres "$work"
    as_server=(runuser -u postgres --)
  fi
  # the user's own settings are for other servers
  unset PGHOSTADDR PGDATABASE PGPASSWORD PGSERVICE PGOPTIONS PGDATA
  export PGHOST=$work PGPORT=54998 PGUSER=postgres
  trap end_cluster EXIT
  (cd / && "${as_server[@]}" "$bindir/initdb" -D "$work/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >/dev/null)
  printf '%s\n' "port = $PGPORT" "listen_addresses = ''" "unix_socket_directories = '$work'" "$@" |
    "${as_server[@]}" tee -a "$work/data/postgresql.conf" >/dev/null
  (cd / && "${as_server[@]}" "$bindir/pg_ctl" -D "$work/data" -l "$work/log" -w start >/dev/null)
}

# start_model: a model with one answer at port $endpoint of 127.0.0.1, until the cluster ends.
start_model() {
  python3 "$(dirname "${BASH_SOURCE[0]}")/model.py" >"$work/endpoint" &
  model=$!
  until [ -s "$work/endpoint" ]; do
    sleep 0.05
  done
  # shellcheck disable=SC2034  # the caller reads it
  endpoint=$(cat "$work/endpoint")
}

end_cluster() {
  [ -z "${model:-}" ] || kill "$model" 2>/dev/null || true
  (cd / && "${as_server[@]}" "$bindir/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1) || true
  rm -rf "$work"
}
