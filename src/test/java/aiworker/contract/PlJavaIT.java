package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.FakeEndpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

// Each contract is a class of its own in this runtime, so that forks share them all.

class PlJavaGenerationIT extends GenerationContract {
  PlJavaGenerationIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaBadInputIT extends BadInputContract {
  PlJavaBadInputIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaEndpointIT extends EndpointContract {
  PlJavaEndpointIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaInterruptIT extends InterruptContract {
  PlJavaInterruptIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaGuestIT extends GuestContract {
  PlJavaGuestIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaSessionsIT extends SessionsContract {
  PlJavaSessionsIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaCancelIT extends CancelContract {
  PlJavaCancelIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaConcurrencyIT extends ConcurrencyContract {
  PlJavaConcurrencyIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaWithoutCacheIT extends WithoutCacheContract {
  PlJavaWithoutCacheIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaNotesIT extends NotesContract {
  PlJavaNotesIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaExplainIT extends ExplainContract {
  PlJavaExplainIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaFeedbackIT extends FeedbackContract {
  PlJavaFeedbackIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaTeachIT extends TeachContract {
  PlJavaTeachIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaUpkeepIT extends UpkeepContract {
  PlJavaUpkeepIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaBreakerIT extends BreakerContract {
  PlJavaBreakerIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaQuotaIT extends QuotaContract {
  PlJavaQuotaIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaScopeIT extends ScopeContract {
  PlJavaScopeIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaGroundingIT extends GroundingContract {
  PlJavaGroundingIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaAttacksIT extends AttackContract {
  PlJavaAttacksIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaInjectionIT extends InjectionContract {
  PlJavaInjectionIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaPrivilegesIT extends PrivilegeContract {
  PlJavaPrivilegesIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaHijackIT extends HijackContract {
  PlJavaHijackIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaSecretsIT extends SecretContract {
  PlJavaSecretsIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaRowSecurityIT extends RowSecurityContract {
  PlJavaRowSecurityIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaKillIT extends KillContract {
  PlJavaKillIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaRestoreIT extends RestoreContract {
  PlJavaRestoreIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaDamageIT extends DamageContract {
  PlJavaDamageIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaWatchIT extends WatchContract {
  PlJavaWatchIT() {
    super(BackendRuntime.PLJAVA);
  }
}

class PlJavaInstallingIT extends InstallationContract {
  PlJavaInstallingIT() {
    super(BackendRuntime.PLJAVA);
  }

  @Test
  void deploymentDescriptorAloneInstallsAndRemovesEverything() throws Exception {
    String other = cluster.createDatabase();
    byte[] jar = Files.readAllBytes(Path.of("target/ai-worker.jar"));
    String installation = "SELECT sqlj.install_jar(?, 'ai_worker', true)";
    admin(
        "ALTER DATABASE "
            + other
            + " SET pljava.libjvm_location = '"
            + setting("libjvm_location")
            + "'",
        // without them PL/Java itself refuses Java 18 and later
        "ALTER DATABASE " + other + " SET pljava.vmoptions = '-Djava.security.manager=disallow'",
        "ALTER DATABASE " + other + " SET pljava.allow_unenforced = 'javau'");
    try (Connection connection = cluster.connect(other, "postgres");
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE EXTENSION pljava");
      try (PreparedStatement install = connection.prepareStatement(installation)) {
        install.setBytes(1, jar);
        ServerErrorMessage refused =
            assertThrows(PSQLException.class, install::execute).getServerErrorMessage();
        assertEquals("IA005", refused.getSQLState(), refused.toString());
        assertEquals("pljava.vmoptions does not name ai-worker-guard.jar.", refused.getDetail());
      }
    }
    admin("ALTER DATABASE " + other + " SET pljava.vmoptions = '" + setting("vmoptions") + "'");
    for (int time = 0; time < 2; time++) {
      try (Connection connection = cluster.connect(other, "postgres");
          Statement statement = connection.createStatement();
          PreparedStatement install = connection.prepareStatement(installation)) {
        statement.execute("CREATE EXTENSION IF NOT EXISTS pljava");
        install.setBytes(1, jar);
        install.execute();
        assertNull(install.getWarnings());
      }
      try (Connection connection = cluster.connect(other, "postgres");
          Statement statement = connection.createStatement()) {
        assertEquals("pljava", value(connection, "SELECT ai_worker_health() ->> 'runtime'"));
        assertEquals("ai_worker", value(connection, "SELECT sqlj.get_classpath('ai_worker')"));
        try (PreparedStatement replace =
            connection.prepareStatement("SELECT sqlj.replace_jar(?, 'ai_worker', true)")) {
          replace.setBytes(1, jar);
          PSQLException refused = assertThrows(PSQLException.class, replace::execute);
          assertTrue(
              refused.getMessage().contains("would remove the cache and the settings"),
              refused.getMessage());
        }
        assertEquals("1", value(connection, "SELECT count(*) FROM ai_worker_config"));
        statement.execute("DROP VIEW ai_worker_cache_stats");
        statement.execute("SELECT sqlj.remove_jar('ai_worker', true)");
        assertEquals(
            "0", value(connection, "SELECT count(*) FROM pg_proc WHERE proname LIKE 'ai\\_%'"));
        assertEquals(
            "0",
            value(connection, "SELECT count(*) FROM pg_class WHERE relname LIKE 'ai\\_worker%'"));
      }
    }
  }

  @Test
  void settingsOfOursAreRenewedAndThoseOfTheDbaLeftAlone() throws SQLException {
    String other = cluster.createDatabase();
    String set = "ALTER DATABASE " + other + " SET pljava.vmoptions = ";
    admin(set + "'-Xmx100m -Djava.class.path=/opt/own.jar'");
    Installation.Outcome refused =
        Installation.run(cluster, other, Map.of(), "--runtime", runtime.option());
    assertEquals(3, refused.exitCode(), refused.output());
    assertTrue(
        refused.output().contains(" -Djava.class.path=/opt/own.jar:ai-worker-guard.jar "),
        refused.output());
    admin(
        set
            + "'-Djava.security.manager=disallow --add-modules=java.net.http -javaagent:ai-worker-guard.jar -Xss8m -Xmx100m'");
    Installation.Outcome done =
        Installation.run(cluster, other, Map.of(), "--runtime", runtime.option());
    assertEquals(0, done.exitCode(), done.output());
    try (Connection connection = cluster.connect(other, "postgres")) {
      assertEquals(
          "-Djava.security.manager=disallow --add-modules=java.net.http -Xss8m -Xmx100m --enable-native-access=ALL-UNNAMED -Djava.class.path=ai-worker-guard.jar -Djava.util.logging.config.class=aiworker.pljava.Guard",
          value(connection, "SHOW pljava.vmoptions"));
    }
    Map<String, String> added = new LinkedHashMap<>();
    added.put("'-Xms512m -Xmx64m'", null);
    added.put("'-Xmx48m -Xss16m'", " -Daiworker.jvm_options=-Xmx48m,-Xss16m -Xmx48m -Xss16m");
    added.put("NULL", "");
    for (Map.Entry<String, String> options : added.entrySet()) {
      try (Connection connection = cluster.connect(other, "postgres");
          Statement statement = connection.createStatement()) {
        statement.execute("UPDATE ai_worker_config SET jvm_options = " + options.getKey());
      }
      Installation.Outcome outcome = Installation.run(cluster, other, Map.of());
      try (Connection connection = cluster.connect(other, "postgres")) {
        String inUse = value(connection, "SHOW pljava.vmoptions");
        if (options.getValue() == null) {
          assertEquals(1, outcome.exitCode(), outcome.output());
          assertTrue(
              outcome.output().contains("Initial heap size set to a larger value"),
              outcome.output());
        } else {
          assertEquals(0, outcome.exitCode(), outcome.output());
          assertTrue(inUse.endsWith(".Guard" + options.getValue()), inUse);
        }
        String shown = value(connection, "SELECT ai_worker_health() ->> 'jvm_options'");
        assertEquals(inUse.contains("-Xmx48m"), shown.contains(" -Xmx48m -Xss16m"), shown);
      }
    }
  }

  @Test
  void jarThatVanishedIsNamed() throws SQLException {
    String other = cluster.createDatabase(database);
    try (Connection connection = cluster.connect(other, "postgres");
        Statement statement = connection.createStatement()) {
      statement.execute("DELETE FROM sqlj.jar_repository");
      assertEquals(
          "PL/Java has no jar ai_worker",
          refusal(connection, "anything", "v1", "IA005").getMessage());
      assertTrue(value(connection, "SELECT ai_worker_health() ->> 'problems'").contains("no jar"));
    }
  }

  @Test
  void javaThatDoesNotStartIsNamed() throws SQLException {
    String other = cluster.createDatabase(database);
    endpoint.otherwise(request -> FakeEndpoint.completion("SELECT 1"));
    try (Connection connection = cluster.connect(other, "asker")) {
      generate(connection, "kept", "v1");
    }
    for (String setting :
        List.of("libjvm_location = '/nowhere/libjvm.so'", "vmoptions = '-XX:Nonsense'")) {
      admin("ALTER DATABASE " + other + " SET pljava." + setting);
      try (Connection connection = cluster.connect(other, "asker")) {
        ServerErrorMessage error = refusal(connection, "anything", "v1", "IA005");
        assertEquals("Java does not start in this session", error.getMessage());
        assertTrue(generate(connection, "kept", "v1").get("cache_hit").asBoolean());
      }
      try (Connection connection = cluster.connect(other, "postgres")) {
        String problems = value(connection, "SELECT ai_worker_health() ->> 'problems'");
        assertTrue(problems.contains("Java does not start in this session"), problems);
      }
      admin("ALTER DATABASE " + other + " RESET pljava.vmoptions");
      admin(
          "ALTER DATABASE "
              + other
              + " SET pljava.libjvm_location = '"
              + setting("libjvm_location")
              + "'");
    }
  }

  private String setting(String name) throws SQLException {
    return adminValue("SELECT current_setting('pljava." + name + "', true)");
  }
}
