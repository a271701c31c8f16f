#pragma once

#include "sim/checker.hpp"

#include <set>

namespace kodama::sim::checkers {

/// Holds the run to `authenticated`: nobody is let in whose token the server does not know, and
/// nobody receives what no user has published.
class authenticated final : public checker {
public:
  [[nodiscard]] std::string_view promise() const override { return "authenticated"; }

  void on_connected(instant, user_id, session_key who, bool resumed, duration keepalive) override;
  void on_received(instant, user_id, session_key who, std::string_view topic,
                   topic_sequence sequence, client_id sender, message_tag, bool by_udp) override;
  void on_received_unknown(instant, user_id, session_key, std::string_view topic) override;
  void on_sequenced(instant, std::string_view topic, session_key sender, topic_sequence,
                    message_tag) override;
  void on_intruder_connected(instant, user_id) override;

private:
  std::set<session_key> told_;
  std::set<user_id> intruders_told_;
};

} // namespace kodama::sim::checkers
