package aiworker.meaning;

import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds a date that a model has written for a question like "orders of last month": right today at
 * best, and wrong from the cache tomorrow.
 *
 * <p>Words of time are looked for in English, German, French, Spanish, Italian, Portuguese, Dutch,
 * Russian, Chinese and Japanese. A date whose year the question names is the question's own.
 */
public final class FrozenTime {
  private static final String UNITS =
      "(second|minute|hour|day|night|week|weekend|month|quarter|year|decade|morning|evening)s?";

  private static final Pattern RELATIVE =
      Pattern.compile(
          "\\b(today|yesterday|tomorrow|tonight|nowadays|now|currently|recently|ago|so far|to date|ytd|mtd|qtd)\\b"
              + "|\\b(this|last|past|previous|preceding|current|next|coming|upcoming|trailing)"
              + " +(\\w+ +){0,2}"
              + UNITS
              + "\\b"
              + "|\\b(heute|gestern|vorgestern|jetzt|aktuell\\w*|bisher)\\b"
              + "|\\b(diese\\w*|letzte\\w*|vorige\\w*|vergangene\\w*|kommende\\w*|nächste\\w*|vor)"
              + " +(\\w+ +){0,2}(sekunde|minute|stunde|tag|woche|monat|quartal|jahr)\\w*"
              + "|aujourd.hui|\\bhier\\b|\\bil y a\\b"
              + "|\\b(semaine|mois|trimestre|année|an|jour)s? (dernier|dernière|passé|passée|courant|prochain|en cours)"
              + "|\\b(ce mois|cette semaine|cette année|derniers? (jours|mois)|dernières (heures|semaines|années))\\b"
              + "|\\b(hoy|ayer|mañana|hace \\w+ (días|semanas|meses|años))\\b"
              + "|\\b(últim\\w+|pasad\\w+|este|esta|ultim\\w+|scors\\w+|quest\\w+|neste|nesta|passad\\w+)"
              + " +(\\w+ +){0,2}(día|semana|mes|mês|meses|trimestre|año|ano|dia|giorn|settiman|mes|ann)\\w*"
              + "|\\b(semana|mes|mês|año|ano|trimestre|settimana|mese|anno) (pasad|passad|scors)\\w+"
              + "|\\b(oggi|ieri|domani|ontem|hoje|vandaag|gisteren|(deze|vorige|afgelopen) (week|maand|jaar|kwartaal|dag\\w*))\\b"
              + "|сегодня|вчера|прошл\\w+ (недел|месяц|год|квартал)|последн\\w+ (\\w+ )?(дн|недел|месяц|год|лет)|(этом|текущ\\w+) (месяц|год|квартал)"
              + "|今天|昨天|今日|昨日|本周|上周|本月|上个?月|今年|去年|最近|过去\\w*[天周月年]|今月|先月|今週|先週|過去",
          Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE | Pattern.UNICODE_CHARACTER_CLASS);

  private static final Pattern DATE =
      Pattern.compile("\\s*((19|20)[0-9]{2})[-/.]?[0-9]{1,2}([-/.]?[0-9]{1,2}([ T].*)?)?\\s*");

  private static final Pattern YEAR = Pattern.compile("(19|20)[0-9]{2}");

  private FrozenTime() {}

  /**
   * The first such date as written, null if there is none.
   *
   * @param statement that has been proven
   */
  public static String find(String question, String statement) {
    if (!RELATIVE.matcher(question).find()) {
      return null;
    }
    List<Token> tokens = Lexer.tokens(statement);
    for (int i = 0; i < tokens.size(); i++) {
      Token token = tokens.get(i);
      String year = null;
      if (token.kind() == Token.Kind.STRING) {
        Matcher date = DATE.matcher(Token.unquoted(token.text().replaceFirst("^[EeUuNn]&?'", "'")));
        year = date.matches() ? date.group(1) : null;
      } else if (token.kind() == Token.Kind.NUMBER
          && YEAR.matcher(token.text()).matches()
          && isOfADate(tokens, i)) {
        year = token.text();
      }
      if (year != null && !question.contains(year)) {
        return token.text();
      }
    }
    return null;
  }

  /** The year in {@code make_date(2024, ...)} or {@code EXTRACT(YEAR FROM created_at) = 2024}. */
  private static boolean isOfADate(List<Token> tokens, int at) {
    for (int i = Math.max(0, at - 12); i < at; i++) {
      String word = tokens.get(i).word();
      if (word.equals("YEAR") || word.startsWith("MAKE_") || word.equals("ISOYEAR")) {
        return true;
      }
      if (tokens.get(i).kind() == Token.Kind.STRING
          && tokens.get(i).text().equalsIgnoreCase("'year'")) {
        return true;
      }
    }
    return false;
  }
}
