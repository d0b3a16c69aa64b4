package aiworker.meaning;

/**
 * How people speak of time as it passes, in sixteen languages. Words that speak of it only together
 * with others ("last", "since") are looked for together with these ("last month", "since Monday").
 */
final class RelativeTime {
  /** At the begin of a word; elsewhere nothing more is tried. */
  private static final String WORD = "(?<![\\p{L}\\p{N}_])(?=\\p{L})";

  /** A regular expression for text in one line and in lower case. */
  static final String WORDS =
      WORD
          + "(?:"
          + String.join(
              "|",
              english(),
              german(),
              french(),
              spanishAndPortuguese(),
              italianAndRomanian(),
              dutch(),
              scandinavian(),
              polishAndCzech(),
              russianAndUkrainian(),
              turkish())
          + ")|(?=[0-9\\u2e80-\\ud7ff])(?:"
          + eastAsian()
          + ")";

  /** Growth from one to the next; other words in lower case. */
  static final String OVER = "\\b(?:MoM|YoY|WoW|QoQ|DoD|YOY|QOQ)\\b";

  /** The months' names, or begins of them, each month a group. */
  static final String MONTHS =
      WORD
          + "(?:(jan\\w*|enero|gennaio|stycz\\w*|led(?:en|na|nu)|янв\\w*|січ\\w*|ocak\\w*|ianuarie)"
          + "|(feb\\w*|f[ée]v\\w*|lut(?:y|ego|ym)|únor\\w*|февр\\w*|лют\\w*|şubat\\w*)"
          + "|(mar(?:ch|s|z|zo|ço|t|tie|ts|ca|cu|zec)?|märz|maart|mars|březn\\w*|март\\w*|берез\\w*)"
          + "|(apr\\w*|avr\\w*|abril|kwie\\w*|dub(?:en|na|nu)|апр\\w*|квіт\\w*|nisan\\w*)"
          + "|(may|mai|mayo|maio|maggio|mei|maj\\w*|květ(?:en|na|nu)|ма[йяею]|трав\\w*|mayıs\\w*)"
          + "|(june?|juin|juni|junio|junho|giugno|iunie|czerw\\w*|červ(?:en|na|nu)|июн\\w*|черв\\w*|haziran\\w*)"
          + "|(july?|juil\\w*|juli|julio|julho|luglio|iulie|lip(?:iec|ca|cu)|červen(?:ec|ce)|июл\\w*|лип\\w*|temmuz\\w*)"
          + "|(aug\\w*|ao[uû]t|agosto|sierp\\w*|srp(?:en|na|nu)|авг\\w*|серп\\w*|ağustos\\w*)"
          + "|(sep\\w*|setembro|settembre|wrze\\w*|září|сент\\w*|верес\\w*|eylül\\w*)"
          + "|(o[ck]t\\w*|outubro|ottobre|październik\\w*|říj\\w*|окт\\w*|жовт\\w*|ekim\\w*)"
          + "|(nov\\w*|listopad\\w*|ноя\\w*|листопад\\w*|kasım\\w*)"
          + "|(de[czs]\\w*|déc\\w*|diciembre|grud\\w*|prosin\\w*|дек\\w*|груд\\w*|aralık\\w*|dicembre))";

  /** A month without a year: the one that has been last, or comes next. */
  static final String MONTH_ALONE =
      WORD
          + "(?:(?:in|during|for|of|since|until|through|by) (?:early |late |mid-?)?(?:january|february|march|april|may|june|july|august|september"
          + "|october|november|december)\\b|\\bim (?:monat )?(?:januar|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember)\\b"
          + "|\\b(?:en |au mois de |au mois d['’]|d['’])(?:janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre)\\b"
          + "|\\b(?:en|de) (?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre)\\b"
          + "|\\b(?:em|de) (?:janeiro|fevereiro|março|abril|maio|junho|julho|agosto|setembro|outubro|novembro|dezembro)\\b"
          + "|\\b(?:in|a|ad|di) (?:gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|settembre|ottobre|novembre|dicembre)\\b"
          + "|\\bin (?:januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december)\\b"
          + "|\\b(?:в|за) (?:январ|феврал|март|апрел|ма[ей]|июн|июл|август|сентябр|октябр|ноябр|декабр)\\w*)"
          + "|(?<![0-9年/.-])(?:1[0-2]|[1-9])月(?![曜0-9])|(?<![0-9년])(?:1[0-2]|[1-9])월(?!요)";

  private RelativeTime() {}

  private static String english() {
    String days = "monday|tuesday|wednesday|thursday|friday|saturday|sunday";
    String months =
        "january|february|march|april|may|june|july|august|september|october|november|december";
    String units =
        "(?:second|minute|hour|day|night|week|weekend|fortnight|month|quarter|season|year|decade|morning|evening|"
            + days
            + "|"
            + months
            + ")s?";
    String amount =
        "(?:[0-9]{1,4}|an?|one|two|three|four|five|six|seven|ten|few|several|couple of)";
    return "\\b(?:day|week|month|quarter|year)[- ](?:over|on)[- ](?:day|week|month|quarter|year)\\b"
        + "|\\b(?:within|in) (?:the )?(?:last |past |next )?"
        + amount
        + " (?:hour|day|week|month|year)s?\\b(?! (?:of|after|from|before|following|since|between))"
        + "|\\bfor (?:over |more than |at least |the )?[0-9]{1,4} (?:days|weeks|months|years)\\b"
        + "|\\b(?:today|yesterday|tomorrow|tonight|nowadays|now|currently|recent|recently|ago|so far|to date|year-to-date"
        + "|ytd|mtd|qtd|overdue|years? old|(?:older|younger|newer) than)\\b"
        + "|\\b(?:this|last|past|previous|preceding|current|next|coming|upcoming|trailing|rolling) +(?:[\\w-]+ +){0,3}"
        + units
        + "\\b|\\b(?:since|until|till) (?:the |last |this )*(?:"
        + days
        + "|"
        + months
        + "|morning|weekend|(?:start|beginning) of the)\\b|\\b(?:before|after|by|from|on) (?:"
        + days
        + ")\\b";
  }

  private static String german() {
    String days =
        "montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag|januar|februar|märz|april|mai|juni|juli"
            + "|august|september|oktober|november|dezember";
    return "\\b(?:heut\\w*|(?:vor)?gestrig\\w*|(?:vor)?gestern|(?:über)?morgen|jetzt|aktuell\\w*|derzeit\\w*|momentan|zurzeit"
        + "|bisher\\w*|bislang|neulich|kürzlich|überfällig\\w*)\\b"
        + "|\\b(?:dies|letzt|vorig|vergangen|vorherig|kommend|nächst|laufend)\\w* +(?:\\w+ +){0,2}"
        + "(?:sekunde|minute|stunde|tag|woche|monat|quartal|halbjahr|jahr|sommer|winter|"
        + days
        + ")\\w*|\\b(?:vor|seit) +(?:\\w+ +){0,2}(?:sekunde|minute|stunde|tag|woche|monat|quartal|jahr)\\w*"
        + "|\\b(?:seit|bis) (?:letzte\\w* )?(?:"
        + days
        + ")\\b|\\bvorjahr\\w*|\\bvormonat\\w*";
  }

  private static String french() {
    String days =
        "lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|janvier|février|mars|avril|mai|juin|juillet|août|septembre"
            + "|octobre|novembre|décembre";
    String units = "(?:semaine|mois|trimestre|semestre|année|an|jour|week-end|" + days + ")s?";
    return "aujourd.hui|\\b(?:(?:avant-)?hier|demain|maintenant|actuellement|récemment|récentes?|récents?|il y a|jusqu.ici"
        + "|à ce jour|en retard)\\b|\\b"
        + units
        + " (?:derni|passé|précédent|courant|prochain|en cours)\\w*"
        + "|\\b(?:ce|cet|cette|ces) (?:derni\\w+ )?(?:matin|soir|"
        + units
        + ")\\b|\\b(?:derni|prochain)\\w+ +(?:\\w+ +)?(?:heure|"
        + units
        + ")s?\\b|\\bdepuis (?:le )?(?:"
        + days
        + ")\\b";
  }

  private static String spanishAndPortuguese() {
    String days =
        "lunes|martes|miércoles|jueves|viernes|sábado|domingo|segunda|terça|quarta|quinta|sexta|enero|febrero|marzo|abril"
            + "|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|janeiro|fevereiro|março|maio|junho|julho"
            + "|setembro|outubro|novembro|dezembro";
    String units =
        "(?:día|dia|semana|mes|mês|trimestre|semestre|año|ano|hora|minuto|fin de semana|fim de semana|"
            + days
            + ")";
    return "\\b(?:hoy|ayer|anteayer|mañana|ahora|actualmente|recientes?|recientemente|hasta la fecha|hoje|ontem|anteontem"
        + "|amanhã|agora|atualmente|recentes?|recentemente|até agora|vencid[oa]s|atrasad[oa]s)\\b"
        + "|\\b(?:hace|há|faz) (?:\\w+ +){1,2}"
        + units
        + "\\w*|\\b(?:últim|ultim|pasad|passad|próxim|est[aeo]s?\\b|n?est[ae]\\b|d?est[ae]\\b)\\w* +(?:\\w+ +){0,2}"
        + units
        + "\\w*|\\b"
        + units
        + "\\w* (?:pasad|passad|anterior|próxim|actual|atual|corrente|en curso|em curso)\\w*|\\bdesde (?:el |a |o )?(?:"
        + days
        + ")\\b";
  }

  private static String italianAndRomanian() {
    String days =
        "lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica|gennaio|febbraio|marzo|aprile|maggio|giugno|luglio"
            + "|agosto|settembre|ottobre|novembre|dicembre";
    String units = "(?:giorn|settiman|mes[ei]|trimestr|ann[oi]|or[ae]\\b|weekend|" + days + ")";
    return "\\b(?:oggi|ieri|domani|adesso|attualmente|recent[ei]|recentemente|finora|scadut[ei])\\b|\\bquest.anno\\b"
        + "|\\b(?:ultim|scors|prossim|quest|passat)\\w+ +(?:\\w+ +){0,2}"
        + units
        + "|\\b"
        + units
        + "\\w* (?:fa|scors[aeio]|passat[aeio]|precedent[ei]|prossim[aeio]|corrente|in corso)\\b|\\bda (?:"
        + days
        + ")\\b|\\b(?:astăzi|azi|ieri|mâine|acum)\\b|\\b(?:săptămân|lun|trimestru|an)\\w* "
        + "(?:trecut|curent|viitor|acea?st)\\w*|\\bultim\\w+ (?:\\w+ )?(?:zi|săpt|lun|trim|an)\\w*";
  }

  private static String dutch() {
    String days =
        "maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag|januari|februari|maart|april|mei|juni|juli|augustus"
            + "|september|oktober|november|december";
    return "\\b(?:vandaag|(?:eer)?gisteren|morgen|nu|momenteel|onlangs|recente?|geleden|achterstallige?)\\b"
        + "|\\b(?:deze|dit|vorige?|afgelopen|laatste|komende|volgende?|huidige) +(?:\\w+ +){0,2}"
        + "(?:dag|dagen|week|weken|weekend|maand|kwartaal|jaar|jaren|uur|"
        + days
        + ")\\w*|\\bsinds (?:vorige )?(?:"
        + days
        + ")\\b";
  }

  private static String scandinavian() {
    String days = "måndag|tisdag|onsdag|torsdag|fredag|lördag|söndag|mandag|tirsdag|lørdag|søndag";
    String units =
        "(?:dag|dygn|veck|uge|uke|månad|måned|kvartal|år|timm|tim|helg|weekend|" + days + ")";
    return "\\b(?:i ?dag|i ?går|i ?morgon|i ?morgen|i ?år|nu|nå|nyligen|nylig|hittills|hidtil|hittil)\\b"
        + "|\\b(?:denna|detta|den här|det här|förra|senaste|kommande|nästa|denne|dette|sidste|siste|seneste|forrige|næste"
        + "|neste|föregående) +(?:\\w+ +){0,2}"
        + units
        + "\\w*|\\b(?:för|for) +(?:\\w+ +){1,2}(?:sedan|siden)\\b|\\b(?:sedan|siden) (?:i )?(?:"
        + days
        + ")\\w*";
  }

  private static String polishAndCzech() {
    return "\\b(?:dziś|dzisiaj|dzisiejsz\\w+|wczoraj\\w*|przedwczoraj|jutro|teraz|obecnie|ostatnio|temu|dotychczas|dnes|včera"
        + "|předevčírem|zítra|nyní|nedávno|dosud)\\b"
        + "|\\b(?:ostatni|zeszł|ubiegł|poprzedni|bieżąc|przyszł|następn|posledn|minul|příšt|tento|tohoto|letoš)\\w* "
        + "+(?:\\w+ +){0,2}(?:dni|dzień|dnia|dob|tydzień|tygodni|miesi|kwarta|rok|lat|týden|týdn|dnů|dny|měsíc|čtvrtlet|let)\\w*"
        + "|\\b(?:tym|tego) (?:tygodni|miesi|rok|kwarta)\\w*"
        + "|\\bod (?:poniedziałku|wtorku|środy|czwartku|piątku|soboty|niedzieli|stycznia|lutego|marca|kwietnia|maja"
        + "|czerwca|lipca|sierpnia|września|października|listopada|grudnia|pondělí|úterý|středy|čtvrtka|pátku|neděle)\\b"
        + "|\\bpřed (?:\\w+ +){0,2}(?:dny|dnem|týdn|měsíc|lety|rokem)\\w*";
  }

  private static String russianAndUkrainian() {
    return "сегодня|(?:поза)?вчера|завтра|\\b(?:сейчас|недавно|назад|до сих пор|сьогодні|(?:поза)?вчора|зараз|нещодавно|тому)\\b"
        + "|\\b(?:прошл|последн|минувш|предыдущ|текущ|следующ|ближайш|эт(?:о|а|у|и|от)|минул|останн|поточн|наступн|ц(?:ього|ей|ьому))"
        + "\\w* +(?:\\w+ +){0,2}(?:дн|ден|сут|недел|месяц|квартал|год|лет|час|понедельник|вторник|сред|четверг|пятниц|суббот"
        + "|воскресень|тижн|тижден|місяц|рок|рік|років)\\w*"
        + "|\\bс (?:понедельника|вторника|среды|четверга|пятницы|субботы|воскресенья|января|февраля|марта|апреля|мая"
        + "|июня|июля|августа|сентября|октября|ноября|декабря)\\b";
  }

  private static String turkish() {
    return "\\b(?:bugün|dün|yarın|şimdi|önce|şu an)\\b"
        + "|\\b(?:geçen|bu|gelecek|önceki|son) +(?:\\w+ +)?(?:hafta|ay|yıl|çeyrek|gün|saat)\\w*";
  }

  private static String eastAsian() {
    return "[今昨前明后後][天日晚]|今年|去年|前年|明年|昨年|来年|現在|现在|目前|当前|當前|[当當][日月年]|最近|近期|近来|過去|过去|迄今|至今"
        + "|以来|以來|近 ?[0-9一二三四五六七八九十两兩几幾半]{1,6} ?[个個]?(?:天|日|周|週|星期|月|季度|年|小时|小時)|本(?:日|周|週|月|季|年|财年)"
        + "|[上下这這][一]?[个個]?(?:周|週|星期|礼拜|月|季|年)|[0-9一二三四五六七八九十两兩几幾] ?[个個]?(?:天|日|周|週|星期|月|年|小时|小時)[之以]?前"
        + "|[今先来前](?:週|月|期|四半期)|当(?:月|四半期|期)|本日|一昨日|直近|これまで|今まで|さっき|先ほど|ここ[0-9一二三四五六七八九十数]"
        + "|[0-9一二三四五六七八九十数] ?(?:週間|時間|分|か月|ヶ月|カ月|ヵ月)前|[月火水木金土日]曜日?(?:以降|から)"
        + "|오늘|어제|그저께|그제|내일|지금|현재|최근|이번 ?(?:주|달|분기|해|월|연도|년)|지난 ?(?:[0-9]{1,4} ?)?(?:주|달|분기|해|일|년|개월|월|한)"
        + "|올해|작년|금년|금월|금주|전년|전월|전주|[0-9] ?(?:일|주|개월|달|년|시간) ?전|[월화수목금토일]요일부터";
  }
}
