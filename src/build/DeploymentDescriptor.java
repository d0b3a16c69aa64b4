import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes the SQL/JRT deployment descriptor (ISO/IEC 9075-13) out of the files in {@code sql/}, so that PL/Java installs
 * the same text as {@code install/install.sh} does for the other runtime.
 *
 * <p>A descriptor knows neither dollar quoting nor {@code --} comments, so dollar-quoted bodies become ordinary string
 * constants and comments outside them go. Run by the build: {@code java DeploymentDescriptor.java SQL_DIR OUT_FILE}.
 */
final class DeploymentDescriptor {
  public static void main(String[] arguments) throws IOException {
    Path sql = Path.of(arguments[0]);
    List<String> install =
        Files.readAllLines(sql.resolve("install.list")).stream()
            .filter(line -> !line.isBlank() && !line.startsWith("#") && !line.startsWith("plpython/"))
            .toList();
    String descriptor =
        "SQLActions[] = {\n"
            + group(sql, "INSTALL", install)
            + ",\n"
            + group(sql, "REMOVE", List.of("remove.sql"))
            + "\n}\n";
    Path out = Path.of(arguments[1]);
    Files.createDirectories(out.getParent());
    Files.writeString(out, descriptor);
  }

  private static String group(Path sql, String action, List<String> files) throws IOException {
    StringBuilder text = new StringBuilder("\"BEGIN " + action + "\n");
    for (String file : files) {
      for (String statement : statements(Files.readString(sql.resolve(file)), file)) {
        text.append(statement).append(";\n");
      }
    }
    return text.append("END ").append(action).append('"').toString();
  }

  /** The statements of one file, without comments and with every dollar-quoted string single-quoted. */
  static List<String> statements(String text, String file) {
    List<String> statements = new ArrayList<>();
    StringBuilder statement = new StringBuilder();
    int at = 0;
    while (at < text.length()) {
      char c = text.charAt(at);
      if (text.startsWith("--", at)) {
        at = lineEnd(text, at);
      } else if (c == '\'' || c == '"') {
        int end = text.indexOf(c, at + 1) + 1;
        require(end > 0, file, "unterminated " + c);
        statement.append(text, at, end);
        at = end;
      } else if (c == '$') {
        int tagEnd = text.indexOf('$', at + 1) + 1;
        require(tagEnd > 0, file, "a lone $");
        String tag = text.substring(at, tagEnd);
        int close = text.indexOf(tag, tagEnd);
        require(close > 0, file, "unterminated " + tag);
        String body = text.substring(tagEnd, close);
        require(body.indexOf('\\') < 0, file, "a backslash in a body, which the descriptor's reader would misread");
        statement.append('\'').append(body.replace("'", "''")).append('\'');
        at = close + tag.length();
      } else if (c == ';') {
        statements.add(statement.toString().strip());
        statement.setLength(0);
        at++;
      } else {
        statement.append(c);
        at++;
      }
    }
    require(statement.toString().isBlank(), file, "text after the last semicolon: " + statement.toString().strip());
    return statements;
  }

  private static int lineEnd(String text, int at) {
    int end = text.indexOf('\n', at);
    return end < 0 ? text.length() : end;
  }

  private static void require(boolean condition, String file, String problem) {
    if (!condition) {
      throw new IllegalArgumentException(file + ": " + problem);
    }
  }
}
