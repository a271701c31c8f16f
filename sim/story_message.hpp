#pragma once

#include "protocol/message.hpp"
#include "sim/trace.hpp"

namespace kodama::sim {

/// One message of the wire for a reader: "PUBLISH 0#4 to topic/0 (#9)". #9 is its MessageID, by
/// which it is acknowledged; 0#4 the publish of the scenario that it carries. Among the facts
/// are always "name" and, where the message has them, "topic", "message", "id" and "client".
[[nodiscard]] telling tell_message(const message_header& header, const message::any& body);

} // namespace kodama::sim
