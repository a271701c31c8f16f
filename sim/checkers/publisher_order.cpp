#include "sim/checkers/publisher_order.hpp"

#include "sim/checkers/text.hpp"

#include <utility>

namespace kodama::sim::checkers {

void publisher_order::on_received(instant now, user_id user, session_key who,
                                  std::string_view topic, topic_sequence sequence, client_id sender,
                                  message_tag tag, bool) {
  if (sequence == 0 || is_of_mqtt(tag))
    return;
  auto& latest = at(received_[who], topic)[sender];
  if (latest.sequence != 0)
    exercise();
  if (tag < latest.tag && !std::exchange(at(told_[who], topic), true))
    violate(now,
            text(name_of(user, who), " received message ", name_of(tag), " as ", sequence, " of \"",
                 topic, "\" after message ", name_of(latest.tag), " as ", latest.sequence,
                 ", but client ", sender, " published ", name_of(tag), " first"));
  latest = {tag, sequence};
}

void publisher_order::on_sequenced(instant now, std::string_view topic, session_key sender,
                                   topic_sequence sequence, message_tag tag) {
  if (tag.number == 0 || is_of_mqtt(tag))
    return; // for authenticated or mqtt to judge
  auto& latest = at(sequenced_[sender], topic);
  if (latest.sequence != 0)
    exercise();
  if (tag < latest.tag && !std::exchange(at(told_[sender], topic), true))
    violate(now, text("the server sequenced message ", name_of(tag), " as ", sequence, " of \"",
                      topic, "\" after message ", name_of(latest.tag), " as ", latest.sequence,
                      ", but ", name_of(sender), " published ", name_of(tag), " first"));
  latest = {tag, sequence};
}

} // namespace kodama::sim::checkers
