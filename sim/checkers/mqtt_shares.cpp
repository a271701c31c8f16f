#include "sim/checkers/mqtt_shares.hpp"

namespace kodama::sim::checkers {
namespace {

/// How long what came on a connection may wait behind a SUBSCRIBE that the directory works at.
constexpr auto holding_max = std::chrono::seconds{1};

} // namespace

template <class Visitor>
void mqtt_shares::each_of(std::uint64_t session, Visitor&& visit) {
  for (auto& [group, messages] : given_)
    for (auto& [tag, shares] : messages)
      for (auto& each : shares)
        if (each.session == session)
          visit(tag, each);
}

void mqtt_shares::note_taken(std::uint64_t session, message_tag tag, instant now) {
  each_of(session, [&](message_tag of, share& each) {
    if (of == tag)
      each.taken = now;
  });
}

void mqtt_shares::note_detached(std::uint64_t session, instant now) {
  each_of(session, [&](message_tag, share& each) {
    if (each.taken != never && each.taken + holding_max > now)
      each.in_doubt = true;
  });
}

void mqtt_shares::note_ended(std::uint64_t session, instant now) {
  last_end_ = now;
  each_of(session, [&](message_tag, share& each) {
    if (each.ended == never)
      each.ended = now;
  });
}

} // namespace kodama::sim::checkers
