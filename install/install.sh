#!/usr/bin/env bash
# Installs AI Worker for PostgreSQL into one database of a running server, or removes it from there.
# Everything in the database happens in one transaction: either all of it is there afterwards or nothing has changed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
sql_dir=$here/../sql
# shellcheck source=install/lib.sh
. "$here/lib.sh"

readonly MIN_SERVER=13 MIN_JAVA=17 MIN_PLJAVA=1.6.9
readonly GUARD=ai-worker-guard.jar
# what files are called until they are whole
readonly NEW=.$$.new
readonly FILES='ai-worker-[0-9a-f]{12}(?:[.]jar|-[0-9a-f]{8}[.]jsa)'

dbname=${PGDATABASE:-}
runtime=auto
action=install
java_home=
jar=
username=
connection=()
os_user=$(id -un)
staging=

# what find_java and find_jar find; files holds psql's variables
libjvm='' java_major='' jar_file='' guard_sha='' archive='' archive_kind='' archive_options='' files=()

# what look_at_server finds
server_version='' server_number=0 server_major=0 server_database='' server_user='' server_superuser='' server_standby=''
server_pljava='' server_pljava_installed='' server_plpython='' server_runtime='' server_cache=''

usage() {
  cat <<HELP
Usage: install.sh --dbname NAME [OPTION]...

Installs AI Worker for PostgreSQL into one database of a running server (version $MIN_SERVER or later), in one
transaction. Run it again to upgrade or repair: cached answers and settings stay.

  --dbname NAME      the database to install into, or a connection string (default: \$PGDATABASE)
  --host HOST        server's host name, or the folder of its socket (default: as psql)
  --port PORT        server's port (default: as psql)
  --username NAME    superuser to connect as (default: as psql; as root on a local socket also: postgres)
  --runtime NAME     auto, pljava or plpython (default: auto = the one already installed in this database, else
                     PL/Java where the server has it, else PL/Python)
  --java-home DIR    Java on the server's machine (default: the one that this database uses already, else
                     \$JAVA_HOME, else the best under /usr/lib/jvm)
  --jar FILE         the built jar (default: target/ai-worker.jar of this checkout)
  --adopt            take over what a restore without owners left to a superuser; grants on it are made anew
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

read_options() {
  while [ $# -gt 0 ]; do
    take_option '--dbname --host --port --username --runtime --java-home --jar' "$@"
    shift "$taken"
    case $option in
      --help | -h)
        usage
        exit 0
        ;;
      --uninstall) action=uninstall ;;
      --adopt) settings+="SET ai_worker.adopt = on;"$'\n' ;;
      --dbname) dbname=$value ;;
      --host) connection+=(--host "$value") && export PGHOST="$value" ;;
      --port) connection+=(--port "$value") && check_port "$value" ;;
      --username) username=$value && connection+=(--username "$value") ;;
      --runtime) runtime=$value ;;
      --java-home) java_home=$value ;;
      --jar) jar=$value ;;
      *) unknown_option "$option" ;;
    esac
  done
  check_runtime "$runtime"
  [ -n "$dbname" ] || die 2 "no database given" "add --dbname NAME"
}

check_port() {
  [[ $1 =~ ^[0-9]{1,5}$ && $1 -ge 1 && $1 -le 65535 ]] ||
    die 2 "port \"$1\" is not a port number" "use a number from 1 to 65535, for example --port 5432"
}

is_connection_string() {
  local keywords='host|hostaddr|port|dbname|user|password|passfile|service|options|application_name|connect_timeout'
  keywords+='|client_encoding|target_session_attrs|(ssl|gss|krb|keepalives|tcp_|channel_|require_)[a-z_]*'
  [[ $1 =~ ^postgres(ql)?:// || $1 =~ ^[[:space:]]*($keywords)[[:space:]]*= ]]
}

# Runs psql in the database. What the database, the role or the caller has set for sessions is not to matter here.
ask() {
  local target=$dbname options=
  if ! is_connection_string "$dbname"; then
    # psql would take a name with = in it for a connection string
    target=${target//\\/\\\\}
    target="dbname='${target//\'/\\\'}'"
  fi
  # older servers refuse the name
  [ "$server_major" -lt 17 ] || options='-c transaction_timeout=0'
  PGCLIENTENCODING=UTF8 PGOPTIONS="${PGOPTIONS:-} $options -c search_path=pg_catalog -c standard_conforming_strings=on \
-c default_transaction_read_only=off -c default_transaction_isolation=read\\ committed -c check_function_bodies=on \
-c row_security=on -c statement_timeout=0 -c lock_timeout=10s -c idle_in_transaction_session_timeout=0 \
-c client_min_messages=warning" \
    as_user "$os_user" psql -X -q -w -v ON_ERROR_STOP=1 "${connection[@]}" --dbname "$target" -At "$@" -f -
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
    os_user=postgres
    if ask <<<'SELECT' >/dev/null 2>&1; then
      say "connecting as the operating system's user postgres"
      return
    fi
    os_user=$(id -un)
  fi
  if [[ $problem == *password* ]] && [ -t 0 ] && [ -z "${PGPASSWORD:-}" ]; then
    read -rsp 'Password: ' PGPASSWORD && echo
    export PGPASSWORD
    if problem=$(ask <<<'SELECT' 2>&1); then
      return
    fi
  fi
  local name="database \"$dbname\"" option=$dbname
  if is_connection_string "$dbname"; then
    # it may hold a password, which psql repeats in some messages
    name='the database of the connection string' option=NAME
    problem=$(sed -n 's/^.* failed: //p' <<<"$problem")
  fi
  [ -z "$problem" ] || printf '%s\n' "$problem" >&2
  die 4 "cannot connect to $name" \
    "check --host, --port, --username and --dbname, and that the server runs; as a superuser of the server: sudo -u postgres $0 --dbname $option"
}

# What the server is and has, as shell variables named server_*.
look_at_server() {
  local answer line
  answer=$(ask <"$sql_dir/install/server.sql")
  while IFS= read -r line; do
    printf -v "server_${line%%=*}" '%s' "${line#*=}"
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

choose_runtime() {
  local why
  if [ "$runtime" != auto ]; then
    why="asked for with --runtime"
  elif [ -n "$server_runtime" ]; then
    runtime=$server_runtime
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
      local version=${server_pljava_installed:-$server_pljava}
      [ -n "$server_pljava" ] || needs_packages pljava
      [ "$(printf '%s\n' "$version" $MIN_PLJAVA | sort -V | head -n 1)" = $MIN_PLJAVA ] ||
        die 3 "PL/Java $version is too old; $MIN_PLJAVA or later is needed" \
          "upgrade package postgresql-$server_major-pljava${server_pljava_installed:+, then run ALTER EXTENSION pljava UPDATE}, or use --runtime plpython"
      say "runtime: PL/Java ($why)"
      ;;
    plpython)
      [ -n "$server_plpython" ] || needs_packages plpython
      say "runtime: PL/Python ($why)"
      ;;
  esac
  if [ -n "$server_runtime" ] && [ "$server_runtime" != "$runtime" ]; then
    say "replacing the installed runtime $server_runtime; the cache stays"
  fi
}

# Looks where the server runs, which need not be this machine.
find_java() {
  local answer
  local install_java="install one on the server's machine: apt-get install openjdk-17-jre-headless (or default-jre-headless), or name it with --java-home"
  answer=$(ask -F ' ' -v given="$java_home" -v environment="${JAVA_HOME:-}" -v runtime="$runtime" <"$sql_dir/install/java.sql")
  [ -n "$answer" ] ||
    die 3 "Java virtual machine not found on the server's machine${java_home:+ in $java_home (no lib/server/libjvm.so)}" "$install_java"
  java_major=${answer%% *}
  libjvm=${answer#* }
  [ "$java_major" -ge $MIN_JAVA ] ||
    die 3 "the Java found, $libjvm, is version $java_major; $MIN_JAVA or later is needed" "$install_java"
  [[ $libjvm =~ ^[A-Za-z0-9_./+~@:\ -]+$ ]] ||
    die 3 "the path $libjvm holds characters that cannot be used here" "give another path to the same Java with --java-home"
  say "Java $java_major: $libjvm"
}

find_jar() {
  local file guard sha
  if [ -z "$jar" ]; then
    for jar in "$here/../target/ai-worker.jar" "$here/../ai-worker.jar"; do
      [ -f "$jar" ] && break
    done
  fi
  [ -f "$jar" ] || die 3 "the jar is not built: $jar does not exist" "run: mvn package"
  jar=$(cd "$(dirname "$jar")" && pwd)/$(basename "$jar")
  guard=$(dirname "$jar")/$GUARD
  [ -f "$guard" ] || die 3 "$GUARD is not beside $jar" "run: mvn package"
  for file in $(sql_files); do
    [ -f "$sql_dir/$file" ] || die 3 "$sql_dir/$file does not exist" "install from a complete checkout"
  done
  say "jar: $jar"
  if [ "$os_user" != "$(id -un)" ]; then
    staging=$(mktemp -d)
    chmod 755 "$staging"
    install -m 644 "$jar" "$guard" "$staging"
    jar=$staging/$(basename "$jar")
    guard=$staging/$GUARD
  fi
  sha=$(sha256sum <"$jar")
  jar_file=ai-worker-${sha:0:12}.jar
  guard_sha=$(sha256sum <"$guard") && guard_sha=${guard_sha:0:64}
  files=(-v files="$FILES" -v new="$NEW" -v runtime="$runtime" -v jar="$jar" -v jar_size="$(wc -c <"$jar")" -v jar_sha="${sha:0:64}" -v jar_file="$jar_file"
    -v guard="$guard" -v guard_file="$GUARD" -v guard_size="$(wc -c <"$guard")" -v guard_sha="$guard_sha")
}

# The archive of classes with which Java starts fast. It is of use to this Java, class path and PL/Java alone, and Java goes
# without it where it is of no use; then it is to say nothing.
name_archive() {
  local sha
  sha=$(sha256sum <<<"$runtime $libjvm $guard_sha $server_major ${server_pljava_installed:-$server_pljava}")
  archive=${jar_file%.jar}-${sha:0:8}.jsa
  # always at the same address, so that sessions share its pages
  archive_options='-Xlog:disable -XX:+UnlockDiagnosticVMOptions -XX:ArchiveRelocationMode=0'
  archive_kind=shared
  # the newer kind, with which more is done beforehand, wants the modules of PL/Java linked, which they cannot be
  [ "$java_major" -lt 25 ] || [ "$runtime" = pljava ] || archive_kind=aot
  case $archive_kind in
    shared) archive_options+=" -XX:SharedArchiveFile=$archive" ;;
    aot) archive_options+=" -XX:AOTCache=$archive" ;;
  esac
}

# The settings that PL/Java must have before its first use in a session.
settings=
pljava_settings() {
  local answer decision name value lacks setting change
  answer=$(ask -F $'\x1f' -v libjvm="$libjvm" -v guard="$GUARD" -v files="$FILES" -v jar_file="$jar_file" \
    -v archive_options="$archive_options" <"$sql_dir/install/pljava_settings.sql")
  while IFS=$'\x1f' read -r decision name value lacks setting change; do
    case $decision in
      conflict)
        die 3 "setting $name is '$value' on this server, which lacks $lacks" \
          "a DBA has set it, so it is left alone; where it is set, make it: $setting, for example: $change and run this again"
        ;;
      keep) say "$name is set already: $value" ;;
      set)
        say "will set $setting for database \"$server_database\""
        settings+="SET $setting; $change"$'\n'
        ;;
    esac
  done <<<"$answer"
}

# What is installed for the chosen runtime, in order.
sql_files() {
  local other=pljava
  echo install/lock.sql
  echo "install/$runtime.sql"
  if [ "$runtime" = pljava ]; then
    other=plpython
  else
    echo install/remove_jar.sql
  fi
  grep -v -e '^#' -e '^$' -e "^$other/" "$sql_dir/install.list" | sed '/^installed[.]sql$/a install/changed.sql\ninstall/mend.sql'
  echo install/health.sql
}

# put_file NAME: jar or guard, as the variables in files describe it.
put_file() {
  printf '\\set file%s :%s\n' '' "$1_file" _path "$1" _size "$1_size" _sha "$1_sha"
  cat "$sql_dir/install/file.sql"
}

# The tables and indexes of all files, in a schema of their own.
model() {
  echo 'CREATE SCHEMA ai_worker_model;'
  awk '/^CREATE (UNLOGGED )?(TABLE|INDEX) IF NOT EXISTS / { inside = 1 }
    inside { print }
    /;$/ { inside = 0 }' "${@/#/"$sql_dir/"}" |
    sed -E 's/\b(public|ai_worker)[.]/ai_worker_model./g'
}

# Statements that lock a table, if only to find that there is nothing to do.
LOCKING='^(CREATE (UNLOGGED )?(TABLE|INDEX|SEQUENCE)|ALTER TABLE|(DROP|CREATE) TRIGGER|CREATE OR REPLACE VIEW'
LOCKING+='|COMMENT ON (TABLE|COLUMN|CONSTRAINT|INDEX|SEQUENCE|TRIGGER|VIEW)) '
readonly LOCKING

# Files of sql/ in which those are left out unless something of them has changed.
unless_unchanged() {
  awk -v locking="$LOCKING" '
    $0 ~ locking && !inside { inside = 1; print "\\if :changed" }
    { print }
    inside && /;$/ { inside = 0; print "\\endif" }' "$@"
}

# script FILE...: the statements' own results are of no interest; \echo and errors still show.
script() {
  local file changed=
  printf '\\o /dev/null\n%s' "$settings"
  if [ "$action" = install ]; then
    put_file jar
    [ "$runtime" != pljava ] || put_file guard
  fi
  for file in "$@"; do
    [[ $file == install/* ]] || printf "\\\\echo '==> sql/%s'\n" "$file"
    case $file in
      install/mend.sql)
        printf '\\if :changed\n%s\n' "SET LOCAL ai_worker.lock_mode = 'ACCESS EXCLUSIVE';"
        cat "$sql_dir/install/lock.sql"
        model "$@"
        cat "$sql_dir/$file"
        printf '%s\n' '\endif'
        changed=known
        ;;
      *.sql) if [ "$changed" = known ]; then unless_unchanged "$sql_dir/$file"; else cat "$sql_dir/$file"; fi ;;
    esac
    echo
  done | sed -e "s|@JAR@|$jar_file|g" -e "s|@LIBJVM@|$libjvm|g" -e "s|@ARCHIVE@|$archive|g" \
    -e "s|@ARCHIVE_OPTIONS@|$archive_options|g"
}

# run_transaction FILE...
run_transaction() {
  local sql
  sql=$(script "$@")
  if ! ask --single-transaction "${files[@]}" <<<"$sql"; then
    remove_unused_files
    die 1 "the server refused a step (see above)" "the transaction is rolled back: nothing has changed"
  fi
}

# archive_step WHAT: check, which removes an archive that Java cannot use, before any session may; write, where there is none.
archive_step() {
  local java=${libjvm%/lib/*}/bin/java class_path=$jar_file new=$archive$NEW options command
  options='-XX:TieredStopAtLevel=1 -Xss8m -Xmx64m -XX:ErrorFile=/dev/null --enable-native-access=ALL-UNNAMED'
  if [ "$runtime" = pljava ]; then
    class_path=$(ask <<<"SELECT substring(current_setting('pljava.vmoptions', true) FROM '.*-Djava[.]class[.]path=([^ ]*)')")
    options+=" --module-path=$(ask <<<"SET client_min_messages = error; SET pljava.enable = off;
      LOAD 'libpljava-so-${server_pljava_installed:-$server_pljava}'; SHOW pljava.module_path")"
    options+=' --add-modules=org.postgresql.pljava -Djava.util.logging.config.class=aiworker.pljava.Guard'
  fi
  java="'$java' $options -cp '$class_path'"
  case $1,$archive_kind in
    check,shared) command="$java -XX:+UseSerialGC -Xshare:on -XX:SharedArchiveFile=$archive -version" ;;
    check,aot) command="$java -XX:+UseSerialGC -XX:AOTMode=on -XX:AOTCache=$archive -version" ;;
    # not by -XX:ArchiveClassesAtExit: of such an archive Java does not notice when it is cut off, and the session crashes.
    # Only G1 writes objects into one; any collector reads them.
    write,shared)
      [ "$runtime" != pljava ] || list_start_of_pljava "$new.start"
      command="$java -XX:+UseSerialGC -Xshare:off -XX:DumpLoadedClassList=$new.list aiworker.Rehearsal"
      # numbers that Java gives its classes count for one list alone
      command+=" && { ! test -f $new.start || sed '/ source: /d; s/ id: [0-9]*\$//' $new.start >>$new.list; }"
      command+=" && $java -XX:+UseG1GC -Xshare:dump -XX:SharedClassListFile=$new.list -XX:SharedArchiveFile=$new"
      ;;
    write,aot) command="$java -XX:+UseSerialGC -XX:AOTCacheOutput=$new aiworker.Rehearsal" ;;
  esac
  if [ "$1" = check ]; then
    command="! test -f $archive || $command || rm -f $archive"
  else
    # under its name it is whole, and on the disk
    command="$command && sync $new && mv -f $new $archive && rm -f $new.* || { rm -f $new $new.*; false; }"
  fi
  ask -v command="{ $command; } </dev/null >/dev/null 2>&1" <"$sql_dir/install/program.sql"
}

# Those that PL/Java itself loads in a session, which a rehearsal without a server does not.
list_start_of_pljava() {
  ask >/dev/null 2>&1 <<SQL || true
SELECT set_config('pljava.vmoptions', current_setting('pljava.vmoptions') || ' -Xshare:off -XX:DumpLoadedClassList=$1', false);
SELECT public.ai_worker_health();
SQL
}

build_archive() {
  say "archive of classes in the server's data directory: $archive"
  [ -n "$(ask <<<"SELECT size FROM pg_stat_file('$archive', true) WHERE NOT isdir")" ] || archive_step write 2>/dev/null ||
    say "there is none: first questions in a session take longer, all else is the same"
}

# Jars and archives in the data directory that no database of the server uses any more.
remove_unused_files() {
  local used unused
  used=$(ask -v files="$FILES" <"$sql_dir/install/file_users.sql" | ask 2>&1) || {
    say "kept the jar files in the data directory: not every database can be asked whether it uses them (${used##*: })"
    return 0
  }
  unused=$(ask -v files="$FILES" -v used="$used" <"$sql_dir/install/unused_files.sql") || return 0
  [ -z "$unused" ] || say "removed from the data directory: $unused"
}

install_it() {
  choose_runtime
  find_jar
  find_java
  name_archive
  [ "$runtime" != pljava ] || pljava_settings
  local list
  mapfile -t list < <(sql_files)
  archive_step check || true
  files+=(-v statements="$(sed -n -E "/$LOCKING/,/;\$/p" "${list[@]/#/"$sql_dir/"}" | sha256sum | cut -c 1-64)")
  run_transaction "${list[@]}"
  build_archive
  remove_unused_files
  say "done: AI Worker is in database \"$server_database\""
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
  if [ -z "$server_runtime$server_cache" ]; then
    say "AI Worker is not installed in database \"$server_database\": nothing to remove"
    return
  fi
  files=(-v files="$FILES")
  settings="SET ai_worker.lock_mode = 'ACCESS EXCLUSIVE';"$'\n'
  run_transaction install/lock.sql remove.sql install/remove_jar.sql
  remove_unused_files
  say "done: AI Worker is removed from database \"$server_database\""
  local extensions left
  extensions=$(ask <<<"SELECT string_agg(extname, ', ' ORDER BY extname) FROM pg_extension WHERE extname IN ('pljava', 'plpython3u');")
  [ -z "$extensions" ] || say "left in place, for others may use it: extension $extensions"
  left=$(
    ask <<'SQL'
SELECT format('    ALTER DATABASE %I RESET %s;', current_database(), split_part(setting, '=', 1))
  FROM pg_db_role_setting CROSS JOIN LATERAL unnest(setconfig) AS setting
 WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
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
  say "server: PostgreSQL $server_version, database \"$server_database\""
  "${action}_it"
}

main "$@"
