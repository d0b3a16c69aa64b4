package aiworker.schema;

import aiworker.lexer.Token;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads names and constants from what the server's {@code quote_ident} and {@code pg_get_*}
 * functions print; knows nothing else of SQL. The lexer would read the same, but takes three times
 * as long for a catalog of a thousand tables.
 */
final class SqlScanner {
  private final String text;
  private int at;

  SqlScanner(String text) {
    this.text = text;
  }

  /** Steps over the text if it comes next. */
  boolean skip(String expected) {
    boolean there = text.startsWith(expected, at);
    at += there ? expected.length() : 0;
    return there;
  }

  /** One that stands at the same place. */
  SqlScanner copy() {
    SqlScanner copy = new SqlScanner(text);
    copy.at = at;
    return copy;
  }

  /** Goes on where another stands in the same text. */
  void moveTo(SqlScanner other) {
    at = other.at;
  }

  boolean atEnd() {
    return at == text.length();
  }

  String rest() {
    return text.substring(at);
  }

  /** An identifier, quotes kept; null if none comes next. */
  String identifier() {
    int end = at;
    if (text.startsWith("\"", at)) {
      end = closing('"');
    } else {
      while (end < text.length() && isNamePart(text.charAt(end))) {
        end++;
      }
    }
    return take(end);
  }

  /** An identifier with as many more, after dots, as come next; null if none does. */
  String qualifiedName() {
    String name = identifier();
    while (name != null && skip(".")) {
      String part = identifier();
      name = part == null ? null : name + "." + part;
    }
    return name;
  }

  /** The last of the identifiers between dots, without quotes. */
  String lastName() {
    String name = identifier();
    while (skip(".")) {
      name = identifier();
    }
    return name == null ? "" : Token.unquoted(name);
  }

  /** {@code (a, "B")}; null if no such list comes next. */
  List<String> names() {
    List<String> names = new ArrayList<>();
    if (!skip("(")) {
      return null;
    }
    do {
      String name = identifier();
      if (name == null) {
        return null;
      }
      names.add(name);
    } while (skip(", "));
    return skip(")") ? names : null;
  }

  /** A string or number constant as a safe SQL literal, its casts dropped; null if none comes. */
  String constant() {
    boolean wrapped = skip("(");
    String constant;
    if (text.startsWith("'", at)) {
      String quoted = take(closing('\''));
      constant = quoted == null ? null : SafeText.literal(Token.unquoted(quoted));
    } else {
      int end = at;
      while (end < text.length() && "+-.0123456789".indexOf(text.charAt(end)) >= 0) {
        end++;
      }
      constant = take(end);
    }
    cast();
    if (constant == null || (wrapped && !skip(")"))) {
      return null;
    }
    cast();
    return constant;
  }

  /** Steps over {@code ::character varying(20)[]} if it comes next. */
  void cast() {
    while (skip("::")) {
      qualifiedName();
      while (text.startsWith(" ", at)
          && at + 1 < text.length()
          && Character.isLowerCase(text.charAt(at + 1))) {
        at++;
        identifier();
      }
      if (text.startsWith("(", at)) {
        at = Math.max(at, text.indexOf(')', at) + 1);
      }
      skip("[]");
    }
  }

  private int closing(char quote) {
    int end = text.indexOf(quote, at + 1);
    while (end >= 0 && end + 1 < text.length() && text.charAt(end + 1) == quote) {
      end = text.indexOf(quote, end + 2);
    }
    return end + 1;
  }

  private String take(int end) {
    if (end <= at) {
      return null;
    }
    String taken = text.substring(at, end);
    at = end;
    return taken;
  }

  private static boolean isNamePart(char c) {
    return (c >= 'a' && c <= 'z') || c == '_' || c == '$' || Character.isLetterOrDigit(c);
  }
}
