#!/usr/bin/python3
"""Measures how well the model behind AI Worker answers questions about a database.

Every question goes through ai_generate_sql. Its statement and the gold statements then run in one read-only transaction with
the same snapshot, as the calling role, and their results are compared. Nothing is stored: the questions are asked in
transactions that are rolled back and under a schema version of their own, so no cached answer serves one and none is kept.
"""

import argparse
import getpass
import json
import os
import queue
import re
import secrets
import sys
import threading
import time
from contextlib import closing
from dataclasses import asdict

sys.dont_write_bytecode = True  # the checkout stays clean

import figures
import judging
import report
from questions import Failure, Outcome, read

try:
    import psycopg2
    from psycopg2.extensions import new_type, register_type, set_wait_callback
    from psycopg2.extras import wait_select
except ImportError:
    psycopg2 = None

REPAIR = "asking the model again"
SPENT = re.compile(r"the model read (\d+) tokens and wrote (\d+)")
CONNECTION_LOST = "08006"
ANSWERED = ("IA020", "IA021", "IA022")  # what the model itself is to blame for
SAMPLE = 10  # rows of a miss that the report shows

# The statement is data here, so it is one query whatever it says.
OPEN = """\
DO $$
DECLARE
    answer refcursor := 'answer';
BEGIN
    OPEN answer FOR EXECUTE current_setting('evaluate.statement');
END
$$
"""

# What may be secret in the URL is left out.
MODEL = """\
SELECT json_build_object('model', model, 'base_url',
                         regexp_replace(regexp_replace(base_url, '[?#].*', ''), '//[^/]*@', '//'))
FROM public.ai_worker_config
"""


def read_options():
    parser = argparse.ArgumentParser(
        description="Asks AI Worker the questions of a file and compares the answers' rows with those of gold statements.",
        epilog="The file: docs/evaluation.md. "
        "The role needs ai_worker_user and the right to read the tables; with ai_worker_admin the report names the model. "
        "Exit codes: 0 done, 1 under --min-accuracy, 2 wrong option or file, 3 cannot connect or a gold statement fails, "
        "130 interrupted.",
    )
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--questions", metavar="FILE", help="the questions: JSON lines, BIRD's JSON or Defog's CSV")
    task.add_argument("--compare", nargs=2, metavar=("A.json", "B.json"), help="compare two reports; asks nothing")
    parser.add_argument("--dbname", metavar="NAME", help="database of questions that name none (default: as psql)")
    parser.add_argument("--host", metavar="HOST", help="server's host name or socket folder (default: as psql)")
    parser.add_argument("--port", metavar="PORT", help="server's port (default: as psql)")
    parser.add_argument("--username", metavar="NAME", help="role to ask as (default: as psql)")
    parser.add_argument("--parallel", type=number(1, 64), default=1, metavar="N", help="questions asked at a time (default: 1)")
    parser.add_argument("--statement-timeout", type=number(0, 2**31 - 1), default=30000, metavar="MS",
                        help="longest run of a statement, ms; 0: any (default: 30000)")
    parser.add_argument("--json", metavar="FILE", help="write the report with all statements there")
    parser.add_argument("--csv", metavar="FILE", help="write a line for each question there")
    parser.add_argument("--html", metavar="FILE", help="write a page there that shows the misses")
    parser.add_argument("--resume", action="store_true", help="keep what an earlier run with this --json has answered")
    parser.add_argument("--prices", metavar="FILE",
                        help='what models cost: {"MODEL": {"read": PRICE, "written": PRICE}}, for a million tokens')
    parser.add_argument("--min-accuracy", type=percent, metavar="PERCENT", help="fail below this execution accuracy")
    options = parser.parse_args()
    if options.resume and not options.json:
        parser.error("--resume needs --json FILE, where the earlier run's report is")
    if options.questions and psycopg2 is None:
        parser.exit(3, "ERROR:  Python has no psycopg2: apt-get install python3-psycopg2, or run this by a Python that has it\n")
    return options


def number(least, most):
    def parse(text):
        if not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text} is not {least} to {most}")
        return int(text)
    return parse


def percent(text):
    value = float(text)
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not 0 to 100")
    return value


def connect(options, database):
    """A session as psql would begin it, but for the password, which may also be asked for once."""
    wanted = {"host": options.host, "port": options.port, "user": options.username, "client_encoding": "UTF8",
              "fallback_application_name": "evaluate.py"}
    dsn = ""
    if database is not None and re.match(r"postgres(ql)?://|.*=", database):
        dsn = database
    else:
        wanted["dbname"] = database
    wanted = {name: value for name, value in wanted.items() if value is not None}
    try:
        connection = psycopg2.connect(dsn, **wanted)
    except psycopg2.OperationalError as e:
        if "no password supplied" not in str(e) or not sys.stdin.isatty():
            raise Failure(f"database {database or 'by default'}: {str(e).strip()}") from None
        os.environ["PGPASSWORD"] = getpass.getpass()
        return connect(options, database)
    connection.autocommit = True
    return connection


def find_models(options, databases):
    """The model of each database and where it is, if we may know."""
    models = {}
    for database in databases:
        with closing(connect(options, database)) as connection, connection.cursor() as cursor:
            try:
                cursor.execute(MODEL)
                models[database] = cursor.fetchone()[0]
            except psycopg2.errors.InsufficientPrivilege:
                models[database] = {}
            except psycopg2.errors.UndefinedTable:
                raise Failure(f"database {database or 'by default'}: AI Worker is not installed there") from None
    return models


class Run:
    """Workers with a session each that take the open questions; done holds a question once it is judged, or what went wrong."""

    def __init__(self, options, outcomes):
        self.options = options
        self.label = "eval-" + secrets.token_hex(7)
        self.open = queue.SimpleQueue()
        for outcome in outcomes:
            self.open.put(outcome)
        self.done = queue.SimpleQueue()
        self.connections = {}
        for _ in range(min(options.parallel, len(outcomes))):
            threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        connection = database = None
        try:
            while True:
                outcome = self.open.get_nowait()
                if connection is None or connection.closed or database != outcome.database:
                    if connection is not None:
                        connection.close()
                    connection = connect(self.options, outcome.database)
                    database = outcome.database
                    self.connections[threading.get_ident()] = connection
                with connection.cursor() as cursor:
                    ask(connection, cursor, outcome, self.label)
                    if not connection.closed:
                        judge(cursor, outcome, self.options.statement_timeout)
                self.done.put(outcome)
        except queue.Empty:
            if connection is not None:
                connection.close()
        except Exception as e:
            self.done.put(e)

    def cancel(self):
        """Ends what the server does for us."""
        while not self.open.empty():
            self.open.get_nowait()
        for connection in self.connections.values():
            if not connection.closed:
                connection.cancel()


def ask(connection, cursor, outcome, label):
    connection.notices = []  # the driver's own list keeps the last few
    started = time.perf_counter()
    outcome.sqlstate = outcome.error = None
    try:
        cursor.execute("SET client_min_messages = debug1")
        cursor.execute("BEGIN")  # a read-only one would not do for every proof
        cursor.execute("SELECT public.ai_generate_sql(%s, %s)", (outcome.prompt, label))
        response = cursor.fetchone()[0]
        outcome.sql = response["sql"]
        outcome.tokens = response["tokens_used"]
    except psycopg2.Error as e:
        outcome.sqlstate, outcome.error = reason(e)
    outcome.ms = round(1000 * (time.perf_counter() - started), 1)
    outcome.repairs = sum(REPAIR in notice for notice in connection.notices)
    for spent in filter(None, map(SPENT.search, connection.notices)):
        outcome.tokens_read += int(spent[1])
        outcome.tokens_written += int(spent[2])
    if not connection.closed:
        cursor.execute("ROLLBACK")
        cursor.execute("RESET client_min_messages")


def reason(error):
    """The SQLSTATE of what the server said, and its message and detail."""
    said = error.diag
    if said.message_primary is None:
        return error.pgcode or CONNECTION_LOST, str(error).strip()
    detail = f"\nDETAIL:  {said.message_detail}" if said.message_detail else ""
    return error.pgcode, f"{said.severity}:  {said.message_primary}{detail}"


def judge(cursor, outcome, timeout):
    """Runs the statement beside its gold statements."""
    cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    cursor.execute("SELECT set_config('statement_timeout', %s, true), set_config('cursor_tuple_fraction', '1', true),"
                   " set_config('search_path', ai_worker.search_path(), true)", (str(timeout),))
    cursor.execute("SAVEPOINT start")
    found = []
    failure = None
    for sql in outcome.gold_sql:
        try:
            found.append((sql, *rows(cursor, sql)))
        except psycopg2.Error as e:
            failure = failure or reason(e)
            if cursor.connection.closed:
                break
            cursor.execute("ROLLBACK TO start")
    if not found:
        outcome.verdict = "bad gold"
        outcome.sqlstate, outcome.error = failure
    elif outcome.sql is not None:
        compare(cursor, outcome, found)
    if outcome.verdict not in ("right", "bad gold"):
        outcome.gold = sample(*found[0][1:])
    if not cursor.connection.closed:
        cursor.execute("ROLLBACK")


def compare(cursor, outcome, golds):
    try:
        columns, answer = rows(cursor, outcome.sql)
    except psycopg2.Error as e:
        outcome.verdict = "fails"
        outcome.sqlstate, outcome.error = reason(e)
        return
    outcome.sqlstate = outcome.error = None
    outcome.same_sets = any(judging.same_sets(gold, answer) for _, _, gold in golds)
    right = any(judging.same(gold, answer, judging.is_ordered(sql)) or tied(cursor, sql, names, gold, answer)
                for sql, names, gold in golds)
    outcome.verdict = "right" if right else "wrong"
    if not right:
        outcome.answer = sample(columns, answer)
        limit = re.search(r"\bLIMIT (\d+)$", outcome.sql)
        if limit and int(limit[1]) == len(answer) < min(len(gold) for _, _, gold in golds):
            outcome.error = f"LIMIT {limit[1]} cut its rows, perhaps that of row_limit in ai_worker_config"


def tied(cursor, sql, columns, gold, answer):
    """Whether the answer differs but in the order of rows that tie in the gold statement's ORDER BY, or in which LIMIT took."""
    keyed = judging.keyed(sql, columns) if len(gold) == len(answer) and judging.is_ordered(sql) else None
    if keyed is None:
        return False
    try:
        _, keyed.rows = rows(cursor, keyed.sql)
    except psycopg2.Error:
        if not cursor.connection.closed:
            cursor.execute("ROLLBACK TO start")
        return False
    return judging.same_but_for_ties(gold, keyed, answer)


def rows(cursor, statement):
    """Names of columns, and rows."""
    cursor.execute("SELECT set_config('evaluate.statement', %s, true)", (statement,))
    cursor.execute(OPEN)
    cursor.execute("FETCH ALL FROM answer")
    found = [column.name for column in cursor.description], cursor.fetchall()
    cursor.execute("ROLLBACK TO start")
    return found


def sample(columns, found):
    def text(value):
        value = value[1] if isinstance(value, tuple) else value
        return value if value is None or isinstance(value, (str, bool)) else str(value)
    return {"columns": columns, "count": len(found), "rows": [[text(value) for value in row] for row in found[:SAMPLE]]}


def keep_times_as_text():
    """Some are out of the range of Python's, and a text is no date."""
    for oid, name in {1082: "date", 1083: "time", 1266: "timetz", 1114: "timestamp", 1184: "timestamptz", 1186: "interval"}.items():
        register_type(new_type((oid,), name, lambda value, cursor, name=name: value if value is None else (name, value)))
    register_type(new_type((1182, 1183, 1270, 1115, 1185, 1187), "times", lambda value, cursor: value))


def resume(file, models, outcomes):
    """Fills in what an earlier run has found out, but for questions that never reached the model; returns what is still open."""
    part = file + ".part"
    if not os.path.exists(part) and not os.path.getsize(file):
        return outcomes
    try:
        with open(part if os.path.exists(part) else file, encoding="utf-8") as earlier:
            if os.path.exists(part):
                lines = [json.loads(line) for line in earlier if line.endswith("\n")]
                head, known = lines[0] if lines else {"models": []}, lines[1:]
            else:
                head = json.load(earlier)
                known = head["questions"]
        known = [Outcome(**entry) for entry in known]
    except (ValueError, KeyError, TypeError) as e:
        raise Failure(f"{file}: no report that can be resumed: {e}") from None
    for model in head["models"]:
        ours = models.get(model["database"], {})
        if model.get("model") != ours.get("model"):
            raise Failure(f"{file} is about another model: {model.get('model')}, not {ours.get('model')}")
    known = {json.dumps(o.key()): o for o in known if o.verdict not in ("none", "bad gold") or o.sqlstate in ANSWERED}
    for at, outcome in enumerate(outcomes):
        outcomes[at] = known.get(json.dumps(outcome.key()), outcome)
    return [outcome for outcome in outcomes if json.dumps(outcome.key()) not in known]


def price(outcome, prices, models):
    """What the question cost; None if that is unknown."""
    each = prices.get(models[outcome.database].get("model"))
    if each and (outcome.tokens_read or outcome.tokens is None):
        outcome.cost = round((outcome.tokens_read * each["read"] + outcome.tokens_written * each["written"]) / 1e6, 8)


def evaluate(options, outcomes, prices):
    """Has all questions asked and judged; returns the models."""
    set_wait_callback(wait_select)  # so that Ctrl-C ends a wait
    keep_times_as_text()
    models = find_models(options, list(dict.fromkeys(o.database for o in outcomes)))
    left = resume(options.json, models, outcomes) if options.resume else outcomes
    with open(options.json + ".part" if options.json else os.devnull, "w", encoding="utf-8") as part:
        head = {"models": [dict(model, database=database) for database, model in models.items()]}
        remaining = {o.id for o in left}
        for line in [head] + [asdict(o) for o in outcomes if o.id not in remaining]:
            print(json.dumps(line), file=part, flush=True)
        started = time.monotonic()
        run = Run(options, left)
        try:
            for done in range(len(left)):
                report.progress(outcomes, len(left) - done, done, time.monotonic() - started)
                outcome = run.done.get()
                if isinstance(outcome, Exception):
                    raise outcome
                price(outcome, prices, models)
                print(json.dumps(asdict(outcome)), file=part, flush=True)
            report.progress(outcomes, 0, len(left), time.monotonic() - started)
        except BaseException:
            run.cancel()
            raise
        finally:
            if sys.stderr.isatty():
                print(file=sys.stderr)
    return models


def write(options, models, outcomes, summary):
    written = {"models": [dict(model, database=database) for database, model in models.items()],
               "summary": summary, "questions": [asdict(o) for o in outcomes]}
    if options.json:
        with open(options.json + ".new", "w", encoding="utf-8") as file:
            json.dump(written, file, indent=2)
        os.replace(options.json + ".new", options.json)
        os.remove(options.json + ".part")
    if options.csv:
        with open(options.csv, "w", encoding="utf-8", newline="") as file:
            report.csv_lines(file, written["questions"])
    if options.html:
        with open(options.html, "w", encoding="utf-8") as file:
            file.write(report.page(options.questions, written))


def load(file):
    with open(file, encoding="utf-8") as text:
        return json.load(text)


def main():
    options = read_options()
    try:
        if options.compare:
            report.show_comparison(options.compare, figures.compare(*map(load, options.compare)))
            return 0
        outcomes = read(options.questions, options.dbname)
        prices = load(options.prices) if options.prices else {}
        if not all(isinstance(each.get(kind), (int, float)) for each in prices.values() for kind in ("read", "written")):
            raise Failure(f"{options.prices}: a model has no price for tokens read and written")
        for file in filter(None, (options.json, options.csv, options.html)):
            with open(file, "a", encoding="utf-8"):  # better now than after all questions
                pass
    except (OSError, ValueError, KeyError, TypeError, AttributeError, Failure) as e:
        print(f"ERROR:  {e}", file=sys.stderr)
        return 2
    try:
        models = evaluate(options, outcomes, prices)
    except (psycopg2.Error, Failure) as e:
        print(f"ERROR:  {str(e).strip()}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print("interrupted" + ("; --resume goes on" if options.json else ""), file=sys.stderr)
        return 130
    summary = figures.summarize(outcomes)
    write(options, models, outcomes, summary)
    report.show(options.questions, models, outcomes, summary)
    if summary["bad_gold"]:
        print("\nERROR:  gold statements fail, their questions do not count:", file=sys.stderr)
        for o in outcomes:
            if o.verdict == "bad gold":
                print(f"{o.id}: {o.sqlstate} {o.error}", file=sys.stderr)
        return 3
    if options.min_accuracy is not None and summary["execution_accuracy"] < options.min_accuracy:
        print(f"\nERROR:  execution accuracy {summary['execution_accuracy']} % is under {options.min_accuracy} %",
              file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
