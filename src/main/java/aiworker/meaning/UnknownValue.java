package aiworker.meaning;

import aiworker.error.Excerpt;
import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import aiworker.lexer.Token.Kind;
import aiworker.schema.KnownValues;
import aiworker.schema.SchemaContext;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Finds a text that a model has compared with a column which is known to hold others: {@code status
 * = 'shiped'}.
 *
 * <p>The server has said which relations the statement reads. Where each of them that has a column
 * of that name has known values, and the statement calls nothing else by that name, these are the
 * values in question; otherwise nothing is said.
 */
public final class UnknownValue {
  private static final int LONGEST_LIST = 300;

  private static final Set<String> COMPARISONS = Set.of("=", "<>", "!=");

  /** Words and signs before an operand that is a column and nothing else. */
  private static final Set<String> BEFORE_OPERAND =
      Lexer.words("SELECT WHERE AND OR NOT ON WHEN HAVING THEN ELSE ( ,");

  /** Words before a column that name it and do not label it. */
  private static final Set<String> BEFORE_COLUMN =
      Lexer.words(
          """
          SELECT DISTINCT ALL WHERE AND OR NOT ON BY WHEN THEN ELSE CASE HAVING BETWEEN IN LIKE ILIKE TO IS FROM
          USING SYMMETRIC
          """);

  /** Words before a bracket that are no name of a function or a table. */
  private static final Set<String> NO_NAMES =
      Lexer.words("IN AND OR NOT WHERE ON WHEN FILTER OVER BY ANY ALL");

  private final List<Token> tokens;

  private UnknownValue(List<Token> tokens) {
    this.tokens = tokens;
  }

  /**
   * A warning for each such text, in their order.
   *
   * @param statement that has been proven
   * @param relations that it reads, {@code schema.name} without quotes
   */
  public static List<String> warnings(
      String statement, Set<String> relations, SchemaContext schema) {
    return new UnknownValue(Lexer.tokens(statement)).warnings(relations, schema);
  }

  private List<String> warnings(Set<String> relations, SchemaContext schema) {
    Set<String> warnings = new LinkedHashSet<>();
    if (tokens.stream().anyMatch(token -> token.isWord("CITEXT"))) {
      return List.of();
    }
    for (int at = 0; at < tokens.size(); at++) {
      Token token = tokens.get(at);
      boolean in = token.isWord("IN");
      if (!in && !(token.kind() == Kind.OPERATOR && COMPARISONS.contains(token.text()))) {
        continue;
      }
      String column = columnBefore(in && isWord(at - 1, "NOT") ? at - 1 : at);
      List<String> texts = column == null ? List.of() : textsAfter(at, in);
      if (column == null && !in) {
        column = columnAfter(at);
        texts = textBefore(at);
      }
      if (column == null || texts.isEmpty() || isLabel(column)) {
        continue;
      }
      List<KnownValues> known = schema.knownValues(column, relations);
      for (String text : texts) {
        boolean empty = text.isBlank() && !token.text().equals("=");
        if (!known.isEmpty()
            && !empty
            && known.stream().noneMatch(values -> values.contains(text))) {
          warnings.add(warning(text, known.get(0)));
        }
      }
    }
    return List.copyOf(warnings);
  }

  private static String warning(String text, KnownValues known) {
    return "known values of %s are %s, and %s is none of them"
        .formatted(
            known.column(),
            Excerpt.cut(String.join(", ", known.literals()), LONGEST_LIST),
            KnownValues.literal(Excerpt.cut(text, 100)));
  }

  /** The name of the column that ends before the index, alone on its side; else null. */
  private String columnBefore(int end) {
    int last = end - 1;
    while (last > 0 && tokens.get(last).kind() == Kind.WORD && !is(last - 1, "::")) {
      if (!isTypeWord(last)) {
        break;
      }
      last--;
    }
    if (last > 1 && is(last - 1, "::")) {
      last -= 2;
    }
    boolean wrapped = last > 1 && is(last, ")");
    int name = wrapped ? last - 1 : last;
    if (name < 0 || !tokens.get(name).isName()) {
      return null;
    }
    int first = name;
    while (first > 1 && is(first - 1, ".") && tokens.get(first - 2).isName()) {
      first -= 2;
    }
    if (wrapped) {
      if (!is(first - 1, "(")) {
        return null;
      }
      first--;
    }
    return first > 0 && BEFORE_OPERAND.contains(upper(first - 1)) ? tokens.get(name).name() : null;
  }

  /** Whether the word belongs to a type of several, as in {@code ::character varying}. */
  private boolean isTypeWord(int at) {
    return at > 1 && tokens.get(at - 1).kind() == Kind.WORD && is(at - 2, "::");
  }

  private String columnAfter(int operator) {
    int name = operator + 1;
    while (name + 2 < tokens.size() && tokens.get(name).isName() && is(name + 1, ".")) {
      name += 2;
    }
    boolean column = name < tokens.size() && tokens.get(name).isName();
    return column && endsOperand(name + 1) && !is(name + 1, "(") ? tokens.get(name).name() : null;
  }

  private List<String> textBefore(int operator) {
    int last = operator - 1;
    while (isTypeWord(last)) {
      last--;
    }
    last = last > 1 && is(last - 1, "::") ? last - 2 : last;
    boolean alone =
        last > 0
            && tokens.get(last).kind() == Kind.STRING
            && BEFORE_OPERAND.contains(upper(last - 1));
    return alone ? List.of(text(last)) : List.of();
  }

  /** The texts on the other side of the comparison; none if anything else stands there. */
  private List<String> textsAfter(int operator, boolean in) {
    int at = operator + 1;
    boolean any = !in && (isWord(at, "ANY") || isWord(at, "SOME") || isWord(at, "ALL"));
    if (!in && !any) {
      boolean alone =
          at < tokens.size()
              && tokens.get(at).kind() == Kind.STRING
              && (is(at + 1, "::") || endsOperand(at + 1));
      return alone ? List.of(text(at)) : List.of();
    }
    int open = any ? at + 1 : at;
    if (!is(open, "(")) {
      return List.of();
    }
    List<String> texts = new ArrayList<>();
    boolean array = in;
    int depth = 0;
    for (int i = open; i < tokens.size(); i++) {
      Token token = tokens.get(i);
      boolean cast = token.kind() == Kind.WORD && (is(i - 1, "::") || isTypeWord(i));
      array |= token.isWord("ARRAY");
      if (token.is("(") || token.is("[")) {
        depth++;
      } else if (token.is(")") || token.is("]")) {
        depth--;
        if (depth == 0) {
          return array ? texts : List.of();
        }
      } else if (token.kind() == Kind.STRING) {
        texts.add(text(i));
      } else if (!cast && !token.isWord("ARRAY") && !token.is(",") && !token.is("::")) {
        return List.of();
      }
    }
    return List.of();
  }

  /** Whether no operator that binds closer than a comparison follows there. */
  private boolean endsOperand(int at) {
    return at >= tokens.size()
        || (tokens.get(at).kind() != Kind.OPERATOR
            && !is(at, "::")
            && !is(at, "[")
            && !isWord(at, "COLLATE")
            && !isWord(at, "AT"));
  }

  /** Whether the statement may call something else by that name. */
  private boolean isLabel(String column) {
    for (int at = 0; at < tokens.size(); at++) {
      Token token = tokens.get(at);
      if (!token.isName() || !token.name().equals(column) || is(at - 1, ".")) {
        continue;
      }
      Token before = at == 0 ? null : tokens.get(at - 1);
      boolean named =
          before != null
              && (before.kind() == Kind.OPERATOR
                  || BEFORE_COLUMN.contains(before.word())
                  || ((before.is("(") || before.is(",") || before.is("[")) && !isInAliasList(at)));
      if (!named) {
        return true;
      }
    }
    return false;
  }

  /** Whether brackets around it may name columns: {@code WITH t(a, b)}, {@code AS t(a int)}. */
  private boolean isInAliasList(int at) {
    int depth = 0;
    int open = at;
    while (open >= 0 && depth <= 0) {
      open--;
      depth += is(open, "(") ? 1 : is(open, ")") ? -1 : 0;
    }
    if (open < 1 || !tokens.get(open - 1).isName()) {
      return is(open - 1, ")");
    }
    if (NO_NAMES.contains(upper(open - 1)) || isWord(open + 1, "SELECT")) {
      return false;
    }
    String before = upper(open - 2);
    boolean called =
        open < 2
            || tokens.get(open - 2).kind() == Kind.OPERATOR
            || BEFORE_OPERAND.contains(before)
            || BEFORE_COLUMN.contains(before);
    return !called || (before.equals(",") && isWord(close(open) + 1, "AS"));
  }

  private int close(int open) {
    int depth = 0;
    for (int at = open; at < tokens.size(); at++) {
      depth += is(at, "(") ? 1 : is(at, ")") ? -1 : 0;
      if (depth == 0) {
        return at;
      }
    }
    return tokens.size();
  }

  private String text(int at) {
    return Literals.text(tokens.get(at).text());
  }

  private String upper(int at) {
    return at < 0 ? "" : tokens.get(at).text().toUpperCase(Locale.ROOT);
  }

  private boolean is(int at, String punctuation) {
    return at >= 0 && at < tokens.size() && tokens.get(at).is(punctuation);
  }

  private boolean isWord(int at, String word) {
    return at >= 0 && at < tokens.size() && tokens.get(at).isWord(word);
  }
}
