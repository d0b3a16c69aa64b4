package aiworker.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code eval/evaluate.py} decides by itself. */
class EvaluateTest {
  private static final String ASK =
      "import sys; sys.path[0] = 'eval'; import evaluate; print(evaluate.is_ordered(sys.argv[1]))";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "True  | SELECT a FROM t ORDER BY a",
        "True  | SELECT a FROM t ORDER/* really */BY a -- (",
        "True  | SELECT ')' FROM t ORDER BY 1;",
        "True  | SELECT $a$ ' $a$ ORDER BY 1",
        "True  | VALUES (2), (1) ORDER BY 1",
        "True  | (SELECT 1) UNION (SELECT 2) ORDER BY 1",
        "True  | WITH x AS (SELECT 1) SELECT * FROM x ORDER BY 1",
        "True  | (SELECT a FROM t ORDER BY a)",
        "True  | ((SELECT a FROM t ORDER BY a) LIMIT (3))",
        "True  | WITH x AS (SELECT 1) (SELECT * FROM x ORDER BY 1)",
        "False | SELECT a FROM t",
        "False | SELECT a FROM (SELECT a FROM t ORDER BY a) AS s",
        "False | SELECT a FROM t WHERE b IN (SELECT b FROM u ORDER BY b LIMIT 3)",
        "False | SELECT row_number() OVER (ORDER BY a) FROM t",
        "False | SELECT string_agg(a, ',' ORDER BY a) FROM t",
        "False | (SELECT 1 ORDER BY 1) UNION (SELECT 2 ORDER BY 1)",
        "False | WITH x AS (SELECT 1 ORDER BY 1) (SELECT * FROM x)",
        "False | SELECT 'order by', $$ order by $$, $a$ $$ order by $a$, \"order by\" FROM t",
        "False | SELECT E'\\' order by ' FROM t",
        "False | SELECT 1 /* /* */ order by */ -- order by",
        "False | SELECT a$order, b$by FROM t"
      })
  void orderOfTheOutermostLevelIsTheResults(String expected, String statement) throws Exception {
    Tool.require("python3", "/usr/bin/python3", "--version");
    assertEquals(
        new Tool.Outcome(0, expected + "\n"),
        Tool.run(List.of("/usr/bin/python3", "-B", "-c", ASK, statement)));
  }
}
