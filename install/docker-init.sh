#!/usr/bin/env bash
# Run once by the image of Dockerfile.postgres, when its data directory has just been made.
set -euo pipefail

database=${POSTGRES_DB:-postgres}
user=${POSTGRES_USER:-postgres}

/usr/share/ai-worker/install/install.sh --runtime pljava --dbname "$database" --username "$user"

if [ -n "${AI_WORKER_BASE_URL:-}" ]; then
  psql -X -q -v ON_ERROR_STOP=1 -U "$user" -d "$database" -v value="$AI_WORKER_BASE_URL" \
    <<<"UPDATE public.ai_worker_config SET base_url = :'value';"
fi
if [ -n "${AI_WORKER_MODEL:-}" ]; then
  psql -X -q -v ON_ERROR_STOP=1 -U "$user" -d "$database" -v value="$AI_WORKER_MODEL" \
    <<<"UPDATE public.ai_worker_config SET model = :'value';"
fi
