package aiworker.limits;

import static aiworker.error.Failure.ENDPOINT_FAILED;
import static aiworker.error.Failure.ENDPOINT_TIMEOUT;
import static aiworker.error.Failure.ENDPOINT_UNREACHABLE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aiworker.error.Failure;
import aiworker.limits.EndpointState.Phase;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointStateTest {
  private static final Instant START = Instant.parse("2026-01-02T03:04:05Z");
  private static final EndpointState FRESH = EndpointState.fresh("http://127.0.0.1:1/v1");

  private Instant now = START;

  private EndpointState failed(EndpointState state, int times) {
    EndpointState next = state;
    for (int i = 0; i < times; i++) {
      next = next.failed(ENDPOINT_UNREACHABLE, "any", now, next.phase(now) != Phase.CLOSED);
    }
    return next;
  }

  private void pass(Duration time) {
    now = now.plus(time);
  }

  @Test
  void opensAtTheThirdFailureInARow() {
    assertEquals(Phase.CLOSED, failed(FRESH, 2).phase(now));
    assertEquals(Phase.OPEN, failed(FRESH, 3).phase(now));
    assertEquals(Phase.CLOSED, failed(failed(FRESH, 2).answered(), 2).phase(now));
  }

  private EndpointState failed(EndpointState state, Failure how, String... questions) {
    EndpointState next = state;
    for (String question : questions) {
      next = next.failed(how, question, now, next.phase(now) != Phase.CLOSED);
    }
    return next;
  }

  @ParameterizedTest
  @EnumSource(
      value = Failure.class,
      names = {"ENDPOINT_FAILED", "ENDPOINT_TIMEOUT"})
  void oneQuestionCountsOnceInARow(Failure how) {
    EndpointState once = failed(FRESH, how, "a");
    assertEquals(once, failed(once, how, "a", "a", "a"));
    assertEquals(3, failed(once, how, "b", "a").failures());
    assertEquals(Phase.OPEN, failed(once, how, "b", "a").phase(now));
    assertEquals(3, failed(FRESH, ENDPOINT_UNREACHABLE, "a", "a", "a").failures());
    assertEquals(once, FRESH.shared(once.packed(), once.packedSince()));
  }

  @Test
  void probeWithTheSameQuestionPausesAgainButNoLonger() {
    EndpointState open = failed(FRESH, ENDPOINT_FAILED, "a", "b", "c");
    pass(Duration.ofSeconds(5));
    EndpointState again = open.probing(now).failed(ENDPOINT_FAILED, "c", now, true);
    assertEquals(now.plusSeconds(5), again.until());
    assertEquals(3, again.failures());
    EndpointState other = open.probing(now).failed(ENDPOINT_FAILED, "d", now, true);
    assertEquals(now.plusSeconds(10), other.until());
  }

  @Test
  void sharedByAnEarlierReleaseItBlamesNoQuestion() {
    EndpointState open = failed(FRESH, 3);
    assertEquals(open, FRESH.shared(open.packed(), open.since().toEpochMilli()));
  }

  @Test
  void isHalfOpenAfterThePauseAndClosedByAnAnswer() {
    EndpointState open = failed(FRESH, 3);
    pass(Duration.ofMillis(4_980));
    assertEquals(Phase.OPEN, open.phase(now));
    pass(Duration.ofMillis(20));
    assertEquals(Phase.HALF_OPEN, open.phase(now));
    assertEquals(FRESH, open.answered());
  }

  @Test
  void pausesDoubleUpToAMinute() {
    List<Long> pauses = new ArrayList<>();
    EndpointState state = failed(FRESH, 2);
    for (int i = 0; i < 7; i++) {
      state = state.failed(ENDPOINT_TIMEOUT, "question " + i, now, true);
      pauses.add(Duration.between(now, state.until()).toSeconds());
      now = state.until();
    }
    assertEquals(List.of(5L, 10L, 20L, 40L, 60L, 60L, 60L), pauses);
    assertEquals(START, state.since());
  }

  @Test
  void failuresOfCallsThatWereUnderWayAreNoNews() {
    EndpointState open = failed(FRESH, 3);
    assertSame(open, open.failed(ENDPOINT_FAILED, "any", now, false));
    pass(Duration.ofSeconds(5));
    EndpointState probing = open.probing(now);
    assertSame(probing, probing.failed(ENDPOINT_FAILED, "any", now, false));
    assertEquals(4, probing.failed(ENDPOINT_FAILED, "any", now, true).failures());
  }

  @Test
  void probeKeepsTheOthersAwayForThreeSecondsUnlessItSaysThatItStillWaits() {
    EndpointState open = failed(FRESH, 3);
    pass(Duration.ofSeconds(5));
    EndpointState probing = open.probing(now);
    assertEquals(Phase.OPEN, probing.phase(now.plusMillis(2_980)));
    assertEquals(Phase.HALF_OPEN, probing.phase(now.plusMillis(3_000)));
    pass(Duration.ofSeconds(2));
    assertEquals(Phase.OPEN, probing.probing(now).phase(now.plusMillis(2_980)));
  }

  @Test
  void clockThatIsSetBackKeepsItOpenForNoLonger() {
    EndpointState open = failed(FRESH, 3);
    assertEquals(Phase.HALF_OPEN, open.phase(START.minus(Duration.ofDays(1))));
    assertEquals(Phase.OPEN, open.phase(START.minusSeconds(55)));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 30, 31, 32, 1_000})
  void survivesPacking(int failures) {
    EndpointState state = failed(FRESH, failures);
    assertTrue(state.packed() > 0);
    assertEquals(state, FRESH.shared(state.packed(), state.packedSince()));
    assertEquals(Math.min(failures, 31), state.failures());
  }

  @Test
  void packsToTheLastYearOfTheCenturyAndTheHighestHash() {
    EndpointState state =
        new EndpointState(
            0xffff,
            31,
            ENDPOINT_FAILED,
            Instant.parse("2099-12-31T23:59:59.990Z"),
            Instant.parse("2099-12-31T23:59:59.999Z"),
            0x1fffff);
    assertTrue(state.packed() > 0);
    assertTrue(state.packedSince() > 0);
    assertEquals(state, state.answered().shared(state.packed(), state.packedSince()));
    assertEquals(0, state.answered().packed());
    assertEquals(0, state.answered().packedSince());
  }

  @Test
  void whatIsKnownOfAnotherEndpointDoesNotCount() {
    EndpointState open = failed(FRESH, 3);
    EndpointState other = EndpointState.fresh("http://127.0.0.1:2/v1");
    assertNotEquals(open.endpoint(), other.endpoint());
    assertEquals(other, other.shared(open.packed(), START.toEpochMilli()));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, -1, Long.MAX_VALUE, Long.MIN_VALUE, 3L << 40})
  void garbageCountsAsNothing(long packed) {
    assertEquals(FRESH, FRESH.shared(packed, -1));
  }

  @ParameterizedTest
  @EnumSource(Failure.class)
  void onlyTheEndpointsOwnFailuresCount(Failure failure) {
    boolean expected =
        List.of(ENDPOINT_UNREACHABLE, ENDPOINT_TIMEOUT, ENDPOINT_FAILED).contains(failure);
    assertEquals(expected, EndpointState.isDown(failure));
    assertFalse(EndpointState.isDown(Failure.RATE_LIMITED));
  }
}
