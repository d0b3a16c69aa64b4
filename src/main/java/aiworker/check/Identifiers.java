package aiworker.check;

import java.nio.charset.StandardCharsets;

/** Identifiers as the server reads them. */
final class Identifiers {
  /** NAMEDATALEN - 1: longer names are cut by the server, and a cut name is another name. */
  private static final int LONGEST = 63;

  private Identifiers() {}

  /** The name that an identifier, quoted or not, stands for. */
  static String name(String written) {
    String name =
        written.startsWith("\"") && written.length() >= 2
            ? written.substring(1, written.length() - 1).replace("\"\"", "\"")
            : fold(written);
    if (name.getBytes(StandardCharsets.UTF_8).length > LONGEST) {
      throw Refusal.of("the name %s is longer than %d bytes", written, LONGEST);
    }
    return name;
  }

  static String quote(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  /** ASCII letters only, as the server does in UTF-8. */
  private static String fold(String word) {
    StringBuilder folded = new StringBuilder(word.length());
    for (int i = 0; i < word.length(); i++) {
      char c = word.charAt(i);
      folded.append(c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c);
    }
    return folded.toString();
  }
}
