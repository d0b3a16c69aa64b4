package aiworker.check;

import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * PostgreSQL's words that matter to the check, from its keyword list (Appendix C of its manual,
 * versions 14 to 18).
 */
final class Keywords {
  /**
   * Reserved words, and words that are no function's name: before a parenthesis they are syntax,
   * never a call.
   */
  static final Set<String> NEVER_A_FUNCTION =
      Lexer.words(
          """
          ALL ANALYSE ANALYZE AND ANY ARRAY AS ASC ASYMMETRIC BOTH CASE CAST CHECK COLLATE COLUMN
          CONSTRAINT CREATE CURRENT_DATE CURRENT_ROLE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER
          DEFAULT DEFERRABLE DESC DISTINCT DO ELSE END EXCEPT FALSE FETCH FOR FOREIGN FROM GRANT
          GROUP HAVING IN INITIALLY INTERSECT INTO LATERAL LEADING LIMIT LOCALTIME LOCALTIMESTAMP
          NOT NULL OFFSET ON ONLY OR ORDER PLACING PRIMARY REFERENCES RETURNING SELECT
          SESSION_USER SOME SYMMETRIC TABLE THEN TO TRAILING TRUE UNION UNIQUE USER USING
          VARIADIC WHEN WHERE WINDOW WITH
          BETWEEN BIGINT BIT BOOLEAN CHAR CHARACTER COALESCE DEC DECIMAL EXISTS EXTRACT FLOAT
          GREATEST GROUPING INOUT INT INTEGER INTERVAL LEAST NATIONAL NCHAR NONE NORMALIZE NULLIF
          NUMERIC OUT OVERLAY POSITION PRECISION REAL ROW SETOF SMALLINT SUBSTRING TIME TIMESTAMP
          TREAT TRIM VALUES VARCHAR XMLATTRIBUTES XMLCONCAT XMLELEMENT XMLEXISTS XMLFOREST
          XMLNAMESPACES XMLPARSE XMLPI XMLROOT XMLSERIALIZE XMLTABLE
          """);

  /**
   * Words of the grammar that a function could be called too; syntax unless the tree calls them.
   */
  static final Set<String> SYNTAX_BEFORE_PARENTHESIS =
      Lexer.words(
          """
          BY CUBE FILTER FIRST ILIKE INNER IS JOIN LIKE MATERIALIZED NEXT OVER OVERLAPS PASSING
          ROLLUP SETS SIMILAR ZONE COLUMNS ESCAPE CROSS RANGE ROWS NATURAL REPEATABLE WITHIN
          BERNOULLI SYSTEM
          """);

  /** Type names that are part of the grammar and always mean pg_catalog's types. */
  static final Set<String> GRAMMAR_TYPES =
      Lexer.words(
          """
          BIGINT BIT BOOLEAN CHAR CHARACTER DEC DECIMAL DOUBLE FLOAT INT INTEGER INTERVAL
          NATIONAL NCHAR NUMERIC REAL SETOF SMALLINT TIME TIMESTAMP VARCHAR
          """);

  /** Words after which a string is not the constant of a type named by them. */
  static final Set<String> BEFORE_EXPRESSION =
      Lexer.words(
          """
          ALL AND ANY AS ASYMMETRIC BETWEEN BOTH BY CASE CONTENT DISTINCT DOCUMENT ELSE ESCAPE
          EXCEPT FOR FROM HAVING ILIKE IN INTERSECT LEADING LIKE LIMIT NOT OFFSET ON OR PASSING
          PATH PLACING SELECT SIMILAR SOME SYMMETRIC THEN TO TRAILING UNION USING VALUES VARIADIC
          WHEN WHERE ZONE DEFAULT REF
          """);

  /** Functions that a word alone calls, unless it is quoted, after a dot, or a label after AS. */
  static final Set<String> CALLED_BY_A_WORD =
      Lexer.words(
          """
          CURRENT_CATALOG CURRENT_DATE CURRENT_ROLE CURRENT_SCHEMA CURRENT_TIME CURRENT_TIMESTAMP
          CURRENT_USER LOCALTIME LOCALTIMESTAMP SESSION_USER SYSTEM_USER USER
          """);

  /** Calls whose arguments have a FROM of their own. */
  static final Set<String> FROM_IN_A_CALL = Lexer.words("EXTRACT OVERLAY SUBSTRING TRIM");

  /** What is between the arguments of such calls, unless commas are. */
  static final Set<String> IN_A_CALL =
      Lexer.words("FROM FOR PLACING SIMILAR BOTH LEADING TRAILING");

  /** Words that begin a clause of a query. */
  static final Set<String> CLAUSES =
      Lexer.words(
          """
          SELECT FROM WHERE GROUP HAVING WINDOW UNION INTERSECT EXCEPT ORDER LIMIT OFFSET FETCH ON
          USING
          """);

  /** Clauses in which a comma may begin another relation. */
  static final Set<String> FROM_LIST = Lexer.words("FROM ON USING");

  /** Before the parentheses in which a type follows AS. */
  static final Set<String> CAST_BEFORE_PARENTHESIS = Lexer.words("CAST TREAT XMLSERIALIZE");

  private static final List<String> EQUALITY = List.of("=");

  /** What the server looks for in the search path where such a word stands. */
  private static final Map<String, List<String>> OPERATORS =
      Map.of(
          "IN",
          List.of("=", "<>"),
          "CASE",
          EQUALITY,
          "NULLIF",
          EQUALITY,
          "DISTINCT",
          EQUALITY,
          "USING",
          EQUALITY,
          "NATURAL",
          EQUALITY,
          "BETWEEN",
          List.of("<", "<=", ">", ">="),
          "LIKE",
          List.of("~~", "!~~"),
          "ILIKE",
          List.of("~~*", "!~~*"),
          "SIMILAR",
          List.of("~", "!~"));

  /**
   * The operators that a keyword stands for.
   *
   * @param next the token behind it, null if there is none
   */
  static List<String> operators(Token word, Token next) {
    boolean caseOfConditions = word.isWord("CASE") && next != null && next.isWord("WHEN");
    boolean distinctRows = word.isWord("DISTINCT") && (next == null || !next.isWord("FROM"));
    return caseOfConditions || distinctRows
        ? List.of()
        : OPERATORS.getOrDefault(word.word(), List.of());
  }

  private Keywords() {}
}
