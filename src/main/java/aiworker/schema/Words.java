package aiworker.schema;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Words of prose and of identifiers in any case, cut to light English stems so that {@code
 * invoices}, {@code invoiced} and {@code invoice} meet; accents are taken off, and scripts without
 * spaces are cut into pairs of characters. Not thread-safe.
 */
final class Words {
  /** Marks that search does without: accents, and vowel signs of Hebrew and Arabic. */
  private static final Pattern MARKS =
      Pattern.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]+");

  /** Scripts that put no spaces between words, or hang endings on them. */
  private static final Pattern UNSPACED =
      Pattern.compile(
          "[\\p{IsHan}\\p{IsHiragana}\\p{IsKatakana}\u30fc\\p{IsThai}\\p{IsLao}\\p{IsKhmer}\\p{IsMyanmar}\\p{IsHangul}]+");

  /** Letters with no accent that could be taken off. */
  private static final Map<Character, String> LETTERS =
      Map.of('ß', "ss", 'æ', "ae", 'œ', "oe", 'ø', "o", 'ł', "l", 'đ', "d", 'ı', "i", 'þ', "th");

  /** Digits, capitals that are no beginning of a word, or a word with or without its capital. */
  private static final Pattern WORD =
      Pattern.compile("\\p{N}+|\\p{Lu}+(?!\\p{Ll})|\\p{Lu}?[[\\p{L}\\p{M}]&&[^\\p{Lu}]]+");

  private static final Set<String> STOP =
      Set.of(
          "a", "about", "after", "all", "also", "an", "and", "any", "are", "as", "at", "be", "been",
          "before", "between", "both", "but", "by", "can", "could", "did", "do", "does", "during",
          "each", "every", "find", "for", "from", "get", "give", "had", "has", "have", "having",
          "his", "how", "i", "in", "into", "is", "it", "its", "least", "list", "many", "me", "more",
          "most", "much", "my", "no", "not", "of", "on", "one", "only", "or", "our", "over", "per",
          "please", "return", "show", "so", "some", "tell", "than", "that", "the", "their", "them",
          "then", "there", "these", "they", "this", "those", "to", "top", "under", "up", "us",
          "was", "we", "were", "what", "when", "where", "which", "who", "whom", "whose", "with",
          "without", "would", "you", "your");

  private final Map<String, List<String>> seen = new HashMap<>();

  /** The stems of a catalog text in its order; equal texts are split once. */
  List<String> of(String text) {
    return seen.computeIfAbsent(text, Words::split);
  }

  /** The stems of a prompt, without words that ask rather than name, each once. */
  static List<String> ofPrompt(String prompt) {
    return words(prompt).filter(word -> !STOP.contains(word)).map(Words::stem).distinct().toList();
  }

  private static List<String> split(String text) {
    return isSimple(text) ? runs(text) : matches(text);
  }

  /** Whether it is ASCII without capitals, as most names of columns are. */
  private static boolean isSimple(String text) {
    for (int at = 0; at < text.length(); at++) {
      char c = text.charAt(at);
      if (c > '~' || (c >= 'A' && c <= 'Z')) {
        return false;
      }
    }
    return true;
  }

  /** What {@link #matches} finds in a simple text, sooner: runs of letters and runs of digits. */
  private static List<String> runs(String text) {
    List<String> stems = new ArrayList<>();
    int at = 0;
    while (at < text.length()) {
      int start = at;
      boolean digits = isDigit(text.charAt(at));
      while (at < text.length()
          && (digits ? isDigit(text.charAt(at)) : isLetter(text.charAt(at)))) {
        at++;
      }
      if (at > start) {
        stems.add(stem(text.substring(start, at)));
      } else {
        at++;
      }
    }
    return stems;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isLetter(char c) {
    return c >= 'a' && c <= 'z';
  }

  /** The stems of any text. */
  static List<String> matches(String text) {
    return words(text).map(Words::stem).toList();
  }

  private static Stream<String> words(String text) {
    return WORD.matcher(folded(text))
        .results()
        .map(word -> word.group().toLowerCase(Locale.ROOT))
        .flatMap(Words::pieces);
  }

  /** Without accents, full-width forms and the like. */
  private static String folded(String text) {
    if (text.chars().allMatch(c -> c < 0x80)) {
      return text;
    }
    String bare =
        Normalizer.normalize(
            MARKS.matcher(Normalizer.normalize(text, Normalizer.Form.NFD)).replaceAll(""),
            Normalizer.Form.NFKC);
    StringBuilder folded = new StringBuilder(bare.length());
    for (int at = 0; at < bare.length(); at++) {
      char c = bare.charAt(at);
      String letters = LETTERS.get(Character.toLowerCase(c));
      folded.append(letters == null ? String.valueOf(c) : letters);
    }
    return folded.toString();
  }

  /** A word itself, or pairs of characters of what is written without spaces. */
  private static Stream<String> pieces(String word) {
    if (word.chars().allMatch(c -> c < 0x80)) {
      return Stream.of(word);
    }
    List<String> pieces = new ArrayList<>();
    Matcher run = UNSPACED.matcher(word);
    int end = 0;
    while (run.find()) {
      if (run.start() > end) {
        pieces.add(word.substring(end, run.start()));
      }
      int[] letters = run.group().codePoints().toArray();
      for (int at = 0; at + 1 < letters.length; at++) {
        pieces.add(new String(letters, at, 2));
      }
      if (letters.length == 1) {
        pieces.add(run.group());
      }
      end = run.end();
    }
    if (end < word.length()) {
      pieces.add(word.substring(end));
    }
    return pieces.stream();
  }

  /** Of a lower-case word. Cuts plurals, -ing, -ed and a final e; y becomes i. */
  static String stem(String word) {
    String stem = singular(word);
    if (stem.length() > 5 && stem.endsWith("ing")) {
      stem = undouble(stem.substring(0, stem.length() - 3));
    } else if (stem.length() > 4 && stem.endsWith("ed")) {
      stem = undouble(stem.substring(0, stem.length() - 2));
    }
    if (stem.length() > 3 && stem.endsWith("e")) {
      stem = stem.substring(0, stem.length() - 1);
    }
    if (stem.length() > 2 && stem.endsWith("y")) {
      stem = stem.substring(0, stem.length() - 1) + "i";
    }
    return stem;
  }

  private static String singular(String word) {
    int length = word.length();
    if (length <= 3
        || !word.endsWith("s")
        || word.endsWith("ss")
        || word.endsWith("us")
        || word.endsWith("is")) {
      return word;
    }
    if (word.endsWith("ies") && length > 4) {
      return word.substring(0, length - 3) + "y";
    }
    boolean hissing =
        word.endsWith("sses")
            || word.endsWith("shes")
            || word.endsWith("ches")
            || word.endsWith("xes")
            || word.endsWith("zzes");
    return word.substring(0, length - (hissing ? 2 : 1));
  }

  private static String undouble(String stem) {
    int last = stem.length() - 1;
    char c = stem.charAt(last);
    boolean doubled = last > 2 && c == stem.charAt(last - 1) && "lsz".indexOf(c) < 0;
    return doubled ? stem.substring(0, last) : stem;
  }
}
