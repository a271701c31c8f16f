#pragma once

#include "protocol/bytes.hpp"
#include "protocol/ids.hpp"
#include "protocol/limits.hpp"
#include "protocol/message.hpp"
#include "protocol/result.hpp"
#include "protocol/time.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kodama {

/// Names a call of the user towards its completion. Counts over all sessions of one
/// client_connection; never 0.
using request_id = std::uint64_t;

/// What happened, for the user. Views are valid until the next handle_*, poll_* or disconnect();
/// what else the user asks for in the meantime leaves them alone.
namespace client_event {

struct connected {
  client_id client;
  bool resumed;
  session_limits limits;
  std::chrono::milliseconds keepalive;
};
/// The transport is gone, the session is not: it will be resumed. `attempt_in` is the pause.
struct connection_lost {
  boost::system::error_code reason;
  duration attempt_in;
  std::string text; ///< the server's words, where it refused us
};
struct topic_gap {
  std::string topic;
  topic_sequence last_delivered; ///< 0: none since SUBACK; everything after it is in doubt
  topic_sequence first_owed;     ///< what SUBACK promised, or the first that came by a filter
};
/// The session could not be kept. A new one follows, with the same subscriptions, unless
/// `options::renew` is off or the reason forbids it (`stopped` follows then). A subscribe or watch
/// among `abandoned` is still wanted: the new session asks for it again, as request 0.
struct session_lost {
  boost::system::error_code reason;
  std::string text;
  std::vector<request_id> unconfirmed; ///< reliable publishes: delivered or not, nobody knows
  std::vector<request_id> abandoned;   ///< other requests without an answer
  /// Of each subscribed topic, and of each of which something came by a filter. A filter itself is
  /// among them with both numbers 0: of topics that are not named nothing has come.
  std::vector<topic_gap> gaps;
};
/// No further attempt will be made.
struct stopped {
  boost::system::error_code reason;
  std::string text;
};
/// The topic has sequenced the publish.
struct acknowledged {
  request_id request;
};
/// `request` is 0 where a renewed subscription or watch was refused; `topic` is empty where a
/// publish was.
struct request_failed {
  request_id request;
  errc reason;
  std::string_view text;
  std::string_view topic;
  bool of_watch = false; ///< a watch of the topic was refused
};
/// `request` is 0 where the subscription was renewed in a new session, not asked for now.
struct subscribed {
  request_id request;
  std::string_view topic; ///< or the filter
  topic_sequence first;   ///< 0 for a filter
};
struct unsubscribed {
  request_id request;
  std::string_view topic; ///< or the filter
  topic_sequence end;     ///< 0 for a filter
};
enum class transport { tcp, udp };
struct received {
  std::string_view topic;
  topic_sequence sequence; ///< 0: without a guarantee
  client_id sender;
  std::uint16_t content_type;
  byte_view content;
  transport via;
};
/// `request` is 0 where the watch was renewed in a new session.
struct watching {
  request_id request;
  std::string_view topic;
  presence_sequence first;
};
struct unwatched {
  request_id request;
  std::string_view topic;
  presence_sequence end;
};
struct presence {
  std::string_view topic;
  presence_sequence sequence;
  client_id client;
  message::presence_event event;
};
/// Complete: all parts have arrived.
struct subscribers {
  request_id request;
  std::string topic;
  presence_sequence sequence;
  std::vector<client_id> clients;
};
struct server_time {
  request_id request;
  std::uint64_t unix_micros; ///< the server's, estimated for the moment of arrival
  duration round_trip;
};
/// An answer to our PING (the keepalive's or a user's).
struct pong {
  duration round_trip;
};
struct udp_changed {
  bool up;
  std::size_t datagram_size_max;
};

using any = std::variant<connected, connection_lost, session_lost, stopped, acknowledged,
                         request_failed, subscribed, unsubscribed, received, watching, unwatched,
                         presence, subscribers, server_time, pong, udp_changed>;

} // namespace client_event

} // namespace kodama
