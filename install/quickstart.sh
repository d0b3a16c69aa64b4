#!/usr/bin/env bash
# AI Worker in one command: builds it, makes a PostgreSQL cluster of its own with a small sample database, installs into
# that and asks the first questions. Touches no other cluster. Without OPENAI_API_KEY a local demo model answers.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/.." && pwd)
# shellcheck source=install/lib.sh
. "$here/lib.sh"

readonly DATABASE=shop SUPERUSER=postgres ANALYST=analyst
readonly FIRST_PORT=25432
readonly GATEWAY_ROLE=gateway GATEWAY_PORT=8088
readonly DEMO_MODEL=demo-recorded-replies
readonly DEMO_LABEL='DEMO MODEL: recorded replies, not an AI'

if [ "$(id -u)" = 0 ]; then
  owner=postgres
  home=/var/tmp/ai-worker-quickstart
else
  owner=$(id -un)
  home=${XDG_DATA_HOME:-$HOME/.local/share}/ai-worker-quickstart
fi
action=start
runtime=auto
port=
bindir=

usage() {
  cat <<HELP
Usage: quickstart.sh [OPTION]...

Sets up AI Worker on this Debian or Ubuntu machine: packages, build, a PostgreSQL cluster of its own in
$home, the sample database "$DATABASE", the extension in it, and
the HTTP gateway with its console; then asks the first questions. Run it again to reuse what is there.

With OPENAI_API_KEY in the environment OpenAI answers; without it a local demo model with recorded replies does.

  --runtime NAME   auto, pljava or plpython (default: auto = PL/Java where the server has it)
  --port PORT      port of the cluster (default: $FIRST_PORT, or the next free one)
  --stop           stop the cluster, the gateway and the demo model, keep the data
  --clean          stop them and delete the folder
  --help           this text

Exit codes: 0 done, 2 wrong option, otherwise that of the step that failed
HELP
}

heading() {
  echo
  say "$@"
}

read_options() {
  while [ $# -gt 0 ]; do
    take_option '--runtime --port' "$@"
    shift "$taken"
    case $option in
      --help | -h)
        usage
        exit 0
        ;;
      --stop) action=stop ;;
      --clean) action=clean ;;
      --runtime) runtime=$value ;;
      --port) port=$value ;;
      *) unknown_option "$option" ;;
    esac
  done
  check_runtime "$runtime"
  [[ -z $port || ($port =~ ^[0-9]{1,5}$ && $port -ge 1024 && $port -le 65535) ]] ||
    die 2 "port \"$port\" cannot be used" "use a number from 1024 to 65535"
}

as_owner() {
  as_user "$owner" "$@"
}

port_is_free() {
  ! (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# The ports to try, the saved one first. The kernel gives those of its own range to whoever connects somewhere.
ports_to_try() {
  local low high first=$FIRST_PORT
  read -r low high </proc/sys/net/ipv4/ip_local_port_range
  if ((low < first + 100 && first <= high && high <= 65435)); then
    first=$((high + 1))
  fi
  [ -z "$1" ] || echo "$1"
  seq "$first" $((first + 99))
}

make_folder() {
  if [ ! -e "$home" ]; then
    mkdir -p "$(dirname "$home")"
    mkdir -m 700 "$home"
    [ "$(id -u)" != 0 ] || chown "$owner:" "$home"
  fi
  require_own "$home" "$owner"
  [ ${#home} -le 85 ] || die 1 "the path $home is too long for a socket" "set XDG_DATA_HOME to a shorter one"
}

# Sets bindir to the programs of the cluster's PostgreSQL version, or of the newest one installed.
find_server() {
  local version=''
  if [ -n "${PG_BINDIR:-}" ]; then
    bindir=$PG_BINDIR
  elif [ -f "$home/data/PG_VERSION" ]; then
    version=$(cat "$home/data/PG_VERSION")
    bindir=/usr/lib/postgresql/$version/bin
  else
    # a newer client may be there without its server
    bindir=$(dirname "$(printf '%s\n' /usr/lib/postgresql/*/bin/pg_ctl | sort -V | tail -n 1)")
  fi
  [ -x "$bindir/pg_ctl" ] || die 1 "PostgreSQL's programs are not in $bindir" \
    "install package postgresql${version:+-$version}, or set PG_BINDIR"
}

server_runs() {
  [ -f "$home/data/PG_VERSION" ] && as_owner "$bindir/pg_ctl" status -D "$home/data" >/dev/null
}

stop_server() {
  if server_runs; then
    as_owner "$bindir/pg_ctl" stop -D "$home/data" -m fast -s
    echo "stopped the cluster"
  fi
}

psql_quietly() {
  psql -X -q -v ON_ERROR_STOP=1 -h "$home" -p "$(cat "$home/port")" -U "$SUPERUSER" "$@"
}

make_cluster() {
  heading "making a cluster in $home"
  as_owner "$bindir/initdb" -D "$home/data" -U "$SUPERUSER" --encoding=UTF8 --locale=C.UTF-8 \
    --auth-local=peer --auth-host=scram-sha-256 >/dev/null
  local user
  {
    echo 'local all all peer map=quickstart'
    echo 'host all all 127.0.0.1/32 scram-sha-256'
  } | as_owner tee "$home/data/pg_hba.conf" >/dev/null
  for user in "$owner" "$(id -un)"; do
    printf 'quickstart "%s" %s\nquickstart "%s" %s\n' "$user" "$SUPERUSER" "$user" "$ANALYST"
  done | sort -u | as_owner tee "$home/data/pg_ident.conf" >/dev/null
  {
    echo "listen_addresses = '127.0.0.1'"
    echo "unix_socket_directories = '${home//\'/\'\'}'"
    echo "log_line_prefix = '%m [%p] %q%u@%d '"
  } | as_owner tee -a "$home/data/postgresql.auto.conf" >/dev/null
}

start_server() {
  local saved=
  [ ! -f "$home/port" ] || saved=$(cat "$home/port")
  if server_runs; then
    # the key reaches the server through its environment, which is read when it starts
    if [ -z "${OPENAI_API_KEY:-}" ] && [ "${port:-$saved}" = "$saved" ]; then
      port=$saved
      echo "the cluster runs already"
      return
    fi
    stop_server
  fi
  if [ -n "$port" ]; then
    port_is_free "$port" || die 1 "port $port is in use" "choose another one with --port"
    launch_server "$port" || die 1 "the cluster did not start" "see $home/server.log"
    return
  fi
  for port in $(ports_to_try "$saved"); do
    port_is_free "$port" || continue
    ! launch_server "$port" || return 0
    # somebody else may have taken it meanwhile
    ! port_is_free "$port" || die 1 "the cluster did not start" "see $home/server.log"
  done
  die 1 "no free port from $FIRST_PORT on" "choose one with --port"
}

launch_server() {
  printf '%s\n' "$1" | as_owner tee "$home/port" >/dev/null
  as_owner "$bindir/pg_ctl" start -D "$home/data" -l "$home/server.log" -s -o "-p $1" || return 1
  echo "the cluster runs on port $1"
}

load_sample() {
  if [ -z "$(psql_quietly -d postgres -Atc "SELECT 1 FROM pg_database WHERE datname = '$DATABASE'")" ]; then
    psql_quietly -d postgres -c "CREATE DATABASE $DATABASE"
  fi
  if [ -z "$(psql_quietly -d "$DATABASE" -Atc "SELECT to_regclass('public.users')")" ]; then
    heading "loading the sample data"
    psql_quietly -d "$DATABASE" -1 -f "$here/sample.sql"
  fi
}

# pid_of FOLDER ARGUMENT: the process that was started in this folder, by an argument that it has
pid_of() {
  local pid
  [ -f "$home/$1/pid" ] || return 1
  pid=$(cat "$home/$1/pid")
  # the number may belong to another process by now
  [[ $pid =~ ^[0-9]+$ ]] && [ -r "/proc/$pid/cmdline" ] &&
    tr '\0' '\n' <"/proc/$pid/cmdline" | grep -xF -- "$2" >/dev/null && echo "$pid"
}

# stop_process NAME PID
stop_process() {
  local waited
  kill "$2"
  for ((waited = 0; waited < 50; waited++)); do
    [ -d "/proc/$2" ] || break
    sleep 0.1
  done
  echo "stopped the $1"
}

demo_pid() {
  pid_of demo "$home/demo/replies.jsonl"
}

gateway_pid() {
  pid_of gateway "$home/gateway/ai-worker-gateway.jar"
}

stop_demo() {
  local pid
  ! pid=$(demo_pid) || stop_process 'demo model' "$pid"
}

stop_gateway() {
  local pid
  ! pid=$(gateway_pid) || stop_process 'gateway' "$pid"
}

# Its role may do all that the console offers. It logs in over TCP with a password that is made anew each time.
start_gateway() {
  local java=java password gateway_port=$GATEWAY_PORT
  heading "starting the HTTP gateway"
  stop_gateway
  while ! port_is_free "$gateway_port"; do
    gateway_port=$((gateway_port + 1))
  done
  [ -z "${JAVA_HOME:-}" ] || java=$JAVA_HOME/bin/java
  password=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
  as_owner mkdir -p "$home/gateway"
  # shellcheck disable=SC2016  # expanded by the inner shell
  as_owner sh -c 'umask 077; cat >"$1"' sh "$home/gateway/pgpass" <<<"127.0.0.1:$port:$DATABASE:$GATEWAY_ROLE:$password"
  psql_quietly -d "$DATABASE" <<SQL
SET client_min_messages = warning;
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
DO \$\$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '$GATEWAY_ROLE') THEN
        CREATE ROLE $GATEWAY_ROLE LOGIN;
        COMMENT ON ROLE $GATEWAY_ROLE IS 'The HTTP gateway logs in as it';
    END IF;
END
\$\$;
ALTER ROLE $GATEWAY_ROLE PASSWORD '$password';
GRANT ai_worker_admin TO $GATEWAY_ROLE;
GRANT SELECT ON users, categories, products, orders, order_items, reviews TO $GATEWAY_ROLE;
SQL
  as_owner tee "$home/gateway/ai-worker-gateway.jar" <"$root/target/ai-worker-gateway.jar" >/dev/null
  # shellcheck disable=SC2016  # expanded by the inner shell
  as_owner env POSTGRES_HOST=127.0.0.1 POSTGRES_PORT="$port" POSTGRES_DB="$DATABASE" POSTGRES_USER="$GATEWAY_ROLE" \
    PGPASSFILE="$home/gateway/pgpass" AI_WORKER_HTTP="127.0.0.1:$gateway_port" AI_WORKER_HTTP_RUN=on \
    sh -c ': >"$1/said"
      setsid "$2" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx128m -jar "$1/ai-worker-gateway.jar" \
        >"$1/said" 2>"$1/log" </dev/null &
      echo $! >"$1/pid"' sh "$home/gateway" "$java"
  await_line "$home/gateway/said" "$(cat "$home/gateway/pid")" || die 1 "the gateway did not start" "see $home/gateway/log"
  sed 's/^/it is /' "$home/gateway/said"
}

start_demo() {
  local file java=java
  heading "$DEMO_LABEL"
  echo "There is no OPENAI_API_KEY, so a local server gives recorded replies to the questions in install/demo."
  if demo_pid >/dev/null && cmp -s "$here/demo/DemoModel.java" "$home/demo/DemoModel.java" &&
    cmp -s "$here/demo/replies.jsonl" "$home/demo/replies.jsonl"; then
    echo "it runs already"
    return
  fi
  stop_demo
  as_owner mkdir -p "$home/demo"
  for file in "$here/demo/DemoModel.java" "$here/demo/replies.jsonl" "$root/target/ai-worker.jar"; do
    as_owner tee "$home/demo/${file##*/}" <"$file" >/dev/null
  done
  [ -z "${JAVA_HOME:-}" ] || java=$JAVA_HOME/bin/java
  # shellcheck disable=SC2016  # expanded by the inner shell
  as_owner sh -c ': >"$1/url"
    setsid "$2" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx64m -cp "$1/ai-worker.jar" "$1/DemoModel.java" \
      "$1/replies.jsonl" >"$1/url" 2>"$1/log" </dev/null &
    echo $! >"$1/pid"' sh "$home/demo" "$java"
  await_line "$home/demo/url" "$(cat "$home/demo/pid")" || die 1 "the demo model did not start" "see $home/demo/log"
  echo "it listens at $(cat "$home/demo/url")"
}

# The demo model is set only while there is no key; what a user has set in ai_worker_config otherwise stays.
configure() {
  if [ -n "${OPENAI_API_KEY:-}" ]; then
    stop_demo
    psql_quietly -d "$DATABASE" -c "
      UPDATE ai_worker_config SET model = DEFAULT, base_url = DEFAULT, api_key_file = DEFAULT
      WHERE model = '$DEMO_MODEL'"
  else
    start_demo
    echo demo-model-takes-any-key | as_owner tee "$home/demo/key" >/dev/null
    as_owner chmod 600 "$home/demo/key"
    psql_quietly -d "$DATABASE" -v key="$home/demo/key" -v url="$(cat "$home/demo/url")" -f - <<SQL
UPDATE ai_worker_config
SET model = '$DEMO_MODEL', base_url = :'url', api_key_file = :'key'
SQL
  fi
  psql_quietly -d "$DATABASE" <<SQL
SET client_min_messages = warning;
DO \$\$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '$ANALYST') THEN
        CREATE ROLE $ANALYST LOGIN;
        COMMENT ON ROLE $ANALYST IS 'May ask questions and read the sample tables';
    END IF;
END
\$\$;
GRANT ai_worker_user TO $ANALYST;
GRANT SELECT ON users, categories, products, orders, order_items, reviews TO $ANALYST;
SQL
}

# Shows each statement with its result and time.
show() {
  psql -X -q -v ON_ERROR_STOP=1 -v ECHO=queries -h "$home" -p "$port" -d "$DATABASE" -U "$1" -f -
}

ask_twice() {
  local model="the model"
  [ -n "${OPENAI_API_KEY:-}" ] || model="the model ($DEMO_LABEL)"
  show $ANALYST <<SQL
\\timing on
\\echo
\\echo ==> the first call starts Java and asks $model, unless an earlier run has
SELECT ai_generate_sql('Get all users', 'v1');
\\echo ==> the second call is answered from the cache
SELECT ai_generate_sql('Get all users', 'v1');
SQL
}

show_statistics() {
  show $SUPERUSER <<'SQL'
\timing on
\echo ==> what the cache has done so far
SELECT jsonb_pretty(ai_worker_cache_stats());
SQL
}

shell_quoted() {
  printf '%q' "$1"
}

start_it() {
  # the user's own settings are for other servers
  unset PGHOST PGHOSTADDR PGPORT PGUSER PGDATABASE PGPASSWORD PGSERVICE PGOPTIONS PGDATA
  heading "checking packages"
  "$here/packages.sh"
  heading "building"
  (cd "$root" && mvn -B -q -Dmaven.test.skip=true -Dspotless.check.skip=true package)
  make_folder
  find_server
  [ -f "$home/data/PG_VERSION" ] || make_cluster
  heading "starting the cluster"
  start_server
  load_sample
  heading "installing AI Worker into database \"$DATABASE\""
  "$here/install.sh" --host "$home" --port "$port" --username "$SUPERUSER" --dbname "$DATABASE" --runtime "$runtime" |
    sed '/^$/,$d'
  configure
  start_gateway
  local failed=
  if ! ask_twice || ! show_statistics; then
    failed=yes
  fi
  local folder
  folder=$(shell_quoted "$home")
  cat <<NEXT

==> ready. Go on with:
  psql -h $folder -p $port -U $ANALYST $DATABASE        # asks questions
  psql -h $folder -p $port -U $SUPERUSER $DATABASE       # manages cache and settings
  $(sed -n 's/^listening at //p' "$home/gateway/said")        # the console, in a browser on this machine
for example:
  SELECT ai_sql('Who are the top 10 customers by revenue?') \\gexec
Stop with:   install/quickstart.sh --stop
Delete with: install/quickstart.sh --clean
NEXT
  [ -z "$failed" ] || die 1 "everything is set up, but the first calls failed (see above)" \
    "as $SUPERUSER, SELECT ai_worker_health() says more; then run this again"
}

stop_it() {
  [ -d "$home" ] || {
    echo "nothing to stop: $home does not exist"
    return
  }
  make_folder
  stop_gateway
  stop_demo
  if [ -f "$home/data/PG_VERSION" ]; then
    find_server
    stop_server
  fi
}

clean_it() {
  stop_it
  if [ -d "$home" ]; then
    rm -rf -- "$home"
    echo "deleted $home"
  fi
}

main() {
  read_options "$@"
  "${action}_it"
}

main "$@"
