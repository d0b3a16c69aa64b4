package aiworker;

import aiworker.chat.ChatReply;
import aiworker.check.ProvenSql;
import aiworker.check.Prover;
import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import aiworker.reply.Reply;
import aiworker.usage.Usage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Replies to one question, each proven like a single one, and the statement that most of them agree
 * on by {@link Prover#meaning}; of several such groups the one that holds the earliest reply.
 *
 * <p>Thread rule: that of the {@code Database}; immutable.
 */
final class Vote {
  private final List<ChatReply> replies;
  private final List<Candidate> winners;
  private final Map<String, List<Candidate>> groups;
  private final AiWorkerException problem;
  private final ChatReply reply;

  private record Candidate(ChatReply reply, ProvenSql statement) {}

  private Vote(
      List<ChatReply> replies,
      Map<String, List<Candidate>> groups,
      AiWorkerException problem,
      ChatReply refused) {
    this.replies = List.copyOf(replies);
    this.groups = groups;
    this.winners =
        groups.values().stream()
            .reduce((first, next) -> next.size() > first.size() ? next : first)
            .orElse(List.of());
    this.problem = problem;
    this.reply = winners.isEmpty() ? refused : winners.get(0).reply;
  }

  /**
   * Proves all of them.
   *
   * @param known whether the conversation holds a text
   */
  static Vote of(List<ChatReply> replies, Prover prover, Predicate<String> known) {
    Map<String, List<Candidate>> groups = new LinkedHashMap<>();
    AiWorkerException problem = null;
    ChatReply refused = null;
    for (ChatReply reply : replies) {
      try {
        if (reply.problem() != null) {
          throw reply.problem();
        }
        ProvenSql statement = prover.prove(Reply.of(reply.content(), known).sql());
        // a single one is compared with nothing
        String meaning = replies.size() == 1 ? "" : prover.meaning(statement);
        groups
            .computeIfAbsent(meaning, first -> new ArrayList<>())
            .add(new Candidate(reply, statement));
      } catch (AiWorkerException e) {
        if (problem == null || (!problem.failure().isRepairable() && e.failure().isRepairable())) {
          problem = e;
          refused = reply;
        }
      }
    }
    return new Vote(replies, groups, problem, refused);
  }

  /**
   * What most agree on.
   *
   * @param minAgreement the share of all replies that must, if there are several
   * @throws AiWorkerException if none can be proven, why the first that may be repaired cannot, or
   *     else the first; {@link Failure#NO_AGREEMENT} if too few agree
   */
  ProvenSql statement(double minAgreement) {
    if (winners.isEmpty()) {
      throw problem;
    }
    if (replies.size() > 1 && agreement() < minAgreement) {
      throw new AiWorkerException(
          Failure.NO_AGREEMENT,
          "%d of %d candidates agree, and min_agreement is %s"
              .formatted(winners.size(), replies.size(), minAgreement),
          groups.values().stream()
              .map(group -> group.size() + " of " + replies.size() + ": " + group.get(0).statement)
              .collect(Collectors.joining("; ")));
    }
    return winners.get(0).statement;
  }

  /** The reply that holds the statement, or that may be repaired. */
  ChatReply reply() {
    return reply;
  }

  /** How many of all replies agree, from 0 to 1 with two places; null if there is but one. */
  Double agreement() {
    return replies.size() == 1 ? null : Math.round(100.0 * winners.size() / replies.size()) / 100.0;
  }

  /** How many hold no statement that can be proven, though the model did not decline. */
  int unproven() {
    return (int) replies.stream().filter(each -> each.problem() == null).count()
        - groups.values().stream().mapToInt(List::size).sum();
  }

  Usage usage() {
    return replies.stream().map(ChatReply::usage).reduce(Usage.NONE, Usage::plus);
  }
}
