-- The jar is in the server's data directory, where it is named by its digest.

CREATE EXTENSION IF NOT EXISTS plpython3u;
