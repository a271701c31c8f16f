#include "sim/story_tcp.hpp"

#include "sim/tcp.hpp"

#include <string>

namespace kodama::sim {

telling tell_tcp(const trace_kind& kind, std::uint64_t connection, std::uint64_t number,
                 std::string_view peer) {
  const auto id = std::to_string(connection);
  const auto with = std::string{peer} + " (connection " + id + ')';
  telling told;
  told.facts = {{"connection", id}, {"peer", std::string{peer}}};
  if (kind.name() == tcp_kind::bytes.name())
    told.text = "gets " + std::to_string(number) + " bytes from " + with;
  else if (kind.name() == tcp_kind::closed.name())
    told.text = "is without its connection to " + with + ": " +
                std::string{to_string(static_cast<close_reason>(number))};
  else if (kind.name() == tcp_kind::stalled.name())
    told.text = "cannot be reached by " + with;
  else if (kind.name() == tcp_kind::connecting.name())
    told.text = "tries to connect to " + with;
  else if (kind.name() == tcp_kind::connected.name())
    told.text = "is connected to " + with;
  else
    told.text = "accepts " + with;
  return told;
}

} // namespace kodama::sim
