package aiworker.check;

import aiworker.error.Refusal;
import aiworker.json.Json;
import aiworker.lexer.Lexer;
import aiworker.lexer.Token;
import aiworker.lexer.Token.Kind;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Everything that a statement names, read off the very tokens that the server will read. It does
 * not depend on what the parser made of them: any name before a parenthesis counts as a function,
 * any name after a dot as one in attribute notation ({@code t.f} calls f(t) when t has no column
 * f).
 *
 * @param text that they are read off
 * @param relations from the tree; common table expressions among them
 * @param types of casts and constants, whose input functions run while the statement is analysed
 * @param definitions what may be the type in {@code AS t(a type)}, or a table, a column or an alias
 * @param attributes what stands after a dot, with the name before it as its schema
 * @param fields what stands after the dot of a parenthesised expression
 * @param keywords functions of the server that are called by a word alone, such as {@code user}
 * @param places where a name without its schema may be a relation's
 * @param calls where a name without its schema is called
 * @param symbols where an operator without its schema stands
 * @param typePlaces where a name without its schema is or may be a type's
 * @param typesPerhaps where a name without its schema may be a type's for all that tokens tell
 * @param keywordSymbols operators that keywords stand for
 * @param collations where a name without its schema is a collation's
 * @param numbers that servers before PostgreSQL 16 cut into two tokens
 * @param systemNames names of the system that are a relation's or its schema's
 * @param suspicion why they may stand for what is out of scope where the server cannot be asked;
 *     null if there is no reason
 */
record Names(
    String text,
    Set<QualifiedName> relations,
    Set<QualifiedName> functions,
    Set<QualifiedName> types,
    Set<QualifiedName> definitions,
    Set<QualifiedName> attributes,
    Set<String> fields,
    Set<String> operators,
    Set<String> keywords,
    List<Token> places,
    List<Token> calls,
    List<Token> symbols,
    List<Token> typePlaces,
    List<Token> typesPerhaps,
    Set<String> keywordSymbols,
    List<Token> collations,
    List<Token> numbers,
    Set<String> systemNames,
    String suspicion) {

  static Names of(String text, Set<QualifiedName> relations, Set<String> calledInTree) {
    Scan scan = new Scan(Lexer.tokens(text), calledInTree);
    scan.run();
    return new Names(
        text,
        relations,
        scan.functions,
        scan.types,
        scan.definitions,
        scan.attributes,
        scan.fields,
        scan.operators,
        scan.keywords,
        scan.places,
        scan.calls,
        scan.symbols,
        scan.typePlaces,
        scan.typesPerhaps,
        scan.keywordSymbols,
        scan.collations,
        scan.numbers,
        scan.systemNames,
        scan.suspicion);
  }

  /** As {@code ai_worker.named_objects} takes them. */
  String json() {
    ArrayNode wanted = JsonNodeFactory.instance.arrayNode();
    relations.forEach(name -> add(wanted, "relation", name));
    functions.forEach(name -> add(wanted, "function", name));
    // f(x) is a cast too where f is a type
    functions.forEach(name -> add(wanted, "type", name));
    types.forEach(name -> add(wanted, "type", name));
    definitions.forEach(name -> add(wanted, "definition", name));
    attributes.forEach(name -> add(wanted, "attribute", name));
    fields.forEach(name -> add(wanted, "field", new QualifiedName(null, name)));
    operators.forEach(name -> add(wanted, "operator", new QualifiedName(null, name)));
    keywords.forEach(name -> add(wanted, "keyword", new QualifiedName(null, name)));
    places.forEach(token -> addPlace(wanted, "place", token.name(), token));
    calls.forEach(token -> addPlace(wanted, "call", token.name(), token));
    symbols.forEach(token -> addPlace(wanted, "symbol", token.text(), token));
    typePlaces.forEach(token -> addPlace(wanted, "type_place", token.name(), token));
    typesPerhaps.forEach(token -> addPlace(wanted, "type_maybe", token.name(), token));
    keywordSymbols.forEach(name -> add(wanted, "keyword_symbol", new QualifiedName(null, name)));
    collations.forEach(token -> addPlace(wanted, "collation", token.name(), token));
    numbers.forEach(token -> addPlace(wanted, "number", token.text(), token));
    return Json.write(wanted);
  }

  private void addPlace(ArrayNode wanted, String kind, String name, Token token) {
    // as the server counts, in code points from one
    int start = text.codePointCount(0, token.start()) + 1;
    add(wanted, kind, new QualifiedName(null, name)).put("start", start);
  }

  private static ObjectNode add(ArrayNode wanted, String kind, QualifiedName name) {
    return wanted
        .addObject()
        .put("kind", kind)
        .put("schema", name.schema())
        .put("name", name.name());
  }

  /** One pass over the tokens. */
  private static final class Scan {
    private final List<Token> tokens;
    private final Set<String> calledInTree;
    private final Set<QualifiedName> functions = new LinkedHashSet<>();
    private final Set<QualifiedName> types = new LinkedHashSet<>();
    private final Set<QualifiedName> definitions = new LinkedHashSet<>();
    private final Set<QualifiedName> attributes = new LinkedHashSet<>();
    private final Set<String> fields = new LinkedHashSet<>();
    private final Set<String> operators = new LinkedHashSet<>();
    private final Set<String> keywords = new LinkedHashSet<>();
    private final Set<String> labels = new LinkedHashSet<>();
    private final Set<String> systemNames = new LinkedHashSet<>();
    private final List<Token> places = new ArrayList<>();
    private final List<Token> calls = new ArrayList<>();
    private final List<Token> symbols = new ArrayList<>();
    private final List<Token> typePlaces = new ArrayList<>();
    private final List<Token> typesPerhaps = new ArrayList<>();
    private final Set<String> keywordSymbols = new LinkedHashSet<>();
    private final List<Token> collations = new ArrayList<>();
    private final List<Token> numbers = new ArrayList<>();
    private String suspicion;
    private final Deque<String> openers = new ArrayDeque<>();
    private final Deque<Integer> parentheses = new ArrayDeque<>();
    private final Deque<String> clauses = new ArrayDeque<>(List.of(""));
    private int at;

    private Scan(List<Token> tokens, Set<String> calledInTree) {
      this.tokens = tokens;
      this.calledInTree = calledInTree;
    }

    private void run() {
      while (at < tokens.size()) {
        Token token = tokens.get(at);
        if (isQualifiedOperator()) {
          at = closing();
        } else if (token.isName()) {
          chain();
        } else {
          other(token);
          at++;
        }
      }
      keywords.stream()
          .filter(labels::contains)
          .findFirst()
          .ifPresent(
              word -> {
                throw Refusal.of(
                    "%1$s is a function of the server; the column of that name is written \"%1$s\"",
                    word);
              });
    }

    /** Whether a column or an alias gets the name of such a function here. */
    private static boolean isLabel(Token token, Token before) {
      return Keywords.CALLED_BY_A_WORD.contains(token.name().toUpperCase(Locale.ROOT))
          && (token.kind() == Kind.QUOTED_NAME || (before != null && before.isWord("AS")));
    }

    private void other(Token token) {
      if (token.kind() == Kind.PARAMETER) {
        throw Refusal.of("parameter %s is not allowed", token.text());
      }
      if (token.is(")") && "+".equals(text(1)) && "(".equals(text(2))) {
        throw Refusal.of("(+) is not supported");
      }
      if (token.kind() == Kind.OPERATOR) {
        operators.add(token.text());
        symbols.add(token);
      } else if (token.kind() == Kind.NUMBER && isOfLaterServers(token.text())) {
        numbers.add(token);
      } else if (token.is("(") || token.is("[")) {
        openers.push(token.is("[") ? "[" : previous(1) == null ? "" : previous(1).word());
        clauses.push(continuesFrom() ? "FROM" : "");
        parentheses.push(at);
      } else if ((token.is(")") || token.is("]")) && !openers.isEmpty()) {
        openers.pop();
        clauses.pop();
        parentheses.pop();
      } else if (token.is(":") && !"[".equals(openers.peek())) {
        throw Refusal.of("a parameter is not allowed");
      }
    }

    /** Whether {@code OPERATOR(schema.+)} stands here, which only the server resolves. */
    private boolean isQualifiedOperator() {
      return tokens.get(at).isWord("OPERATOR")
          && at + 1 < tokens.size()
          && tokens.get(at + 1).is("(")
          && tokens.get(closing() - 1).kind() == Kind.OPERATOR
          && tokens.subList(at + 2, closing() - 1).stream().allMatch(t -> t.isName() || t.is("."));
    }

    /** The next closing parenthesis. */
    private int closing() {
      int end = at;
      while (end < tokens.size() - 1 && !tokens.get(end).is(")")) {
        end++;
      }
      return end;
    }

    /** A name with what is joined to it by dots. */
    private void chain() {
      Token before = previous(1);
      Token beforeDot = previous(2);
      List<Token> parts = new ArrayList<>();
      parts.add(tokens.get(at++));
      while (at + 1 < tokens.size() && tokens.get(at).is(".") && tokens.get(at + 1).isName()) {
        parts.add(tokens.get(at + 1));
        at += 2;
      }
      Token next = at < tokens.size() ? tokens.get(at) : null;
      boolean relation = mayBeRelation(before, next);
      if (Keywords.CLAUSES.contains(parts.get(0).word())) {
        clauses.pop();
        clauses.push(parts.get(0).word());
      } else if (parts.size() == 1 && relation) {
        places.add(parts.get(0));
      }
      boolean afterDot = before != null && before.is(".");
      boolean call = next != null && next.is("(") && !isSyntax(parts);
      boolean type = isType(parts, before, next);
      if (call) {
        functions.add(qualified(parts, "function"));
      }
      if (parts.size() == 1 && !afterDot && (call || isPlainCall(parts.get(0), next))) {
        calls.add(parts.get(0));
      }
      if (parts.size() == 1 && !afterDot && isKeywordFunction(parts.get(0), before)) {
        keywords.add(parts.get(0).name());
      }
      if (parts.size() == 1 && !afterDot && isLabel(parts.get(0), before)) {
        labels.add(parts.get(0).name());
      }
      boolean collation = before != null && before.isWord("COLLATE");
      boolean system = parts.stream().anyMatch(Scan::isSystemName);
      boolean definition =
          !type
              && !collation
              && isDefinition(parts, before)
              && (!system || isInDefinitionList(before));
      if (!isNamedConfiguration(parts, before, next)) {
        parts.forEach(part -> requireHarmless(part, type));
        if (type) {
          types.add(qualified(parts, "type"));
        }
      }
      if (definition) {
        definitions.add(qualified(parts, "type"));
      }
      if (parts.size() == 1 && (type || (definition && isInDefinitionList(before)))) {
        typePlaces.add(parts.get(0));
      } else if (parts.size() == 1 && collation) {
        collations.add(parts.get(0));
      } else if (isDefinition(parts, before) && parts.size() == 1 && !before.isWord("AS")) {
        typesPerhaps.add(parts.get(0));
      }
      if (parts.size() == 1 && !afterDot && (before == null || !before.isWord("AS"))) {
        keywordSymbols.addAll(Keywords.operators(parts.get(0), next));
      }
      if (!call && !type && system) {
        systemName(parts, before, relation);
      }
      for (int i = 1; i < parts.size(); i++) {
        attributes.add(new QualifiedName(parts.get(i - 1).name(), parts.get(i).name()));
      }
      if (afterDot && beforeDot != null) {
        parts.stream().map(Token::name).forEach(fields::add);
      }
    }

    /**
     * Whether a parenthesis here holds relations of the FROM clause around it, and no arguments.
     */
    private boolean continuesFrom() {
      Token before = previous(1);
      return Keywords.FROM_LIST.contains(clauses.peek())
          && before != null
          && (before.is("(")
              || before.is(",")
              || before.isWord("FROM")
              || before.isWord("JOIN")
              || before.isWord("LATERAL"));
    }

    /** What is none, a common table expression for one, is found out by the server. */
    private boolean mayBeRelation(Token before, Token next) {
      boolean after =
          before != null
              && (before.isWord("FROM")
                  || before.isWord("JOIN")
                  || before.isWord("ONLY")
                  || before.isWord("TABLE")
                  || (before.is(",") && Keywords.FROM_LIST.contains(clauses.peek()))
                  || (before.is("(") && clauses.peek().equals("FROM")));
      return after && (next == null || !next.is("("));
    }

    /** {@code FROM user} reads no table of that name, but a row with the role that asks. */
    private boolean isKeywordFunction(Token token, Token before) {
      if (!Keywords.CALLED_BY_A_WORD.contains(token.word())
          || (before != null && before.isWord("AS"))) {
        return false;
      }
      boolean from =
          before != null
              && (before.isWord("FROM")
                  || before.isWord("JOIN")
                  || before.isWord("LATERAL")
                  || (before.is(",") && Keywords.FROM_LIST.contains(clauses.peek()))
                  || (before.is("(") && clauses.peek().equals("FROM")));
      boolean distinct = at > 2 && tokens.get(at - 3).isWord("DISTINCT");
      if (from && !distinct && !Keywords.FROM_IN_A_CALL.contains(String.valueOf(openers.peek()))) {
        throw Refusal.of(
            "%1$s in FROM is a function of the server; a table of that name is written \"%2$s\"",
            token.text(), token.name());
      }
      return true;
    }

    /** Elsewhere it is a column or a label, unless the server reads it otherwise. */
    private void systemName(List<Token> parts, Token before, boolean relation) {
      boolean ofAnExpression =
          before != null
              && before.isWord("FROM")
              && (Keywords.FROM_IN_A_CALL.contains(String.valueOf(openers.peek()))
                  || followsDistinct(parts));
      if (relation && !ofAnExpression) {
        parts.stream().filter(Scan::isSystemName).map(Token::name).forEach(systemNames::add);
      } else {
        suspect("\"" + text(parts) + "\" is a name of the system and not in scope");
      }
    }

    /** Whether it is what another value is or is not distinct from. */
    private boolean followsDistinct(List<Token> parts) {
      int from = at - 2 * parts.size();
      return from > 0 && tokens.get(from - 1).isWord("DISTINCT");
    }

    private void suspect(String why) {
      if (suspicion == null) {
        suspicion = why;
      }
    }

    /** As a type it is refused, and anything else it may be is for the server to tell. */
    private void requireHarmless(Token part, boolean type) {
      // an array's type has its element's name behind an underscore
      Rules.forbiddenName(part.name().replaceFirst("^_", ""))
          .ifPresent(
              reason -> {
                if (type) {
                  throw Refusal.of("\"%s\" %s", part.name(), reason);
                }
                suspect("\"" + part.name() + "\" " + reason);
              });
    }

    /** Whether a constant that is no number names a configuration of text search. */
    private boolean isNamedConfiguration(List<Token> parts, Token before, Token next) {
      if (before == null || !Rules.isOfTextSearch(parts.get(parts.size() - 1).name())) {
        return false;
      }
      int start = at - 2 * parts.size() + 1;
      boolean cast = before.isWord("AS") && start > 2 && tokens.get(start - 3).is("(");
      Token constant = start > 1 && (before.is("::") || cast) ? tokens.get(start - 2) : next;
      return constant != null && isWord(constant);
    }

    /** Whether it is a constant in plain quotes that begins as a word does. */
    private static boolean isWord(Token constant) {
      return constant.kind() == Kind.STRING
          && constant.text().length() > 2
          && constant.text().charAt(0) == '\''
          && Character.isLetter(constant.text().charAt(1));
    }

    private static boolean isOfLaterServers(String number) {
      return number.indexOf('_') >= 0
          || (number.length() > 1 && "xXoObB".indexOf(number.charAt(1)) >= 0);
    }

    private boolean isSyntax(List<Token> parts) {
      String word = parts.get(0).word();
      return parts.size() == 1
          && (Keywords.NEVER_A_FUNCTION.contains(word)
              || (Keywords.SYNTAX_BEFORE_PARENTHESIS.contains(word)
                  && !calledInTree.contains(parts.get(0).name())));
    }

    /** Whether a word of the grammar stands there for the function of that name. */
    private boolean isPlainCall(Token word, Token next) {
      return Keywords.FROM_IN_A_CALL.contains(word.word())
          && next != null
          && next.is("(")
          && tokens.subList(at, Query.closing(tokens, at)).stream()
              .noneMatch(token -> Keywords.IN_A_CALL.contains(token.word()));
    }

    private boolean isType(List<Token> parts, Token before, Token next) {
      String word = parts.size() == 1 ? parts.get(0).word() : "";
      if (Keywords.GRAMMAR_TYPES.contains(word)) {
        return false;
      }
      boolean cast = before != null && before.is("::");
      boolean castWord =
          before != null
              && (before.isWord("RETURNING")
                  || (before.isWord("AS")
                      && Keywords.CAST_BEFORE_PARENTHESIS.contains(
                          String.valueOf(openers.peek()))));
      boolean constant =
          next != null && next.kind() == Kind.STRING && !Keywords.BEFORE_EXPRESSION.contains(word);
      return cast || castWord || constant;
    }

    /**
     * Whether it may be the type in {@code AS t(a type)}: a name after a name. What is none is
     * judged where the server cannot be asked, and only if there is a type of that name.
     */
    private static boolean isDefinition(List<Token> parts, Token before) {
      if (before == null || !before.isName()) {
        return false;
      }
      return parts.size() == 1
          ? !Keywords.GRAMMAR_TYPES.contains(parts.get(0).word())
          : !isKeyword(before);
    }

    /** Whether the parenthesis around it is neither a query's nor holds relations. */
    private boolean isInDefinitionList(Token before) {
      int open = parentheses.isEmpty() ? 0 : parentheses.peek();
      return open > 0
          && !before.isWord("AS")
          && tokens.get(open - 1).isName()
          && (tokens.get(open - 1).isWord("AS") || !isKeyword(tokens.get(open - 1)))
          && !Query.FIRST_WORDS.contains(tokens.get(open + 1).word());
    }

    private static boolean isKeyword(Token token) {
      String word = token.word();
      return Keywords.NEVER_A_FUNCTION.contains(word)
          || Keywords.SYNTAX_BEFORE_PARENTHESIS.contains(word)
          || Keywords.BEFORE_EXPRESSION.contains(word);
    }

    private static boolean isSystemName(Token part) {
      return Rules.isSystemName(part.name());
    }

    private static QualifiedName qualified(List<Token> parts, String what) {
      if (parts.size() > 2) {
        throw Refusal.of("%s %s has too many parts", what, text(parts));
      }
      return parts.size() == 1
          ? new QualifiedName(null, parts.get(0).name())
          : new QualifiedName(parts.get(0).name(), parts.get(1).name());
    }

    private static String text(List<Token> parts) {
      return String.join(".", parts.stream().map(Token::text).toList());
    }

    private String text(int back) {
      return at - back >= 0 ? tokens.get(at - back).text() : "";
    }

    private Token previous(int back) {
      return at - back >= 0 ? tokens.get(at - back) : null;
    }
  }
}
