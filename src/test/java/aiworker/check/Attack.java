package aiworker.check;

import aiworker.error.AiWorkerException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** The attacks of {@code attacks.txt}, made for the schema of {@code sample.sql}. */
public record Attack(String technique, String statement) {
  /** In the file's order. */
  public static List<Attack> all() {
    List<Attack> attacks = new ArrayList<>();
    String technique = "";
    for (String line : CheckDatabase.resource("attacks.txt").lines().toList()) {
      if (line.startsWith("[")) {
        technique = line.substring(1, line.length() - 1);
      } else if (!line.isBlank() && !line.startsWith("#")) {
        for (String one : each(line)) {
          attacks.add(new Attack(technique, statement(one)));
        }
      }
    }
    return attacks;
  }

  /** Their targets: tables with rows, and functions that leave a trace when they run. */
  public static String targets() {
    return CheckDatabase.resource("sample.sql") + hiddenTargets();
  }

  /** Those of the targets that statements reach without naming them. */
  static String hiddenTargets() {
    return CheckDatabase.resource("hidden.sql");
  }

  /** Whether no name in it tells what it calls. */
  boolean isHidden() {
    return technique.startsWith("hidden ");
  }

  /** The same attacks written otherwise; the same for the same seed. */
  public static List<Attack> mutated(long seed) {
    Random random = new Random(seed);
    List<Attack> mutated = new ArrayList<>();
    for (Attack attack : all()) {
      try {
        mutated.add(new Attack(attack.technique, Mutation.of(attack.statement, random)));
      } catch (AiWorkerException e) {
        // what is no sequence of tokens has no other way to be written
      }
    }
    return mutated;
  }

  private static List<String> each(String line) {
    if (!line.startsWith("@each ")) {
      return List.of(line);
    }
    List<String> lines = new ArrayList<>();
    for (List<String> pair :
        List.of(
            List.of("1", "'x'::text"), List.of("'x'::text", "1"), List.of("1", "'t'::boolean"))) {
      lines.add(line.substring(6).replace("LEFT", pair.get(0)).replace("RIGHT", pair.get(1)));
    }
    return lines;
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
