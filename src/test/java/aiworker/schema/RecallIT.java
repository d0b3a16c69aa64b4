package aiworker.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** How much of what a question needs survives the budget, and how long it takes. */
class RecallIT {
  private static final int BUDGET = 8_000;

  @Test
  void nearlyAllNeededTablesAreKept() throws Exception {
    try (SchemaFixture db = new SchemaFixture();
        Connection connection = db.connect()) {
      for (String part : BigSchema.ddl().split("(?<=;\n)(?=ALTER)", 2)) {
        db.run(part);
      }
      db.run("ANALYZE");
      assertEquals(
          Integer.toString(BigSchema.tables() * BigSchema.COLUMNS),
          db.value(
              "SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid"
                  + " = a.attrelid WHERE c.relkind = 'r' AND a.attnum > 0 AND c.relnamespace ="
                  + " 'public'::regnamespace AND NOT starts_with(c.relname, 'ai_worker_')"));
      connection.setAutoCommit(false);
      List<BigSchema.Question> questions = BigSchema.questions();
      long[] reads = new long[questions.size()];
      long[] renders = new long[questions.size()];
      int needed = 0;
      int kept = 0;
      int complete = 0;
      int keptOfHalf = 0;
      int keptOfQuarter = 0;
      for (int i = 0; i < questions.size(); i++) {
        long start = System.nanoTime();
        SchemaContext context = SchemaFixture.read(connection, List.of("public"), false, Set.of());
        long read = System.nanoTime();
        String text = context.tell(questions.get(i).text(), BUDGET, 0).relations();
        renders[i] = System.nanoTime() - read;
        reads[i] = read - start;
        connection.rollback();
        assertTrue(text.length() <= BUDGET * 4);
        List<String> missing =
            questions.get(i).tables().stream()
                .filter(table -> !text.contains("TABLE " + table + " ("))
                .toList();
        keptOfHalf +=
            kept(
                questions.get(i), context.tell(questions.get(i).text(), BUDGET / 2, 0).relations());
        keptOfQuarter +=
            kept(
                questions.get(i), context.tell(questions.get(i).text(), BUDGET / 4, 0).relations());
        needed += questions.get(i).tables().size();
        kept += questions.get(i).tables().size() - missing.size();
        complete += missing.isEmpty() ? 1 : 0;
        if (!missing.isEmpty()) {
          System.out.println("missing " + missing + ": " + questions.get(i).text());
        }
      }
      System.out.printf(
          "%d tables x 20 columns, %d tokens: %d of %d needed tables kept (%.1f %%), %d of %d"
              + " questions complete; %d at half the budget, %d at a quarter; read %s, render %s ms (median/p95 of the later half)%n",
          BigSchema.tables(),
          BUDGET,
          kept,
          needed,
          100.0 * kept / needed,
          complete,
          questions.size(),
          keptOfHalf,
          keptOfQuarter,
          ms(reads),
          ms(renders));
      assertTrue(kept >= 0.95 * needed);
    }
  }

  private static int kept(BigSchema.Question question, String text) {
    return (int)
        question.tables().stream().filter(table -> text.contains("TABLE " + table + " (")).count();
  }

  private static String ms(long[] nanos) {
    long[] warm = Arrays.copyOfRange(nanos, nanos.length / 2, nanos.length);
    Arrays.sort(warm);
    return "%d/%d"
        .formatted(warm[warm.length / 2] / 1_000_000, warm[warm.length * 95 / 100] / 1_000_000);
  }
}
