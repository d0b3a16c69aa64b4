#!/usr/bin/env bash
# Runs the evaluation on recorded replies, in a throw-away cluster with the sample database: it shows what a report looks like
# and tests the way from question to verdict, not a model. Options but --runtime go to evaluate.py.
#
# Usage: eval/demo.sh [--runtime pljava|plpython] [--json FILE] [--min-accuracy PERCENT]
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
runtime=auto
if [ "${1:-}" = --runtime ]; then
  runtime=$2
  shift 2
fi

# shellcheck source=bench/cluster.sh
. "$root/bench/cluster.sh"
start_cluster
psql -qX -v ON_ERROR_STOP=1 -d postgres -c 'CREATE DATABASE shop'
psql -qX -v ON_ERROR_STOP=1 -d shop -1 -f "$root/install/sample.sql"
"$root/install/install.sh" --dbname shop --runtime "$runtime" >"$work/install.log" 2>&1 ||
  { cat "$work/install.log" >&2 && exit 1; }

"$root/eval/recorded.py" "$root/eval/recorded.jsonl" >"$work/url" &
recorded=$!
trap 'kill $recorded; end_cluster' EXIT
for ((waited = 0; waited < 100; waited++)); do
  [ ! -s "$work/url" ] || break
  sleep 0.1
done
psql -qX -v ON_ERROR_STOP=1 -d shop -v url="$(cat "$work/url")" <<'SQL'
UPDATE ai_worker_config SET model = 'demo-recorded-replies', base_url = :'url';
CREATE ROLE analyst LOGIN;
GRANT ai_worker_user TO analyst;
GRANT SELECT ON users, categories, products, orders, order_items, reviews, ai_worker_config TO analyst;
SQL
cd "$root"
eval/evaluate.py --questions eval/sample.jsonl --username analyst --dbname shop "$@"
