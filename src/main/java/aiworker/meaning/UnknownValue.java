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
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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

  /** How a column is written before it is compared. */
  private enum Case {
    AS_IS,
    LOWER,
    UPPER,
    ANY
  }

  private record Operand(String column, Case written) {}

  /** A list of texts as one: {@code {a,"b c"}}. */
  private static final Pattern ARRAY = Pattern.compile("\\{((?:[^{}\"\\\\,]+|\"[^\"\\\\]*\"|,)*)}");

  private static final Pattern ELEMENT = Pattern.compile("\"([^\"]*)\"|([^,\"]+)");

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
      boolean like = token.isWord("LIKE") || token.isWord("ILIKE");
      boolean choice = token.isWord("CASE");
      boolean sign = token.kind() == Kind.OPERATOR && COMPARISONS.contains(token.text());
      if (!in && !like && !choice && !sign) {
        continue;
      }
      Operand operand =
          choice ? chosen(at) : columnBefore((in || like) && isWord(at - 1, "NOT") ? at - 1 : at);
      List<String> texts =
          operand == null ? List.of() : choice ? textsOfCase(at) : textsAfter(at, in);
      if (operand == null && sign) {
        operand = columnAfter(at);
        texts = textBefore(at);
      }
      if (operand == null || texts.isEmpty() || isLabel(operand.column)) {
        continue;
      }
      Case written = token.isWord("ILIKE") ? Case.ANY : operand.written;
      List<KnownValues> known = schema.knownValues(operand.column, relations);
      for (String text : texts) {
        boolean empty = text.isBlank() && !token.text().equals("=");
        boolean pattern = like && text.chars().anyMatch(c -> "%_\\".indexOf(c) >= 0);
        if (!known.isEmpty()
            && !empty
            && !pattern
            && known.stream().noneMatch(values -> isOf(values, text, written))) {
          warnings.add(warning(text, known.get(0)));
        }
      }
    }
    return List.copyOf(warnings);
  }

  private static boolean isOf(KnownValues values, String text, Case written) {
    return switch (written) {
      case AS_IS -> values.contains(text);
      case LOWER -> text.equals(text.toLowerCase(Locale.ROOT)) && values.containsInAnyCase(text);
      case UPPER -> text.equals(text.toUpperCase(Locale.ROOT)) && values.containsInAnyCase(text);
      case ANY -> values.containsInAnyCase(text);
    };
  }

  /** What CASE compares with each of the values after WHEN; null if it compares nothing. */
  private Operand chosen(int at) {
    Operand column = columnAfter(at);
    int name = at + 1;
    while (is(name + 1, ".")) {
      name += 2;
    }
    return column != null && isWord(name + 1, "WHEN") ? column : null;
  }

  /** The texts after WHEN, but not those of a CASE in it. */
  private List<String> textsOfCase(int from) {
    List<String> texts = new ArrayList<>();
    int depth = 0;
    for (int at = from; at < tokens.size(); at++) {
      depth += isWord(at, "CASE") ? 1 : isWord(at, "END") ? -1 : 0;
      if (depth == 0) {
        break;
      }
      boolean text =
          depth == 1
              && isWord(at, "WHEN")
              && at + 1 < tokens.size()
              && tokens.get(at + 1).kind() == Kind.STRING;
      if (text && (isWord(at + 2, "THEN") || is(at + 2, "::"))) {
        texts.add(text(at + 1));
      }
    }
    return texts;
  }

  private static String warning(String text, KnownValues known) {
    return "known values of %s are %s, and %s is none of them"
        .formatted(
            known.column(),
            Excerpt.cut(String.join(", ", known.literals()), LONGEST_LIST),
            KnownValues.literal(Excerpt.cut(text, 100)));
  }

  /** The name of the column that ends before the index, alone on its side; else null. */
  private Operand columnBefore(int end) {
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
    name -= wrapped && is(name - 1, "::") ? 2 : 0;
    if (name < 0 || !tokens.get(name).isName()) {
      return null;
    }
    int first = name;
    while (first > 1 && is(first - 1, ".") && tokens.get(first - 2).isName()) {
      first -= 2;
    }
    Case written = Case.AS_IS;
    if (wrapped) {
      if (!is(first - 1, "(")) {
        return null;
      }
      first--;
      written =
          isWord(first - 1, "LOWER")
              ? Case.LOWER
              : isWord(first - 1, "UPPER") ? Case.UPPER : Case.AS_IS;
      first -= written == Case.AS_IS ? 0 : 1;
    }
    return first > 0 && BEFORE_OPERAND.contains(upper(first - 1))
        ? new Operand(tokens.get(name).name(), written)
        : null;
  }

  /** Whether the word belongs to a type of several, as in {@code ::character varying}. */
  private boolean isTypeWord(int at) {
    return at > 1 && tokens.get(at - 1).kind() == Kind.WORD && is(at - 2, "::");
  }

  private Operand columnAfter(int operator) {
    int name = operator + 1;
    while (name + 2 < tokens.size() && tokens.get(name).isName() && is(name + 1, ".")) {
      name += 2;
    }
    boolean column = name < tokens.size() && tokens.get(name).isName();
    return column && endsOperand(name + 1) && !is(name + 1, "(")
        ? new Operand(tokens.get(name).name(), Case.AS_IS)
        : null;
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
    if (any && open + 1 < tokens.size() && tokens.get(open + 1).kind() == Kind.STRING) {
      return is(open + 2, ")") || is(open + 2, "::") ? elements(text(open + 1)) : List.of();
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

  private static List<String> elements(String array) {
    Matcher whole = ARRAY.matcher(array);
    return whole.matches()
        ? ELEMENT
            .matcher(whole.group(1))
            .results()
            .map(element -> element.group(1) != null ? element.group(1) : element.group(2).strip())
            .filter(text -> !text.equalsIgnoreCase("null") && !text.isEmpty())
            .toList()
        : List.of();
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
