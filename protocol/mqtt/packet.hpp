#pragma once

#include "protocol/bytes.hpp"
#include "protocol/mqtt/packet_type.hpp"
#include "protocol/mqtt/properties.hpp"
#include "protocol/mqtt/reason_code.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

/// The packets of MQTT 3.1.1 (OASIS, 29 October 2014) and 5.0 (OASIS, 7 March 2019) as plain
/// structs, each written once for both: 3.1.1 leaves out what 5.0 added.
///
/// A decoded packet borrows the bytes it was decoded from: topics, texts and payloads are views.
/// Lists own their elements, but not what these refer to; where there are none (as in a PUBLISH
/// without user properties) nothing is allocated.
namespace kodama::mqtt {

/// The Protocol Level of CONNECT. MQTT 3.1 (level 3, "MQIsdp") is not spoken.
enum class protocol_version : std::uint8_t { v3_1_1 = 4, v5 = 5 };

/// Which end of a connection; some packets and properties may come from one of them only.
enum class endpoint { client, server };

using packet_id = std::uint16_t; ///< 1 to 65535; 0 is none [MQTT-2.2.1-3]

struct will {
  std::string_view topic;
  byte_view payload;
  mqtt::qos qos = mqtt::qos::at_most_once;
  bool retain = false;
  will_properties properties;
};

struct connect {
  protocol_version version = protocol_version::v5;
  bool clean_start = true;      ///< "Clean Session" in 3.1.1
  std::uint16_t keep_alive = 0; ///< seconds; 0: none
  std::string_view client_id;   ///< empty: the server gives one
  std::optional<mqtt::will> will;
  std::optional<std::string_view> user_name;
  std::optional<byte_view> password;
  connect_properties properties;
};

struct connack {
  bool session_present = false;
  reason_code reason = reason_code::success;
  connack_properties properties;
};

struct publish {
  std::string_view topic; ///< empty: the one of the topic alias
  byte_view payload;
  mqtt::qos qos = mqtt::qos::at_most_once;
  bool retain = false;
  bool dup = false;
  packet_id id = 0; ///< with QoS 1 and 2
  publish_properties properties;
};

/// The four answers of the QoS 1 and 2 handshakes. 3.1.1 can say success only.
template <packet_type Type>
struct acknowledgement {
  packet_id id = 0;
  reason_code reason = reason_code::success;
  answer_properties properties;
};
using puback = acknowledgement<packet_type::puback>;
using pubrec = acknowledgement<packet_type::pubrec>;
using pubrel = acknowledgement<packet_type::pubrel>;
using pubcomp = acknowledgement<packet_type::pubcomp>;

enum class retain_handling : std::uint8_t {
  always = 0, ///< retained messages are sent at each SUBSCRIBE
  if_new = 1, ///< only where the subscription did not exist
  never = 2,
};

/// One filter of a SUBSCRIBE with its Subscription Options (3.8.3.1); 3.1.1 has but the QoS.
struct subscription {
  std::string_view filter;
  qos maximum_qos = qos::at_most_once;
  bool no_local = false;
  bool retain_as_published = false;
  mqtt::retain_handling retain_handling = mqtt::retain_handling::always;
};

struct subscribe {
  packet_id id = 0;
  std::vector<subscription> subscriptions;
  subscribe_properties properties;
};

/// A reason for each filter, in their order. In 3.1.1 every failure is 0x80.
struct suback {
  packet_id id = 0;
  std::vector<reason_code> reasons;
  answer_properties properties;
};

struct unsubscribe {
  packet_id id = 0;
  std::vector<std::string_view> filters;
  unsubscribe_properties properties;
};

/// A reason for each filter, in their order; 3.1.1 has none.
struct unsuback {
  packet_id id = 0;
  std::vector<reason_code> reasons;
  answer_properties properties;
};

struct pingreq {};

struct pingresp {};

/// In 3.1.1 from a client only, and always normal.
struct disconnect {
  reason_code reason = reason_code::normal_disconnection;
  disconnect_properties properties;
};

/// 5.0 only.
struct auth {
  reason_code reason = reason_code::success;
  auth_properties properties;
};

/// In the order of the packet types.
using packet = std::variant<connect, connack, publish, puback, pubrec, pubrel, pubcomp, subscribe,
                            suback, unsubscribe, unsuback, pingreq, pingresp, disconnect, auth>;

[[nodiscard]] inline packet_type type_of(const packet& what) noexcept {
  return static_cast<packet_type>(what.index() + 1);
}

} // namespace kodama::mqtt
