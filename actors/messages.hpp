#pragma once

#include "actors/account.hpp"
#include "actors/link.hpp"
#include "actors/retained_quota.hpp"
#include "protocol/ids.hpp"
#include "protocol/message_batch.hpp"
#include "protocol/mqtt/error.hpp"
#include "protocol/mqtt/packet.hpp"
#include "protocol/result.hpp"
#include "protocol/udp_path.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Every message that our actors exchange, grouped by conversation. Plain structs, one per message;
/// they never leave the process.
namespace kodama::actors {

// --- a link speaks to its owner (actors/link.hpp) ---------------------------------------------

/// A peer has connected; the link is not bound to anybody yet. To the door.
struct link_accepted {
  link_ptr link;
  std::size_t connections = 0; ///< of the whole node, this one included
  /// Where the peer's datagrams would reach this node, at the address that it has connected to: a
  /// port; 0: the one that it has connected to; none: they would not.
  std::optional<std::uint16_t> datagram_port;
};
struct link_received {
  link_id link = 0;
  bytes data;
};
/// The link takes more again.
struct link_drained {
  link_id link = 0;
};
struct link_closed {
  link_id link = 0;
  boost::system::error_code reason;
};
struct datagram_arrived {
  address from;
  bytes data;
  std::optional<local_address> to{}; ///< empty: the host has one alone, or nobody knows
};

// --- door, registry and session: who may come in ----------------------------------------------

/// What the gatekeeper found out; a null account: nobody's credentials, or, with `is_busy`, it had
/// no time to find out whose.
struct identified {
  std::uint64_t ticket = 0;
  account_ptr account;
  bool is_busy = false;
};

/// A connection has proven its token and asks for a session. Door to registry to session.
struct admission {
  link_ptr link;
  caf::actor door;      ///< who refuses it, should that be necessary
  std::size_t home = 0; ///< where the link lives now
  std::uint32_t keepalive_ms = 0;
  std::optional<message::resume_point> resume;
  std::optional<message::datagram_random> random; ///< none: no datagrams, or not from there
  std::uint16_t datagram_port = 0;                ///< as in link_accepted
  account_ptr account; ///< a session is resumed by the account that opened it
  bytes rest;          ///< what came after CONNECT in the same read
};
/// Of a session that is not there, and of one that belongs to others: they must not learn which.
inline constexpr std::string_view no_such_session =
    "the session has ended, or its resume window has";
struct admission_refused {
  link_ptr link;
  errc reason{};
  std::string text;
};
/// Session to registry: forget me. The registry answers session_forgotten, and only then does the
/// session go away, so that an admission on its way to it is refused and not lost.
struct session_ended {
  session_id session;
};
struct session_forgotten {};
/// The node is going away: tell your peers and end.
struct shut_down {};

/// The same for an MQTT connection, whose CONNECT was understood and whose holder is known.
struct mqtt_admission {
  link_ptr link;
  caf::actor door;
  std::size_t home = 0;
  account_ptr account;      ///< a session is shared by the connections of one account alone
  std::string client;       ///< Client Identifier; empty: the registry gives one
  bool is_assigned = false; ///< it was empty
  mqtt::protocol_version version{};
  std::uint32_t packet_size_max = 0; ///< the client's
  bytes stream;                      ///< CONNECT, and what came after it in the same read
};
struct mqtt_refused {
  link_ptr link;
  mqtt::protocol_version version{};
  std::uint32_t packet_size_max = 0; ///< the client's
  mqtt::error why;
};
/// As session_ended, for the MQTT session of this name.
struct mqtt_session_ended {
  std::size_t holder = 0;
  std::string client;
};

// --- session and directory: topic names become topics -----------------------------------------

struct topic_wanted {
  std::string name;
};
struct topic_opened {
  std::string name;
  caf::actor topic;
};
/// Counts the filters that the directory has dealt with, whatever was asked about them.
using filter_epoch = std::uint64_t;
/// The last message of a topic that was published with RETAIN.
struct retained_message {
  shared_batch batch; ///< of this one alone
  mqtt::qos qos{};
  retained_room_ptr room;

  [[nodiscard]] instant expires_at() const { return batch->forms.expires_at(0); }
};
/// A session subscribes to filters, all of one SUBSCRIBE; filters_answered comes back. An MQTT
/// session has all its subscriptions here, a native one those with wildcards, one at a time and
/// without retained messages.
struct filters_asked {
  struct filter {
    std::string text; ///< with its "$share/{ShareName}/", where it is shared
    bool wants_retained = false;
  };
  client_id client = 0;
  std::uint64_t request = 0;
  std::vector<filter> filters;
  bool native = false;
};
/// Likewise for an UNSUBSCRIBE, or for a session that ends. `request` 0: no answer.
struct filters_left {
  client_id client = 0;
  std::uint64_t request = 0;
  std::vector<std::string> filters;
  bool is_over = false; ///< what it has asked for before and has not begun is void
};
struct filters_answered {
  std::uint64_t request = 0;
  /// Of the last filter, so a native session asks for one at a time: a topic that has heard of it
  /// sends a filtered_publication with this epoch or a later one.
  filter_epoch epoch = 0;
};
/// The session's connection is gone, or there is one again: others of its groups come first, or no
/// longer. `filters` are its shared ones.
struct filters_away {
  client_id client = 0;
  bool away = false;
  std::vector<std::string> filters;
};
/// Directory to topic: one more filter of this session matches you, or one less. `shared` is the
/// filter where it is a shared one, else empty.
struct topic_joined {
  client_id client = 0;
  caf::actor session;
  std::string shared;
  bool away = false;
  bool native = false;
  filter_epoch epoch = 0;
};
struct topic_parted {
  client_id client = 0;
  std::string shared;
};
struct topic_member_away {
  client_id client = 0;
  std::string shared;
  bool away = false;
};
/// Directory to topic: if you have a retained message, this filter's session wants it.
struct retained_wanted {
  caf::actor session;
  std::string filter;
  std::uint64_t request = 0; ///< as in filters_asked
};
/// Topic or directory to an MQTT session.
struct retained_found {
  std::string filter;
  retained_message what;
  std::uint64_t request = 0;
};

/// This session keeps the topic's handle no longer.
struct topic_released {
  std::string name;
};
/// Directory to topic: nobody holds your handle any more.
struct topic_retired {};
/// Topic to directory, on its way out: where its numbers ended, so that no number is given twice.
struct topic_closed {
  std::string name;
  topic_sequence last = 0;
  presence_sequence presence = 0;
  std::optional<retained_message> retained;
};

// --- session and topic ------------------------------------------------------------------------

enum class topic_request { subscribe, unsubscribe, watch, unwatch, list };

struct topic_asked {
  topic_request what{};
  client_id client = 0;
  message_id request = 0;
};
/// `number` is the sequence number that the matching native answer carries.
struct topic_answered {
  topic_request what{};
  std::string topic;
  message_id request = 0;
  std::uint64_t number = 0;
  std::vector<client_id> clients; ///< of a list
};
/// Messages of one sender in its order, encoded as subscribers will get them but for the numbers.
/// The topic is the last to write into the batch.
struct publish_batch {
  std::shared_ptr<message_batch> batch;
  client_id sender = 0;
  message_id first = 0; ///< the sender's MessageIDs from here on; 0: without a guarantee
  /// Of an MQTT sender; a native message with a guarantee goes out at whatever was granted.
  mqtt::qos qos = mqtt::qos::exactly_once;
  instant at = never;     ///< when it was sent to the topic
  retained_room_ptr room; ///< of the last one that is to be retained
};
/// The topic has sequenced these messages of yours.
struct publish_sequenced {
  message_id first = 0;
  std::size_t count = 0;
  instant at = never; ///< as in publish_batch
};
/// To a subscriber.
struct publication {
  shared_batch batch;
  bool reliable = false;
  mqtt::qos qos{};      ///< at most
  client_id sender = 0; ///< No Local
};
/// To a native session with a filter that matches and no subscription to the topic itself. What is
/// older than its filter (`epoch`) is not for it: it ended another subscription to the same filter
/// before, and this is still of that.
struct filtered_publication {
  publication what;
  std::string topic;
  filter_epoch epoch = 0;
};
/// To the member of a group whose turn it is: these messages of the batch. A session that is no
/// longer in the group sends it back, with its name, and the turn passes to another.
struct shared_publication {
  publication what;
  std::vector<std::uint32_t> indexes;
  std::string filter; ///< "$share/{ShareName}/{filter}"
  std::vector<client_id> declined;
};
/// To a watcher.
struct presence_changed {
  shared_batch notification;
};
/// The session has ended: no longer subscribed, no longer watching.
struct client_left {
  client_id client = 0;
};

// --- session and transport selector -----------------------------------------------------------

/// Names one TCP connection's datagram path; messages about an older one are ignored.
struct path_seen {
  path_id path = 0;
  address from;
  bool newest = false;
  std::size_t datagram_size = 0;
};
struct path_probed {
  path_id path = 0;
  address from;
  std::uint64_t probe = 0;
  std::size_t datagram_size = 0;
};
struct path_answered {
  path_id path = 0;
  address from;
  std::uint64_t probe = 0;
};
/// A new TCP connection, a new path; 0: none any more.
struct path_reset {
  path_id path = 0;
};
/// Selector to session: seal this and send it.
struct path_transmit {
  path_id path = 0;
  udp_path::transmission what;
};
struct path_route {
  path_id path = 0;
  std::optional<udp_path::route> route;
};

} // namespace kodama::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::link_accepted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::link_received)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::link_drained)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::link_closed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::datagram_arrived)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::identified)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::admission)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::admission_refused)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::session_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::session_forgotten)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::shut_down)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::topic_wanted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::topic_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::topic_released)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::topic_retired)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::topic_closed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::topic_asked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::topic_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::publish_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::publish_sequenced)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::publication)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::presence_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::client_left)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::path_seen)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::path_probed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::path_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::path_reset)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::path_transmit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::path_route)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::mqtt_admission)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::mqtt_refused)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::mqtt_session_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::filters_asked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::filters_left)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::filters_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::topic_joined)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::topic_parted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::filters_away)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::topic_member_away)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::shared_publication)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::filtered_publication)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::retained_wanted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::actors::retained_found)
