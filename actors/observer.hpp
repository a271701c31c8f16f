#pragma once

#include "actors/link.hpp"
#include "protocol/ids.hpp"
#include "protocol/message_batch.hpp"
#include "protocol/mqtt/packet.hpp"
#include "protocol/result.hpp"

#include <cstdint>
#include <string_view>

namespace kodama::actors {

/// Is told what the node decides, as it decides it: metrics in production, trace and checkers in
/// the simulator. Called on the home of whoever decides, so thread safe where there are several
/// homes; must not call back.
class observer {
public:
  virtual ~observer() = default;

  virtual void on_connection_refused(errc /*reason*/) {}
  virtual void on_mqtt_refused(mqtt::reason_code) {}
  /// `present`: the session goes on, as CONNACK says.
  virtual void on_mqtt_attached(client_id, std::string_view /*client identifier*/,
                                mqtt::protocol_version, bool /*present*/, link_id) {}
  virtual void on_mqtt_detached(client_id, mqtt::reason_code) {}
  /// The session is over, and nothing is kept for it any more.
  virtual void on_mqtt_ended(client_id) {}
  virtual void on_session_opened(client_id, const session_id&) {}
  virtual void on_session_resumed(client_id) {}
  /// From here on this link speaks for the session, and no other.
  virtual void on_attached(client_id, link_id, std::uint32_t /*keepalive_ms*/) {}
  /// Bytes of this link were accepted.
  virtual void on_heard(client_id, link_id) {}
  /// Bytes kept for the session until they are acknowledged, after they have grown.
  virtual void on_backlog(client_id, std::size_t /*bytes*/) {}
  /// The connection is gone, the session waits for its resume.
  virtual void on_session_detached(client_id, errc /*reason*/) {}
  virtual void on_session_ended(client_id, errc /*reason*/) {}
  virtual void on_subscribed(std::string_view /*topic*/, client_id, topic_sequence /*first*/) {}
  virtual void on_unsubscribed(std::string_view /*topic*/, client_id, topic_sequence /*end*/) {}
  /// `batch` was given the sequence numbers from `first` on, one for each of its messages.
  virtual void on_sequenced(std::string_view /*topic*/, client_id /*sender*/,
                            topic_sequence /*first*/, const message_batch& /*batch*/) {}
  virtual void on_presence(std::string_view /*topic*/, presence_sequence, client_id,
                           message::presence_event) {}
  /// Unreliable messages that went no further, and why.
  virtual void on_unreliable_dropped(client_id /*subscriber*/, std::size_t /*count*/) {}
  virtual void on_datagram_refused() {}
  virtual void on_route_changed(client_id, bool /*udp*/) {}
  virtual void on_topic_opened(std::string_view /*topic*/) {}
  virtual void on_topic_closed(std::string_view /*topic*/) {}
};

} // namespace kodama::actors
