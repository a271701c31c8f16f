#pragma once

#include "sim/checker.hpp"
#include "sim/checkers/by_topic.hpp"

#include <map>
#include <set>

namespace kodama::sim::checkers {

/// Holds the run to `unreliable-at-most-once`: a message without a guarantee comes once or not at
/// all, and never after a newer one of the same sender and topic, whichever way the two took.
class unreliable_at_most_once final : public checker {
public:
  [[nodiscard]] std::string_view promise() const override { return "unreliable-at-most-once"; }
  /// How often two messages of a sender and topic, one after the other, took different ways.
  [[nodiscard]] std::uint64_t path_changes() const noexcept { return path_changes_; }

  void on_received(instant, user_id, session_key who, std::string_view topic,
                   topic_sequence sequence, client_id sender, message_tag, bool by_udp) override;

private:
  struct message {
    message_tag tag; ///< number 0: none yet
    bool by_udp = false;
  };
  struct receiver {
    std::set<message_tag> received;
    by_topic<std::map<client_id, message>> latest; ///< of each sender
    by_topic<bool> told;
  };

  std::map<session_key, receiver> sessions_;
  std::uint64_t path_changes_ = 0;
};

} // namespace kodama::sim::checkers
