"""Whether two statements give the same rows.

Rows come as psycopg2 gives them, but for dates, times and intervals, which come as (type, text). Names of columns do not count.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from decimal import Context, Decimal
from itertools import groupby
from typing import Optional

MIDNIGHT = re.compile(r"(\d{4,}-\d\d-\d\d)[ T]00:00:00(?:[+-]\d\d(?::\d\d){0,2})?")
TEN_DIGITS = Context(prec=10)


def comparable(value):
    """A value as a reader would compare it: numbers by ten digits, whatever their type; midnight as its date; true is not 1."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, (int, Decimal)):
        return "NaN" if value != value else TEN_DIGITS.plus(Decimal(value))
    if isinstance(value, tuple):  # a date or time
        value = value[1]
    if isinstance(value, str):
        midnight = MIDNIGHT.fullmatch(value)
        return midnight[1] if midnight else value
    if isinstance(value, list):
        return ("array", *map(comparable, value))
    if isinstance(value, dict):
        return ("object", *((key, comparable(value[key])) for key in sorted(value)))
    return bytes(value) if isinstance(value, memoryview) else value


def hashable(value):
    """A value for a set, as it is."""
    if isinstance(value, list):
        return tuple(map(hashable, value))
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True)
    return bytes(value) if isinstance(value, memoryview) else value


def same_sets(gold, answer):
    """BIRD's execution accuracy: the rows are the same sets of what the driver gives; neither order nor repetition counts."""
    return {tuple(map(hashable, row)) for row in gold} == {tuple(map(hashable, row)) for row in answer}


def same(gold, answer, ordered):
    """Whether the rows are the same and as often there; in the same order if that counts."""
    gold = [tuple(map(comparable, row)) for row in gold]
    answer = [tuple(map(comparable, row)) for row in answer]
    return gold == answer if ordered else Counter(gold) == Counter(answer)


def same_but_for_ties(gold_rows, keyed, answer):
    """Whether the answer is in an order, and has a choice at a LIMIT, that the gold statement might have come to as well.

    keyed: see Keyed; with its rows.
    """
    if len(answer) != len(gold_rows):
        return False
    answer = [tuple(map(comparable, row)) for row in answer]
    begin, end, at = keyed.skipped, keyed.skipped + len(answer), 0
    for _, tied in groupby(keyed.rows, lambda row: tuple(hashable(row[key]) for key in keyed.keys)):
        tied = Counter(tuple(map(comparable, row[:keyed.columns])) for row in tied)
        size = sum(tied.values())
        part = answer[max(at - begin, 0):max(min(at + size, end) - begin, 0)]
        if Counter(part) - tied:
            return False
        at += size
    return at >= end


@dataclass
class Token:
    """A word in lower case, "a name", a literal, another sign, or, as a group with inner, what is in parentheses."""

    kind: str
    text: str
    start: int
    end: int
    inner: list = field(default_factory=list)


TOKEN = re.compile(r"""
    (?P<comment>--[^\n]* | /\*)
    | (?P<literal>[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | \$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$)
    | (?P<name>"(?:[^"]|"")*") | (?P<word>[^\W\d][\w$]*) | (?P<number>\d[\w.]*) | (?P<sign>\S)""", re.S | re.X)


def parse(sql):
    """The tokens of a statement, without comments."""
    levels = [[]]
    opened = []
    at = 0
    while token := TOKEN.search(sql, at):
        at = token.end()
        kind = next(kind for kind in ("comment", "literal", "name", "word", "number", "sign") if token[kind] is not None)
        if token[0] == "/*":  # they nest
            depth = 1
            while depth and (mark := re.compile(r"/\*|\*/").search(sql, at)):
                depth += 1 if mark[0] == "/*" else -1
                at = mark.end()
            if depth:
                break
        elif token[0] == "(":
            levels.append([])
            opened.append(token.start())
        elif token[0] == ")" and opened:
            inner = levels.pop()
            levels[-1].append(Token("group", "()", opened.pop(), at, inner))
        elif kind != "comment":
            text = token[0].lower() if kind == "word" else token[0]
            levels[-1].append(Token(kind, text, token.start(), at))
    return levels[0]


def words(tokens):
    return [token.text if token.kind == "word" else "" for token in tokens]


def order_at(tokens):
    """Where ORDER BY is at this level, or None."""
    said = words(tokens)
    return next((at for at in range(len(said) - 1) if said[at:at + 2] == ["order", "by"]), None)


def in_parentheses(tokens):
    """The query, if it is itself in parentheses, perhaps after WITH and before LIMIT, else None."""
    said = words(tokens)
    if {"select", "values", "table", "union", "intersect", "except"} & set(said):
        return None
    end = next((at for at, word in enumerate(said) if word in ("limit", "offset", "fetch", "for")), len(said))
    return next((token for token in reversed(tokens[:end]) if token.kind == "group"), None)


def is_ordered(sql):
    """Whether the result of a statement has an order, which only an ORDER BY of its outermost level gives it."""
    tokens = parse(sql)
    while order_at(tokens) is None:
        inner = in_parentheses(tokens)
        if inner is None:
            return False
        tokens = inner.inner
    return True


@dataclass
class Keyed:
    """A gold statement whose rows also have what it orders them by.

    keys are positions in a row; the first columns of a row are the gold statement's own. Rows before skipped are those that its
    OFFSET leaves out, and those after its LIMIT are tied with the last one within.
    """

    sql: str
    keys: list
    columns: int
    skipped: int = 0
    rows: Optional[list] = None


def keyed(sql, columns):
    """The Keyed of a statement that is ordered and gives columns of these names; None if it cannot be told."""
    tokens = parse(sql)
    while order_at(tokens) is None:
        inner = in_parentheses(tokens)
        if inner is None or len([token for token in tokens if token.text != ";"]) > 1:
            return None
        sql = sql[inner.start + 1:inner.end - 1]
        tokens = parse(sql)
    order = order_at(tokens)
    said = words(tokens)
    end = next((at for at in range(order, len(said)) if said[at] in ("limit", "offset", "fetch", "for") or tokens[at].text == ";"),
               len(said))
    keys, added = [], []
    for item in items(tokens[order + 2:end]):
        if not item:
            return None
        text = sql[item[0].start:item[-1].end]
        name = text.strip('"').replace('""', '"') if item[0].kind == "name" else text.lower()
        if len(item) == 1 and item[0].kind == "number" and text.isdigit():
            keys.append(int(text) - 1)
        elif len(item) == 1 and item[0].kind in ("word", "name") and name in columns:
            keys.append(columns.index(name))
        else:
            keys.append(len(columns) + len(added))
            added.append(text)
    tail, skipped = with_ties(said[end:], tokens[end:], sql)
    body = sql[:tokens[end].start if end < len(tokens) else len(sql)]
    if added:
        at = end_of_select(tokens, said, order)
        if at is None:
            return None
        body = f"{body[:at]}, {', '.join(added)} {body[at:]}"
    return Keyed(f"{body}\n{tail}", keys, len(columns), skipped)


def items(tokens):
    """What stands between the commas of an ORDER BY, without directions."""
    found = [[]]
    for token in tokens:
        if token.text == ",":
            found.append([])
        else:
            found[-1].append(token)
    for item in found:
        said = words(item)
        if said[-2:-1] == ["nulls"]:
            del item[-2:]
        if item and words(item)[-1] in ("asc", "desc"):
            del item[-1]
        if "using" in words(item):
            del item[words(item).index("using"):]
    return found


def with_ties(said, tokens, sql):
    """What follows ORDER BY, so that rows tied with the last one are there as well, and how many rows it skipped."""
    text = " ".join(word or token.text for word, token in zip(said, tokens)).rstrip("; ")
    parts = re.fullmatch(r"(?:offset (?P<before>\d+)(?: rows?)? ?)?"
                         r"(?:limit (?P<limit>\d+)|fetch (?:first|next) (?P<fetch>\d*) ?rows? only)?"
                         r"(?: ?offset (?P<after>\d+)(?: rows?)?)?", text)
    if not parts:
        return sql[tokens[0].start:], 0
    skipped = int(parts["before"] or parts["after"] or 0)
    count = parts["limit"] or (None if parts["fetch"] is None else parts["fetch"] or "1")
    return "" if count is None else f"FETCH FIRST {skipped + int(count)} ROWS WITH TIES", skipped


def end_of_select(tokens, said, order):
    """Where the list of the outermost SELECT ends; None if there is not exactly one."""
    if said.count("select") != 1 or {"union", "intersect", "except"} & set(said):
        return None
    for at in range(said.index("select"), order + 1):
        if said[at] in ("from", "where", "group", "having", "window", "order"):
            if said[at - 1:at + 1] != ["within", "group"] and said[at - 1:at + 1] != ["distinct", "from"]:
                return tokens[at].start
    return None
