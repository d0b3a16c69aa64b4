-- Runs a command on the server's machine, in its data directory and as its user.

SELECT format('COPY (SELECT WHERE false) TO PROGRAM %L', :'command') \gexec
