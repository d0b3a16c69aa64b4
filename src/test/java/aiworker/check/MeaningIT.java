package aiworker.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Statements mean the same if they are written otherwise, and not if they say something else. */
class MeaningIT {
  @AutoClose private static final CheckDatabase database = CheckDatabase.create();

  @Test
  void pairsMergeIfAndOnlyIfTheyMeanTheSame() throws SQLException {
    Prover prover = database.prover();
    List<String> wrong = new ArrayList<>();
    int differ = 0;
    int same = 0;
    for (String line : CheckDatabase.resource("meaning.txt").lines().toList()) {
      if (line.startsWith("#")) {
        continue;
      }
      String[] pair = line.split(" \\| ", -1);
      boolean expected = pair[0].equals("same");
      String first = prover.meaning(prover.prove(pair[1]));
      String second = prover.meaning(prover.prove(pair[2]));
      if (first.equals(second) != expected) {
        wrong.add(line + "\n" + first + "\n" + second);
      }
      same += expected ? 1 : 0;
      differ += expected ? 0 : 1;
    }
    System.out.printf("meaning: %d pairs that differ, %d that are the same%n", differ, same);
    assertTrue(differ >= 60 && same >= 25);
    assertEquals(List.of(), wrong);
  }

  /** Each of them may be written in two orders. */
  @Test
  void longSumsAndListsTakeNoTime() {
    Prover prover = database.prover();
    String sum = "id" + " + id".repeat(300);
    String list = "(" + sum + ") IN (id + 1, (id + 2) * 3, id)";
    assertEquals(
        prover.meaning(prover.prove("SELECT " + sum + " AS s, " + list + " AS l FROM users")),
        prover.meaning(prover.prove("SELECT " + sum + " AS a, " + list + " AS b FROM users")));
  }
}
