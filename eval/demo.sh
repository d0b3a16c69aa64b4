#!/usr/bin/env bash
# Runs the evaluation on recorded replies, in a throw-away cluster with the sample database: it shows what a report looks like
# and tests the way from question to verdict, not a model. Options but --runtime are those of evaluate.py.
#
# Usage: eval/demo.sh [--runtime auto|pljava|plpython] [--questions FILE] [--json FILE] [--min-accuracy PERCENT] [--help]
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=install/lib.sh
. "$root/install/lib.sh"

runtime=auto
options=(--questions "$(realpath --relative-to=. "$root/eval/sample.jsonl")" --username analyst --dbname shop)
while [ $# -gt 0 ]; do
  take_option --runtime "$@"
  case $option in
    --runtime) runtime=$value ;;
    -h | --help) sed -n 's/^# \(Usage: .*\)/\1/p' "${BASH_SOURCE[0]}" && exit ;;
    *) options+=("$1") ;;
  esac
  shift "$taken"
done
check_runtime "$runtime"
# a wrong option is told before a cluster is made for it
/usr/bin/python3 -Bc 'import sys; sys.path[0] = sys.argv.pop(1); sys.argv[0] = "eval/demo.sh"; import evaluate; evaluate.read_options()' \
  "$root/eval" "${options[@]}"

# shellcheck source=bench/cluster.sh
. "$root/bench/cluster.sh"
start_cluster 'fsync = off'
psql -qX -v ON_ERROR_STOP=1 -d postgres -c 'CREATE DATABASE shop'
psql -qX -v ON_ERROR_STOP=1 -d shop -1 -f "$root/install/sample.sql"
"$root/install/install.sh" --dbname shop --runtime "$runtime" >"$work/install.log" 2>&1 ||
  { cat "$work/install.log" >&2 && exit 1; }

"${JAVA_HOME:+$JAVA_HOME/bin/}java" -cp "$root/target/ai-worker.jar" "$root/install/demo/DemoModel.java" \
  "$root/install/demo/replies.jsonl" >"$work/url" &
model=$!
trap 'kill "$model" || true; end_cluster' EXIT
await_line "$work/url" "$model"
psql -qX -v ON_ERROR_STOP=1 -d shop -v url="$(cat "$work/url")?demo" <<'SQL'
UPDATE ai_worker_config SET model = 'demo-recorded-replies', base_url = :'url';
CREATE ROLE analyst LOGIN;
GRANT ai_worker_user TO analyst;
GRANT SELECT ON users, categories, products, orders, order_items, reviews, ai_worker_config TO analyst;
SQL
"$root/eval/evaluate.py" "${options[@]}"
