#!/usr/bin/env bash
# Makes databases of dumps in SQL, such as those of public question sets, and installs AI Worker into each, ready for evaluate.py.
# The server is the one that psql reaches ($PGHOST, $PGPORT, $PGUSER), and the role a superuser there.
#
# Usage: eval/load.sh [--runtime auto|pljava|plpython] [--settings SETTINGS] [NAME=]FILE.sql...
#
# NAME is the database's (default: the file's name). It must not be there yet. SETTINGS are for ai_worker_config, as in
# "model = 'qwen2.5-coder', base_url = 'http://127.0.0.1:11434/v1'".
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=install/lib.sh
. "$root/install/lib.sh"

runtime=auto settings='' dumps=()
while [ $# -gt 0 ]; do
  take_option '--runtime --settings' "$@"
  case $option in
    --runtime) runtime=$value ;;
    --settings) settings=$value ;;
    -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" && exit ;;
    -*) unknown_option "$option" ;;
    *) dumps+=("$option") ;;
  esac
  shift "$taken"
done
check_runtime "$runtime"
[ ${#dumps[@]} -gt 0 ] || die 2 "no dump to load" "$SEE_HELP"

sql() {
  psql -qX -v ON_ERROR_STOP=1 -d "$@"
}

for dump in "${dumps[@]}"; do
  file=$dump name=$(basename "$dump" .sql)
  [ -f "$file" ] || { file=${dump#*=} && name=${dump%%=*}; }
  [ -f "$file" ] || die 2 "$file is no file" "$SEE_HELP"
  say "$name"
  sql postgres -v name="$name" <<<'CREATE DATABASE :"name"'
  # a dump may name owners that are not here
  PGOPTIONS='-c client_min_messages=warning' psql -qX -d "$name" -f "$file" 2>&1 >/dev/null | { grep -v 'role ".*" does not exist' >&2 || true; }
  "$root/install/install.sh" --dbname "$name" --runtime "$runtime" >/dev/null
  # Every schema may be read, and no answer is cut: gold statements have no row_limit.
  sql "$name" <<SQL
DO \$\$
DECLARE
    name name;
BEGIN
    FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|ai_worker|sqlj\$|information_schema\$)' LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO ai_worker_prover', name);
        UPDATE ai_worker_config SET schemas = schemas || name::text WHERE name <> ALL (schemas);
    END LOOP;
END
\$\$;
UPDATE ai_worker_config SET row_limit = 1000000${settings:+, $settings};
ANALYZE;
SQL
done
