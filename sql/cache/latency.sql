-- Latency histograms: 28 counts, of requests under 2, 4, 8 and so on to 2^28 microseconds; the last takes longer ones too.

CREATE OR REPLACE FUNCTION ai_worker.latency_bucket(started timestamptz) RETURNS integer
LANGUAGE sql VOLATILE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 1 + width_bucket(
        1000000 * date_part('epoch', clock_timestamp() - started),
        '{2,4,8,16,32,64,128,256,512,1024,2048,4096,8192,16384,32768,65536,131072,262144,524288,1048576,2097152,4194304,8388608,16777216,33554432,67108864,134217728}'::double precision[])
$$;
REVOKE ALL ON FUNCTION ai_worker.latency_bucket(timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.latency_bucket(timestamptz) IS
    'AI Worker: the element of a latency histogram that counts the time since started';

CREATE OR REPLACE FUNCTION ai_worker.sum_latency(latencies bigint[]) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT COALESCE(array_agg(total ORDER BY bucket), array_fill(0::bigint, ARRAY[28]))
      FROM (SELECT bucket, sum(latencies[histogram][bucket])::bigint AS total
              FROM generate_series(1, array_length(latencies, 1)) AS histogram, generate_series(1, 28) AS bucket
             GROUP BY bucket) AS sums
$$;
REVOKE ALL ON FUNCTION ai_worker.sum_latency(bigint[]) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.sum_latency(bigint[]) IS
    'AI Worker: the sum of latency histograms, given as rows of a two-dimensional array';

CREATE OR REPLACE FUNCTION ai_worker.latency_percentile(latency bigint[], fraction double precision)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT COALESCE(round((power(2.0::double precision,
                                 bucket - 1 + (rank - below)::double precision / NULLIF(amount, 0)) / 1000)::numeric, 3), 0)
      FROM (SELECT bucket, amount, sum(amount) OVER (ORDER BY bucket) - amount AS below,
                   sum(amount) OVER () * fraction::numeric AS rank
              FROM unnest(latency) WITH ORDINALITY AS histogram (amount, bucket)) AS cumulated
     WHERE rank > below OR bucket = 1
     ORDER BY bucket DESC
     LIMIT 1
$$;
REVOKE ALL ON FUNCTION ai_worker.latency_percentile(bigint[], double precision) FROM PUBLIC;
COMMENT ON FUNCTION ai_worker.latency_percentile(bigint[], double precision) IS
    'AI Worker: percentile of a latency histogram in milliseconds, interpolated within its bucket; 0 when empty';
