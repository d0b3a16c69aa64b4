package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.postgresql.util.ServerErrorMessage;

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
  class Endpoint extends EndpointContract {
    Endpoint() {
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
  class Cancel extends CancelContract {
    Cancel() {
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

  @Nested
  class Breaker extends BreakerContract {
    Breaker() {
      super(BackendRuntime.PLPYTHON);
    }
  }

  @Nested
  class Quota extends QuotaContract {
    Quota() {
      super(BackendRuntime.PLPYTHON);
    }
  }

  @Nested
  class Scope extends ScopeContract {
    Scope() {
      super(BackendRuntime.PLPYTHON);
    }
  }

  @Nested
  class Grounding extends GroundingContract {
    Grounding() {
      super(BackendRuntime.PLPYTHON);
    }
  }

  @Nested
  class Attacks extends AttackContract {
    Attacks() {
      super(BackendRuntime.PLPYTHON);
    }
  }

  @Nested
  class Injection extends InjectionContract {
    Injection() {
      super(BackendRuntime.PLPYTHON);
    }
  }

  @Nested
  class Privileges extends PrivilegeContract {
    Privileges() {
      super(BackendRuntime.PLPYTHON);
    }
  }

  @Nested
  class Hijack extends HijackContract {
    Hijack() {
      super(BackendRuntime.PLPYTHON);
    }
  }

  @Nested
  class Secrets extends SecretContract {
    Secrets() {
      super(BackendRuntime.PLPYTHON);
    }
  }

  @Nested
  class RowSecurity extends RowSecurityContract {
    RowSecurity() {
      super(BackendRuntime.PLPYTHON);
    }
  }

  @Nested
  class Kill extends KillContract {
    Kill() {
      super(BackendRuntime.PLPYTHON);
    }
  }

  @Nested
  class Installing extends InstallationContract {
    Installing() {
      super(BackendRuntime.PLPYTHON);
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
}
