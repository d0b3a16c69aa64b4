package aiworker.reply;

import aiworker.error.AiWorkerException;
import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import aiworker.lexer.Token.Kind;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a reasoning model says to itself before it answers. Some servers leave it in front of the
 * answer, between marks that differ by model, and where the chat template opens it, without the
 * first mark. A draft in it must never be taken for the answer, so whatever stands before the last
 * closing mark is set aside, and whatever follows an opening one that is never closed. Stateless.
 */
final class Thoughts {
  private static final String TAG =
      "(?:seed:)?think(?:ing)?|thoughts?|reasoning|reflection|analysis|scratchpad|antthinking";

  private static final Pattern OPENING =
      Pattern.compile(
          "<(?:TAG)>|\\[THINK]|◁think▷|<\\|begin_of_thought\\|>|<\\|START_THINKING\\|>|<unused94>|<\\|channel>"
                  .replace("TAG", TAG)
              + "|(?:<\\|start\\|>assistant)?<\\|channel\\|>(?!final)|\\Aanalysis(?=[A-Z])|Here is my thought process:",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern CLOSING =
      Pattern.compile(
          "</(?:TAG)>|\\[/THINK]|◁/think▷|<\\|end_of_thought\\|>|<\\|END_THINKING\\|>|<unused95>|<channel\\|>"
                  .replace("TAG", TAG)
              + "|<\\|channel\\|>final[^<]*(?:<\\|constrain\\|>[^<]*)?<\\|message\\|>|assistantfinal"
              + "|Here is my response:|<(?:answer|output|response)>|<\\|begin_of_(?:solution|box)\\|>"
              + "|<\\|START_RESPONSE\\|>",
          Pattern.CASE_INSENSITIVE);

  /** Marks that may stand behind the answer. */
  private static final Pattern END =
      Pattern.compile(
          "(?:</(?:answer|output|response)>|<\\|end_of_(?:solution|box)\\|>|<\\|END_RESPONSE\\|>"
              + "|<\\|(?:return|end|im_end|eot_id|endoftext|end_of_text)\\|>|</s>)\\s*\\z",
          Pattern.CASE_INSENSITIVE);

  private static final Set<Kind> TEXT = Set.of(Kind.STRING, Kind.QUOTED_NAME, Kind.COMMENT);

  /** Marks after which an answer is looked for that holds marks as text; bounds the work. */
  private static final int MOST_TRIED = 20;

  private Thoughts() {}

  /** All that is said but thoughts, without the white space around it. */
  static String setAside(String content) {
    String said = ended(content);
    if (isAnswer(said)) {
      return said;
    }
    int last = 0;
    Matcher closing = CLOSING.matcher(said);
    for (int tried = 0; closing.find(); tried++) {
      last = closing.end();
      if (tried < MOST_TRIED) {
        String rest = ended(said.substring(last));
        if (isAnswer(rest)) {
          return rest;
        }
      }
    }
    String rest = ended(said.substring(last));
    Matcher opening = OPENING.matcher(rest);
    while (opening.find()) {
      if (opening.start() == 0 || rest.charAt(opening.start() - 1) != '\'') {
        return rest.substring(0, opening.start()).strip();
      }
    }
    return rest;
  }

  /** Whether it is an answer from its first character on, and no mark ends a thought in it. */
  private static boolean isAnswer(String text) {
    if (Markdown.isFence(text, 0)) {
      Markdown.Fence fence = Markdown.fence(text, 0);
      return isAnswer(fence.body().strip()) && !closesAfter(text, fence.end());
    }
    int end = StructuredAnswer.endOfFirst(text);
    return end >= 0
        ? !closesAfter(text, end)
        : StatementSearch.startsStatement(text, 0, true) && marksAreText(text);
  }

  private static boolean closesAfter(String text, int from) {
    return CLOSING.matcher(text).region(from, text.length()).find();
  }

  private static boolean marksAreText(String statement) {
    Matcher opening = OPENING.matcher(statement);
    Matcher closing = CLOSING.matcher(statement);
    boolean opens = opening.find();
    boolean closes = closing.find();
    Lexer lexer = Lexer.from(statement, 0);
    try {
      for (Token token = lexer.next(); token != null && (opens || closes); token = lexer.next()) {
        while (opens && opening.start() < token.end()) {
          if (!TEXT.contains(token.kind()) || opening.start() < token.start()) {
            return false;
          }
          opens = opening.find();
        }
        while (closes && closing.start() < token.end()) {
          if (!TEXT.contains(token.kind()) || closing.start() < token.start()) {
            return false;
          }
          closes = closing.find();
        }
      }
    } catch (AiWorkerException e) {
      return !opens && !closes;
    }
    return true;
  }

  /** Without white space, a byte order mark and the marks of its end. */
  private static String ended(String text) {
    String ended = text.strip();
    if (ended.startsWith("\uFEFF")) {
      ended = ended.substring(1).strip();
    }
    for (Matcher end = END.matcher(ended); end.find(); end = END.matcher(ended)) {
      ended = ended.substring(0, end.start()).strip();
    }
    return ended;
  }
}
