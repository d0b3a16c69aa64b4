package aiworker.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SelectionTest {
  private static final SchemaContext CONTEXT = new SchemaContext(catalog());

  /** Thirty unrelated tables, then students and courses with the table that joins them. */
  private static Catalog catalog() {
    Map<String, Relation> relations = new LinkedHashMap<>();
    for (int i = 0; i < 30; i++) {
      add(relations, "filler" + (char) ('a' + i % 26) + i, List.of());
    }
    add(relations, "students", List.of());
    add(relations, "courses", List.of());
    Key student = new Key(Key.Kind.FOREIGN, List.of("a_id"), "public.students", List.of("id"));
    Key course = new Key(Key.Kind.FOREIGN, List.of("b_id"), "public.courses", List.of("id"));
    add(relations, "x", List.of(student, course));
    UserType mood = new UserType("public.mood", List.of(), "TYPE mood AS ENUM ('fine');");
    return new Catalog(List.of(), Map.of("public.mood", mood), relations, List.of());
  }

  /** A questionnaire of 250 columns that all answer the prompt, and a table beside it. */
  private static SchemaContext survey() {
    Map<String, Relation> relations = new LinkedHashMap<>();
    add(relations, "people", List.of());
    List<Column> columns = new ArrayList<>();
    columns.add(column("id", "bigint", "bigint"));
    for (int i = 1; i <= 250; i++) {
      columns.add(
          new Column(
              "answer_" + i,
              "text",
              "text",
              false,
              null,
              List.of(),
              List.of(),
              "Answer to question " + i + " of the survey, " + "as it was given ".repeat(8)));
    }
    Key primary = new Key(Key.Kind.PRIMARY, List.of("id"), null, List.of());
    String id = "public.survey";
    relations.put(id, new Relation(id, "survey", "TABLE", -1, null, columns, List.of(primary)));
    return new SchemaContext(new Catalog(List.of(), Map.of(), relations, List.of()));
  }

  private static void add(Map<String, Relation> relations, String name, List<Key> foreign) {
    List<Column> columns = new ArrayList<>();
    columns.add(column("id", "bigint", "bigint"));
    foreign.forEach(key -> columns.add(column(key.columns().get(0), "bigint", "bigint")));
    for (int i = 0; i < 15; i++) {
      columns.add(column("detail_" + i, "text", "text"));
    }
    columns.add(column("happiness", "mood", "public.mood"));
    List<Key> keys = new ArrayList<>(foreign);
    keys.add(new Key(Key.Kind.PRIMARY, List.of("id"), null, List.of()));
    String id = "public." + name;
    relations.put(id, new Relation(id, name, "TABLE", -1, null, columns, keys));
  }

  private static Column column(String name, String type, String typeId) {
    return new Column(name, type, typeId, false, null, List.of(), List.of(), null);
  }

  @Test
  void whatFitsIsTheSameForEveryPrompt() {
    String text = CONTEXT.tell("students", 100_000, 0).relations();
    assertEquals(text, CONTEXT.tell("courses", 100_000, 0).relations());
    assertEquals(33, text.lines().filter(line -> line.startsWith("TABLE ")).count());
  }

  @Test
  void tablesBetweenTwoThatWereNamedComeAlong() {
    String text = CONTEXT.tell("Which student takes most courses?", 300, 0).relations();
    assertTrue(text.contains("TABLE students ("), text);
    assertTrue(text.contains("TABLE courses ("), text);
    assertTrue(text.contains("b_id bigint REFERENCES courses(id)"), text);
    assertFalse(text.contains("fillera0"), text);
  }

  @Test
  void columnsThatWereAskedForAreKeptWithTheirTypes() {
    String text = CONTEXT.tell("happiness of students", 130, 0).relations();
    assertTrue(text.contains("happiness mood"), text);
    assertTrue(text.contains("TYPE mood AS ENUM ('fine');"), text);
    assertTrue(text.contains("-- … "), text);
  }

  @Test
  void noBudgetIsExceededAndKeysAreKept() {
    for (int tokens = 0; tokens < 6_000; tokens += 7) {
      String text = CONTEXT.tell("happiness of students in courses", tokens, 0).relations();
      assertTrue(text.length() <= tokens * 4, "budget " + tokens + ": " + text.length());
      long tables = text.lines().filter(line -> line.startsWith("TABLE ")).count();
      assertEquals(tables, text.lines().filter(line -> line.contains(" PRIMARY KEY")).count());
    }
  }

  @Test
  void ofAWideTableAsManyColumnsAreKeptAsTheBudgetHolds() {
    for (int tokens : new int[] {8_000, 4_000, 2_000, 1_000}) {
      String text =
          survey().tell("What is the most common answer in the survey?", tokens, 0).relations();
      assertTrue(text.length() <= tokens * 4, text);
      assertTrue(text.length() > tokens * 4 / 3, "budget " + tokens + ": " + text.length());
      assertTrue(text.contains("TABLE people ("), text);
    }
    assertTrue(
        survey().tell("What was answer 217?", 1_000, 0).relations().contains("answer_217 text"),
        "the best of them first");
  }

  @Test
  void aPromptThatResemblesNothingStillGetsWhatFits() {
    assertTrue(CONTEXT.tell("何人いますか", 500, 0).relations().contains("TABLE "));
    assertTrue(CONTEXT.tell("", 500, 0).relations().contains("TABLE "));
  }
}
