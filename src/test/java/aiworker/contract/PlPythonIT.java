package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.testing.TestCluster;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.postgresql.util.ServerErrorMessage;

// Each contract is a class of its own in this runtime, so that forks share them all.

class PlPythonGenerationIT extends GenerationContract {
  PlPythonGenerationIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonBadInputIT extends BadInputContract {
  PlPythonBadInputIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonEndpointIT extends EndpointContract {
  PlPythonEndpointIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonInterruptIT extends InterruptContract {
  PlPythonInterruptIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonGuestIT extends GuestContract {
  PlPythonGuestIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonSessionsIT extends SessionsContract {
  PlPythonSessionsIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonCancelIT extends CancelContract {
  PlPythonCancelIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonConcurrencyIT extends ConcurrencyContract {
  PlPythonConcurrencyIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonWithoutCacheIT extends WithoutCacheContract {
  PlPythonWithoutCacheIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonNotesIT extends NotesContract {
  PlPythonNotesIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonExplainIT extends ExplainContract {
  PlPythonExplainIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonFeedbackIT extends FeedbackContract {
  PlPythonFeedbackIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonTeachIT extends TeachContract {
  PlPythonTeachIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonUpkeepIT extends UpkeepContract {
  PlPythonUpkeepIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonBreakerIT extends BreakerContract {
  PlPythonBreakerIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonQuotaIT extends QuotaContract {
  PlPythonQuotaIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonScopeIT extends ScopeContract {
  PlPythonScopeIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonGroundingIT extends GroundingContract {
  PlPythonGroundingIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonAttacksIT extends AttackContract {
  PlPythonAttacksIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonInjectionIT extends InjectionContract {
  PlPythonInjectionIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonPrivilegesIT extends PrivilegeContract {
  PlPythonPrivilegesIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonHijackIT extends HijackContract {
  PlPythonHijackIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonSecretsIT extends SecretContract {
  PlPythonSecretsIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonRowSecurityIT extends RowSecurityContract {
  PlPythonRowSecurityIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonKillIT extends KillContract {
  PlPythonKillIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonRestoreIT extends RestoreContract {
  PlPythonRestoreIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonDamageIT extends DamageContract {
  PlPythonDamageIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonWatchIT extends WatchContract {
  PlPythonWatchIT() {
    super(BackendRuntime.PLPYTHON);
  }
}

class PlPythonInstallingIT extends InstallationContract {
  PlPythonInstallingIT() {
    super(BackendRuntime.PLPYTHON);
  }

  @Test
  void optionsForJavaHoldWhereItStartsAndAreNamedWhereItDoesNot() throws SQLException {
    try (Connection session = asker();
        Connection admin = cluster.connect(database, "admin")) {
      setOptions(admin, "'-Xms512m -Xmx64m'");
      ServerErrorMessage error = refusal(session, "anything", "v1", "IA005");
      assertEquals("Java does not start with -Xms512m -Xmx64m", error.getMessage());
      assertTrue(
          error.getDetail().contains("Initial heap size set to a larger value"), error.getDetail());
      assertTrue(error.getHint().contains("jvm_options"), error.getHint());
      String health = value(admin, "SELECT ai_worker_health() ->> 'problems'");
      assertTrue(health.contains("Initial heap size"), health);
      setOptions(admin, "'-Xmx48m -XX:TieredStopAtLevel=2'");
      endpoint.replyWithSql("SELECT 1");
      generate(session, "anything", "v1");
      health = value(admin, "SELECT ai_worker_health() ->> 'jvm_options'");
      assertTrue(health.endsWith(" -Xmx48m -XX:TieredStopAtLevel=2"), health);
    }
  }

  private static void setOptions(Connection admin, String options) throws SQLException {
    try (Statement statement = admin.createStatement()) {
      statement.execute("UPDATE ai_worker_config SET jvm_options = " + options);
    }
  }

  @Test
  void jarThatIsDamagedIsNamed() throws Exception {
    String name =
        adminValue(
            "SELECT substring(prosrc FROM 'ai-worker-[0-9a-f]+[.]jar') FROM pg_proc WHERE oid = 'ai_worker.bridge'::regproc");
    Path jar = Path.of(adminValue("SHOW data_directory"), name);
    Path kept = jar.resolveSibling(name + ".kept");
    byte[] bytes = new byte[10_000];
    new Random(1).nextBytes(bytes);
    Files.move(jar, kept);
    try {
      for (String damage : List.of("absent", "empty", "random", "a class", "unreadable")) {
        Files.deleteIfExists(jar);
        switch (damage) {
          case "absent" -> {}
          case "empty" -> Files.createFile(jar);
          case "random" -> Files.write(jar, bytes);
          case "a class" -> {
            Files.copy(kept, jar);
            try (FileSystem content = FileSystems.newFileSystem(jar)) {
              Files.writeString(content.getPath("aiworker/plpython/Bridge.class"), "garbage");
            }
          }
          default ->
              Files.createFile(
                  jar,
                  PosixFilePermissions.asFileAttribute(
                      PosixFilePermissions.fromString("---------")));
        }
        if (!damage.equals("absent")) {
          TestCluster.own(jar);
        }
        try (Connection session = asker()) {
          ServerErrorMessage error = refusal(session, "anything", "v1", "IA005");
          assertTrue(error.getHint().contains("install/install.sh"), damage + ": " + error);
        }
      }
    } finally {
      Files.deleteIfExists(jar);
      Files.move(kept, jar);
    }
    endpoint.replyWithSql("SELECT 1");
    try (Connection session = asker()) {
      generate(session, "anything", "v1");
    }
  }

  @Test
  void jarOfADatabaseThatNobodyMayEnterIsKept() throws Exception {
    String closed = cluster.createDatabase(database);
    Path next = nextVersion();
    Installation.Outcome outcome =
        Installation.run(cluster, closed, Map.of(), "--jar", next.toString());
    delete(next);
    assertEquals(0, outcome.exitCode(), outcome.output());
    String version = "SELECT ai_worker_health() ->> 'version'";
    String allow = "ALTER DATABASE " + closed + " ALLOW_CONNECTIONS ";
    admin(allow + "false");
    try {
      outcome = Installation.run(cluster, database, Map.of());
      assertEquals(0, outcome.exitCode(), outcome.output());
      assertTrue(outcome.output().contains("kept the jar files"), outcome.output());
    } finally {
      admin(allow + "true");
    }
    try (Connection opened = cluster.connect(closed, "postgres")) {
      assertEquals("next", value(opened, version));
    }
    outcome = Installation.run(cluster, closed, Map.of());
    assertTrue(outcome.output().contains("removed from the data directory"), outcome.output());
  }

  @Test
  void javaThatVanishedIsNamed() throws SQLException {
    String body =
        "SELECT substring(prosrc FROM '/[^\"]*libjvm.so') FROM pg_proc WHERE oid = 'ai_worker.bridge'::regproc";
    String libjvm = adminValue(body);
    String swap =
        "UPDATE pg_proc SET prosrc = replace(prosrc, '%s', '%s') WHERE oid = 'ai_worker.bridge'::regproc";
    admin(swap.formatted(libjvm, "/nowhere/libjvm.so"));
    try {
      ServerErrorMessage error = refusal("anything", "v1", "IA005");
      assertEquals("the Java virtual machine is not there", error.getMessage());
      assertEquals("It was expected at /nowhere/libjvm.so.", error.getDetail());
      assertTrue(
          adminValue("SELECT ai_worker_health() -> 'problems'").contains("/nowhere/libjvm.so"));
    } finally {
      admin(swap.formatted("/nowhere/libjvm.so", libjvm));
    }
  }
}
