package aiworker.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
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
