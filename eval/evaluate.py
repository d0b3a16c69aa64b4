#!/usr/bin/python3
"""Measures how well the model behind AI Worker answers questions about a database.

Every question goes through ai_generate_sql. Its statement and the gold statement then run in one read-only transaction with
the same snapshot, as the calling role, and their results are compared. Nothing is stored: the questions are asked in
read-only transactions and under a schema version of their own, so no cached answer serves one and none is kept.
"""

import argparse
import getpass
import json
import math
import os
import re
import secrets
import sys
import time
from collections import Counter, deque
from contextlib import closing
from dataclasses import asdict, dataclass
from decimal import Context, Decimal
from typing import Optional

try:
    import psycopg2
    from psycopg2.extensions import set_wait_callback
    from psycopg2.extras import wait_select
except ImportError:
    psycopg2 = None

RECORDED_MODEL = "demo-recorded-replies"
REPAIR = "DEBUG:  asking the model again"
CONNECTION_LOST = "08006"

# The statement is given as a parameter, so it is one query whatever it says.
ROWS_FUNCTION = """\
CREATE FUNCTION pg_temp.answer(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    answer record;
BEGIN
    FOR answer IN EXECUTE statement LOOP
        RETURN NEXT row_to_json(answer);
    END LOOP;
END
$$;
"""

# What may be secret in the URL is left out.
MODEL = """\
SELECT json_build_object('model', model, 'base_url',
                         regexp_replace(regexp_replace(base_url, '[?#].*', ''), '//[^/]*@', '//'))
FROM public.ai_worker_config
"""


class Failure(Exception):
    """What ends the evaluation; the user reads it."""


@dataclass
class Outcome:
    """One question and what came of it.

    verdict: right, wrong (other rows than gold), fails (the statement fails when run), none (no statement) or
    bad gold (the gold statement fails, so the question does not count). sqlstate and error belong to the last three.
    """

    id: str
    question: str
    gold_sql: str
    database: Optional[str]
    verdict: str = "none"
    sql: Optional[str] = None
    sqlstate: Optional[str] = CONNECTION_LOST
    error: Optional[str] = None
    tokens: Optional[int] = None
    repairs: int = 0
    ms: Optional[float] = None


def read_options():
    parser = argparse.ArgumentParser(
        description="Asks AI Worker the questions of a file and compares the answers' rows with those of gold statements.",
        epilog="A line of the file is a JSON object with question and gold_sql, and optionally id and database. "
        "The role needs ai_worker_user, the right to read the tables, and TEMPORARY on the database; "
        "with ai_worker_admin the report names the model. "
        "Exit codes: 0 done, 1 under --min-accuracy, 2 wrong option or file, 3 cannot connect or a gold statement fails.",
    )
    parser.add_argument("--questions", required=True, metavar="FILE", help="the questions, JSON lines")
    parser.add_argument("--dbname", metavar="NAME", help="database of questions that name none (default: as psql)")
    parser.add_argument("--host", metavar="HOST", help="server's host name or socket folder (default: as psql)")
    parser.add_argument("--port", metavar="PORT", help="server's port (default: as psql)")
    parser.add_argument("--username", metavar="NAME", help="role to ask as (default: as psql)")
    parser.add_argument("--statement-timeout", type=milliseconds, default=30000, metavar="MS",
                        help="longest run of a statement, ms; 0: any (default: 30000)")
    parser.add_argument("--json", metavar="FILE", help="write the report with all statements there")
    parser.add_argument("--min-accuracy", type=percent, metavar="PERCENT", help="fail below this execution accuracy")
    options = parser.parse_args()
    if psycopg2 is None:
        parser.exit(3, "ERROR:  Python has no psycopg2: apt-get install python3-psycopg2, or run this by a Python that has it\n")
    return options


def milliseconds(text):
    value = int(text)
    if not 0 <= value < 2**31:
        raise argparse.ArgumentTypeError(f"{text} is not 0 to {2**31 - 1}")
    return value


def percent(text):
    value = float(text)
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not 0 to 100")
    return value


def is_text(value):
    """Whether PostgreSQL can take it as text: JSON can hold a NUL and half a character."""
    return isinstance(value, str) and "\0" not in value and not re.search("[\ud800-\udfff]", value)


def read_questions(file, default_database):
    outcomes = []
    seen = set()
    with open(file, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                entry = json.loads(line)
                outcome = Outcome(str(entry.get("id", number)), entry["question"], entry["gold_sql"],
                                  entry.get("database", default_database))
            except (ValueError, AttributeError, KeyError) as e:
                raise Failure(f"{file}, line {number}: not a JSON object with question and gold_sql: {e}") from None
            texts = [outcome.id, outcome.question, outcome.gold_sql]
            if outcome.database is not None:
                texts.append(outcome.database)
            if not all(is_text(text) for text in texts):
                raise Failure(f"{file}, line {number}: question, gold_sql, id and database must be text that PostgreSQL can take")
            if (outcome.database, outcome.question) in seen:
                raise Failure(f"{file}, line {number}: the question is there twice")
            seen.add((outcome.database, outcome.question))
            outcomes.append(outcome)
    if not outcomes:
        raise Failure(f"{file}: no questions")
    return outcomes


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


def ask(options, database, outcomes, label):
    """Asks the questions of one database; fills the outcomes and returns the model and where it is, if we may know."""
    with closing(connect(options, database)) as connection, connection.cursor() as cursor:
        connection.notices = deque()  # the driver's own list keeps the last few
        try:
            cursor.execute(MODEL)
            model = cursor.fetchone()[0]
        except psycopg2.errors.InsufficientPrivilege:
            model = {}
        cursor.execute("SET client_min_messages = debug1")
        for number, outcome in enumerate(outcomes):
            connection.notices.clear()
            started = time.perf_counter()
            try:
                cursor.execute("BEGIN READ ONLY")
                cursor.execute("SELECT public.ai_generate_sql(%s, %s)", (outcome.question, label))
                response = cursor.fetchone()[0]
                outcome.sql = response["sql"]
                outcome.tokens = response["tokens_used"]
                outcome.sqlstate = None
            except psycopg2.Error as e:
                outcome.sqlstate, outcome.error = reason(e)
            outcome.ms = round(1000 * (time.perf_counter() - started), 1)
            outcome.repairs = sum(notice.startswith(REPAIR) for notice in connection.notices)
            if connection.closed:
                break
            cursor.execute("ROLLBACK")
            if sys.stderr.isatty():
                print(f"\r{number + 1}/{len(outcomes)} asked", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return model


def reason(error):
    """The SQLSTATE of what the server said, and its message and detail."""
    said = error.diag
    if said.message_primary is None:
        return error.pgcode or CONNECTION_LOST, str(error).strip()
    detail = f"\nDETAIL:  {said.message_detail}" if said.message_detail else ""
    return error.pgcode, f"{said.severity}:  {said.message_primary}{detail}"


def run(options, database, outcomes):
    """Runs each statement beside its gold statement and judges it."""
    with closing(connect(options, database)) as connection, connection.cursor() as cursor:
        cursor.execute(ROWS_FUNCTION)
        for outcome in outcomes:
            if connection.closed:
                outcome.verdict, outcome.sqlstate = "bad gold", CONNECTION_LOST
                continue
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", (str(options.statement_timeout),))
            cursor.execute("SELECT set_config('search_path', ai_worker.search_path(), true)")
            cursor.execute("SAVEPOINT start")
            judge(cursor, outcome)
            if not connection.closed:
                cursor.execute("ROLLBACK")


def judge(cursor, outcome):
    try:
        gold = rows(cursor, outcome.gold_sql)
    except psycopg2.Error as e:
        outcome.verdict = "bad gold"
        outcome.sqlstate, outcome.error = reason(e)
        return
    if outcome.sql is None:
        return
    try:
        answer = rows(cursor, outcome.sql)
    except psycopg2.Error as e:
        outcome.verdict = "fails"
        outcome.sqlstate, outcome.error = reason(e)
        return
    outcome.verdict = "right" if same(gold, answer, is_ordered(outcome.gold_sql)) else "wrong"


def rows(cursor, statement):
    cursor.execute("SELECT pg_temp.answer(%s)", (statement,))
    found = [row(line) for line, in cursor]
    cursor.execute("ROLLBACK TO start")
    return found


def row(line):
    """A row as a tuple of values that compare as a reader would compare them; names of columns do not count."""
    pairs = json.loads(line, parse_int=Decimal, parse_float=Decimal, object_pairs_hook=tuple)
    return tuple(comparable(value) for _, value in pairs)


def comparable(value):
    """Numbers by ten significant digits, whatever their type; midnight as its date; true is not 1."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, Decimal):
        return Context(prec=10).plus(value)
    if isinstance(value, str):
        return re.sub(r"^(\d{4,}-\d\d-\d\d)T00:00:00(?:[+-]\d\d(?::\d\d){0,2})?$", r"\1", value)
    if isinstance(value, (list, tuple)):
        return tuple(comparable(element) for element in value)
    return value


def same(gold, answer, ordered):
    return gold == answer if ordered else Counter(gold) == Counter(answer)


TOKEN = re.compile(r"""
    --[^\n]* | (?P<comment>/\*)
    | [eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*" | \$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$
    | (?P<word>[^\W\d][\w$]*) | \d[\w.]* | (?P<other>\S)""", re.S | re.X)


def level(sql):
    """The words of a statement in lower case, what is in parentheses as a list of its own; neither literals nor comments."""
    levels = [[]]
    at = 0
    while token := TOKEN.search(sql, at):
        at = token.end()
        if token["comment"]:  # they nest
            depth = 1
            while depth and (mark := re.compile(r"/\*|\*/").search(sql, at)):
                depth += 1 if mark.group() == "/*" else -1
                at = mark.end()
            if depth:
                break
        elif token["word"]:
            levels[-1].append(token["word"].lower())
        elif token["other"] == "(":
            levels.append([])
        elif token["other"] == ")" and len(levels) > 1:
            inner = levels.pop()
            levels[-1].append(inner)
    return levels[0]


def is_ordered(sql):
    """Whether the result of a statement has an order, which only an ORDER BY of its outermost level gives it."""
    return has_order(level(sql))


def has_order(words):
    if ("order", "by") in [pair for pair in zip(words, words[1:])]:
        return True
    if any(word in words for word in ("select", "values", "table", "union", "intersect", "except")):
        return False
    # the query itself is in parentheses, perhaps after WITH and before LIMIT
    end = next((at for at, word in enumerate(words) if word in ("limit", "offset", "fetch", "for")), len(words))
    inner = [word for word in words[:end] if isinstance(word, list)]
    return bool(inner) and has_order(inner[-1])


def percentile(values, fraction):
    """By nearest rank; None of no values."""
    return sorted(values)[math.ceil(fraction * len(values)) - 1] if values else None


def summarize(outcomes):
    counted = [o for o in outcomes if o.verdict != "bad gold"]
    right = sum(o.verdict == "right" for o in counted)
    tokens = [o.tokens for o in counted if o.tokens is not None]
    times = [o.ms for o in counted if o.ms is not None]
    return {
        "questions": len(counted),
        "valid": len(tokens),
        "valid_rate": share(len(tokens), counted),
        "right": right,
        "execution_accuracy": share(right, counted),
        "repaired": sum(o.repairs > 0 for o in counted),
        "repaired_and_valid": sum(o.repairs > 0 and o.sql is not None for o in counted),
        "repair_rounds": sum(o.repairs for o in counted),
        "tokens": sum(tokens),
        "tokens_per_valid": round(sum(tokens) / len(tokens), 1) if tokens else None,
        "latency_p50_ms": percentile(times, 0.50),
        "latency_p95_ms": percentile(times, 0.95),
        "errors": dict(sorted(Counter(o.sqlstate for o in counted if o.sqlstate).items())),
        "bad_gold": len(outcomes) - len(counted),
    }


def share(count, of):
    return round(100 * count / len(of), 1) if of else 0.0


def show(file, models, outcomes, summary):
    print(f"AI Worker evaluation: {len(outcomes)} questions of {file}")
    for database, model in models.items():
        known = f"{model['model']} at {model['base_url']}" if model else "not shown to this role"
        print(f"model{'' if database is None else ' of ' + database}: {known}")
    if any(model.get("model") == RECORDED_MODEL for model in models.values()):
        print("RECORDED REPLIES: these figures test the way from question to verdict. They say nothing about a model.")
    width = max(len(o.id) for o in outcomes + [Outcome("id", "", "", None)])
    print(f"\n{'id':{width}}  {'verdict':8}  SQLSTATE  {'tokens':>7}  {'repairs':>7}  {'ms':>9}")
    for o in outcomes:
        print(f"{o.id:{width}}  {o.verdict:8}  {o.sqlstate or '':8}  {'' if o.tokens is None else o.tokens:>7}"
              f"  {o.repairs:>7}  {'' if o.ms is None else format(o.ms, '.1f'):>9}")
    s = summary
    each = "" if s["tokens_per_valid"] is None else f", {s['tokens_per_valid']} each"
    latency = ("no question came back" if s["latency_p50_ms"] is None else
               f"p50 {s['latency_p50_ms']} ms, p95 {s['latency_p95_ms']} ms, each question a miss")
    errors = ", ".join(f"{state}: {count}" for state, count in s["errors"].items())
    print(f"""
execution accuracy   {s['execution_accuracy']:5.1f} %   {s['right']} of {s['questions']} gave the rows of the gold statement
valid                {s['valid_rate']:5.1f} %   {s['valid']} of {s['questions']} gave a statement
repairs              {s['repaired']} questions needed {s['repair_rounds']} rounds, {s['repaired_and_valid']} became valid
tokens               {s['tokens']} for valid answers{each}
latency              {latency}
errors by SQLSTATE   {errors or 'none'}""")


def main():
    options = read_options()
    try:
        outcomes = read_questions(options.questions, options.dbname)
        if options.json:
            with open(options.json, "a", encoding="utf-8"):  # better now than after all questions
                pass
    except (OSError, UnicodeDecodeError, Failure) as e:
        print(f"ERROR:  {e}", file=sys.stderr)
        return 2
    label = "eval-" + secrets.token_hex(7)
    set_wait_callback(wait_select)  # so that Ctrl-C ends a wait
    models = {}
    try:
        for database in dict.fromkeys(o.database for o in outcomes):
            asked = [o for o in outcomes if o.database == database]
            models[database] = ask(options, database, asked, label)
            run(options, database, asked)
    except (psycopg2.Error, Failure) as e:
        print(f"ERROR:  {str(e).strip()}", file=sys.stderr)
        return 3
    summary = summarize(outcomes)
    show(options.questions, models, outcomes, summary)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as report:
            json.dump({"models": [dict(model, database=database) for database, model in models.items()],
                       "summary": summary, "questions": [asdict(o) for o in outcomes]}, report, indent=2)
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
