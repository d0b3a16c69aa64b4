package aiworker.check;

import java.util.ArrayList;
import java.util.List;

/** The attacks of {@code attacks.txt}. */
record Attack(String technique, String statement) {
  static List<Attack> all() {
    List<Attack> attacks = new ArrayList<>();
    String technique = "";
    for (String line : CheckDatabase.resource("attacks.txt").lines().toList()) {
      if (line.startsWith("[")) {
        technique = line.substring(1, line.length() - 1);
      } else if (!line.isBlank() && !line.startsWith("#")) {
        attacks.add(new Attack(technique, statement(line)));
      }
    }
    return attacks;
  }

  private static String statement(String line) {
    if (line.startsWith("@deep ")) {
      String[] words = line.split(" ", 3);
      return deep(words[1], Integer.parseInt(words[2]));
    }
    StringBuilder statement = new StringBuilder();
    for (int i = 0; i < line.length(); i++) {
      if (line.startsWith("\\n", i) || line.startsWith("\\r", i)) {
        statement.append(line.charAt(++i) == 'n' ? '\n' : '\r');
      } else if (line.startsWith("\\u", i)) {
        statement.append((char) Integer.parseInt(line.substring(i + 2, i + 6), 16));
        i += 5;
      } else {
        statement.append(line.charAt(i));
      }
    }
    return statement.toString();
  }

  private static String deep(String what, int times) {
    return switch (what) {
      case "(" -> "SELECT " + "(".repeat(times) + "1" + ")".repeat(times);
      case "[" -> "SELECT ARRAY" + "[".repeat(times) + "1" + "]".repeat(times);
      case "CASE" -> "SELECT " + "CASE WHEN true THEN ".repeat(times) + "1" + " END".repeat(times);
      case "SELECT" -> "SELECT * FROM (".repeat(times) + "SELECT 1" + ") AS x".repeat(times);
      case "lower(" -> "SELECT " + "lower(".repeat(times) + "'x'" + ")".repeat(times);
      case "UNION" -> "SELECT 1" + " UNION SELECT 1".repeat(times);
      case "AND" -> "SELECT 1 WHERE true" + " AND true".repeat(times);
      default -> "SELECT " + (what + " ").repeat(times) + "1";
    };
  }
}
