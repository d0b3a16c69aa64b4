package aiworker.check;

import java.util.Locale;

/**
 * One token as PostgreSQL's own lexer cuts it.
 *
 * @param text as written
 * @param start where it starts, in characters from the start of the statement
 */
record Token(Kind kind, String text, int start) {
  enum Kind {
    WORD,
    QUOTED_NAME,
    STRING,
    NUMBER,
    PARAMETER,
    OPERATOR,
    PUNCTUATION,
    COMMENT
  }

  /** Whether this is the unquoted word, in any case. */
  boolean isWord(String upperCase) {
    return kind == Kind.WORD && text.equalsIgnoreCase(upperCase);
  }

  boolean is(String punctuation) {
    return kind == Kind.PUNCTUATION && text.equals(punctuation);
  }

  boolean isName() {
    return kind == Kind.WORD || kind == Kind.QUOTED_NAME;
  }

  /** Upper case of an unquoted word, the empty string for anything else. */
  String word() {
    return kind == Kind.WORD ? text.toUpperCase(Locale.ROOT) : "";
  }

  /** The name the server would look up. */
  String name() {
    return Identifiers.name(text);
  }

  int end() {
    return start + text.length();
  }
}
