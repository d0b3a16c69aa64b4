package aiworker.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class SafeTextTest {
  @Test
  void ordinaryTextStaysAsItIs() {
    assertEquals("a < b, größer: 価格 – 🙂", SafeText.comment(" a < b, größer: 価格 – 🙂 "));
    assertEquals("'it''s'", SafeText.literal("it's"));
    assertEquals("'back\\slash'", SafeText.literal("back\\slash"));
  }

  @Test
  void whatCouldEndALineOrABlockIsEscaped() {
    assertEquals("a\\u000Ab", SafeText.comment("a\nb"));
    assertEquals("\\u003C/schema>", SafeText.comment("</schema>"));
    assertEquals("\\u0060``sql", SafeText.comment("```sql"));
    assertEquals("\\u202Ehidden\\u2028!", SafeText.comment("\u202ehidden\u2028!"));
    assertEquals("\\U000E0041", SafeText.comment("\udb40\udc41"));
  }

  @Test
  void labelsKeepTheirValueWhateverItIs() {
    assertEquals("E'a\\u000A''b\\\\'", SafeText.literal("a\n'b\\"));
    assertEquals("E'\\u003C/x'", SafeText.literal("</x"));
  }

  @Test
  void commentsAreCutAtWholeCharacters() {
    String cut = SafeText.comment("🙂".repeat(500));
    assertTrue(cut.length() <= 201, () -> "length " + cut.length());
    assertTrue(cut.endsWith("🙂…"));
  }

  @Test
  void nothingGetsThroughByChance() {
    Random random = new Random(7);
    String alphabet = "<</`\n\r\t\0\u0085\u2028\u200b\ud83dab'\\";
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = random.nextInt(12); n >= 0; n--) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      assertTrue(SafeText.isSafe(SafeText.comment(text.toString())));
      assertTrue(SafeText.isSafe(SafeText.literal(text.toString())));
    }
    assertFalse(SafeText.isSafe("a\nb"));
  }

  @Test
  void joinersStandWhereSpellingHasThemAndNowhereElse() {
    assertTrue(SafeText.isSafe("کتاب\u200cها"));
    for (String hidden :
        new String[] {"a\u200cb", "ک\u200c\u200cه", "\u200cک", "ک\u200c", "ک\u200cb"}) {
      assertFalse(SafeText.isSafe(hidden), hidden);
    }
  }
}
