#include "client/waiting_pings.hpp"

#include <utility>

namespace kodama {

void waiting_pings::add(answer told, std::optional<std::uint64_t> probes_sent) {
  if (told)
    callers_.push_back({std::move(told), probes_sent, std::nullopt});
}

void waiting_pings::handle_pong(duration round_trip) {
  for (auto& each : callers_)
    if (!each.round_trip)
      each.round_trip = round_trip;
}

void waiting_pings::answer_ready(std::optional<std::uint64_t> proven_to) {
  while (!callers_.empty() && callers_.front().round_trip) {
    const auto& next = callers_.front();
    if (next.probes_sent && proven_to && *proven_to <= *next.probes_sent)
      return;
    const auto [told, probes_sent, round_trip] = std::move(callers_.front());
    callers_.pop_front(); // first: it may ask again
    told(*round_trip);
  }
}

void waiting_pings::fail(boost::system::error_code reason) {
  for (const auto& each : std::exchange(callers_, {}))
    each.told(reason);
}

} // namespace kodama
