package aiworker.reply;

import aiworker.error.AiWorkerException;
import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import aiworker.lexer.Token.Kind;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a reasoning model says to itself before it answers. Servers leave it in front of the answer,
 * between marks that differ by model, and where the chat template opens it, without the first mark.
 * A draft in it must never be taken for the answer, so whatever stands before the last closing mark
 * is set aside, and whatever follows an opening one that is never closed.
 *
 * <p>Marks are tags, names in brackets, special tokens and headings. The words in a mark's name say
 * what it is of; a pair whose name says neither answer nor explanation is of a thought. Stateless.
 */
final class Thoughts {
  private static final String THOUGHT_WORDS =
      "think|thought|reason|reflect|analy[sz]|scratch|monolog|deliberat|(?<!ex)plan|draft|cot|chain|critique|brainstorm|ponder"
          + "|rationale|consider|contemplat|inner|internal|hidden|step|verif|trace|self|explor|work";

  private static final Pattern OF_THOUGHT =
      Pattern.compile("(?:" + THOUGHT_WORDS + ")|^unused94$", Pattern.CASE_INSENSITIVE);

  private static final Pattern OF_ANSWER =
      Pattern.compile(
          "answer|final|response|output|solution|result|box|sql|query|statement|^(?:code|pre|reply|json|content)$",
          Pattern.CASE_INSENSITIVE);

  /** Names of what is neither: said to the user, or how it looks. */
  private static final Pattern OF_WORDS =
      Pattern.compile(
          "expla|note|comment(?!ary)|descri|assum|^(?:summary|warnings?|title|[biupqs]|br|hr|em|strong|span|div|ul|ol|li|h[1-6]"
              + "|t[rdh]|table|thead|tbody|html|body|blockquote|small|sub|sup|a|kbd|samp|tt|user|system|assistant)$",
          Pattern.CASE_INSENSITIVE);

  private static final String ATTRIBUTE =
      "\\s+[\\w:-]+\\s*=\\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\\s<>\"'&]+)";

  /** A mark: a tag, a name in brackets, or a special token; its name without its ends. */
  private static final Pattern MARK =
      Pattern.compile(
          "(?:<|&lt;)(?<close>/?)(?<tag>[A-Za-z][\\w:.-]{0,60})(?:"
              + ATTRIBUTE
              + "){0,5}\\s*(?:>|&gt;)|[\\[◁](?<end>/|END[ _]OF[ _]|END[ _])?"
              + "(?:(?:BEGIN|START)[ _](?:OF[ _])?)?(?<name>[A-Za-z]+(?:[ _][A-Za-z]+){0,3})[\\]▷]"
              + "|<[|｜](?<stop>/|end[_▁](?:of[_▁])?)?(?:(?:begin|start)[_▁](?:of[_▁])?)?(?<token>[A-Za-z]+(?:[_▁][A-Za-z]+){0,3})[|｜]>",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern OPENING =
      Pattern.compile(
          "(?:<\\|start\\|>assistant)?<\\|channel\\|>(?!final)|<\\|channel>|<unused94>"
              + "|\\Aanalysis(?=[A-Z])|Here (?:is|are) my (?:thought process|reasoning steps?):|^Thinking\\.\\.\\.\\s*$",
          Pattern.CASE_INSENSITIVE | Pattern.MULTILINE);

  private static final Pattern CLOSING =
      Pattern.compile(
          "<channel\\|>|<unused95>|<\\|channel\\|>final[^<]*(?:<\\|constrain\\|>[^<]*)?<\\|message\\|>"
              + "|assistantfinal|Here is my response:|\\.\\.\\.done thinking\\.?",
          Pattern.CASE_INSENSITIVE);

  private static final String BEFORE_TITLE =
      "^[^\\p{L}\\p{N}\\n`~{<\\[|(\"']{0,12}(?:[0-9]{1,2}[.)]\\s{0,3}\\W{0,4})?";
  private static final String AFTER_TITLE = "[*_ \\t]{0,6}(?:[:：][*_ \\t]{0,6}|$)";

  /** A heading, or a word before a colon, that says what follows it. */
  private static final Pattern THOUGHT_TITLE =
      Pattern.compile(
          BEFORE_TITLE
              + "(?:(?:my|the|initial|internal|first|rough|step[- ]by[- ]step|detailed|query) ){0,3}"
              + "(?:thinking|thoughts?|thought process|reasoning|analysis|scratchpad|chain[- ]of[- ]thought|plan|planning|drafts?"
              + "|first attempt|attempt|first try|reflection|approach|brainstorm(?:ing)?|deliberation|self[- ]check|working|work"
              + "|überlegung(?:en)?|gedanken|gedankengang|analyse|entwurf|plan|réflexion|raisonnement|brouillon"
              + "|razonamiento|análisis|pensamiento|borrador|raciocínio|análise|rascunho|ragionamento|analisi|bozza"
              + "|redenering|рассуждени[ея]|анализ"
              + "|思考(?:过程)?|推理(?:过程)?|分析|草稿|考え|推論|생각|분석)"
              + "(?: (?:process|steps?|summary|phase))?"
              + AFTER_TITLE,
          Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE | Pattern.MULTILINE);

  private static final Pattern ANSWER_TITLE =
      Pattern.compile(
          BEFORE_TITLE
              + "(?<final>(?:(?:the|my|so|and|actual|corrected|resulting|postgresql|postgres|sql|final|revised|complete) ){0,4})"
              + "(?:answer|final|response|solution|sql|query|statement|output|result|code"
              + "|antwort|abfrage|lösung|ergebnis|réponse|requête|solution|respuesta|consulta|solución|resposta|solução"
              + "|risposta|soluzione|antwoord|ответ|запрос|答案|回答|最终答案|答え|답변)"
              + "(?: (?:query|sql|statement|finale?|final))?"
              + AFTER_TITLE,
          Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE | Pattern.MULTILINE);

  /** Marks that may stand behind the answer. */
  private static final Pattern END =
      Pattern.compile(
          "(?:<\\|end_of_(?:solution|box)\\|>|<\\|END_RESPONSE\\|>|\\[END FINAL RESPONSE]"
              + "|<\\|(?:return|end|im_end|eot_id|eom_id|endoftext|end_of_text|eot|user|observation)\\|>|</s>|<eos>|<end_of_turn>|<｜end▁of▁sentence｜>)\\s*\\z",
          Pattern.CASE_INSENSITIVE);

  private static final Set<Kind> TEXT = Set.of(Kind.STRING, Kind.QUOTED_NAME, Kind.COMMENT);

  /** Marks after which an answer is looked for that holds marks as text; bounds the work. */
  private static final int MOST_TRIED = 20;

  private Thoughts() {}

  /** What a mark does. */
  private enum Role {
    OPENS,
    CLOSES,
    BEGINS_ANSWER,
    ENDS_ANSWER,
    NONE
  }

  /** All that is said but thoughts, without the white space around it. */
  static String setAside(String content) {
    String said = ended(content);
    if (isAnswer(said)) {
      return said;
    }
    String marked = withoutTexts(said);
    Set<String> closed = closedNames(marked);
    int last = 0;
    int tried = 0;
    Matcher mark = MARK.matcher(marked);
    while (mark.find()) {
      if (role(mark, closed) == Role.CLOSES) {
        last = mark.end();
        if (tried++ < MOST_TRIED && isAnswer(ended(said.substring(last)))) {
          return ended(said.substring(last));
        }
      }
    }
    for (Matcher closing = CLOSING.matcher(marked); closing.find(); ) {
      last = Math.max(last, closing.end());
      if (tried++ < MOST_TRIED && isAnswer(ended(said.substring(closing.end())))) {
        return ended(said.substring(closing.end()));
      }
    }
    last = Math.max(last, answerTitle(marked, last));
    int end = firstOpening(marked, last, closed);
    int begin = firstAnswer(marked, end, closed);
    for (int answers = 0; begin >= 0 && answers < MOST_TRIED; answers++) {
      last = begin;
      end = firstOpening(marked, last, closed);
      begin = firstAnswer(marked, end, closed);
    }
    last = begin >= 0 ? end : last;
    return ended(answers(said.substring(last, end), marked.substring(last, end), closed));
  }

  private static int firstOpening(String marked, int from, Set<String> closed) {
    int end = marked.length();
    Matcher mark = MARK.matcher(marked);
    for (int at = from; mark.find(at); at = mark.end()) {
      if (role(mark, closed) == Role.OPENS
          && (mark.start() == 0 || marked.charAt(mark.start() - 1) != '\'')) {
        end = mark.start();
        break;
      }
    }
    Matcher opening = OPENING.matcher(marked);
    return opening.find(from) ? Math.min(end, opening.start()) : end;
  }

  /** The begin of the first mark of an answer, -1 if there is none. */
  private static int firstAnswer(String marked, int from, Set<String> closed) {
    Matcher mark = MARK.matcher(marked);
    for (int at = from; at < marked.length() && mark.find(at); at = mark.end()) {
      if (role(mark, closed) == Role.BEGINS_ANSWER) {
        return mark.start();
      }
    }
    return -1;
  }

  /**
   * The index after a heading of the answer, if a heading of thoughts or the word final says so.
   */
  private static int answerTitle(String marked, int from) {
    Matcher thought = THOUGHT_TITLE.matcher(marked);
    int since = thought.find(from) ? thought.start() : marked.length();
    int last = from;
    Matcher title = ANSWER_TITLE.matcher(marked);
    for (int at = from; title.find(at); at = Math.max(title.end(), at + 1)) {
      boolean isFinal = title.group("final").toLowerCase(Locale.ROOT).contains("final");
      if ((isFinal || title.start() > since) && title.end() < marked.length()) {
        last = title.end();
        since = thought.find(Math.min(last, marked.length())) ? thought.start() : marked.length();
      }
    }
    return last;
  }

  /** What marks of answers hold, as in fences, if there are any; else the text. */
  private static String answers(String text, String marked, Set<String> closed) {
    StringBuilder answers = new StringBuilder();
    int from = -1;
    Matcher mark = MARK.matcher(marked);
    while (mark.find()) {
      Role role = role(mark, closed);
      if (role == Role.BEGINS_ANSWER || role == Role.ENDS_ANSWER) {
        boolean ends = role == Role.ENDS_ANSWER;
        if (from >= 0) {
          answers.append(fenced(text.substring(from, mark.start()), ends));
        } else if (ends) {
          answers.append(fenced(text.substring(0, mark.start()), true));
        }
        from = mark.end();
      }
    }
    return from < 0 ? text : answers.append(text.substring(from)).toString();
  }

  private static String fenced(String text, boolean ends) {
    return ends && StatementSearch.startsStatement(text, 0, true)
        ? "\n~~~~~~\n" + text.strip() + "\n~~~~~~\n"
        : "\n" + text + "\n";
  }

  private static Role role(Matcher mark, Set<String> closed) {
    String tag = mark.group("tag");
    String name = tag != null ? tag : mark.group("name");
    boolean token = name == null;
    name = token ? mark.group("token") : name;
    boolean closes =
        (tag != null && !mark.group("close").isEmpty())
            || mark.group("end") != null
            || mark.group("stop") != null;
    boolean bracket = tag == null && !token;
    if (bracket && mark.group().charAt(0) == '[' && !name.equals(name.toUpperCase(Locale.ROOT))) {
      return Role.NONE;
    }
    if (OF_THOUGHT.matcher(name).find()) {
      return closes ? Role.CLOSES : Role.OPENS;
    }
    boolean known = tag != null || token || name.contains(" ") || name.contains("_");
    if (OF_ANSWER.matcher(name).find()) {
      return !known ? Role.NONE : closes ? Role.ENDS_ANSWER : Role.BEGINS_ANSWER;
    }
    if (tag == null || OF_WORDS.matcher(tag).find()) {
      return Role.NONE;
    }
    return closes ? Role.CLOSES : closed.contains(folded(tag)) ? Role.OPENS : Role.NONE;
  }

  private static Set<String> closedNames(String marked) {
    Set<String> names = new HashSet<>();
    for (Matcher mark = MARK.matcher(marked); mark.find(); ) {
      if (mark.group("tag") != null && !mark.group("close").isEmpty()) {
        names.add(folded(mark.group("tag")));
      }
    }
    return names;
  }

  private static String folded(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  /** The text with spaces for what fenced statements and answers in JSON hold as text. */
  private static String withoutTexts(String said) {
    StringBuilder marked = new StringBuilder(said);
    int failed = 0;
    for (int at = 0; at < said.length() && failed < MOST_TRIED; ) {
      if (Markdown.isFence(said, at)) {
        Markdown.Fence fence = Markdown.fence(said, at);
        int body = said.indexOf(fence.body(), at);
        if (StatementSearch.startsStatement(fence.body(), 0, true)) {
          blankTexts(marked, fence.body(), body);
        } else if (Markdown.isOfThoughts(fence)) {
          blank(marked, at, fence.end());
        }
        at = Math.max(at + 1, fence.end());
      } else if (said.charAt(at) == '{') {
        int end = StructuredAnswer.endOfAnswer(said, at);
        failed += end <= at ? 1 : 0;
        blank(marked, at, end);
        at = Math.max(at + 1, end);
      } else {
        at++;
      }
    }
    return marked.toString();
  }

  private static void blankTexts(StringBuilder marked, String statement, int offset) {
    Lexer lexer = Lexer.from(statement, 0);
    try {
      for (Token token = lexer.next(); token != null; token = lexer.next()) {
        if (token.kind() == Kind.STRING && token.text().indexOf('\n') < 0) {
          blank(marked, offset + token.start(), offset + token.end());
        }
      }
    } catch (AiWorkerException e) {
      return;
    }
  }

  private static void blank(StringBuilder marked, int from, int to) {
    for (int at = from; at < to; at++) {
      marked.setCharAt(at, ' ');
    }
  }

  /** Whether it is an answer from its first character on, and no mark ends a thought in it. */
  private static boolean isAnswer(String text) {
    if (Markdown.isFence(text, 0)) {
      Markdown.Fence fence = Markdown.fence(text, 0);
      return !Markdown.isOfThoughts(fence)
          && isAnswer(fence.body().strip())
          && !isMarkedAfter(text, fence.end());
    }
    int end = StructuredAnswer.endOfFirst(text);
    return end >= 0
        ? !isMarkedAfter(text, end)
        : StatementSearch.startsStatement(text, 0, true) && marksAreText(text);
  }

  private static boolean isMarkedAfter(String text, int from) {
    return nextMark(MARK.matcher(text), text, from) >= 0
        || CLOSING.matcher(text).region(from, text.length()).find()
        || ANSWER_TITLE.matcher(text).region(from, text.length()).find();
  }

  /** The begin of the first mark that is of thoughts or answers, -1 if there is none. */
  private static int nextMark(Matcher mark, String text, int from) {
    for (int at = from; at <= text.length() && mark.find(at); at = mark.end()) {
      if (role(mark, Set.of()) != Role.NONE) {
        return mark.start();
      }
    }
    return -1;
  }

  private static boolean marksAreText(String statement) {
    Matcher mark = MARK.matcher(statement);
    int begin = nextMark(mark, statement, 0);
    boolean others = CLOSING.matcher(statement).find() || OPENING.matcher(statement).find();
    if (begin < 0) {
      return !others;
    }
    Lexer lexer = Lexer.from(statement, 0);
    try {
      for (Token token = lexer.next(); token != null && begin >= 0; token = lexer.next()) {
        while (begin >= 0 && begin < token.end()) {
          if (!TEXT.contains(token.kind()) || begin < token.start()) {
            return false;
          }
          begin = nextMark(mark, statement, mark.end());
        }
      }
    } catch (AiWorkerException e) {
      return false;
    }
    return begin < 0;
  }

  /** Without white space, a byte order mark and the marks of its end. */
  private static String ended(String text) {
    String ended = Markdown.trimmed(text);
    for (Matcher end = END.matcher(ended); end.find(); end = END.matcher(ended)) {
      ended = ended.substring(0, end.start()).strip();
    }
    return ended;
  }
}
