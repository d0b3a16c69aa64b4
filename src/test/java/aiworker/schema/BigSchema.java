package aiworker.schema;

import aiworker.testing.Full;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A made-up company group of 1,000 tables with 20 columns each (200 unless the long tests run): 40
 * businesses that all have the same 25 kinds of things, named in four ways, with foreign keys
 * inside each business. Every word of a question fits many tables; only together they name the
 * right ones.
 */
final class BigSchema {
  static final int COLUMNS = 20;

  private static final List<String> ALL_BUSINESSES =
      List.of(
          "hotel",
          "clinic",
          "library",
          "school",
          "fleet",
          "insurance",
          "bank",
          "museum",
          "farm",
          "airport",
          "railway",
          "telecom",
          "energy",
          "water",
          "theatre",
          "newspaper",
          "studio",
          "laboratory",
          "forestry",
          "fishery",
          "mining",
          "factory",
          "retail",
          "pharmacy",
          "gym",
          "restaurant",
          "brewery",
          "bakery",
          "garden",
          "zoo",
          "casino",
          "harbour",
          "cinema",
          "print",
          "software",
          "security",
          "cleaning",
          "moving",
          "rental",
          "travel");

  private static final List<String> BUSINESSES =
      ALL_BUSINESSES.subList(0, Full.or(ALL_BUSINESSES.size(), 8));

  /** Each kind of thing with the kinds it refers to. */
  private static final Map<String, List<String>> THINGS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("region", List.of()),
              Map.entry("customer", List.of("region")),
              Map.entry("department", List.of()),
              Map.entry("employee", List.of("department")),
              Map.entry("order", List.of("customer", "employee")),
              Map.entry("category", List.of()),
              Map.entry("supplier", List.of("region")),
              Map.entry("product", List.of("category", "supplier")),
              Map.entry("order_line", List.of("order", "product")),
              Map.entry("invoice", List.of("order")),
              Map.entry("payment", List.of("invoice")),
              Map.entry("contract", List.of("customer")),
              Map.entry("complaint", List.of("customer", "employee")),
              Map.entry("vehicle", List.of()),
              Map.entry("shipment", List.of("order", "vehicle")),
              Map.entry("inspection", List.of("vehicle", "employee")),
              Map.entry("training", List.of()),
              Map.entry("training_attendance", List.of("training", "employee")),
              Map.entry("budget", List.of("department")),
              Map.entry("expense", List.of("employee", "budget")),
              Map.entry("campaign", List.of("region")),
              Map.entry("campaign_response", List.of("campaign", "customer")),
              Map.entry("warranty", List.of("order_line")),
              Map.entry("review", List.of("product", "customer")),
              Map.entry("appointment", List.of("customer", "employee"))));

  private static final Map<String, String> ATTRIBUTES =
      Map.ofEntries(
          Map.entry("region", "population country"),
          Map.entry("customer", "surname email phone credit_limit loyalty_points"),
          Map.entry("department", "floor cost_center"),
          Map.entry("employee", "surname salary hired_on job_title"),
          Map.entry("order", "ordered_on total_amount currency"),
          Map.entry("category", "position"),
          Map.entry("supplier", "email phone rating"),
          Map.entry("product", "unit_price weight stock discontinued"),
          Map.entry("order_line", "quantity unit_price discount"),
          Map.entry("invoice", "issued_on due_on amount paid"),
          Map.entry("payment", "received_on amount method"),
          Map.entry("contract", "signed_on expires_on monthly_fee"),
          Map.entry("complaint", "opened_on resolved_on severity"),
          Map.entry("vehicle", "plate mileage fuel"),
          Map.entry("shipment", "departed_on arrived_on"),
          Map.entry("inspection", "inspected_on passed"),
          Map.entry("training", "subject hours price"),
          Map.entry("training_attendance", "attended_on grade"),
          Map.entry("budget", "year planned_amount"),
          Map.entry("expense", "spent_on amount purpose"),
          Map.entry("campaign", "started_on ended_on cost"),
          Map.entry("campaign_response", "responded_on channel"),
          Map.entry("warranty", "valid_until"),
          Map.entry("review", "stars body written_on"),
          Map.entry("appointment", "starts_at duration room"));

  private static final List<String> FILLERS =
      List.of(
          "name",
          "status",
          "created_at",
          "updated_at",
          "created_by",
          "notes",
          "external_ref",
          "is_active",
          "version",
          "source_system",
          "language",
          "sort_order",
          "checksum",
          "imported_at",
          "archived_at",
          "tenant_code",
          "locked_by",
          "locked_at",
          "tags");

  private BigSchema() {}

  static int tables() {
    return BUSINESSES.size() * THINGS.size();
  }

  /** The statements that create it. */
  static String ddl() {
    StringBuilder ddl = new StringBuilder();
    StringBuilder keys = new StringBuilder();
    for (String business : BUSINESSES) {
      THINGS.forEach((thing, targets) -> table(ddl, keys, business, thing, targets));
    }
    return ddl.append(keys).toString();
  }

  private static void table(
      StringBuilder ddl, StringBuilder keys, String business, String thing, List<String> targets) {
    String table = table(business, thing);
    List<String> columns = new ArrayList<>(List.of("id bigint PRIMARY KEY"));
    for (String target : targets) {
      columns.add(target + "_id bigint NOT NULL");
      keys.append(
          "ALTER TABLE %s ADD FOREIGN KEY (%s_id) REFERENCES %s;\n"
              .formatted(table, target, table(business, target)));
    }
    for (String attribute : ATTRIBUTES.get(thing).split(" ", -1)) {
      columns.add(attribute + type(attribute));
    }
    for (String filler : FILLERS) {
      if (columns.size() < COLUMNS) {
        columns.add(filler + type(filler));
      }
    }
    ddl.append("CREATE TABLE %s (%s);\n".formatted(table, String.join(", ", columns)));
    if (style(business) == 3) {
      ddl.append(
          "COMMENT ON TABLE %s IS '%s of the %s business';\n"
              .formatted(table, plural(thing).replace('_', ' '), business));
    }
  }

  private static String type(String column) {
    if (column.endsWith("_on")) {
      return " date";
    }
    return column.endsWith("_at")
        ? " timestamptz"
        : column.contains("amount") ? " numeric(12,2)" : " text";
  }

  /** The name as SQL needs it: plural, singular, camel case, or cut short with a comment. */
  static String table(String business, String thing) {
    return switch (style(business)) {
      case 0 -> business + "_" + plural(thing);
      case 1 -> business + "_" + thing;
      case 2 -> '"' + camel(business + "_" + plural(thing)) + '"';
      default -> business.substring(0, 4) + "_" + cut(thing);
    };
  }

  private static int style(String business) {
    return BUSINESSES.indexOf(business) % 4;
  }

  private static String plural(String thing) {
    return thing.endsWith("y") ? thing.substring(0, thing.length() - 1) + "ies" : thing + "s";
  }

  private static String camel(String snake) {
    StringBuilder camel = new StringBuilder();
    for (String word : snake.split("_", -1)) {
      camel.append(Character.toUpperCase(word.charAt(0))).append(word.substring(1));
    }
    return camel.toString();
  }

  private static String cut(String thing) {
    List<String> words = new ArrayList<>();
    for (String word : thing.split("_", -1)) {
      words.add(word.substring(0, Math.min(5, word.length())));
    }
    return String.join("_", words);
  }

  /**
   * A question with the tables that its answer needs.
   *
   * @param tables as SQL needs their names
   */
  record Question(String text, Set<String> tables) {}

  /** A hundred: each wording for two businesses that name their tables differently. */
  static List<Question> questions() {
    List<Question> questions = new ArrayList<>();
    int business = 0;
    for (String line : WORDINGS.lines().toList()) {
      String[] parts = line.split("\\|", -1);
      for (int i = 0; i < 2; i++) {
        String name = BUSINESSES.get(business++ % BUSINESSES.size());
        Set<String> tables = new TreeSet<>();
        for (String thing : parts[1].strip().split(" ", -1)) {
          tables.add(table(name, thing));
        }
        questions.add(new Question(parts[0].strip().replace("%", name), tables));
      }
    }
    return questions;
  }

  private static final String WORDINGS =
      """
      How many % orders did each customer place last year? | order customer
      Which % products have never been ordered? | product order_line
      Which % suppliers deliver products of the category 'Tools'? | supplier product category
      Total amount of unpaid % invoices per customer | invoice order customer
      Show all payments received in March for % invoices | payment invoice
      What is the average salary of % employees by department? | employee department
      Which % departments planned a budget of more than a million? | department budget
      Expenses that employees of the % business booked against each budget | expense employee budget
      Which % vehicles were inspected most often, and by which employees? | vehicle inspection employee
      List % shipments that departed later than their order was due | shipment order
      Mileage of the vehicles used in % shipments | vehicle shipment
      Who attended the 'First aid' training in the % business? | training training_attendance employee
      Average grade of training attendances per department at the % business | training_attendance employee department
      Number of % customers in every region | customer region
      Which % campaigns ran in the region 'North'? | campaign region
      How many customers responded to each % campaign? | campaign campaign_response customer
      Customers of the % business with a contract that expires this month | customer contract
      Sum of monthly fees of all % contracts by region | contract customer region
      Which % complaints are still unresolved, and who handles them? | complaint employee
      Customers with more than five complaints about the % business | customer complaint
      Which % products have the best reviews? | product review
      Average stars per category in % product reviews | review product category
      Which customers wrote reviews of % products they ordered? | customer review product order order_line
      All % appointments of tomorrow with customer and employee names | appointment customer employee
      Which room had the longest % appointments? | appointment
      Warranties of % order lines that are valid until next year | warranty order_line
      Which % products are still under warranty? | product order_line warranty
      Ten % customers with the highest total of orders | customer order
      Revenue by % product category and month | category product order_line order
      Which % employees took the most orders? | employee order
      Orders of the % business without a shipment | order shipment
      Orders of the % business that were invoiced but not paid | order invoice payment
      Total discount given on % order lines by product | order_line product
      Suppliers of the % business in the region with the largest population | supplier region
      Which payment methods do % customers prefer? | payment invoice order customer
      Phone numbers of % suppliers whose products are discontinued | supplier product
      Employees of the % business hired after 2020 who have no expenses | employee expense
      For each % department, planned budget against money spent in expenses | department budget expense
      Loyalty points of % customers who answered a campaign by email | customer campaign_response
      Cost of % campaigns per response | campaign campaign_response
      Failed inspections of % vehicles in the last quarter | inspection vehicle
      Which trainings of the % business cost more than 500? | training
      Hours of training per employee in the % business | training training_attendance employee
      Stock of % products by supplier | product supplier
      % invoices overdue by more than 30 days with the customer's email | invoice order customer
      Average time between opening and resolving % complaints, by severity | complaint
      Job titles of the employees who inspected % vehicles | employee inspection
      Currency and amount of % orders shipped by vehicle with plate 'B-42' | order shipment vehicle
      Regions where the % business has suppliers but no customers | region supplier customer
      Customers who signed a % contract and made an appointment the same day | customer contract appointment
      """;
}
