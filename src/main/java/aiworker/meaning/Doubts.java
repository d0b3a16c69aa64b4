package aiworker.meaning;

import aiworker.schema.SchemaContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What makes a statement that has been proven look like a wrong answer. Immutable.
 *
 * @param date that stands still where the question is about time as it passes; null if none does
 * @param warnings for whoever asked, the date's first
 * @param reasons for the model, one for each
 */
public record Doubts(String date, List<String> warnings, List<String> reasons) {
  private static final String FROZEN =
      "The question is about time as it passes, and %s stands still. Write it with current_date or now().";
  private static final String FROZEN_WARNING =
      "the question is about time as it passes, but %s in the statement stands still: it is right today at best";
  private static final String DIVISION =
      "The statement divides whole numbers by whole numbers, which drops the fraction: 1 / 2 is 0. Cast one side to"
          + " numeric, unless whole numbers are asked for.";
  private static final String DIVISION_WARNING =
      "the statement divides whole numbers by whole numbers, which drops the fraction: cast one side to numeric if"
          + " that matters";

  public Doubts {
    warnings = List.copyOf(warnings);
    reasons = List.copyOf(reasons);
  }

  /**
   * Those about an answer.
   *
   * @param statement that has been proven
   * @param relations that it reads, {@code schema.name} without quotes
   * @param dividesIntegers whether it divides whole numbers out of the data by such
   */
  public static Doubts of(
      String question,
      String statement,
      Set<String> relations,
      boolean dividesIntegers,
      SchemaContext schema) {
    List<String> warnings = new ArrayList<>();
    List<String> reasons = new ArrayList<>();
    String date = FrozenTime.find(question, statement);
    if (date != null) {
      warnings.add(FROZEN_WARNING.formatted(date));
      reasons.add(FROZEN.formatted(date));
    }
    if (dividesIntegers) {
      warnings.add(DIVISION_WARNING);
      reasons.add(DIVISION);
    }
    for (String warning : UnknownValue.warnings(statement, relations, schema)) {
      warnings.add(warning);
      reasons.add("In the statement a value looks misspelt: " + warning + ".");
    }
    return new Doubts(date, warnings, reasons);
  }

  public boolean isEmpty() {
    return warnings.isEmpty();
  }

  /** What the model is told, in one line. */
  public String reason() {
    return String.join(" ", reasons) + " If the statement is right as it is, repeat it.";
  }
}
