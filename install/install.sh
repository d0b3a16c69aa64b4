#!/usr/bin/env bash
# Installs AI Worker for PostgreSQL into one database of a running server, or removes it from there.
# Everything in the database happens in one transaction: either all of it is there afterwards or nothing has changed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
sql_dir=$here/../sql

readonly MIN_SERVER=13 MIN_JAVA=17 MIN_PLJAVA=1.6.9
readonly SECURITY_OPTION=-Djava.security.manager=disallow MODULE_OPTION=--add-modules=java.net.http
readonly GUARD=ai-worker-guard.jar
readonly GUARD_OPTION=-javaagent:$GUARD
readonly VMOPTIONS="$SECURITY_OPTION $MODULE_OPTION $GUARD_OPTION -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xss8m -Xms8m -Xmx64m"
readonly JAR_PATTERN='ai-worker-[0-9a-f]{12}[.]jar'

dbname=${PGDATABASE:-}
runtime=auto
action=install
java_home=
jar=
username=
connection=()
psql_as=()
staging=

# what look_at_server finds
server_version='' server_number=0 server_major=0 server_user='' server_superuser='' server_standby=''
server_pljava='' server_pljava_installed='' server_plpython='' server_jar='' server_bridge='' server_table=''

usage() {
  cat <<HELP
Usage: install.sh --dbname NAME [OPTION]...

Installs AI Worker for PostgreSQL into one database of a running server (version $MIN_SERVER or later), in one
transaction. Run it again to upgrade or repair: cached answers and settings stay.

  --dbname NAME      the database to install into (default: \$PGDATABASE)
  --host HOST        server's host name, or the folder of its socket (default: as psql)
  --port PORT        server's port (default: as psql)
  --username NAME    superuser to connect as (default: as psql; as root on a local socket also: postgres)
  --runtime NAME     auto, pljava or plpython (default: auto = the one already installed in this database, else
                     PL/Java where the server has it, else PL/Python)
  --java-home DIR    Java on the server's machine (default: the one that this database uses already, else
                     \$JAVA_HOME, else the best under /usr/lib/jvm)
  --jar FILE         the built jar (default: target/ai-worker.jar of this checkout)
  --uninstall        remove AI Worker from the database, with its cache
  --help             this text

A password is taken from \$PGPASSWORD or ~/.pgpass, else asked for once.

Exit codes:
  0  done
  1  the server refused something: the transaction was rolled back, nothing has changed
  2  wrong option
  3  something is missing: the jar, psql, a package or a setting of the server
  4  cannot connect, not a superuser, or a server that cannot be used (too old, a standby)
HELP
}

say() {
  printf '%s\n' "==> $*"
}

# die EXIT_CODE MESSAGE HINT
die() {
  printf 'ERROR:  %s\nHINT:  %s\n' "$2" "$3" >&2
  exit "$1"
}

read_options() {
  while [ $# -gt 0 ]; do
    local name=$1 value=
    case $name in
      --help | -h)
        usage
        exit 0
        ;;
      --uninstall)
        action=uninstall
        shift
        continue
        ;;
      --*=*)
        value=${name#*=}
        name=${name%%=*}
        shift
        ;;
      --dbname | --host | --port | --username | --runtime | --java-home | --jar)
        [ $# -ge 2 ] || die 2 "option $name has no value" "write $name VALUE; --help lists the options"
        value=$2
        shift 2
        ;;
      *)
        die 2 "unknown option \"$name\"" "--help lists the options"
        ;;
    esac
    case $name in
      --dbname) dbname=$value ;;
      --host) connection+=(--host "$value") && export PGHOST="$value" ;;
      --port) connection+=(--port "$value") && check_port "$value" ;;
      --username) username=$value && connection+=(--username "$value") ;;
      --runtime) runtime=$value ;;
      --java-home) java_home=$value ;;
      --jar) jar=$value ;;
      *) die 2 "unknown option \"$name\"" "--help lists the options" ;;
    esac
  done
  case $runtime in
    auto | pljava | plpython) ;;
    *) die 2 "unknown runtime \"$runtime\"" "use --runtime auto, pljava or plpython" ;;
  esac
  [ -n "$dbname" ] || die 2 "no database given" "add --dbname NAME"
}

check_port() {
  [[ $1 =~ ^[0-9]{1,5}$ && $1 -ge 1 && $1 -le 65535 ]] ||
    die 2 "port \"$1\" is not a port number" "use a number from 1 to 65535, for example --port 5432"
}

run_psql() {
  if [ ${#psql_as[@]} -gt 0 ]; then
    (cd / && "${psql_as[@]}" psql -X -q -w -v ON_ERROR_STOP=1 "${connection[@]}" "$@")
  else
    psql -X -q -w -v ON_ERROR_STOP=1 "${connection[@]}" "$@"
  fi
}

# One value from the database; the statement is read from standard input so that psql's :'variables' work.
ask() {
  run_psql --dbname "$dbname" -At -f - "$@" || return 1
}

connect() {
  command -v psql >/dev/null ||
    die 3 "psql not found" "install PostgreSQL's client, on Debian and Ubuntu: apt-get install postgresql-client"
  local problem
  if problem=$(ask <<<'SELECT' 2>&1); then
    return
  fi
  # root on Debian has no role of its own, but may act as the server's owner
  if [ "$(id -u)" = 0 ] && [ -z "$username${PGUSER:-}" ] && [[ ${PGHOST:-/} == /* ]] && id postgres >/dev/null 2>&1; then
    psql_as=(runuser -u postgres --)
    if ask <<<'SELECT' >/dev/null 2>&1; then
      say "connecting as the operating system's user postgres"
      return
    fi
    psql_as=()
  fi
  if [[ $problem == *password* ]] && [ -t 0 ] && [ -z "${PGPASSWORD:-}" ]; then
    read -rsp 'Password: ' PGPASSWORD && echo
    export PGPASSWORD
    if problem=$(ask <<<'SELECT' 2>&1); then
      return
    fi
  fi
  printf '%s\n' "$problem" >&2
  die 4 "cannot connect to database \"$dbname\"" \
    "check --host, --port, --username and --dbname, and that the server runs; as a superuser of the server: sudo -u postgres $0 --dbname $dbname"
}

# What the server is and has, as shell variables named server_*.
look_at_server() {
  local answer key value
  answer=$(
    ask <<'SQL'
SELECT 'version=' || current_setting('server_version')
    || E'\nnumber=' || current_setting('server_version_num')
    || E'\nsuperuser=' || (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
    || E'\nuser=' || current_user
    || E'\nstandby=' || pg_is_in_recovery()
    || E'\npljava=' || coalesce((SELECT max(default_version) FROM pg_catalog.pg_available_extensions
                                 WHERE name = 'pljava'), '')
    || E'\npljava_installed=' || coalesce((SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'pljava'), '')
    || E'\nplpython=' || coalesce((SELECT max(default_version) FROM pg_catalog.pg_available_extensions
                                   WHERE name = 'plpython3u'), '');
SELECT rolsuper AS is_superuser FROM pg_catalog.pg_roles WHERE rolname = current_user \gset
\if :is_superuser
SELECT 'bridge=' || (to_regprocedure('ai_worker.bridge(text, text[])') IS NOT NULL)
    || E'\ntable=' || (to_regclass('public.ai_worker_cache') IS NOT NULL);
SELECT to_regclass('sqlj.jar_repository') IS NOT NULL AS has_sqlj \gset
\if :has_sqlj
SELECT 'jar=' || EXISTS (SELECT FROM sqlj.jar_repository WHERE jarname = 'ai_worker');
\endif
\endif
SQL
  )
  while IFS='=' read -r key value; do
    printf -v "server_$key" '%s' "$value"
  done <<<"$answer"
  server_major=$((server_number / 10000))
}

check_server() {
  [ "$server_major" -ge $MIN_SERVER ] ||
    die 4 "this server is PostgreSQL $server_version; AI Worker needs version $MIN_SERVER or later" \
      "upgrade the server, or choose another one with --host and --port"
  [ "$server_superuser" = true ] ||
    die 4 "role \"$server_user\" is not a superuser" \
      "connect as one with --username, for example --username postgres: functions in Java and PL/Python need it"
  [ "$server_standby" = false ] ||
    die 4 "this server is a standby" "install on its primary: the standby follows by itself (with runtime plpython, copy ai-worker-*.jar into its data directory too)"
}

needs_packages() {
  local pljava="postgresql-$server_major-pljava" plpython="postgresql-plpython3-$server_major"
  case $1 in
    pljava)
      die 3 "the server has no PL/Java: extension \"pljava\" is not available" \
        "install package $pljava on the server's machine (from the PostgreSQL project's own package source; there also pljava_$server_major for yum and dnf), or use --runtime plpython"
      ;;
    plpython)
      die 3 "the server has no PL/Python: extension \"plpython3u\" is not available" \
        "on the server's machine: apt-get install $plpython"
      ;;
    any)
      die 3 "the server has neither PL/Java nor PL/Python: AI Worker needs one of them" \
        "on the server's machine: apt-get install $pljava, or: apt-get install $plpython"
      ;;
  esac
}

installed_runtime() {
  if [ "$server_jar" = true ]; then
    echo pljava
  elif [ "$server_bridge" = true ]; then
    echo plpython
  fi
}

choose_runtime() {
  local installed why
  installed=$(installed_runtime)
  if [ "$runtime" != auto ]; then
    why="asked for with --runtime"
  elif [ -n "$installed" ]; then
    runtime=$installed
    why="it is the one installed in this database"
  elif [ -n "$server_pljava" ]; then
    runtime=pljava
    why="the server has PL/Java $server_pljava"
  elif [ -n "$server_plpython" ]; then
    runtime=plpython
    why="the server has PL/Python but no PL/Java"
  else
    needs_packages any
  fi
  case $runtime in
    pljava)
      [ -n "$server_pljava" ] || needs_packages pljava
      [ "$(oldest "${server_pljava_installed:-$server_pljava}" $MIN_PLJAVA)" = $MIN_PLJAVA ] ||
        die 3 "PL/Java ${server_pljava_installed:-$server_pljava} is too old; $MIN_PLJAVA or later is needed" \
          "upgrade package postgresql-$server_major-pljava${server_pljava_installed:+, then run ALTER EXTENSION pljava UPDATE}, or use --runtime plpython"
      say "runtime: PL/Java ($why)"
      ;;
    plpython)
      [ -n "$server_plpython" ] || needs_packages plpython
      say "runtime: PL/Python ($why)"
      ;;
  esac
  if [ -n "$installed" ] && [ "$installed" != "$runtime" ]; then
    say "replacing the installed runtime $installed; the cache stays"
  fi
}

oldest() {
  printf '%s\n' "$@" | sort -V | head -n 1
}

# One rule for both runtimes: what --java-home names, else what is in use (pljava.libjvm_location, or the path in the body
# of the bridge), else $JAVA_HOME, else the best there is. Looks where the server runs, which need not be this machine.
find_java() {
  local answer
  answer=$(
    ask -v given="$java_home" -v environment="${JAVA_HOME:-}" -v runtime="$runtime" -v setting="$1" <<'SQL'
WITH candidate AS (
    SELECT rtrim(:'given', '/') || '/lib/server/libjvm.so' AS path, 0 AS rank WHERE :'given' <> ''
    UNION ALL
    SELECT :'setting', 0 WHERE :'given' = ''
    UNION ALL
    SELECT substring(prosrc FROM '"(/[^"]*/libjvm[.]so)"'), 0 FROM pg_catalog.pg_proc
    WHERE :'given' = '' AND :'runtime' = 'plpython' AND oid = to_regprocedure('ai_worker.bridge(text, text[])')
    UNION ALL
    SELECT rtrim(:'environment', '/') || '/lib/server/libjvm.so', 1 WHERE :'given' = '' AND :'environment' LIKE '/%'
    UNION ALL
    SELECT '/usr/lib/jvm/' || entry || '/lib/server/libjvm.so', 2
    FROM pg_ls_dir('/usr/lib/jvm', true, false) AS entry
    WHERE :'given' = '' AND entry NOT LIKE '.%'
), folder AS MATERIALIZED (
    SELECT path, rank, home
    FROM (SELECT path, rank, substring(path FROM '^(.*?)/(?:jre/)?lib/[^/]*/libjvm[.]so$') AS home FROM candidate) AS named
    WHERE (pg_stat_file(home, true)).isdir
), java AS MATERIALIZED (
    SELECT path, rank, home FROM folder WHERE (pg_stat_file(path, true)).size > 0
), versioned AS (
    SELECT path, rank, home, coalesce(
        substring(pg_read_file(home || '/release', 0, 65536, true) FROM 'JAVA_VERSION="(\d+)'),
        substring(home FROM '(?:java|jdk|jre|temurin|zulu)\D*(\d+)[^/]*$'),
        '0')::integer AS major
    FROM java
)
SELECT major, path
FROM versioned
ORDER BY major < 17, rank, array_position(ARRAY[17, 21, 25], major), major DESC, home ~ '/(java-1\.|default)', home
LIMIT 1;
SQL
  )
  local install_java="install one on the server's machine: apt-get install openjdk-17-jre-headless (or default-jre-headless), or name it with --java-home"
  [ -n "$answer" ] ||
    die 3 "Java virtual machine not found on the server's machine${java_home:+ in $java_home (no lib/server/libjvm.so)}" "$install_java"
  java_major=${answer%%|*}
  libjvm=${answer#*|}
  [ "$java_major" -ge $MIN_JAVA ] ||
    die 3 "the Java found, $libjvm, is version $java_major; $MIN_JAVA or later is needed" "$install_java"
  [[ $libjvm =~ ^[A-Za-z0-9_./+~@:\ -]+$ ]] ||
    die 3 "the path $libjvm holds characters that cannot be used here" "give another path to the same Java with --java-home"
  say "Java $java_major: $libjvm"
}

find_jar() {
  if [ -z "$jar" ]; then
    for jar in "$here/../target/ai-worker.jar" "$here/../ai-worker.jar"; do
      [ -f "$jar" ] && break
    done
  fi
  [ -f "$jar" ] || die 3 "the jar is not built: $jar does not exist" "run: mvn package"
  jar=$(cd "$(dirname "$jar")" && pwd)/$(basename "$jar")
  [ -f "$(dirname "$jar")/$GUARD" ] || die 3 "$GUARD is not beside $jar" "run: mvn package"
  jar_sha=$(sha256sum <"$jar")
  jar_file=ai-worker-${jar_sha:0:12}.jar
  jar_size=$(wc -c <"$jar")
  local file
  for file in $(sql_files); do
    [ -f "$sql_dir/$file" ] || die 3 "$sql_dir/$file does not exist" "install from a complete checkout"
  done
  # psql may run as another OS user, and quotes in a path would end psql's argument
  if [ ${#psql_as[@]} -gt 0 ] || [[ $jar == *[\'\\]* ]]; then
    staging=$(mktemp -d)
    chmod 755 "$staging"
    install -m 644 "$jar" "$staging/ai-worker.jar"
    install -m 644 "$(dirname "$jar")/$GUARD" "$staging/$GUARD"
    jar=$staging/ai-worker.jar
  fi
}

# The settings that PL/Java must have before its first use in a session; prints SQL for those that are unset.
pljava_settings() {
  local answer key value location='' vmoptions='' unenforced=''
  answer=$(
    ask <<'SQL'
SELECT name || '=' || coalesce(current_setting('pljava.' || name, true), '')
FROM unnest(ARRAY['libjvm_location', 'vmoptions', 'allow_unenforced']) AS name
WHERE 'pljava.' || name NOT IN (SELECT s.name FROM pg_catalog.pg_settings AS s WHERE s.source = 'default');
SQL
  )
  while IFS='=' read -r key value; do
    case $key in
      libjvm_location) location=$value ;;
      vmoptions) vmoptions=$value ;;
      allow_unenforced) unenforced=$value ;;
    esac
  done <<<"$answer"

  find_java "$location"
  [ "$location" = "$libjvm" ] || need_setting pljava.libjvm_location "$libjvm"

  local lacking=()
  [[ " $vmoptions " == *" $SECURITY_OPTION "* ]] || lacking+=("$SECURITY_OPTION")
  [[ $vmoptions =~ --add-modules=[^\ ]*(java\.net\.http|java\.se|ALL-SYSTEM) ]] || lacking+=("$MODULE_OPTION")
  [[ " $vmoptions " == *" $GUARD_OPTION "* ]] || lacking+=("$GUARD_OPTION")
  if [ -z "$vmoptions" ]; then
    need_setting pljava.vmoptions "$VMOPTIONS"
  elif [ ${#lacking[@]} -gt 0 ]; then
    conflict pljava.vmoptions "$vmoptions" "lacks ${lacking[*]}" "$vmoptions ${lacking[*]}"
  else
    say "pljava.vmoptions is set already: $vmoptions"
  fi

  if [ -z "$unenforced" ]; then
    need_setting pljava.allow_unenforced javau
  elif [[ ,${unenforced// /}, != *,javau,* ]]; then
    conflict pljava.allow_unenforced "$unenforced" "lacks javau" "$unenforced,javau"
  else
    say "pljava.allow_unenforced is set already: $unenforced"
  fi
}

settings=
need_setting() {
  local quoted=${2//\'/\'\'}
  say "will set $1 = '$quoted' for database \"$dbname\""
  settings+="SET $1 = '$quoted';
ALTER DATABASE :\"DBNAME\" SET $1 = '$quoted';
"
}

conflict() {
  local quoted=${4//\'/\'\'}
  die 3 "setting $1 is '$2' on this server, which $3" \
    "a DBA has set it, so it is left alone; where it is set, make it: $1 = '$quoted', for example: ALTER DATABASE \"$dbname\" SET $1 = '$quoted'; and run this again"
}

# What is installed for the chosen runtime, in order.
sql_files() {
  local other=pljava
  [ "$runtime" != pljava ] || other=plpython
  grep -v -e '^#' -e '^$' -e "^$other/" "$sql_dir/install.list"
}

sql_file() {
  printf '\\echo %s\n' "'==> sql/$1'"
  cat "$sql_dir/$1"
  echo
}

all_sql() {
  local file
  for file in $(sql_files); do
    sql_file "$file"
  done
}

# One line of progress from inside the script that psql runs.
step() {
  printf '\\echo %s\n' "'==> ${1//\'/\'\'}'"
}

# The statements' own results are of no interest; \echo and errors still show.
script_head() {
  echo '\o /dev/null'
  # what others have stored since it began must count
  echo 'SET TRANSACTION ISOLATION LEVEL READ COMMITTED;'
  echo 'SET client_min_messages = warning;'
  echo 'SET statement_timeout = 0;'
  echo 'SET default_transaction_read_only = off;'
}

script_upload() {
  step "uploading the jar ($jar_size bytes)"
  printf '\\lo_import %s\n\\set jar :LASTOID\n' "'$jar'"
}

script_health() {
  step 'checking that it works'
  cat <<SQL
SET CONSTRAINTS ALL IMMEDIATE;
DO \$health\$
DECLARE
    health jsonb := public.ai_worker_health();
BEGIN
    IF health ->> 'runtime' IS DISTINCT FROM '$runtime' OR health ->> 'jvm' IS NULL
       OR NOT coalesce((health ->> 'cache_usable')::boolean, false) THEN
        RAISE EXCEPTION 'AI Worker does not work on this server'
            USING DETAIL = health::text, HINT = 'Correct what DETAIL names, then run this again.';
    END IF;
END
\$health\$;
\\o
SELECT '    ' || line
FROM public.ai_worker_health() AS health
CROSS JOIN LATERAL (
    SELECT 'Java: ' || (health ->> 'jvm')
    UNION ALL
    SELECT 'still to do: ' || problem FROM jsonb_array_elements_text(health -> 'problems') AS problem
) AS report (line);
SQL
}

# The jar that pljava.vmoptions names must be in the server's data directory before Java starts. It is never overwritten:
# running sessions have it open.
script_guard() {
  local there
  there=$(ask -v file="$GUARD" <<<"SELECT (pg_stat_file(:'file', true)).size > 0;")
  [ "$there" != t ] || return 0
  step "writing $GUARD into the server's data directory"
  printf '\\lo_import %s\n' "'$(dirname "$jar")/$GUARD'"
  printf "SELECT lo_export(:LASTOID, '%s');\nSELECT lo_unlink(:LASTOID);\n" "$GUARD"
}

script_pljava() {
  script_head
  script_guard
  printf '%s' "$settings"
  [ -n "$server_pljava_installed" ] || step 'CREATE EXTENSION pljava'
  echo 'CREATE EXTENSION IF NOT EXISTS pljava;'
  script_upload
  if [ "$server_jar" = true ]; then
    step 'replacing the jar'
    echo "SELECT sqlj.replace_jar(lo_get(:jar), 'ai_worker', false);"
  else
    step 'installing the jar'
    echo "SELECT sqlj.install_jar(lo_get(:jar), 'ai_worker', false);"
  fi
  all_sql
  echo 'SELECT lo_unlink(:jar);'
  script_health
}

script_plpython() {
  script_head
  echo 'CREATE EXTENSION IF NOT EXISTS plpython3u;'
  local present
  present=$(ask -v file="$jar_file" -v size="$jar_size" <<'SQL'
SELECT encode(sha256(pg_read_binary_file(:'file', 0, :size, true)), 'hex')
FROM (SELECT (pg_stat_file(:'file', true)).size) AS stat
WHERE stat.size = :size;
SQL
  )
  if [ "$present" = "${jar_sha:0:64}" ]; then
    step "the jar is in the server's data directory already: $jar_file"
  else
    script_upload
    step "writing $jar_file into the server's data directory"
    # sessions may have the old file open, so it is replaced, not overwritten
    cat <<SQL
SELECT lo_export(:jar, '$jar_file.new');
SELECT lo_unlink(:jar);
DO LANGUAGE plpython3u 'import os; os.replace("$jar_file.new", "$jar_file")';
SQL
  fi
  all_sql | sed -e "s|@JAR@|$jar_file|g" -e "s|@LIBJVM@|$libjvm|g"
  if [ "$server_jar" = true ]; then
    step 'removing the jar of the runtime pljava'
    # what sqlj.remove_jar does, without needing a PL/Java that works
    echo "DELETE FROM sqlj.jar_repository WHERE jarname = 'ai_worker';"
  fi
  script_health
}

script_uninstall() {
  script_head
  if [ "$server_jar" = true ]; then
    step 'removing the jar with all that it brought'
    echo "SELECT sqlj.remove_jar('ai_worker', true);"
  else
    sql_file remove.sql
  fi
}

# Jar files in the data directory that no database of the server uses any more.
remove_unused_jars() {
  [ -n "$server_plpython" ] || return 0
  local present databases database used=''
  present=$(ask <<<"SELECT string_agg(file, ' ') FROM pg_ls_dir('.') AS file WHERE file ~ '^$JAR_PATTERN([.]new)?\$';")
  [ -n "$present" ] || return 0
  databases=$(ask <<<"SELECT datname FROM pg_catalog.pg_database WHERE datallowconn ORDER BY datname;")
  while IFS= read -r database; do
    used+=" $(run_psql --dbname "$database" -At -c \
      "SELECT substring(prosrc FROM '$JAR_PATTERN') FROM pg_catalog.pg_proc WHERE oid = to_regprocedure('ai_worker.bridge(text, text[])')" \
      </dev/null 2>&1)" || {
      say "kept the jar files in the data directory ($present): database \"$database\" cannot be asked whether it uses them"
      return 0
    }
  done <<<"$databases"
  local file unused=()
  for file in $present; do
    [[ " ${used//$'\n'/ } " == *" $file "* ]] || unused+=("$file")
  done
  [ ${#unused[@]} -gt 0 ] || return 0
  ask >/dev/null <<SQL || return 0
SET client_min_messages = warning;
BEGIN;
CREATE EXTENSION IF NOT EXISTS plpython3u;
DO LANGUAGE plpython3u \$python\$
import os, re
for file in '${unused[*]}'.split():
    if re.fullmatch('$JAR_PATTERN([.]new)?', file) and os.path.isfile(file):
        os.remove(file)
\$python\$;
ROLLBACK;
SQL
  say "removed from the data directory: ${unused[*]}"
}

run_transaction() {
  if ! run_psql --dbname "$dbname" -At --single-transaction -f -; then
    remove_unused_jars
    die 1 "the server refused a step (see above)" "the transaction is rolled back: nothing has changed"
  fi
}

install_it() {
  choose_runtime
  find_jar
  say "jar: $jar"
  case $runtime in
    pljava)
      pljava_settings
      script=$(script_pljava)
      ;;
    plpython)
      find_java ''
      script=$(script_plpython)
      ;;
  esac
  run_transaction <<<"$script"
  remove_unused_jars
  say "done: AI Worker is in database \"$dbname\""
  next_steps
}

next_steps() {
  cat <<NEXT

Next, in psql (open a new connection: the settings hold for new sessions):
  GRANT ai_worker_user TO some_role;
  UPDATE ai_worker_config SET api_key_file = '/path/to/key';   -- readable by the server's OS user only;
                                                               -- or start the server with OPENAI_API_KEY set
  SELECT ai_generate_sql('Get all users', 'v1');
  SELECT ai_worker_health();                                   -- names what is still missing
NEXT
}

uninstall_it() {
  if [ -z "$(installed_runtime)" ] && [ "$server_table" = false ]; then
    say "AI Worker is not installed in database \"$dbname\": nothing to remove"
    return
  fi
  run_transaction < <(script_uninstall)
  remove_unused_jars
  say "done: AI Worker is removed from database \"$dbname\""
  local extensions left
  extensions=$(ask <<<"SELECT string_agg(extname, ', ' ORDER BY extname) FROM pg_catalog.pg_extension
                       WHERE extname IN ('pljava', 'plpython3u');")
  [ -z "$extensions" ] || say "left in place, for others may use it: extension $extensions"
  left=$(ask <<'SQL'
SELECT format('    ALTER DATABASE %I RESET %s;', current_database(), split_part(setting, '=', 1))
FROM pg_catalog.pg_db_role_setting
CROSS JOIN LATERAL unnest(setconfig) AS setting
WHERE setdatabase = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
  AND setrole = 0 AND setting LIKE 'pljava.%';
SQL
  )
  if [ -n "$left" ]; then
    say "settings of the database, left in place too, with $GUARD in the data directory; if nothing else uses PL/Java here:"
    printf '%s\n' "$left"
  fi
}

main() {
  read_options "$@"
  trap '[ -z "$staging" ] || rm -rf "$staging"' EXIT
  connect
  look_at_server
  check_server
  say "server: PostgreSQL $server_version, database \"$dbname\""
  "${action}_it"
}

main "$@"
