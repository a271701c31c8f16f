#pragma once

#include "actors/link.hpp"
#include "protocol/ids.hpp"
#include "protocol/message_batch.hpp"
#include "protocol/mqtt/packet.hpp"
#include "protocol/result.hpp"
#include "protocol/time.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kodama::actors {

/// By which protocol somebody publishes or subscribes.
enum class spoken { native, mqtt, http };

/// Why a message that was not guaranteed, or had lost its guarantee, went no further.
enum class drop {
  slow_reader, ///< no room for more, and no guarantee
  away,        ///< no connection, and no guarantee
  expired,     ///< its Message Expiry Interval was over
  too_large,   ///< for what the client accepts
  no_member,   ///< none of its group could be given it
};

/// Is told what the node decides, as it decides it: metrics in production, trace and checkers in
/// the simulator. Called on the home of whoever decides, so thread safe where there are several
/// homes; must not call back.
class observer {
public:
  virtual ~observer() = default;

  /// `peer`: its address, as far as it is known.
  virtual void on_connection_refused(errc /*reason*/, std::string_view /*peer*/) {}
  virtual void on_mqtt_refused(mqtt::reason_code, std::string_view /*peer*/) {}
  virtual void on_mqtt_opened(client_id) {}
  /// `present`: the session goes on, as CONNACK says.
  virtual void on_mqtt_attached(client_id, std::string_view /*client identifier*/,
                                mqtt::protocol_version, bool /*present*/, link_id) {}
  virtual void on_mqtt_detached(client_id, mqtt::reason_code) {}
  /// The session is over, and nothing is kept for it any more. A failure where that is the reason,
  /// and there was no connection that has ended for it.
  virtual void on_mqtt_ended(client_id, mqtt::reason_code) {}
  virtual void on_session_opened(client_id, const session_id&) {}
  virtual void on_session_resumed(client_id) {}
  /// From here on this link speaks for the session, and no other.
  virtual void on_attached(client_id, link_id, std::uint32_t /*keepalive_ms*/) {}
  /// Bytes of this link were accepted, or nobody has listened to it until now.
  virtual void on_heard(client_id, link_id) {}
  /// Bytes kept for the session until they are acknowledged, after they have grown.
  virtual void on_backlog(client_id, std::size_t /*bytes*/) {}
  /// The connection is gone, the session waits for its resume.
  virtual void on_session_detached(client_id, errc /*reason*/) {}
  virtual void on_session_ended(client_id, errc /*reason*/) {}
  /// So many filters with wildcards, or of MQTT, the directory keeps for a session, after a change.
  virtual void on_filters(spoken, client_id, std::size_t /*count*/) {}
  virtual void on_subscribed(std::string_view /*topic*/, client_id, topic_sequence /*first*/) {}
  virtual void on_unsubscribed(std::string_view /*topic*/, client_id, topic_sequence /*end*/) {}
  /// `batch` was given the sequence numbers from `first` on, one for each of its messages.
  virtual void on_sequenced(std::string_view /*topic*/, client_id /*sender*/,
                            topic_sequence /*first*/, const message_batch& /*batch*/) {}
  virtual void on_presence(std::string_view /*topic*/, presence_sequence, client_id,
                           message::presence_event) {}
  virtual void on_dropped(client_id /*subscriber*/, drop /*why*/, std::size_t /*count*/) {}
  /// What comes and goes, batch by batch; bytes without what frames them on the wire (MQTT and
  /// HTTP) or as the native protocol frames them. A guarantee of the native protocol is told as
  /// exactly_once.
  virtual void on_published(spoken, mqtt::qos, std::size_t /*count*/, std::size_t /*bytes*/) {}
  virtual void on_delivered(spoken, mqtt::qos, std::size_t /*count*/, std::size_t /*bytes*/) {}
  /// So many messages of a publisher, which were read at this instant, have their place in a topic.
  virtual void on_acknowledged(instant /*read_at*/, std::size_t /*count*/) {}
  /// What is kept for subscribers has grown by so many bytes, or shrunk.
  virtual void on_queued(spoken, std::ptrdiff_t /*bytes*/) {}
  /// Something was refused because of an account's plan or rules: `limit` is its name there.
  virtual void on_limit_hit(client_id, std::string_view /*account*/, std::string_view /*limit*/) {}
  virtual void on_datagram_refused() {}
  virtual void on_route_changed(client_id, bool /*udp*/) {}
  virtual void on_topic_opened(std::string_view /*topic*/) {}
  virtual void on_topic_closed(std::string_view /*topic*/) {}
};

} // namespace kodama::actors
