#include "net/flaky_statistics.hpp"

#include <string_view>

namespace kodama::net {

std::string to_string(const flaky_statistics& counted) {
  std::string line;
  const auto add = [&line](std::string_view name, std::uint64_t count) {
    if (!line.empty())
      line += ' ';
    line += name;
    line += '=';
    line += std::to_string(count);
  };
  add("connections", counted.connections);
  add("refused", counted.refused);
  add("cuts", counted.cuts);
  add("half_opens", counted.half_opens);
  add("stalls", counted.stalls);
  add("bytes_up", counted.bytes_up);
  add("bytes_down", counted.bytes_down);
  add("datagrams_up", counted.datagrams_up);
  add("datagrams_down", counted.datagrams_down);
  add("lost", counted.lost);
  add("too_long", counted.too_long);
  add("blocked", counted.blocked);
  add("dropped", counted.dropped);
  add("duplicated", counted.duplicated);
  add("reordered", counted.reordered);
  add("rebinds", counted.rebinds);
  return line;
}

} // namespace kodama::net
