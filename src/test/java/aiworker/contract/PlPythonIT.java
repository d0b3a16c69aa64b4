package aiworker.contract;

import org.junit.jupiter.api.Nested;

class PlPythonIT {
  @Nested
  class Generation extends GenerationContract {
    Generation() {
      super(BackendRuntime.PLPYTHON);
    }
  }

  @Nested
  class BadInput extends BadInputContract {
    BadInput() {
      super(BackendRuntime.PLPYTHON);
    }
  }

  @Nested
  class Interrupt extends InterruptContract {
    Interrupt() {
      super(BackendRuntime.PLPYTHON);
    }
  }

  @Nested
  class Concurrency extends ConcurrencyContract {
    Concurrency() {
      super(BackendRuntime.PLPYTHON);
    }
  }

  @Nested
  class WithoutCache extends WithoutCacheContract {
    WithoutCache() {
      super(BackendRuntime.PLPYTHON);
    }
  }

  @Nested
  class Upkeep extends UpkeepContract {
    Upkeep() {
      super(BackendRuntime.PLPYTHON);
    }
  }
}
