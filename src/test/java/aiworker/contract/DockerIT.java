package aiworker.contract;

import aiworker.testing.TestServer;
import java.net.URI;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.Testcontainers;
import org.testcontainers.images.builder.ImageFromDockerfile;
import org.testcontainers.postgresql.PostgreSQLContainer;
import org.testcontainers.utility.DockerImageName;

/** The contract on the image of {@code Dockerfile.postgres}, where there is Docker. */
class DockerIT {
  private static ContainerServer server;

  @BeforeAll
  static void start() {
    if (!DockerClientFactory.instance().isDockerAvailable()) {
      String reason = "Dockerfile.postgres: not run (no Docker engine)";
      System.out.println(reason);
      Assumptions.abort(reason);
    }
    server = new ContainerServer();
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.container.stop();
    }
  }

  private static final class ContainerServer implements TestServer {
    private final PostgreSQLContainer container;

    ContainerServer() {
      String image =
          new ImageFromDockerfile()
              .withDockerfile(Path.of("Dockerfile.postgres").toAbsolutePath())
              .get();
      container =
          new PostgreSQLContainer(
                  DockerImageName.parse(image).asCompatibleSubstituteFor("postgres"))
              .withUsername("postgres")
              .withEnv("POSTGRES_HOST_AUTH_METHOD", "trust")
              .withAccessToHost(true);
      container.start();
    }

    @Override
    public Connection connect(String database, String user) throws SQLException {
      return DriverManager.getConnection(
          "jdbc:postgresql://127.0.0.1:" + port() + "/" + database, user, "");
    }

    @Override
    public int port() {
      return container.getMappedPort(PostgreSQLContainer.POSTGRESQL_PORT);
    }

    @Override
    public String log() {
      return container.getLogs();
    }

    @Override
    public URI reachable(URI endpoint) {
      Testcontainers.exposeHostPorts(endpoint.getPort());
      return URI.create(
          "http://host.testcontainers.internal:" + endpoint.getPort() + endpoint.getPath());
    }
  }

  @Nested
  class Generation extends GenerationContract {
    Generation() {
      super(BackendRuntime.PLJAVA);
    }

    @Override
    TestServer server() {
      return server;
    }
  }

  @Nested
  class BadInput extends BadInputContract {
    BadInput() {
      super(BackendRuntime.PLJAVA);
    }

    @Override
    TestServer server() {
      return server;
    }
  }

  @Nested
  class Interrupt extends InterruptContract {
    Interrupt() {
      super(BackendRuntime.PLJAVA);
    }

    @Override
    TestServer server() {
      return server;
    }
  }

  @Nested
  class Concurrency extends ConcurrencyContract {
    Concurrency() {
      super(BackendRuntime.PLJAVA);
    }

    @Override
    TestServer server() {
      return server;
    }
  }

  @Nested
  class WithoutCache extends WithoutCacheContract {
    WithoutCache() {
      super(BackendRuntime.PLJAVA);
    }

    @Override
    TestServer server() {
      return server;
    }
  }

  @Nested
  class Upkeep extends UpkeepContract {
    Upkeep() {
      super(BackendRuntime.PLJAVA);
    }

    @Override
    TestServer server() {
      return server;
    }
  }
}
