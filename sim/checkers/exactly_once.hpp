#pragma once

#include "sim/checkers/delivery_ledger.hpp"

#include <boost/container/flat_map.hpp>

#include <map>
#include <string>

namespace kodama::sim::checkers {

/// Holds the run to `exactly-once`: no publish is sequenced or received twice, none is acknowledged
/// that was not sequenced, and at the end every acknowledged one has come to every session that was
/// subscribed when it was sequenced. The run has to end when nothing is under way any more.
class exactly_once final : public delivery_ledger {
public:
  [[nodiscard]] std::string_view promise() const override { return "exactly-once"; }

  void on_sequenced(instant, std::string_view topic, session_key sender, topic_sequence,
                    message_tag) override;
  void on_acknowledged(instant, user_id, session_key, message_tag) override;
  void on_received(instant, user_id, session_key who, std::string_view topic,
                   topic_sequence sequence, client_id sender, message_tag, bool by_udp) override;
  void on_end(instant, const std::vector<user_id>& reachable) override;

private:
  struct place {
    std::uint32_t life;
    std::string topic;
    topic_sequence sequence;
  };

  std::map<message_tag, place> sequenced_;
  boost::container::flat_map<message_tag, instant> acknowledged_;
  std::map<session_key, std::map<message_tag, place>> received_;
  std::map<session_key, by_topic<bool>> told_; ///< one report each is enough
};

} // namespace kodama::sim::checkers
