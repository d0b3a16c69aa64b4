package aiworker.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WordsTest {
  private final Similarity similarity = new Similarity();

  @Test
  void identifiersAreSplitHoweverTheyAreJoined() {
    Words words = new Words();
    assertEquals(List.of("order", "lin"), words.of("order_lines"));
    assertEquals(List.of("order", "lin"), words.of("\"OrderLines\""));
    assertEquals(List.of("http", "server", "2", "id"), words.of("HTTPServer2_ID"));
    assertEquals(List.of("gross", "価格"), words.of("Größe 価格"));
  }

  @ParameterizedTest
  @CsvSource({
    "các khách hàng,khach_hang",
    "客户的订单,客户",
    "顧客ごとの売上,売上",
    "ยอดขายลูกค้า,ลูกค้า",
    "고객별 주문,고객",
    "ＣＵＳＴＯＭＥＲ,customer",
    "كِتاب,كتاب",
    "clientèle,clientele",
    "کتاب‌ها,کتاب"
  })
  void wordsOfEveryScriptMeet(String prompt, String name) {
    List<String> asked = Words.ofPrompt(prompt);
    assertTrue(asked.containsAll(new Words().of(name)), asked.toString());
  }

  @Test
  void simpleTextsAreSplitAsAllOthers() {
    Words words = new Words();
    Random random = new Random(7);
    String alphabet = "abez019_ .\"'A~é";
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = random.nextInt(12); n >= 0; n--) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      assertEquals(Words.matches(text.toString()), words.of(text.toString()));
    }
  }

  @Test
  void promptsLoseWordsThatNameNothing() {
    assertEquals(
        List.of("order", "customer"),
        Words.ofPrompt("Show me all of the orders for each customer"));
  }

  @ParameterizedTest
  @CsvSource({
    "invoices,invoice",
    "invoiced,invoice",
    "invoicing,invoice",
    "categories,category",
    "companies,company",
    "addresses,address",
    "boxes,box",
    "shipped,ship",
    "shipping,ship",
    "cancelled,cancell",
    "employees,employee",
    "status,status",
    "statuses,statuse",
    "hired,hire",
    "planned,plan",
    "batches,batch",
    "bookings,booking"
  })
  void inflectedWordsMeet(String inflected, String base) {
    assertEquals(Words.stem(base), Words.stem(inflected));
  }

  @ParameterizedTest
  @CsvSource({
    "quantity,qty",
    "department,dept",
    "manager,mgr",
    "description,desc",
    "order,orderitem",
    "shipment,ship",
    "registration,register",
    "customer,custmer"
  })
  void wordsThatAreNearlyTheSameAreFound(String asked, String named) {
    assertTrue(similarity.of(Words.stem(asked), Words.stem(named)) > 0);
  }

  @ParameterizedTest
  @CsvSource({"customer,vehicle", "candidate,cat", "order,border", "name,number", "price,prize"})
  void otherWordsCountLessThanTheSame(String asked, String named) {
    assertTrue(similarity.of(Words.stem(asked), Words.stem(named)) < 0.7);
  }
}
