package aiworker.contract;

import aiworker.testing.TestCluster;
import aiworker.testing.TestServer;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;

/** On a cluster that no other class uses: it is stopped, or crashes, or sessions in it count. */
abstract class OwnClusterContract extends RuntimeContract {
  TestCluster own;

  OwnClusterContract(BackendRuntime runtime) {
    super(runtime);
  }

  @Override
  final boolean sessionsMatter() {
    return true;
  }

  @Override
  TestServer server() {
    runtime.require();
    own = Installation.start(Map.of());
    return own;
  }

  @Override
  @AfterAll
  void dropDatabase() {
    if (own != null) {
      own.close();
    }
  }
}
