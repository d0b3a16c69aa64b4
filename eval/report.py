"""What an evaluation shows: progress, text, lines of CSV, and a page of HTML that needs nothing else."""

import csv
import sys
from dataclasses import fields
from html import escape

from questions import Outcome

RECORDED_MODEL = "demo-recorded-replies"
RECORDED = "RECORDED REPLIES: these figures test the way from question to verdict. They say nothing about a model."
BAR = 24


def bar(done, of, right, seconds_left):
    """Such as [####----] 3/6, 2 right, 1:05 left."""
    left = "" if seconds_left is None else f", {int(seconds_left) // 60}:{int(seconds_left) % 60:02} left"
    filled = BAR * done // of
    return f"[{'#' * filled}{'-' * (BAR - filled)}] {done}/{of}, {right} right{left}"


def progress(outcomes, left, asked, elapsed):
    """Shows how far it is, on a terminal."""
    if sys.stderr.isatty():
        line = bar(len(outcomes) - left, len(outcomes), sum(o.verdict == "right" for o in outcomes),
                   elapsed / asked * left if asked else None)
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)


def interval(bounds):
    return "" if bounds is None else f"{bounds[0]} to {bounds[1]} %"


def figures_of(summary):
    """Name and value of each figure."""
    s = summary
    each = "" if s["tokens_per_valid"] is None else f", {s['tokens_per_valid']} each"
    latency = ("no question came back" if s["latency_p50_ms"] is None else
               f"p50 {s['latency_p50_ms']} ms, p95 {s['latency_p95_ms']} ms, each question a miss")
    found = [
        ("execution accuracy", f"{s['execution_accuracy']:5.1f} %   {s['right']} of {s['questions']} gave the rows of the gold statement"),
        ("", f"          95 % confidence: {interval(s['execution_accuracy_95'])}"),
        ("as BIRD counts", f"{s['set_accuracy']:5.1f} %   {s['right_as_sets']} of {s['questions']} gave the same set of rows"),
        ("", f"          95 % confidence: {interval(s['set_accuracy_95'])}"),
        ("valid", f"{s['valid_rate']:5.1f} %   {s['valid']} of {s['questions']} gave a statement"),
        ("repairs", f"{s['repaired']} questions needed {s['repair_rounds']} rounds, {s['repaired_and_valid']} became valid"),
        ("tokens", f"{s['tokens']} for valid answers{each}; {s['tokens_read']} read and {s['tokens_written']} written in all"),
        ("latency", latency),
        ("errors by SQLSTATE", ", ".join(f"{state}: {count}" for state, count in s["errors"].items()) or "none"),
    ]
    if s["cost"] is not None:
        found.insert(-2, ("cost", f"{s['cost']:.4f}, {s['cost'] / max(s['right'], 1):.6f} for each right answer"))
    return [(name, value) for name, value in found if s["questions"] or "confidence" not in value]


def show(file, models, outcomes, summary):
    print(f"AI Worker evaluation: {len(outcomes)} questions of {file}")
    for database, model in models.items():
        known = f"{model['model']} at {model['base_url']}" if model else "not shown to this role"
        print(f"model{'' if database is None else ' of ' + database}: {known}")
    if any(model.get("model") == RECORDED_MODEL for model in models.values()):
        print(RECORDED)
    width = max(len(text) for text in [o.id for o in outcomes] + ["id"])
    print(f"\n{'id':{width}}  {'verdict':8}  {'set':4}  SQLSTATE  {'tokens':>7}  {'repairs':>7}  {'ms':>9}")
    for o in outcomes:
        print(f"{o.id:{width}}  {o.verdict:8}  {'same' if o.same_sets else '':4}  {o.sqlstate or '':8}"
              f"  {'' if o.tokens is None else o.tokens:>7}  {o.repairs:>7}  {'' if o.ms is None else format(o.ms, '.1f'):>9}")
    print()
    for name, value in figures_of(summary):
        print(f"{name:20} {value}")


def show_comparison(files, found):
    print(f"{found['questions']} questions that both have counted")
    for file, right, accuracy, bounds, only in zip(
            files, found["right"], found["execution_accuracy"], found["execution_accuracy_95"], found["only_right"]):
        print(f"{file}: {accuracy} %, {right} right, 95 % confidence {interval(bounds)}; right here alone: {len(only)}")
        for id in only:
            print(f"  {id}")
    verdict = "a difference that chance seldom makes" if found["p"] < 0.05 else "no difference that chance does not make often"
    print(f"McNemar's exact test: p = {found['p']:.4f}, {verdict}")


def csv_lines(file, questions):
    """A line for each question; what a spreadsheet would take for a formula begins with an apostrophe."""
    names = [f.name for f in fields(Outcome) if f.name not in ("gold", "answer")]
    lines = csv.writer(file)
    lines.writerow(names)
    for q in questions:
        values = [";\n".join(q[name]) if name == "gold_sql" else q[name] for name in names]
        lines.writerow([f"'{v}" if isinstance(v, str) and v[:1] in ("=", "+", "-", "@", "\t", "\r") else v for v in values])


STYLE = """
:root { color-scheme: light dark; --line: #c8ccd2; --soft: #f3f4f6; --bad: #a3202a; --good: #1b6b35;
  --page: #fff; --ink: #16181c; }
@media (prefers-color-scheme: dark) {
  :root { --line: #4a4f57; --soft: #24272c; --bad: #ff9aa0; --good: #7fd694; --page: #16181c; --ink: #e8eaed; } }
body { background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1rem; max-width: 80rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; } h3, h4 { font-size: 1rem; margin: .5rem 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; } dt { font-weight: 600; } dd { margin: 0; }
section { border: 1px solid var(--line); border-radius: 6px; margin: 1rem 0; padding: .5rem 1rem 1rem; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; } .pair > div { min-width: 0; }
pre { background: var(--soft); padding: .5rem; margin: .3rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.rows { overflow-x: auto; } table { border-collapse: collapse; font-size: .9rem; }
th, td { border: 1px solid var(--line); padding: .15rem .5rem; text-align: left; vertical-align: top; }
.bad { color: var(--bad); font-weight: 600; } .good { color: var(--good); font-weight: 600; } .null { font-style: italic; }
@media (max-width: 45rem) { .pair, dl { grid-template-columns: 1fr; } dd { margin-bottom: .5rem; } }
"""


def page(file, written):
    """The report, as it is written, as a page of HTML: the figures, the misses side by side, and all questions."""
    models = "".join(
        f"<p>{escape('Model' if m['database'] is None else 'Model of ' + m['database'])}: "
        f"{escape(m['model'] + ' at ' + m['base_url'] if m.get('model') else 'not shown to this role')}</p>"
        for m in written["models"])
    if any(m.get("model") == RECORDED_MODEL for m in written["models"]):
        models += f"<p class=\"bad\">{RECORDED}</p>"
    facts, name = "", ""
    for name, value in figures_of(written["summary"]):
        facts += (f"<dt>{escape(name)}</dt>" if name else "") + f"<dd>{escape(value.strip().replace('   ', ', '))}</dd>"
        facts = facts if name else facts.replace("</dd><dd>", "; ")
    misses = [q for q in written["questions"] if q["verdict"] != "right"]
    lines = "".join(
        f"<tr><td>{escape(q['id'])}</td><td class=\"{'good' if q['verdict'] == 'right' else 'bad'}\">{escape(q['verdict'])}</td>"
        f"<td>{'same' if q['same_sets'] else 'other'}</td><td>{escape(q['question'])}</td><td>{cell(q['tokens'])}</td><td>{cell(q['ms'])}</td></tr>"
        for q in written["questions"])
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>AI Worker evaluation</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>AI Worker evaluation: {len(written['questions'])} questions of {escape(file)}</h1>
{models}
<dl>{facts}</dl>
<h2>{len(misses)} misses</h2>
{''.join(map(miss, misses))}
<h2>All questions</h2>
<div class="rows" tabindex="0" role="region" aria-label="All questions"><table>
<thead><tr><th scope="col">id</th><th scope="col">verdict</th><th scope="col">set of rows</th><th scope="col">question</th><th scope="col">tokens</th><th scope="col">ms</th></tr></thead>
<tbody>{lines}</tbody>
</table></div>
</main>
</body>
</html>
"""


def miss(q):
    more = len(q["gold_sql"]) - 1
    title = "Gold statement" + (f", first of {more + 1}" if more else "")
    evidence = f"<p>{escape(q['evidence'])}</p>" if q["evidence"] else ""
    error = f"<pre class=\"bad\">{escape((q['sqlstate'] or '') + ' ' + q['error'])}</pre>" if q["error"] else ""
    answer = f"<pre><code>{escape(q['sql'])}</code></pre>" if q["sql"] else "<p>none</p>"
    sets = ", but the same set of rows" if q["same_sets"] else ""
    return f"""<section>
<h3>{escape(q['id'])}: <span class="bad">{escape(q['verdict'])}</span>{sets}</h3>
<p>{escape(q['question'])}</p>{evidence}
<div class="pair">
<div><h4>{title}</h4><pre><code>{escape(q['gold_sql'][0])}</code></pre>{rows(q['gold'], 'Rows of the gold statement of ' + q['id'])}</div>
<div><h4>Answer</h4>{answer}{error}{rows(q['answer'], 'Rows of the answer to ' + q['id'])}</div>
</div>
</section>
"""


def rows(sample, label):
    if sample is None:
        return ""
    head = "".join(f"<th scope=\"col\">{escape(column) or '&nbsp;'}</th>" for column in sample["columns"])
    body = "".join(f"<tr>{''.join(f'<td>{cell(value)}</td>' for value in row)}</tr>" for row in sample["rows"])
    shown = f", the first {len(sample['rows'])} of them" if len(sample["rows"]) < sample["count"] else ""
    return (f"<p>{sample['count']} row{'s' if sample['count'] != 1 else ''}{shown}</p>"
            f"<div class=\"rows\" tabindex=\"0\" role=\"region\" aria-label=\"{escape(label)}\"><table>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>")


def cell(value):
    return "<span class=\"null\">NULL</span>" if value is None else escape(str(value))
