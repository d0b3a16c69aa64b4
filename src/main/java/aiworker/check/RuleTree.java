package aiworker.check;

import java.util.ArrayList;
import java.util.List;

/**
 * Reads what PostgreSQL's {@code nodeToString} writes: nodes in braces, lists in parentheses, words
 * between blanks; what would be one of these in a word is escaped by a backslash.
 */
final class RuleTree {
  private final String text;
  private int at;

  private RuleTree(String text) {
    this.text = text;
  }

  /** A word, a list or a node. */
  sealed interface Part permits Word, Parts, Node {}

  /** With its escapes and quotes. */
  record Word(String text) implements Part {}

  /** In parentheses, or in brackets as the bytes of a constant are. */
  record Parts(List<Part> parts) implements Part {}

  /** A field's name comes without its colon. */
  record Field(String name, List<Part> values) {}

  /** What stands in braces. */
  record Node(String name, List<Field> fields) implements Part {
    /** The first value of a field; null if there is no such field, or nothing in it. */
    Part value(String field) {
      for (Field each : fields) {
        if (each.name.equals(field)) {
          Part first = each.values.isEmpty() ? null : each.values.get(0);
          return first instanceof Word word && word.text.equals("<>") ? null : first;
        }
      }
      return null;
    }

    /** The first value as a word, empty if it is none. */
    String word(String field) {
      return value(field) instanceof Word word ? word.text : "";
    }

    int number(String field) {
      return Integer.parseInt(word(field));
    }

    /** The members of a list, none if the field holds no list. */
    List<Part> list(String field) {
      return value(field) instanceof Parts parts ? parts.parts : List.of();
    }
  }

  /**
   * The parts of a tree.
   *
   * @throws IllegalArgumentException if that is no tree
   */
  static List<Part> read(String text) {
    RuleTree reader = new RuleTree(text);
    List<Part> parts = reader.parts('\0');
    if (reader.at < text.length()) {
      throw new IllegalArgumentException("a rule's tree ends too soon");
    }
    return parts;
  }

  private List<Part> parts(char end) {
    List<Part> parts = new ArrayList<>();
    while (skipBlanks() && text.charAt(at) != end) {
      parts.add(part());
    }
    if (at < text.length()) {
      at++;
    } else if (end != '\0') {
      throw new IllegalArgumentException("a rule's tree is not closed");
    }
    return parts;
  }

  private Part part() {
    char first = text.charAt(at);
    if (first == '(' || first == '[') {
      at++;
      return new Parts(parts(first == '(' ? ')' : ']'));
    }
    if (first == '{') {
      at++;
      return node();
    }
    return new Word(word());
  }

  private Node node() {
    skipBlanks();
    String name = word();
    List<Field> fields = new ArrayList<>();
    for (Part part : parts('}')) {
      if (part instanceof Word word && word.text.startsWith(":")) {
        fields.add(new Field(word.text.substring(1), new ArrayList<>()));
      } else if (fields.isEmpty()) {
        throw new IllegalArgumentException("a value without a field in " + name);
      } else {
        fields.get(fields.size() - 1).values.add(part);
      }
    }
    return new Node(name, fields);
  }

  private String word() {
    int start = at;
    while (at < text.length() && !isBlank() && "(){}[]".indexOf(text.charAt(at)) < 0) {
      at += text.charAt(at) == '\\' ? 2 : 1;
    }
    if (at == start || at > text.length()) {
      throw new IllegalArgumentException("a rule's tree holds no word where one is due");
    }
    return text.substring(start, at);
  }

  private boolean skipBlanks() {
    while (at < text.length() && isBlank()) {
      at++;
    }
    return at < text.length();
  }

  private boolean isBlank() {
    char c = text.charAt(at);
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
  }
}
