#pragma once

#include "sim/checker.hpp"
#include "sim/checkers/by_topic.hpp"

#include <map>
#include <set>

namespace kodama::sim::checkers {

/// Holds the run to `publisher-order`: what one session publishes to one topic is sequenced, and
/// received by everybody, in the order in which it was published. Tags of one user count in that
/// order. Repetitions are the business of exactly-once.
class publisher_order final : public checker {
public:
  [[nodiscard]] std::string_view promise() const override { return "publisher-order"; }

  void on_received(instant, user_id, session_key who, std::string_view topic,
                   topic_sequence sequence, client_id sender, message_tag, bool by_udp) override;
  void on_sequenced(instant, std::string_view topic, session_key sender, topic_sequence,
                    message_tag) override;

private:
  struct message {
    message_tag tag;
    topic_sequence sequence = 0;
  };

  std::map<session_key, by_topic<message>> sequenced_; ///< the latest of each sender
  std::map<session_key, by_topic<std::map<client_id, message>>> received_; ///< likewise
  std::map<session_key, by_topic<bool>> told_;
};

} // namespace kodama::sim::checkers
