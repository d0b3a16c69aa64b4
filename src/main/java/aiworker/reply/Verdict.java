package aiworker.reply;

import aiworker.error.Refusal;
import java.util.regex.Pattern;

/**
 * What a model says about the statement that it shows, in the prose around it: that it is wrong or
 * to be completed, or that it depends on what is asked back. Patterns of the languages that people
 * ask in; they look at one sentence at a time. Stateless.
 */
final class Verdict {
  private static final int FLAGS =
      Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE | Pattern.UNICODE_CHARACTER_CLASS;

  /** The end of a sentence, or of a part that speaks of something else. */
  private static final Pattern SENTENCE = Pattern.compile("(?<=[.!?;。！？])\\s*|\\n+");

  /** Words that name the statement, in other languages than English. */
  private static final String IT =
      "\\b(?:query|sql|code|dies\\w*|das|abfrage|anweisung|ceci|cela|c'|c’|ce|cette|requête|est[aeo]|eso|es[ao]|consulta|sentencia|isto|isso"
          + "|quest[ao]|istruzione|deze|dit|dat|den här|det|frågan|to|zapytanie|это\\w*|запрос\\w*)\\b[^\\w\\n]*";

  /**
   * The statement as the subject of a sentence. "That" is one at the beginning alone: elsewhere it
   * tells of rows, as in "orders that are incomplete".
   */
  private static final String SUBJECT =
      "(?:^\\W*(?:(?:but|however|so|and|well|sorry|unfortunately|wait|actually|hmm+|oh|no|yes|still|then|now)\\W+){0,2}(?:that|these|those|one)"
          + "|\\b(?:this|it)|\\b(?:quer(?:y|ies)|statements?|sql|answer|version|draft|approach|code|select|result))\\b"
          + "(?:\\W+(?:quer(?:y|ies)|statements?|sql|answer|one|version|draft|approach|code|select|result|above|below|here|shown|probably|actually"
          + "|still|clearly|unfortunately|simply|really|also|alone|as (?:it is|shown|written))\\b){0,3}[^\\w\\n]*";

  private static final String WRONG =
      "(?:wrong|incorrect|invalid|broken|faulty|flawed|mistaken|erroneous|inaccurate|incomplete|outdated|nonsense|useless"
          + "|a mistake|an error|misleading|only a draft|just a draft|a draft|just an example|only an example|unsafe|untested"
          + "|(?:not|never|n['’]t)\\W+(?:\\w+\\W+){0,2}?(?:used|run|right|correct|valid|possible|enough|accurate|answer|what|trusted|final|complete|quite)"
          + "|(?:cannot|can['’]t|won['’]t|not)\\W+(?:be\\W+)?(?:work|used?|run|trusted|right|correct|answer\\w*))\\b";

  /** The end of what is said, or a reason: an adjective before a noun tells of rows. */
  private static final String ENDS =
      "(?!\\w)(?=\\W*(?:\\z|[.,;:!?。，)]|\\b(?:weil|da|denn|car|parce|puisque|porque|pois|perché|omdat|want|ponieważ|потому|так)\\b))";

  private static final String WRONG_ELSEWHERE =
      "(?:falsch|fehlerhaft|ungültig|stimmt (?:so )?nicht|stimmt leider nicht|nicht (?:richtig|korrekt|gültig|möglich)"
          + "|funktioniert (?:so )?nicht|faux|fausse|incorrecte?s?|erronée?|invalide|pas (?:correcte?|juste|bonne?|valable|valide)|ne (?:fonctionne|marche) pas"
          + "|incorrect[ao]s?|equivocad[ao]s?|erróne[ao]s?|inválid[ao]|no (?:es|está) (?:correct[ao]|bien|válid[ao])|no funciona|está mal"
          + "|errad[ao]s?|incorret[ao]s?|não (?:está|é) (?:corret[ao]|cert[ao]|válid[ao])|não funciona"
          + "|sbagliat[aoie]|errat[aoie]|scorrett[aoie]|non (?:è|funziona)(?: (?:corrett|giust|valid)\\w+)?"
          + "|fout|verkeerd|onjuist|klopt niet|niet (?:juist|correct|goed)|werkt niet|felaktig\\w*|forkert|feil|inte (?:rätt|korrekt)|fel"
          + "|błędn\\w+|niepoprawn\\w+|nieprawidłow\\w+|nie działa|śpatn\\w+|špatn\\w+|nesprávn\\w+|yanlış|hatalı|greșit\\w*"
          + "|неверн\\w+|неправильн\\w+|ошибочн\\w+|не работает|некорректн\\w+|помилк\\w+|хибн\\w+)"
          + ENDS;

  private static final Pattern AGAINST =
      Pattern.compile(
          // it is wrong
          SUBJECT
              + "(?:\\b(?:is|are|was|were|looks?|seems?|would|will|might|may|could|should|can)\\b|['’]?s\\b|(?=(?:cannot|can['’]t|won['’]t)\\b))['’]?\\W*"
              + "(?:(?:be|probably|actually|just|simply|still|also|unfortunately|clearly|obviously|slightly|a bit|quite|plain|completely|totally|an?|the|now"
              + "|therefore|then|so|only|to|however|hence|thus|of course)\\W+){0,4}"
              + WRONG
              + "|"
              + SUBJECT
              + "(?:(?:is|was|are|would|should|could|ca|wo)n['’]t|(?:does|do|did)(?:n['’]t| not))\\W+(?:(?:be|quite|really|actually|even|a|an|the)\\W+){0,2}"
              + "(?:work|used|run|right|correct|valid|possible|enough|what|answer|complete|accurate|trusted)\\b"
              + "|"
              + SUBJECT
              + "(?:is not what|is missing|forgot|forgets)\\b"
              + "|"
              + SUBJECT
              + "(?:gives?|returns?|has|contains|yields|produces)\\W+(?:(?:an?|the|some)\\W+)?(?:wrong|incorrect|inaccurate|misleading|error|mistake|bug|typo|flaw)\\b"
              // the wrong table
              + "|\\b(?:wrong|incorrect) (?:table|column|quer(?:y|ies)|statement|sql|answer|results?|relation|join|field|one|way|thing|count|numbers?|filter"
              + "|condition|rows?|schema|date|year|month)\\b"
              + "|\\b(?:typo|bug|mistake|error|problem|flaw) in (?:the|this|that|my|it)\\b"
              // do not use it
              + "|\\b(?:do not|don['’]t|never|please don['’]t|must not|should not|shouldn['’]t) (?:use|run|trust|execute|rely|copy)\\b|\\bnot to be (?:used|run)\\b"
              + "|^\\W*(?:please |so |just )?(?:ignore|disregard|discard|skip|forget|scratch) (?:this|that|it|the|my|what|everything)\\b"
              + "|\\bn['’]?e?\\s?(?:pas |l['’])?(?:utilis|exécut|lanc)\\w+ (?:pas|jamais)|\\bne pas (?:utiliser|exécuter|lancer)|\\bnicht (?:\\w+ )?(?:verwenden|benutzen|nutzen|ausführen)"
              + "|\\b(?:verwende|benutze|nutze)\\w* \\w+ (?:\\w+ )?nicht|\\bno (?:se )?(?:use|usar|uses|utilice|utilices|ejecut\\w+|debe usarse)\\b|\\bnão (?:use|usar|utilize|utilizar|execut\\w+)"
              + "|\\bnon (?:usare|utilizzare|usarla|usarlo|eseguire|usi)\\b|\\bniet (?:gebruiken|uitvoeren)|\\bgebruik \\w+ niet|\\bне (?:использ\\w+|запуск\\w+|выполня\\w+)"
              // it is to be completed
              + "|^\\W*(?:please |you(?:['’]ll)? (?:need to|must|should|have to) |(?:just |simply |then |and |but )|(?:remember|be sure|make sure|don['’]t forget) to )*"
              + "(?:(?:replace|substitute|fill in|swap|insert)\\b|(?:adjust|change|modify|adapt)\\b[^\\n]{0,60}?\\b(?:your|tables?|columns?|schema|names?|placeholders?|accordingly)\\b)"
              + "|\\bplaceholders?\\b|\\bplatzhalter|\\bersetze[ n]|\\bremplace[zr]\\b|\\breemplaz[ae]\\w*|\\bsustituy[ae]\\w*|\\bsubstitua\\w*|\\bsostitui\\w+|\\bvervang\\b|\\bзамени\\w+"
              + "|占位符|替换|替換|置き換え"
              // in other languages
              + "|"
              + IT
              + "(?:[\\w'’-]+[^\\w]+){0,2}?"
              + WRONG_ELSEWHERE
              + "|错误|錯誤|不正确|不正確|不对(?!等)|不對|是错|有误|无效|不要(?:使用|用|运行)|間違|誤り|正しくあり?ま?せ?|正しくない|使わない|使用しない"
              + "|틀렸|틀립|잘못|올바르지|사용하지",
          FLAGS);

  /** Something is still to be done about what stands before it. */
  private static final Pattern UNFINISHED =
      Pattern.compile(
          // the filter still has to be added
          "\\b(?:filters?|conditions?|clauses?|joins?|where|grouping|sorting|parts?|rest|restrictions?|predicates?)\\b[^\\n]{0,60}?\\b(?:still|yet|later)\\b[^\\n]{0,30}?"
              + "\\b(?:added|add|applied|included|missing|done|filled|completed|needed|written|come|follow|appended)\\b"
              + "|\\b(?:filters?|conditions?|clauses?|joins?|where|restrictions?)\\W+(?:(?:for|on|by|of|to)\\W+(?:\\w+\\W+){1,4}?)?(?:(?:is|are)\\W+(?:still\\W+)?(?:missing|to be added)"
              + "|(?:has|have|needs?|must|ought)\\W+(?:to\\W+)?be\\W+(?:added|applied|appended|included|filled|completed))\\b"
              // then append this
              + "|^\\W*(?:(?:please|then|and|now|but|so|finally|you(?:['’]ll)? (?:still )?(?:need to|must|should|have to)|i (?:still )?(?:need to|must|have to|should)"
              + "|(?:remember|be sure|make sure|don['’]t forget) to)\\W+){1,3}(?:add|append|include|apply|attach)\\b[^\\n]{0,40}?\\b(?:filters?|conditions?|clauses?|joins?|where|restrictions?|it|this|rest|limit)\\b"
              + "|^\\W*+(?:(?:and|then|now|finally)\\W{1,3})*+(?:add|append|attach)\\W{0,5}(?:(?:the|a|an|this|that|your|here)\\W{1,3}){0,3}(?:\\w{1,30}\\W{1,3}){0,2}(?:filters?|conditions?|clauses?|where|joins?|restrictions?|rest)?\\W{0,5}(?:\\b(?:here|below|later))?\\W{0,5}$"
              // then I will write the final query
              + "|^\\W*(?:then|next|afterwards?|after that|after (?:seeing|looking|checking|running|this)\\b[^\\n]{0,40}?|once (?:i|we)\\b[^\\n]{0,40}?|(?:based on|depending on|with|from) (?:the|this|that|its|these)\\b[^\\n]{0,20}?"
              + "|when (?:i|we)\\b[^\\n]{0,40}?)[\\W_]+(?:i|we)(?:\\W+(?:will|can|could|shall|would)|['’](?:ll|d))\\W+(?:\\w+\\W+)?"
              + "(?:write|build|creat|construct|refin|formulat|giv|provid|answer|complet|finish|add|produc|determin|know|adjust|run|filter|join)\\w*\\b"
              + "|\\b(?:i|we)(?:\\W+(?:will|can|shall)|['’]ll)(?: then| next| later| afterwards)? (?:write|build|give|provide|create|construct|produce|refine|complete|finish|finalize|finalise|answer|return|run)\\b"
              + "[^\\n]{0,30}?\\b(?:final|actual|real|full|complete|proper|question|later|next|afterwards|rest)\\b"
              + "|\\b(?:final|actual|real|full|complete|proper) (?:query|statement|sql|answer|version) (?:will|follows|comes|is still|has yet)\\b"
              // to do
              + "|^\\W*(?:to be continued|work in progress|wip|unfinished|incomplete|continued below|to be (?:completed|finished|done|added))\\b|^\\W*to[ -]?do\\s*[:!-]|(?-i:^\\W*(?:TODO|FIXME|TBD|XXX)\\b|\\b(?:TODO|FIXME)\\s*[:(])"
              // this is the first of two
              + "|^\\W*(?:please )?(?:run|execute|try) (?:this|it|that)(?: query| first| one)*(?: and|,) (?:then )?(?:tell|send|give|share|show|report|let|post|paste|come)\\b|\\bmore (?:to come|follows)\\b|\\b(?:i|we)(?:['’]ll| will)(?: now)? (?:continue|wait|await)\\b"
              + "|^\\W*(?:this|that|it) is (?:only |just )?(?:the |a |an )?(?:first|initial|preliminary|intermediate|exploratory) (?:step|part|version|query|look|half)\\b|^\\W*(?:this is )?(?:step|part|query) \\d+ (?:of|/) \\d+|^\\W*(?:missing|remaining|outstanding|next step|still (?:to do|missing|open|needed))\\s*:"
              // it does not filter yet
              + "|^\\W*(?:i|we|you|it|this|that)\\b[^\\n]{0,30}?\\bstill (?:have|has|need|needs) (?:to )?(?:\\w+ ){0,2}?(?:filter|add|apply|join|group|limit|restrict|sort|where)\\w*\\b|^\\W*(?:this|it|the query|that)\\b[^\\n]{0,20}?(?:\\b(?:does not|do not|doesn['’]t) yet|\\b(?:still|yet) (?:lacks?|misses)|\\blacks) \\b"
              + "|\\b(?:filters?|conditions?|clauses?|joins?|restrictions?)\\b[^\\n,;:]{0,25}?\\b(?:is|are) not (?:included|applied|added|considered|present)\\b|\\b(?:left out|leaves? out|omit\\w*|skip\\w*|ignor\\w*|without|not (?:considered|included|applied|added|filtered))\\b[^\\n]{0,40}?\\b(?:for now|yet)\\W*$"
              + "|\\b(?:filter|bedingung|einschränkung|sortierung)\\w*\\b[^\\n]{0,30}?\\b(?:fehl\\w+|muss|müssen) (?:\\w+ )?noch\\b|\\b(?:als nächstes|danach|dann|anschließend) (?:schreib|erstell|liefer)\\w+ ich\\b|\\bmanque encore\\b|\\bil faut encore\\b|\\bfaltan? (?:por )?(?:agregar|añadir|aplicar|el filtro|la condición)\\b|\\bmanca ancora\\b|\\bfalta (?:adicionar|aplicar)\\b"
              // it has to be orders
              + "|(?-i:^\\W*(?:(?:[Tt]hen|[Aa]nd|[Nn]ow|[Pp]lease) )*(?:[Aa]dd|[Aa]ppend|[Aa]ttach) (?:WHERE|AND|OR|JOIN|LEFT|INNER|GROUP|HAVING|ORDER|LIMIT)\\b)|^\\W*make (?:that|it) (?!(?:easier|faster|easy|clear|sure|more|possible|simpler))"
              + "|^\\W*(?:edit|erratum|errata|update)(?:\\W?\\d)?\\s*:|^\\W*(?:it|that|this) (?:has to|needs to|ought to) be\\b(?! (?:noted|said|mentioned|pointed|run|read|checked|executed))",
          FLAGS);

  /** A word for a statement that is not the last. */
  private static final Pattern UNFINISHED_KIND =
      Pattern.compile(
          "(?:exploratory|exploration|preliminary|partial|intermediate|interim|tentative|unfinished|in[ _-]progress|wip|todo|tbd|to be (?:continued|completed|done))"
              + "(?:[ _-](?:query|step|sql|statement|answer|version|result))?[.!]?",
          Pattern.CASE_INSENSITIVE);

  /** Words right before a look at the data, or before what a tool is to run. */
  private static final Pattern EXPLORES =
      Pattern.compile(
          "\\b(?:let me|let['’]?s|let us|i(?:['’]ll| will| need to| want to| should| must|['’]d like to| am going to|['’]m going to)?|we(?:['’]ll| will| need to| should| can)?|first|step one|step 1|to (?:begin|start))\\b[^\\n.?!]{0,40}?"
              + "\\b(?:(?:look|peek)(?:ing)?\\W+(?:at|into)|check|inspect|explor|examin|sampl|investigat|prob(?:e|ing)|see (?:what|which|how))\\w*\\b(?:(?!\\band\\b)[^\\n.?!]){0,40}?\\b(?:data|schema|columns?|values?|structure|contents?)\\b(?:(?!\\band\\b)[^\\n.?!])*\\W*\\z"
              + "|\\b(?:first|start|begin)\\b[^\\n.?!]{0,30}?\\b(?:look|peek|check|inspect|explor|examin|sampl|investigat)\\w*\\b(?:(?!\\band\\b)[^\\n.?!]){0,40}?\\b(?:tables?|rows|what)\\b(?:(?!\\band\\b)[^\\n.?!])*\\W*\\z"
              + "|\\b(?:quick|first|short) (?:check|look|test|query)\\b[^\\n.?!]{0,15}\\W*\\z|\\b(?:exploratory|preliminary|diagnostic|interim|intermediate) (?:query|statement|step|sql)\\b\\W*\\z|\\bbefore (?:writing|answering|i (?:can )?(?:write|answer)|we (?:can )?(?:write|answer))\\b[^\\n.?!]*\\W*\\z"
              + "|\\b(?:action|tool|function)[ _]?(?:input|calls?|args?|arguments?|quer(?:y|ies)|parameters?)?\\s*:\\W*(?:(?:sql|query)\\W*)?\\z",
          FLAGS);

  /** Words that take back what stands before them. */
  private static final Pattern TAKEN_BACK =
      Pattern.compile(
          "^\\W*(?:(?:but|oh|ah|well|so|and|hmm+|hm)\\W+){0,2}(?:wait|oops|whoops|hmm+|hm|sorry|my (?:bad|mistake)|correction|scratch that|strike that|no[,.!:]|nope"
              + "|on second thoughts?|actually|hold on|let me (?:fix|correct|redo|rethink|re-?check|re-?consider|revise|try|re-?write|think|double)"
              + "|i (?:made|meant|should have|need to (?:fix|correct)|was wrong|misread|forgot|overlooked|mis\\w+)|better:|revised:"
              + "|moment|halt|warte|nein|korrektur|entschuldigung|besser|attends|attendez|non[,.!:]|désolée?|pardon|en fait|espera|perdón|lo siento|corrección"
              + "|mejor|desculpe|correção|aspetta|scusa|correzione|wacht|nee[,.!:]|correctie|подожди\\w*|стой|нет[,.!:]|извин\\w+"
              + "|等等|等一下|抱歉|对不起|更正|待って|訂正|すみません|잠깐|아니|죄송)(?![\\p{L}&&[a-z]])"
              + "|\\bshould (?:have been|instead|rather|really be|actually be)\\b|\\bshould be (?:\\w+ )?(?:instead|rather)|\\bi (?:made|see|notice|realize|realise)d? (?:an?|my|that|the) (?:mistake|error|typo|wrong)",
          FLAGS);

  private static final Pattern BAD =
      Pattern.compile(
          "^\\W*(?:in(?:correct|valid|complete)|wrong|fail\\w*|errors?|reject\\w*|draft|unsafe|unsure|uncertain|unknown|impossible|ambiguous"
              + "|not[ _-]\\w+|no|false|needs?[ _-]\\w+|missing\\w*|unanswerable|refused|unclear|broken|abandoned|discarded|superseded)\\b",
          Pattern.CASE_INSENSITIVE);

  /** Words right before a statement that is not the answer. */
  private static final Pattern AGAINST_WHAT_FOLLOWS =
      Pattern.compile(
          "(?:\\b(?:not|never|avoid|ignore|disregard|discard|skip|cannot|(?:wrong|incorrect|invalid)(?=\\s*:|\\W+(?:query|statement|one|sql|approach|version|attempt|example)\\b))|(?:^|\\n)\\W*(?:wrong|incorrect|invalid)|n['’]t|instead of|rather than|nicht|statt|falsch|au lieu de|en lugar de|em vez de"
              + "|invece di|in plaats van)(?:\\W+(?:use|using|run|running|write|do|say|just|simply|try|is|was|be|would|query|statement|one|sql"
              + "|this|that|like|with|approach|version|attempt|draft|example|so|the|it|following|below|these|:))*\\W*\\z"
              + "|\\b(?:first|initial|rough|wrong|bad|naive|failed|earlier|previous|my|old|original|tempting|common)(?: \\w+)?"
              + " (?:attempt|try|draft|mistake|version|guess|idea|thought|answer)\\W*\\z|\\b(?:draft|bad|wrong|don['’]t)[^\\w.]*\\z|❌\\W*\\z",
          FLAGS);

  /** A question or plea back to whom asked. */
  private static final Pattern ASKS =
      Pattern.compile(
          "\\b(?:(?:do|did|would|are) you (?:mean|meant|want|prefer|need|looking|interested|asking|referring)|you mean\\b|what (?:do|did) you mean|should (?:i|it|we|this|the)\\b"
              + "|could you|can you|which [^?\\n]{0,60}(?:do|did|should|would|are|is)\\b[^?\\n]{0,40}\\?|(?:please|kindly|need you to|have to) (?:\\w+ )?(?:clarify|specify|confirm|tell me|provide|say|let me know (?:which|what|if you mean|whether)|state|define|choose|indicate)"
              + "|i need to know|i need more|let me know (?:which|what|whether you mean)|which one (?:do|did)|(?:it )?depends on (?:which|what|whether|how you)"
              + "|meinst du|meinen sie|möchten sie|welche\\w* \\w+ (?:meinst|meinen|soll)|bitte (?:geben|präzis|nenn)\\w*|voulez-vous|souhaitez-vous|quel\\w* \\w+ (?:voulez|souhait|désir)\\w*|veuillez (?:précis|indiqu)\\w*|précisez"
              + "|te refieres|se refiere|quieres decir|quiere decir|qué \\w+ (?:quiere|desea)|por favor,? (?:especifi|indi|aclar)\\w*|você quer|se refere|intendi|intende|specifica\\b|per favore (?:specific|indic)\\w*"
              + "|bedoel\\w* (?:je|u)|имеете|имеешь|уточни\\w*|хотите)|您是指|你是指|请(?:问|指定|说明|确认|提供)|ですか|でしょうか|教えて|指定して|인가요|알려주",
          FLAGS);

  /** A question that offers more and changes nothing. */
  private static final Pattern OFFERS =
      Pattern.compile(
          "\\b(?:would you like|do you want|want|need|shall i|should i|can i|may i|is there|any|anything|does (?:that|this|it)|do you need|how (?:does|is) that|sound good|make sense"
              + "|möchten sie|brauchst|souhaitez-vous|voulez-vous|quieres|desea|gostaria|vuoi|wil je)\\b[^?\\n]{0,30}\\b(?:me to|else|help|more|further|questions?|explain|also|"
              + "answer your|modify|add|break|adjust|that i|noch|sonst|d'autres?|plus|algo más|mais alguma|altro|nog)\\b",
          FLAGS);

  private Verdict() {}

  /**
   * Whether words around a statement ask something back, on which it depends.
   *
   * @param after whether they follow it; before it, a question may be the one that it answers
   * @throws aiworker.error.AiWorkerException STATEMENT_REFUSED if they speak against it, or say
   *     that more is to come
   */
  static boolean asksBack(String words, boolean after) {
    boolean asks = false;
    for (String sentence : SENTENCE.split(words.replace("**", "").replace('`', ' '), -1)) {
      if (AGAINST.matcher(sentence).find() || (after && TAKEN_BACK.matcher(sentence).find())) {
        throw against();
      }
      if (after && UNFINISHED.matcher(sentence).find()) {
        throw unfinished();
      }
      boolean question = "?？".indexOf(lastOf(sentence)) >= 0;
      asks |=
          !OFFERS.matcher(sentence).find()
              && (ASKS.matcher(sentence).find() || (after && question));
    }
    if (!after && AGAINST_WHAT_FOLLOWS.matcher(words).find()) {
      throw against();
    }
    if (!after && EXPLORES.matcher(words.substring(Math.max(0, words.length() - 300))).find()) {
      throw unfinished();
    }
    return asks;
  }

  /**
   * A comment in a statement may take it back.
   *
   * @throws aiworker.error.AiWorkerException STATEMENT_REFUSED
   */
  static void requireFor(String comment) {
    String words = comment.replaceFirst("^(?:--|/\\*)\\s*", "");
    if (AGAINST.matcher(words).find()) {
      throw against();
    }
    if (UNFINISHED.matcher(words).find()) {
      throw unfinished();
    }
  }

  /** Whether a word for a verdict, as {@code incorrect}, says that something is wrong. */
  static boolean isBad(String word) {
    return BAD.matcher(word).find();
  }

  /** Whether a text is nothing but a word for a statement that is not the last. */
  static boolean isUnfinished(String text) {
    return UNFINISHED_KIND.matcher(text).matches();
  }

  private static char lastOf(String sentence) {
    String said = sentence.strip();
    return said.isEmpty() ? ' ' : said.charAt(said.length() - 1);
  }

  private static RuntimeException unfinished() {
    return Refusal.of("the model's reply says that its statement is not finished");
  }

  private static RuntimeException against() {
    return Refusal.of("the model's reply speaks against its own statement");
  }
}
