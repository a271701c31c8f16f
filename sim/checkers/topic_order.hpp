#pragma once

#include "sim/checker.hpp"
#include "sim/checkers/by_topic.hpp"

#include <boost/container/flat_map.hpp>

#include <map>

namespace kodama::sim::checkers {

/// Holds the run to `topic-order`: a topic gives each number once and upwards, a subscriber
/// receives them one by one without a gap, and each carries what the server sequenced under it,
/// from the sender who published it. By a filter, which keeps no topic open, numbers may jump where
/// the topic began anew, but nothing that has one is left out.
class topic_order final : public checker {
public:
  [[nodiscard]] std::string_view promise() const override { return "topic-order"; }

  void on_server_subscribed(instant, std::string_view topic, session_key,
                            topic_sequence first) override;
  void on_sequenced(instant, std::string_view topic, session_key sender, topic_sequence,
                    message_tag) override;
  void on_received(instant, user_id, session_key who, std::string_view topic,
                   topic_sequence sequence, client_id sender, message_tag, bool by_udp) override;
  void on_subscribed(instant, user_id, session_key who, std::string_view topic,
                     topic_sequence first) override;
  void on_unsubscribed(instant, user_id, session_key who, std::string_view topic,
                       topic_sequence end) override;

private:
  struct message {
    message_tag tag;
    client_id sender;
  };
  using messages = boost::container::flat_map<topic_sequence, message>;
  struct received {
    topic_sequence sequence = 0; ///< 0: none since SUBACK
    message_tag tag;
    bool subscribed = false; ///< by its name
  };

  /// The number that has to come next.
  [[nodiscard]] topic_sequence due(const received& latest, std::uint32_t life,
                                   std::string_view topic);
  void compare(instant now, user_id user, session_key who, std::string_view topic,
               topic_sequence sequence, const message& got);

  std::map<std::uint32_t, by_topic<messages>> sequenced_;
  std::map<session_key, by_topic<received>> latest_;
  std::map<std::uint32_t, by_topic<bool>> server_told_;
  std::map<session_key, by_topic<bool>> told_;
};

} // namespace kodama::sim::checkers
