"""What the evaluation decides by itself. python3 -B -m unittest discover -s eval"""

import io
import json
import os
import tempfile
import unittest
from decimal import Decimal

import figures
import judging
import questions
import report


def ties(gold, sql, rows, answer, columns=("a", "b")):
    """Whether the answer is right but for ties, if sql's rows with its keys are these."""
    keyed = judging.keyed(sql, list(columns))
    keyed.rows = rows
    return judging.same_but_for_ties(gold, keyed, answer)


class RowsTest(unittest.TestCase):
    def test_values_count_as_a_reader_would_see_them(self):
        for gold, answer in [
            (1, Decimal("1.0")), (1, 1.0), (Decimal("0.1"), 0.1), (Decimal("33.33333333333"), 33.3333333333), (None, None),
            (("date", "2026-01-31"), ("timestamp", "2026-01-31 00:00:00")), (("date", "2026-01-31"), "2026-01-31"),
            (("timestamptz", "2026-01-31 00:00:00+01"), ("date", "2026-01-31")), ([1, None], [1.0, None]),
            ({"a": 1}, {"a": 1.0}), (float("nan"), Decimal("NaN")), (float("inf"), Decimal("Infinity")), (memoryview(b"x"), b"x"),
        ]:
            self.assertTrue(judging.same([(gold,)], [(answer,)], True), (gold, answer))
        for gold, answer in [
            (1, True), (1, "1"), (None, ""), (None, 0), (Decimal("33.33"), Decimal("33.333")), ("a", "A"), ("a", "a "),
            (("timestamp", "2026-01-31 00:00:01"), ("date", "2026-01-31")), ([1, 2], [2, 1]), ({"a": 1}, {"a": 2}),
        ]:
            self.assertFalse(judging.same([(gold,)], [(answer,)], True), (gold, answer))

    def test_repetition_and_order_of_columns_count_and_order_of_rows_where_it_should(self):
        self.assertTrue(judging.same([(1, 2), (3, 4)], [(3, 4), (1, 2)], False))
        self.assertFalse(judging.same([(1, 2), (3, 4)], [(3, 4), (1, 2)], True))
        self.assertFalse(judging.same([(1, 2)], [(2, 1)], False))
        self.assertFalse(judging.same([(1,), (1,)], [(1,)], False))
        self.assertFalse(judging.same([(1,), (1,), (2,)], [(1,), (2,), (2,)], False))
        self.assertFalse(judging.same([(1,)], [(1, 1)], False))
        self.assertTrue(judging.same([], [], True))

    def test_bird_compares_sets_of_what_the_driver_gives(self):
        self.assertTrue(judging.same_sets([(1,), (1,), (2,)], [(Decimal("2.0"),), (1,)]))
        self.assertTrue(judging.same_sets([(None, [1], {"a": 1})], [(None, [1], {"a": 1})]))
        self.assertTrue(judging.same_sets([(1,)], [(True,)]))
        self.assertFalse(judging.same_sets([(Decimal("0.1"),)], [(0.1,)]))
        self.assertFalse(judging.same_sets([(1, 2)], [(2, 1)]))
        self.assertFalse(judging.same_sets([(("date", "2026-01-31"),)], [("2026-01-31",)]))


class TiesTest(unittest.TestCase):
    GOLD = [("x", 1), ("y", 1), ("z", 2)]

    def test_rows_that_tie_come_in_any_order_among_themselves(self):
        sql = "SELECT a, b FROM t ORDER BY b"
        self.assertTrue(ties(self.GOLD, sql, self.GOLD, [("y", 1), ("x", 1), ("z", 2)]))
        self.assertFalse(ties(self.GOLD, sql, self.GOLD, [("x", 1), ("z", 2), ("y", 1)]))
        self.assertFalse(ties(self.GOLD, sql, self.GOLD, [("y", 1), ("y", 1), ("z", 2)]))
        self.assertFalse(ties(self.GOLD, sql, self.GOLD, [("x", 1), ("y", 1)]))

    def test_limit_may_take_any_row_that_ties_with_the_last(self):
        sql = "SELECT a, b FROM t ORDER BY b LIMIT 1"
        self.assertTrue(ties(self.GOLD[:1], sql, self.GOLD[:2], [("y", 1)]))
        self.assertFalse(ties(self.GOLD[:1], sql, self.GOLD[:2], [("z", 2)]))
        sql = "SELECT a, b FROM t ORDER BY b LIMIT 1 OFFSET 1"
        self.assertTrue(ties(self.GOLD[1:2], sql, self.GOLD[:2], [("x", 1)]))
        self.assertFalse(ties(self.GOLD[1:2], sql, self.GOLD[:2], [("z", 2)]))

    def test_nulls_and_nan_tie_as_the_server_ties_them(self):
        gold = [("x", None), ("y", None)]
        self.assertTrue(ties(gold, "SELECT a, b FROM t ORDER BY b", gold, gold[::-1]))

    def test_what_orders_the_rows_is_added_to_them(self):
        for sql, expected, keys, skipped in [
            ("SELECT a FROM t ORDER BY a DESC NULLS LAST", "SELECT a FROM t ORDER BY a DESC NULLS LAST\n", [0], 0),
            ('SELECT x AS "A" FROM t ORDER BY a', 'SELECT x AS "A" , a FROM t ORDER BY a\n', [1], 0),
            ("SELECT a FROM t ORDER BY 1, b + 1 DESC LIMIT 5;",
             "SELECT a , b + 1 FROM t ORDER BY 1, b + 1 DESC \nFETCH FIRST 5 ROWS WITH TIES", [0, 1], 0),
            ("SELECT a FROM t ORDER BY b OFFSET 2 ROWS FETCH NEXT ROW ONLY",
             "SELECT a , b FROM t ORDER BY b \nFETCH FIRST 3 ROWS WITH TIES", [1], 2),
            ("(SELECT a FROM t ORDER BY b)", "SELECT a , b FROM t ORDER BY b\n", [1], 0),
            ("WITH c AS (SELECT 1 FROM u ORDER BY 1) SELECT a, b IS DISTINCT FROM a FROM c ORDER BY lower(b) -- so",
             "WITH c AS (SELECT 1 FROM u ORDER BY 1) SELECT a, b IS DISTINCT FROM a , lower(b) FROM c ORDER BY lower(b) -- so\n", [1], 0),
            ("SELECT a, percentile_cont(0.5) WITHIN GROUP (ORDER BY b) FROM t GROUP BY a ORDER BY count(*)",
             "SELECT a, percentile_cont(0.5) WITHIN GROUP (ORDER BY b) , count(*) FROM t GROUP BY a ORDER BY count(*)\n", [1], 0),
            ("SELECT 1 AS a UNION SELECT 2 ORDER BY a", "SELECT 1 AS a UNION SELECT 2 ORDER BY a\n", [0], 0),
        ]:
            with self.subTest(sql):
                keyed = judging.keyed(sql, ['A' if '"A"' in sql else 'a'])
                self.assertEqual((expected, keys, skipped), (keyed.sql, keyed.keys, keyed.skipped))
        for sql in ["SELECT 1 AS a UNION SELECT 2 ORDER BY a + 1", "(SELECT a FROM t ORDER BY b) LIMIT 2", "SELECT a FROM t"]:
            self.assertIsNone(judging.keyed(sql, ["b"]), sql)


class OrderTest(unittest.TestCase):
    def test_order_of_the_outermost_level_is_the_results(self):
        for sql in [
            "SELECT a FROM t ORDER BY a", "SELECT a FROM t ORDER/* really */BY a -- (", "SELECT ')' FROM t ORDER BY 1;",
            "SELECT $a$ ' $a$ ORDER BY 1", "VALUES (2), (1) ORDER BY 1", "(SELECT 1) UNION (SELECT 2) ORDER BY 1",
            "WITH x AS (SELECT 1) SELECT * FROM x ORDER BY 1", "(SELECT a FROM t ORDER BY a)",
            "((SELECT a FROM t ORDER BY a) LIMIT (3))", "WITH x AS (SELECT 1) (SELECT * FROM x ORDER BY 1)",
            "SELECT row_number() OVER (ORDER BY a) FROM t ORDER BY 1", "SELECT a FROM (SELECT 1) AS s ORDER\nBY a",
            "TABLE t ORDER BY 1", "SELECT date'2026-01-31' ORDER BY 1",
        ]:
            self.assertTrue(judging.is_ordered(sql), sql)
        for sql in [
            "SELECT a FROM t", "SELECT a FROM (SELECT a FROM t ORDER BY a) AS s",
            "SELECT a FROM t WHERE b IN (SELECT b FROM u ORDER BY b LIMIT 3)", "SELECT row_number() OVER (ORDER BY a) FROM t",
            "SELECT string_agg(a, ',' ORDER BY a) FROM t", "(SELECT 1 ORDER BY 1) UNION (SELECT 2 ORDER BY 1)",
            "WITH x AS (SELECT 1 ORDER BY 1) (SELECT * FROM x)", "WITH x AS (SELECT 1 ORDER BY 1) SELECT * FROM x",
            "SELECT 'order by', $$ order by $$, $a$ $$ order by $a$, \"order by\" FROM t", "SELECT E'\\' order by ' FROM t",
            "SELECT 1 /* /* */ order by */ -- order by", "SELECT a$order, b$by FROM t", 'SELECT 1 AS "order", by FROM t',
            "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) FROM t WINDOW w AS (ORDER BY a)",
        ]:
            self.assertFalse(judging.is_ordered(sql), sql)


class FiguresTest(unittest.TestCase):
    def test_wilson(self):
        self.assertEqual([0.0, 27.8], figures.wilson(0, 10))
        self.assertEqual([72.2, 100.0], figures.wilson(10, 10))
        self.assertEqual([40.4, 59.6], figures.wilson(50, 100))
        self.assertEqual([5.5, 17.4], figures.wilson(10, 100))
        self.assertIsNone(figures.wilson(0, 0))

    def test_mcnemar(self):
        self.assertEqual(1.0, figures.mcnemar(0, 0))
        self.assertEqual(1.0, figures.mcnemar(3, 3))
        self.assertAlmostEqual(0.0625, figures.mcnemar(0, 5))
        self.assertAlmostEqual(0.03857421875, figures.mcnemar(10, 2))
        self.assertAlmostEqual(0.030883789, figures.mcnemar(14, 4))
        self.assertAlmostEqual(2**-999, figures.mcnemar(1000, 0))

    def test_reports_are_compared_on_what_both_have_counted(self):
        def reported(**verdicts):
            return {"questions": [{"id": id, "question": id, "verdict": verdict} for id, verdict in verdicts.items()]}
        found = figures.compare(reported(a="right", b="right", c="wrong", d="right", e="right"),
                                reported(a="right", b="none", c="right", d="bad gold"))
        self.assertEqual(3, found["questions"])
        self.assertEqual([2, 2], found["right"])
        self.assertEqual([["b"], ["c"]], found["only_right"])
        self.assertEqual(1.0, found["p"])


class QuestionsTest(unittest.TestCase):
    def read(self, content, ending=".jsonl"):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "questions" + ending)
            with open(file, "w", encoding="utf-8") as out:
                out.write(content)
            return questions.read(file, "usual")

    def test_own_form(self):
        one, two = self.read('{"question": "q", "gold_sql": ["SELECT 1", "SELECT 2"], "evidence": "e"}\n\n'
                             '{"id": 1, "question": "r", "gold_sql": "SELECT 3; SELECT 4", "database": "d"}\n')
        self.assertEqual(["1", "q", "e", ["SELECT 1", "SELECT 2"], "usual"], one.key())
        self.assertEqual("q\ne", one.prompt)
        self.assertEqual(["1-2", "r", "", ["SELECT 3; SELECT 4"], "d"], two.key())

    def test_form_of_bird(self):
        entry = {"question_id": 7, "db_id": "d", "question": "q", "evidence": "e", "SQL": "SELECT 1", "difficulty": "simple"}
        for content in (json.dumps([entry, entry], indent=1), json.dumps(entry) + "\n" + json.dumps(entry)):
            one, two = self.read(content, ".json")
            self.assertEqual(["7", "q", "e", ["SELECT 1"], "usual"], one.key())
            self.assertEqual("7-2", two.id)

    def test_form_of_defog(self):
        one, = self.read('question,query,db_name,query_category,instructions\n'
                         'q,"SELECT {a, b}, \';\' FROM t GROUP BY {}; SELECT c FROM t;",d,x,e\n', ".csv")
        self.assertEqual(["1", "q", "e", ["SELECT a, b, ';' FROM t GROUP BY a, b", "SELECT a, ';' FROM t GROUP BY a",
                                          "SELECT b, ';' FROM t GROUP BY b", "SELECT c FROM t"], "d"], one.key())

    def test_what_is_no_question_is_told_with_its_place(self):
        for content, place in [("{}", "line 1"), ("\n{", "line 2"), ("[1]", "question 1"), ("", "no questions"), ("[", "JSON"),
                               ('{"question": "q", "gold_sql": []}', "line 1"), ('{"question": "q", "gold_sql": {"a": 1}}', "line 1")]:
            with self.assertRaisesRegex(questions.Failure, place, msg=content):
                self.read(content)


class ReportTest(unittest.TestCase):
    def test_bar(self):
        self.assertEqual("[" + "-" * 24 + "] 0/9, 0 right", report.bar(0, 9, 0, None))
        self.assertEqual("[" + "#" * 12 + "-" * 12 + "] 3/6, 2 right, 1:05 left", report.bar(3, 6, 2, 65.9))

    def test_what_a_spreadsheet_would_run_is_text(self):
        outcome = questions.Outcome("1", "=1+1", "", ["SELECT 1"], None, sql="-1")
        out = io.StringIO()
        report.csv_lines(out, [vars(outcome)])
        self.assertIn("\r\n1,'=1+1,,SELECT 1,,none,False,'-1,", out.getvalue())

    def test_page_is_escaped_and_stands_alone(self):
        bad = "<script>alert(1)</script>\"'&"
        outcome = questions.Outcome(bad, bad, bad, [bad, bad], bad, "wrong", sql=bad, sqlstate=bad, error=bad,
                                    gold={"columns": [bad], "count": 1, "rows": [[bad]]},
                                    answer={"columns": [bad], "count": 11, "rows": [[None]] * 10})
        page = report.page(bad, {"models": [{"model": bad, "base_url": bad, "database": bad}],
                                 "summary": figures.summarize([outcome]), "questions": [vars(outcome)]})
        self.assertNotIn("<script", page)
        self.assertNotIn("href", page)
        self.assertNotIn("src=", page)
        self.assertIn("11 rows, the first 10 of them", page)
        self.assertIn("NULL", page)


if __name__ == "__main__":
    unittest.main()
