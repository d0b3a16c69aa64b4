package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.interactions.Actions;

/** The console in a real browser, as people use it. */
class ConsoleIT extends WithGateway {
  @TempDir private static Path downloads;
  private static ChromeDriver browser;

  @BeforeAll
  static void startBrowser() throws IOException {
    browser = Browser.start(downloads);
  }

  @AfterAll
  static void stopBrowser() {
    if (browser != null) {
      browser.quit();
    }
  }

  @BeforeEach
  void look() throws SQLException {
    admin("GRANT SELECT ON users TO admin");
    media("light");
    browser.manage().window().setSize(new Dimension(1200, 900));
    endpoint.otherwise(
        request -> FakeEndpoint.completion("SELECT id, name FROM users ORDER BY id"));
  }

  /** Each session that the model is asked in starts Java first, so there are few. */
  @Override
  String[] settings() {
    return new String[] {"AI_WORKER_HTTP_RUN", "on", "AI_WORKER_HTTP_POOL", "2"};
  }

  private void open(String view) {
    browser.get(url("/").toString() + "#" + view);
    browser.navigate().refresh();
    awaitScript(
        "document.body.dataset.ready === 'yes' && !document.getElementById('" + view + "').hidden");
  }

  private static void media(String scheme) {
    Browser.media(browser, scheme);
  }

  private static void awaitScript(String condition) {
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!Boolean.TRUE.equals(browser.executeScript("return Boolean(" + condition + ")"))) {
      assertTrue(
          System.nanoTime() < end,
          () -> condition + "\n" + browser.findElement(By.tagName("main")).getText());
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static void awaitText(String place, String text) {
    awaitScript(
        "document.querySelector('"
            + place
            + "')?.textContent.includes("
            + JSON.valueToTree(text)
            + ")");
  }

  private static WebElement find(String selector) {
    return browser.findElement(By.cssSelector(selector));
  }

  private static void press(String name) {
    browser.findElements(By.tagName("button")).stream()
        .filter(button -> button.isDisplayed() && button.getText().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no button " + name))
        .click();
  }

  private void askFor(String question) {
    WebElement field = find("#question");
    field.clear();
    field.sendKeys(question);
    WebElement version = find("#version");
    version.clear();
    version.sendKeys("v1");
    press("Ask");
  }

  private void askAndWait(String question, String badge) {
    askFor(question);
    awaitScript("document.querySelector('#answer .badge." + badge + "')");
  }

  private static void picture(String name) throws IOException {
    Browser.picture(browser, name);
  }

  @Test
  void questionIsAskedAnsweredFromTheCacheAndRun() throws IOException {
    open("ask");
    askAndWait("Who are our users?", "miss");
    assertEquals(
        "SELECT id, name FROM users ORDER BY id LIMIT 1000", find("#answer code").getText());
    assertEquals("SELECT", find("#answer code .word").getText());
    assertTrue(find("#answer").getText().contains("120 tokens"), find("#answer").getText());
    askAndWait("Who are our users?", "hit");
    assertTrue(find("#answer").getText().contains("1 hit"), find("#answer").getText());
    press("Run");
    awaitScript("document.querySelectorAll('#rows tbody tr').length === 20");
    assertEquals(
        List.of("id", "name"),
        browser.findElements(By.cssSelector("#rows th")).stream()
            .map(WebElement::getText)
            .toList());
    picture("ask");
  }

  @Test
  void rowsArePagedNullsAreSeenAndAllGoIntoTheFile() throws IOException, InterruptedException {
    endpoint.replyWithSql(
        "SELECT a.id AS n, NULL::text AS nothing, 'a \"quoted\", text' AS words, 12345678901234567890 AS big"
            + ", '=1+1' AS formula, -a.id AS negative FROM users AS a, users AS b WHERE b.id <= 6 ORDER BY b.id, a.id");
    open("ask");
    askAndWait("many rows", "miss");
    press("Run");
    awaitText("#rows", "Page 1 of 3");
    assertEquals(50, browser.findElements(By.cssSelector("#rows tbody tr")).size());
    assertEquals("NULL", find("#rows td.null").getText());
    assertTrue(find("#rows").getText().contains("12345678901234567890"));
    press("Next");
    press("Next");
    awaitText("#rows", "Page 3 of 3");
    assertEquals(20, browser.findElements(By.cssSelector("#rows tbody tr")).size());
    press("Download CSV");
    Path file = downloads.resolve("rows.csv");
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!Files.exists(file)) {
      assertTrue(System.nanoTime() < end);
      Thread.sleep(20);
    }
    List<String> lines = Files.readAllLines(file);
    assertEquals(121, lines.size());
    assertEquals("n,nothing,words,big,formula,negative", lines.get(0));
    assertEquals("1,,\"a \"\"quoted\"\", text\",12345678901234567890,'=1+1,-1", lines.get(1));
  }

  /** More than a URL holds, in which verified entries are looked for. */
  @Test
  void longQuestionIsAnsweredFromTheCache() {
    String question = "ü".repeat(4000);
    ask(question);
    open("ask");
    browser.executeScript("document.getElementById('question').value = arguments[0]", question);
    find("#version").sendKeys("v1");
    press("Ask");
    awaitScript("document.querySelector('#answer .badge.hit')");
  }

  @Test
  void pageThatWasOpenedTooEarlyGoesOnByItself() {
    restartGateway("admin", "POSTGRES_PORT", "1");
    String address = "127.0.0.1:" + gateway.address().getPort();
    browser.get("http://" + address + "/");
    awaitText("#notice", "cannot be reached");
    restartGateway("admin", "AI_WORKER_HTTP", address);
    awaitScript("document.body.dataset.ready === 'yes'");
    assertEquals("", find("#notice").getText());
  }

  @Test
  void questionUnderWayTellsOfItselfAndIsCancelled() throws SQLException {
    endpoint.delay(Duration.ofMinutes(5));
    open("ask");
    askFor("This takes long");
    awaitText("#progress", "The model is writing");
    awaitText("#progress", " 1 s");
    press("Cancel");
    awaitText("#progress", "Cancelled.");
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!"0"
        .equals(
            adminValue(
                "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND application_name = 'ai-worker-gateway'"))) {
      assertTrue(System.nanoTime() < end);
    }
  }

  @Test
  void badInputIsExplained() {
    open("ask");
    find("#question").sendKeys("anything");
    find("#version").sendKeys("a|b");
    press("Ask");
    awaitText("#answer .problem", "schema_version \"a|b\" is refused");
    String problem = find("#answer .problem").getText();
    assertTrue(
        problem.contains("Detail: ") && problem.contains("Hint: ") && problem.contains("IA003"),
        problem);
  }

  /** Markup in the question, the statement, a comment, a column's name and a row. */
  @Test
  void textOfOthersIsShownAsText() throws SQLException {
    String markup = "<img src=x onerror=\"window.owned=1\"><script>window.owned=1</script>";
    admin(
        "INSERT INTO users VALUES (99, '" + markup + "')",
        "COMMENT ON TABLE users IS '" + markup + "'");
    endpoint.replyWithSql(
        "SELECT name AS \"<b>name</b>\", '<script>window.owned=1</script>' AS literal FROM users WHERE id = 99");
    open("ask");
    askAndWait(markup, "miss");
    press("Run");
    awaitScript("document.querySelectorAll('#rows tbody tr').length === 1");
    assertEquals("<b>name</b>", find("#rows th").getText());
    assertEquals(markup, find("#rows td").getText());
    browser.executeScript("location.hash = 'cache'");
    awaitText("#entries", markup);
    browser.executeScript("location.hash = 'overview'");
    awaitText("#lists", markup);
    assertEquals(false, browser.executeScript("return 'owned' in window"));
    assertEquals(
        0L,
        browser.executeScript(
            "return document.querySelectorAll('main img, main script, main b, main i').length"));
    admin("DELETE FROM users WHERE id = 99", "COMMENT ON TABLE users IS 'People who buy'");
  }

  @Test
  void entriesAreSearchedVerifiedAndDeleted() throws SQLException, IOException {
    ask("Who are our users?");
    ask("Who are our users?");
    ask("Something rare");
    open("cache");
    awaitScript("document.querySelectorAll('#entries tbody tr').length === 2");
    assertTrue(find("#entries tbody tr").getText().contains("Who are our users?"));
    press("Verify");
    awaitText("#cache-state", "Verified");
    awaitScript("document.querySelector('#entries .badge.verified')");
    picture("cache");
    find("#search").sendKeys("RARE", Keys.ENTER);
    awaitScript("document.querySelectorAll('#entries tbody tr').length === 1");
    press("Delete");
    press("Keep");
    awaitScript("!document.getElementById('confirm-dialog').open");
    assertEquals("2", adminValue("SELECT count(*) FROM ai_worker_cache"));
    press("Delete");
    find("#confirm-dialog button[value=yes]").click();
    awaitText("#cache-state", "1 entry deleted.");
    open("ask");
    askAndWait("Who are our users?", "verified");
    open("cache");
    find("#invalidate").sendKeys("v1", Keys.ENTER);
    awaitScript("document.getElementById('confirm-dialog').open");
    find("#confirm-dialog button[value=yes]").click();
    awaitText("#entries", "No entries.");
    press("Clean up");
    awaitText("#cache-state", "0 entries deleted.");
  }

  @Test
  void overviewPlotsAndRefreshesItself() throws SQLException, IOException {
    admin("INSERT INTO ai_worker_quotas (role, per, max_calls) VALUES ('admin', '1 hour', 100)");
    ask("Who are our users?");
    for (int i = 0; i < 5; i++) {
      ask("Who are our users?");
    }
    open("overview");
    awaitText("#tiles", "83.3 %");
    awaitText("#lists", "Who are our users?");
    awaitText("#lists", "1 of 100");
    find("#price").clear();
    find("#price").sendKeys("2000");
    awaitText("#tiles", "1.20");
    awaitScript("document.querySelectorAll('#charts canvas').length === 3");
    ask("Who are our users?");
    awaitText("#tiles", "85.7 %");
    picture("overview");
    admin("DELETE FROM ai_worker_quotas");
  }

  @Test
  void whatTheRoleMayNotIsNotOffered() {
    restartGateway("asker");
    open("ask");
    assertEquals(
        List.of("Ask"),
        browser.findElements(By.cssSelector("nav a")).stream()
            .filter(WebElement::isDisplayed)
            .map(WebElement::getText)
            .toList());
    askAndWait("Who are our users?", "miss");
    assertEquals(
        List.of("Ask", "Copy"),
        browser.findElements(By.tagName("button")).stream()
            .filter(WebElement::isDisplayed)
            .map(WebElement::getText)
            .sorted()
            .toList());
    restartGateway("nobody");
    open("ask");
    awaitText("#progress", "may not ask");
    assertFalse(find("#ask-form").isDisplayed());
  }

  @Test
  void tokenIsAskedForAndKeptForTheTab(@TempDir Path folder) throws IOException {
    String token = "0123456789abcdef";
    Path file = Files.writeString(folder.resolve("token"), token);
    restartGateway("admin", "AI_WORKER_HTTP_TOKEN_FILE", file.toString());
    browser.get(url("/").toString());
    awaitScript("document.getElementById('token-dialog').open");
    find("#token").sendKeys("a wrong one", Keys.ENTER);
    awaitScript(
        "document.getElementById('token-dialog').open && document.getElementById('token').value === ''");
    find("#token").sendKeys(token, Keys.ENTER);
    awaitScript("document.body.dataset.ready === 'yes'");
    open("cache");
    assertFalse(
        (Boolean) browser.executeScript("return document.getElementById('token-dialog').open"));
    browser.executeScript("sessionStorage.clear()");
  }

  /** From the address bar on, with Tab and Enter alone. */
  @Test
  void worksWithoutAMouse() {
    open("ask");
    new Actions(browser)
        .sendKeys("Who are our users?")
        .keyDown(Keys.CONTROL)
        .sendKeys(Keys.ENTER)
        .keyUp(Keys.CONTROL)
        .perform();
    awaitScript("document.querySelector('#answer .badge')");
    tabTo("Run");
    awaitScript("document.querySelectorAll('#rows tbody tr').length === 20");
    browser.executeScript("document.body.focus(); document.activeElement.blur()");
    tabTo("Cache");
    awaitText("#entries", "Who are our users?");
    tabTo("Delete");
    awaitScript("document.getElementById('confirm-dialog').open");
    new Actions(browser).sendKeys(Keys.ESCAPE).perform();
    awaitScript("!document.getElementById('confirm-dialog').open");
    assertEquals(1, browser.findElements(By.cssSelector("#entries tbody tr")).size());
  }

  private static void tabTo(String name) {
    for (int i = 0; i < 60; i++) {
      if (name.equals(browser.executeScript("return document.activeElement.textContent.trim()"))) {
        new Actions(browser).sendKeys(Keys.ENTER).perform();
        return;
      }
      new Actions(browser).sendKeys(Keys.TAB).perform();
    }
    throw new AssertionError("Tab does not reach " + name);
  }

  @Test
  void everyViewIsAccessibleInLightAndDarkAndOnAPhone() throws IOException {
    ask("Who are our users?");
    ask("Who are our users?");
    for (String scheme : List.of("light", "dark")) {
      for (Dimension size : List.of(new Dimension(1200, 900), new Dimension(500, 900))) {
        media(scheme);
        browser.manage().window().setSize(size);
        String where = scheme + " " + size.getWidth();
        open("ask");
        askAndWait("Who are our users?", "hit");
        press("Run");
        awaitScript("document.querySelectorAll('#rows tbody tr').length === 20");
        assertAccessible("ask, " + where);
        find("#version").sendKeys("|");
        press("Ask");
        awaitScript("document.querySelector('#answer .problem')");
        assertAccessible("problem, " + where);
        open("cache");
        awaitText("#entries", "Who are our users?");
        find("#entries summary").click();
        assertAccessible("cache, " + where);
        press("Delete");
        assertAccessible("dialog, " + where);
        press("Keep");
        open("overview");
        awaitScript("document.querySelectorAll('#charts canvas').length >= 2");
        assertAccessible("overview, " + where);
        picture("overview-" + scheme + (size.getWidth() < 600 ? "-phone" : ""));
      }
    }
  }

  private static void assertAccessible(String where) throws IOException {
    Browser.assertAccessible(browser, where);
  }

  /** The page loads and calls nothing else, and its policy stops nothing of its own. */
  @Test
  void nothingComesFromElsewhere() {
    // what other tests left
    browser.manage().logs().get("browser");
    open("overview");
    awaitScript("document.querySelectorAll('#charts canvas').length >= 2");
    String own = url("").toString();
    Object loaded =
        browser.executeScript(
            "return performance.getEntriesByType('resource').map(e => e.name).join(' ')");
    assertTrue(
        Arrays.stream(loaded.toString().split(" ")).allMatch(name -> name.startsWith(own)),
        loaded.toString());
    List<String> complaints =
        browser.manage().logs().get("browser").getAll().stream().map(Object::toString).toList();
    assertEquals(List.of(), complaints);
  }
}
