"""What the outcomes of an evaluation come to."""

import math
from collections import Counter


def wilson(hits, of):
    """Bounds of the 95 % confidence interval of a share (Wilson's score), in percent; None of no questions."""
    if not of:
        return None
    z = 1.959963984540054
    share, square = hits / of, z * z / of
    middle = share + square / 2
    width = z * math.sqrt(share * (1 - share) / of + square / of / 4)
    return [round(100 * bound / (1 + square), 1) for bound in (middle - width, middle + width)]


def mcnemar(only_first, only_second):
    """How probable so uneven a split, or a more uneven one, would be if both were equally good (McNemar's exact test)."""
    both = only_first + only_second
    tail = sum(math.comb(both, k) for k in range(min(only_first, only_second) + 1))
    return min(1.0, 2 * tail / 2**both)


def percentile(values, fraction):
    """By nearest rank; None of no values."""
    return sorted(values)[math.ceil(fraction * len(values)) - 1] if values else None


def share(count, of):
    return round(100 * count / of, 1) if of else 0.0


def total(values):
    """Their sum; None if there is none or one of them is unknown."""
    return sum(values) if values and None not in values else None


def summarize(outcomes):
    """The figures of all questions whose gold statement works."""
    counted = [o for o in outcomes if o.verdict != "bad gold"]
    count = len(counted)
    right = sum(o.verdict == "right" for o in counted)
    sets = sum(o.same_sets for o in counted)
    tokens = [o.tokens for o in counted if o.tokens is not None]
    times = [o.ms for o in counted if o.ms is not None]
    cost = total([o.cost for o in outcomes])
    return {
        "questions": count,
        "valid": len(tokens),
        "valid_rate": share(len(tokens), count),
        "right": right,
        "execution_accuracy": share(right, count),
        "execution_accuracy_95": wilson(right, count),
        "right_as_sets": sets,
        "set_accuracy": share(sets, count),
        "set_accuracy_95": wilson(sets, count),
        "repaired": sum(o.repairs > 0 for o in counted),
        "repaired_and_valid": sum(o.repairs > 0 and o.sql is not None for o in counted),
        "repair_rounds": sum(o.repairs for o in counted),
        "tokens": sum(tokens),
        "tokens_per_valid": round(sum(tokens) / len(tokens), 1) if tokens else None,
        "tokens_read": sum(o.tokens_read for o in outcomes),
        "tokens_written": sum(o.tokens_written for o in outcomes),
        "cost": None if cost is None else round(cost, 6),
        "latency_p50_ms": percentile(times, 0.50),
        "latency_p95_ms": percentile(times, 0.95),
        "errors": dict(sorted(Counter(o.sqlstate for o in counted if o.sqlstate).items())),
        "bad_gold": len(outcomes) - count,
    }


def compare(first, second):
    """Two reports, as they are written, on the questions that both have counted."""
    theirs = {q["id"]: q for q in second["questions"] if q["verdict"] != "bad gold"}
    pairs = [(q, theirs[q["id"]]) for q in first["questions"]
             if q["verdict"] != "bad gold" and q["id"] in theirs and q["question"] == theirs[q["id"]]["question"]]
    only = [[a["id"] for a, b in pairs if (a["verdict"] == "right", b["verdict"] == "right") == wanted]
            for wanted in ((True, False), (False, True))]
    right = [sum(pair[side]["verdict"] == "right" for pair in pairs) for side in (0, 1)]
    return {
        "questions": len(pairs),
        "right": right,
        "execution_accuracy": [share(r, len(pairs)) for r in right],
        "execution_accuracy_95": [wilson(r, len(pairs)) for r in right],
        "only_right": only,
        "p": mcnemar(len(only[0]), len(only[1])),
    }
