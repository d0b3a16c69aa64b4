package aiworker.contract;

import org.junit.jupiter.api.Nested;

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
  class Interrupt extends InterruptContract {
    Interrupt() {
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
}
