#pragma once

#include "protocol/bytes.hpp"
#include "protocol/mqtt/packet.hpp"

#include <string_view>

namespace kodama::actors {

/// A publish with RETAIN; borrows both texts.
[[nodiscard]] inline mqtt::publish to_retain(std::string_view topic, std::string_view text) {
  mqtt::publish what;
  what.topic = topic;
  what.payload = as_bytes(text);
  what.retain = true;
  return what;
}

} // namespace kodama::actors
