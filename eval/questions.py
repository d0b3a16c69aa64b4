"""The questions of an evaluation, in our own form and in those of BIRD and of Defog's sql-eval."""

import csv
import itertools
import json
import re
from dataclasses import dataclass
from typing import Optional

from judging import parse


class Failure(Exception):
    """What ends the evaluation; the user reads it."""


@dataclass
class Outcome:
    """One question and what came of it.

    verdict: right, wrong (other rows than gold), fails (the statement fails when run), none (no statement) or
    bad gold (no gold statement works, so the question does not count). sqlstate and error belong to the last three.
    gold and answer are the first rows of a miss, as text.
    """

    id: str
    question: str
    evidence: str
    gold_sql: list
    database: Optional[str]
    verdict: str = "none"
    same_sets: bool = False
    sql: Optional[str] = None
    sqlstate: Optional[str] = None
    error: Optional[str] = None
    tokens: Optional[int] = None
    tokens_read: int = 0
    tokens_written: int = 0
    cost: Optional[float] = None
    repairs: int = 0
    ms: Optional[float] = None
    gold: Optional[dict] = None
    answer: Optional[dict] = None

    @property
    def prompt(self):
        return f"{self.question}\n{self.evidence}" if self.evidence else self.question

    def key(self):
        return [self.id, self.question, self.evidence, self.gold_sql, self.database]


def is_text(value):
    """Whether PostgreSQL can take it as text: JSON can hold a NUL and half a character."""
    return isinstance(value, str) and "\0" not in value and not re.search("[\ud800-\udfff]", value)


def read(file, default_database):
    """The questions of a file of JSON lines, a JSON array or CSV, as outcomes that are still open."""
    outcomes = []
    seen = set()
    for place, entry in entries(file):
        try:
            outcome = question(entry, place, default_database)
        except (AttributeError, KeyError, TypeError) as e:
            raise Failure(f"{file}, {place}: not an object with question and gold_sql: {e}") from None
        texts = [outcome.id, outcome.question, outcome.evidence, *outcome.gold_sql]
        if outcome.database is not None:
            texts.append(outcome.database)
        if not outcome.gold_sql or not all(is_text(text) for text in texts):
            raise Failure(f"{file}, {place}: question, gold_sql, evidence, id and database must be text that PostgreSQL can take")
        same = next(number for number in itertools.count(1) if (outcome.id if number == 1 else f"{outcome.id}-{number}") not in seen)
        outcome.id += f"-{same}" if same > 1 else ""
        seen.add(outcome.id)
        outcomes.append(outcome)
    if not outcomes:
        raise Failure(f"{file}: no questions")
    return outcomes


def entries(file):
    with open(file, encoding="utf-8-sig", newline="") as text:
        if file.lower().endswith(".csv"):
            for number, entry in enumerate(csv.DictReader(text), 1):
                yield f"question {number}", entry
            return
        content = text.read()
    try:
        if content.lstrip().startswith("["):
            for number, entry in enumerate(json.loads(content), 1):
                yield f"question {number}", entry
            return
        for number, line in enumerate(content.split("\n"), 1):
            if line.strip():
                place = f"line {number}"
                yield place, json.loads(line)
    except ValueError as e:
        raise Failure(f"{file}{', ' + place if 'place' in locals() else ''}: not JSON: {e}") from None


def question(entry, place, default_database):
    number = place.split()[-1]
    if "SQL" in entry:  # BIRD: db_id is no database of its dump, which has all tables in one
        return Outcome(str(entry.get("question_id", number)), entry["question"], entry.get("evidence") or "",
                       [entry["SQL"]], default_database)
    if "query" in entry:  # Defog
        return Outcome(number, entry["question"], entry.get("full_instructions") or entry.get("instructions") or "",
                       alternatives(entry["query"]), entry.get("db_name") or default_database)
    gold = entry["gold_sql"]
    return Outcome(str(entry.get("id", number)), entry["question"], entry.get("evidence") or "",
                   gold if isinstance(gold, list) else [gold], entry.get("database", default_database))


def alternatives(query):
    """Defog's gold statements: each before its semicolon, {a, b} any choice of these columns in this order, {} the same choice."""
    begin = 0
    found = []
    for end in [token.start for token in parse(query) if token.text == ";"] + [len(query)]:
        statement = query[begin:end].strip()
        begin = end + 1
        braces = re.search(r"\{([^{}]+)\}", statement)
        if not braces:
            found += [statement] if statement else []
            continue
        columns = [column.strip() for column in braces[1].split(",")]
        for count in range(len(columns), 0, -1):
            for some in itertools.combinations(columns, count):
                chosen = ", ".join(some)
                found.append(statement.replace(braces[0], chosen, 1).replace("{}", chosen))
    return list(dict.fromkeys(found))
