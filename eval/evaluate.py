#!/usr/bin/env python3
"""Measures how well the model behind AI Worker answers questions about a database.

Every question goes through ai_generate_sql. Its statement and the gold statement then run in one read-only transaction with
the same snapshot, as the calling role, and their results are compared. Nothing is stored: the questions are asked in
read-only transactions and under a schema version of their own, so no cached answer serves one and none is kept.
"""

import argparse
import json
import math
import os
import re
import secrets
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass
from decimal import Context, Decimal
from typing import Optional

RECORDED_MODEL = "demo-recorded-replies"
REPAIR = "DEBUG:  asking the model again"
CONNECTION_LOST = "08006"

PROLOGUE = """\
\\set SHOW_CONTEXT never
SET standard_conforming_strings = on;
"""

# The gold statement is given as a parameter, so it is one query whatever it says.
ROWS_FUNCTION = """\
CREATE FUNCTION pg_temp.answer(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    answer record;
BEGIN
    FOR answer IN EXECUTE statement LOOP
        RETURN NEXT replace(row_to_json(answer)::text, E'\\n', ' ');
    END LOOP;
END
$$;
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
    return parser.parse_args()


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


def literal(text):
    return "'" + text.replace("'", "''") + "'"


def psql(options, database, label, script, hear):
    """Runs a script in one session, hands every line that it prints to hear, and returns what it wrote to standard error.

    Lines of the script that warn of the label, which nobody else can know, tell where in it psql was.
    """
    command = ["psql", "-X", "-q", "-A", "-t"]
    for name, value in (("-h", options.host), ("-p", options.port), ("-U", options.username), ("-d", database)):
        if value is not None:
            command += [name, value]
    environment = dict(os.environ, PGCLIENTENCODING="UTF8", LC_ALL="C.UTF-8")
    with tempfile.TemporaryFile("w+", encoding="utf-8") as source, \
            tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        source.write(PROLOGUE + "\n".join(script) + "\n")
        source.seek(0)
        with subprocess.Popen(command, stdin=source, stdout=subprocess.PIPE, stderr=errors, env=environment,
                              text=True, encoding="utf-8") as process:
            for line in process.stdout:
                hear(line.rstrip("\n"))
        errors.seek(0)
        said = errors.read()
        if process.returncode != 0 and label not in said:
            raise Failure(f"psql, database {database or 'by default'}: {said.strip()}")
        return said


def ask(options, database, outcomes, label):
    """Asks the questions of one database; fills the outcomes and returns the model and where it is, if we may know."""
    script = ["SET client_min_messages = debug1;",
              "SELECT json_build_object('model', model, 'base_url', "  # without what may be secret in it
              "regexp_replace(regexp_replace(base_url, '[?#].*', ''), '//[^/]*@', '//')) FROM public.ai_worker_config;"]
    for number, outcome in enumerate(outcomes):
        script.append(f"""\
\\warn {label} question {number}
\\set response ''
BEGIN READ ONLY;
SELECT clock_timestamp() AS started \\gset
SELECT public.ai_generate_sql({literal(outcome.question)}, {literal(label)}) AS response \\gset
\\set state :SQLSTATE
ROLLBACK;
SELECT json_build_object('number', {number}, 'state', :'state', 'response', NULLIF(:'response', '')::json,
                         'ms', 1000 * extract(epoch FROM clock_timestamp() - :'started'));""")
    model = {}

    def hear(line):
        entry = json.loads(line)
        if "number" not in entry:
            model.update(entry)
            return
        outcome = outcomes[entry["number"]]
        outcome.ms = round(float(entry["ms"]), 1)
        outcome.sqlstate = None if entry["state"] == "00000" else entry["state"]
        if entry["response"]:
            outcome.sql = entry["response"]["sql"]
            outcome.tokens = entry["response"]["tokens_used"]
        if sys.stderr.isatty():
            print(f"\r{entry['number'] + 1}/{len(outcomes)} asked", end="", file=sys.stderr, flush=True)

    said = psql(options, database, label, script, hear)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    for (_, number), text in messages(said, label).items():
        outcome = outcomes[number]
        outcome.repairs = text.count(REPAIR)
        if outcome.sqlstate:
            outcome.error = server_error(text)
    return model


def messages(said, label):
    """What psql wrote to standard error, by kind and number of what it was doing."""
    parts = re.split(rf"^{label} (\w+) (\d+)\n", said, flags=re.M)
    return {(kind, int(number)): text for kind, number, text in zip(parts[1::3], parts[2::3], parts[3::3])}


def server_error(text):
    """The error's message and detail out of what psql printed."""
    found = re.search(r"(?:ERROR|FATAL):  .*?(?=\n(?:HINT|LINE \d+|QUERY|CONTEXT): |\Z)", text.strip(), re.S)
    return found.group() if found else text.strip()


def run(options, database, outcomes, label):
    """Runs each statement beside its gold statement and judges it."""
    script = [ROWS_FUNCTION]
    for number, outcome in enumerate(outcomes):
        script.append(f"""\
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL statement_timeout = {options.statement_timeout};
SELECT set_config('search_path', ai_worker.search_path(), true) \\gset path_
SAVEPOINT start;""")
        for kind, statement in (("gold", outcome.gold_sql), ("answer", outcome.sql)):
            if statement is not None:
                script.append(f"""\
\\echo rows {kind} {number}
\\warn {label} {kind} {number}
SELECT pg_temp.answer({literal(statement)});
\\echo state {kind} {number} :SQLSTATE
ROLLBACK TO start;""")
        script.append("ROLLBACK;")
    results = {}
    rows = []

    def hear(line):
        nonlocal rows
        word, _, rest = line.partition(" ")
        if word == "rows":
            rows = []
            results[rest] = (CONNECTION_LOST, rows)
        elif word == "state":
            kind, number, state = rest.split()
            results[f"{kind} {number}"] = (state, rows)
        else:
            rows.append(row(line))

    said = psql(options, database, label, script, hear)
    errors = messages(said, label)
    for number, outcome in enumerate(outcomes):
        gold_state, gold_rows = results.get(f"gold {number}", (CONNECTION_LOST, []))
        state, answer_rows = results.get(f"answer {number}", (CONNECTION_LOST, []))
        if gold_state != "00000":
            outcome.verdict = "bad gold"
            outcome.sqlstate = gold_state
            outcome.error = server_error(errors.get(("gold", number), ""))
        elif outcome.sql is None:
            outcome.verdict = "none"
        elif state != "00000":
            outcome.verdict = "fails"
            outcome.sqlstate = state
            outcome.error = server_error(errors.get(("answer", number), ""))
        else:
            outcome.verdict = "right" if same(gold_rows, answer_rows, is_ordered(outcome.gold_sql)) else "wrong"


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


def is_ordered(sql):
    """Whether a statement has an ORDER BY of its own, not only inside windows, aggregates and subqueries."""
    bare = re.sub(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", " ", sql, flags=re.S)
    while (shorter := re.sub(r"\([^()]*\)", " ", bare)) != bare:
        bare = shorter
    return re.search(r"\border\s+by\b", bare, re.I) is not None


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
    models = {}
    try:
        for database in dict.fromkeys(o.database for o in outcomes):
            asked = [o for o in outcomes if o.database == database]
            models[database] = ask(options, database, asked, label)
            run(options, database, asked, label)
    except (OSError, Failure) as e:
        print(f"ERROR:  {e}", file=sys.stderr)
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
