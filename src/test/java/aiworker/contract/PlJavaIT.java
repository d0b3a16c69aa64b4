package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class PlJavaIT {
  @Nested
  class Generation extends GenerationContract {
    Generation() {
      super(BackendRuntime.PLJAVA);
    }
  }

  @Nested
  class BadInput extends BadInputContract {
    BadInput() {
      super(BackendRuntime.PLJAVA);
    }
  }

  @Nested
  class Endpoint extends EndpointContract {
    Endpoint() {
      super(BackendRuntime.PLJAVA);
    }
  }

  @Nested
  class Interrupt extends InterruptContract {
    Interrupt() {
      super(BackendRuntime.PLJAVA);
    }
  }

  @Nested
  class Cancel extends CancelContract {
    Cancel() {
      super(BackendRuntime.PLJAVA);
    }
  }

  @Nested
  class Concurrency extends ConcurrencyContract {
    Concurrency() {
      super(BackendRuntime.PLJAVA);
    }
  }

  @Nested
  class WithoutCache extends WithoutCacheContract {
    WithoutCache() {
      super(BackendRuntime.PLJAVA);
    }
  }

  @Nested
  class Upkeep extends UpkeepContract {
    Upkeep() {
      super(BackendRuntime.PLJAVA);
    }
  }

  @Nested
  class Breaker extends BreakerContract {
    Breaker() {
      super(BackendRuntime.PLJAVA);
    }
  }

  @Nested
  class Quota extends QuotaContract {
    Quota() {
      super(BackendRuntime.PLJAVA);
    }
  }

  @Nested
  class Scope extends ScopeContract {
    Scope() {
      super(BackendRuntime.PLJAVA);
    }
  }

  @Nested
  class Grounding extends GroundingContract {
    Grounding() {
      super(BackendRuntime.PLJAVA);
    }
  }

  @Nested
  class Attacks extends AttackContract {
    Attacks() {
      super(BackendRuntime.PLJAVA);
    }
  }

  @Nested
  class Injection extends InjectionContract {
    Injection() {
      super(BackendRuntime.PLJAVA);
    }
  }

  @Nested
  class Privileges extends PrivilegeContract {
    Privileges() {
      super(BackendRuntime.PLJAVA);
    }
  }

  @Nested
  class Hijack extends HijackContract {
    Hijack() {
      super(BackendRuntime.PLJAVA);
    }
  }

  @Nested
  class Secrets extends SecretContract {
    Secrets() {
      super(BackendRuntime.PLJAVA);
    }
  }

  @Nested
  class RowSecurity extends RowSecurityContract {
    RowSecurity() {
      super(BackendRuntime.PLJAVA);
    }
  }

  @Nested
  class Kill extends KillContract {
    Kill() {
      super(BackendRuntime.PLJAVA);
    }
  }

  @Nested
  class Installing extends InstallationContract {
    Installing() {
      super(BackendRuntime.PLJAVA);
    }

    @Test
    void deploymentDescriptorAloneInstallsAndRemovesEverything() throws Exception {
      String other = cluster.createDatabase();
      byte[] jar = Files.readAllBytes(Path.of("target/ai-worker.jar"));
      admin(
          "ALTER DATABASE " + other + " SET pljava.vmoptions = '" + setting("vmoptions") + "'",
          "ALTER DATABASE "
              + other
              + " SET pljava.libjvm_location = '"
              + setting("libjvm_location")
              + "'",
          "ALTER DATABASE " + other + " SET pljava.allow_unenforced = 'javau'");
      for (int time = 0; time < 2; time++) {
        try (Connection connection = cluster.connect(other, "postgres");
            Statement statement = connection.createStatement();
            PreparedStatement install =
                connection.prepareStatement("SELECT sqlj.install_jar(?, 'ai_worker', true)")) {
          statement.execute("CREATE EXTENSION IF NOT EXISTS pljava");
          install.setBytes(1, jar);
          install.execute();
        }
        try (Connection connection = cluster.connect(other, "postgres");
            Statement statement = connection.createStatement()) {
          assertEquals("pljava", value(connection, "SELECT ai_worker_health() ->> 'runtime'"));
          assertEquals("ai_worker", value(connection, "SELECT sqlj.get_classpath('ai_worker')"));
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

    private String setting(String name) throws SQLException {
      return adminValue("SELECT current_setting('pljava." + name + "', true)");
    }
  }
}
