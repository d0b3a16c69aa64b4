package aiworker.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class SchemaNumberTest {
  private static final Path SQL = Path.of("sql");
  private static final Path NUMBERS =
      Path.of("src/test/resources/aiworker/tools/schema-numbers.txt");
  private static final Pattern MADE =
      Pattern.compile("(?ms)^CREATE (UNLOGGED )?(TABLE|INDEX) .*?;$");
  private static final Pattern NUMBER =
      Pattern.compile("(?s)FUNCTION ai_worker\\.schema_number\\(\\).*?SELECT (\\d+)");

  /** So that nothing older is installed over tables that it does not know. */
  @Test
  void numberRisesWithTheTables() throws IOException, NoSuchAlgorithmException {
    StringBuilder made = new StringBuilder();
    for (String file : Files.readAllLines(SQL.resolve("install.list"))) {
      if (!file.startsWith("#")) {
        made.append(
            MADE.matcher(Files.readString(SQL.resolve(file)))
                .results()
                .map(MatchResult::group)
                .collect(Collectors.joining("\n")));
      }
    }
    byte[] text = made.toString().replaceAll("\\s+", " ").getBytes(StandardCharsets.UTF_8);
    String digest =
        HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text), 0, 8);
    Matcher number = NUMBER.matcher(Files.readString(SQL.resolve("objects.sql")));
    number.find();
    List<String> numbers = Files.readAllLines(NUMBERS);
    assertEquals(
        number.group(1) + " " + digest,
        numbers.get(numbers.size() - 1),
        "A table or index has changed: raise ai_worker.schema_number(), and add the line to "
            + NUMBERS);
    assertEquals(Integer.toString(numbers.size()), number.group(1), "a line for each number");
  }
}
