#include "sim/checkers/unreliable_at_most_once.hpp"

#include "sim/checkers/text.hpp"

#include <utility>

namespace kodama::sim::checkers {
namespace {

std::string_view way(bool by_udp) {
  return by_udp ? "UDP" : "TCP";
}

} // namespace

void unreliable_at_most_once::on_received(instant now, user_id user, session_key who,
                                          std::string_view topic, topic_sequence sequence,
                                          client_id sender, message_tag tag, bool by_udp) {
  if (sequence != 0)
    return;
  exercise();
  auto& known = sessions_[who];
  auto& latest = at(known.latest, topic)[sender];
  if (latest.tag.number != 0 && latest.by_udp != by_udp) {
    exercise();
    ++path_changes_;
  }
  const bool twice = !known.received.insert(tag).second;
  const bool late = tag < latest.tag;
  if ((twice || late) && !std::exchange(at(known.told, topic), true)) {
    const auto received =
        text(name_of(user, who), " received message ", name_of(tag), " of client ", sender,
             " to \"", topic, "\" without a guarantee by ", way(by_udp));
    violate(now, twice ? text(received, " for the second time")
                       : text(received, " after the newer message ", name_of(latest.tag), " by ",
                              way(latest.by_udp)));
  }
  if (!late)
    latest = {tag, by_udp};
}

} // namespace kodama::sim::checkers
