package aiworker.meaning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FrozenTimeTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "orders of last month | SELECT 1 FROM o WHERE d >= '2024-05-01' AND d < '2024-06-01' | '2024-05-01'",
        "Orders from YESTERDAY | SELECT 1 FROM o WHERE d = DATE '2024-05-01' | '2024-05-01'",
        "revenue in the past 30 days | SELECT 1 FROM o WHERE d > timestamp '2024-05-01 00:00:00+02' | '2024-05-01 00:00:00+02'",
        "sales this year | SELECT 1 FROM o WHERE EXTRACT(YEAR FROM d) = 2024 | 2024",
        "sales this year | SELECT 1 FROM o WHERE date_part('year', d) = 2024 | 2024",
        "who signed up 3 days ago | SELECT 1 FROM o WHERE d >= make_date(2024, 5, 1) | 2024",
        "sales year to date | SELECT 1 FROM o WHERE to_char(d, 'YYYY-MM') = '2024-05' | '2024-05'",
        "sales last quarter | SELECT 1 FROM o WHERE d > '20240501' | '20240501'",
        "Umsatz im letzten Monat | SELECT 1 FROM o WHERE d >= '2024-05-01' | '2024-05-01'",
        "Bestellungen der letzten drei Wochen | SELECT 1 FROM o WHERE d >= '2024-05-01' | '2024-05-01'",
        "les ventes du mois dernier | SELECT 1 FROM o WHERE d >= '2024-05-01' | '2024-05-01'",
        "ventas del mes pasado | SELECT 1 FROM o WHERE d >= '2024-05-01' | '2024-05-01'",
        "vendite di ieri | SELECT 1 FROM o WHERE d >= '2024-05-01' | '2024-05-01'",
        "上个月的订单 | SELECT 1 FROM o WHERE d >= '2024-05-01' | '2024-05-01'",
        "先月の注文 | SELECT 1 FROM o WHERE d >= '2024-05-01' | '2024-05-01'",
        "since 2023, and last month | SELECT 1 FROM o WHERE d > '2023-01-01' AND d < '2024-01-01' | '2024-01-01'"
      })
  void dateThatTheQuestionDoesNotHold(String question, String statement, String literal) {
    assertEquals(literal, FrozenTime.find(question, statement));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "orders of last month | SELECT 1 FROM o WHERE d >= date_trunc('month', current_date) - interval '1 month'",
        "orders of May 2024 | SELECT 1 FROM o WHERE d >= '2024-05-01'",
        "last month's orders, that is since 2024-05-01 | SELECT 1 FROM o WHERE d >= '2024-05-01'",
        "the oldest orders | SELECT 1 FROM o WHERE d < '2024-05-01'",
        "customers who paid over 2000 this week | SELECT 1 FROM o WHERE total > 2000 AND d > now() - interval '7 days'",
        "this week's top products | SELECT 1 FROM o WHERE code = '2024-X' LIMIT 2000",
        "the last name of each user | SELECT 1 FROM o WHERE d < '2024-05-01'",
        "how many days | SELECT 1 FROM o WHERE d < '2024-05-01'"
      })
  void nothingElse(String question, String statement) {
    assertNull(FrozenTime.find(question, statement));
  }
}
