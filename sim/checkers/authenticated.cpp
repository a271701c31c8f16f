#include "sim/checkers/authenticated.hpp"

#include "sim/checkers/text.hpp"

namespace kodama::sim::checkers {

void authenticated::on_connected(instant, user_id, session_key, bool, duration) {
  exercise();
}

void authenticated::on_received(instant, user_id, session_key, std::string_view, topic_sequence,
                                client_id, message_tag, bool) {
  exercise();
}

void authenticated::on_received_unknown(instant now, user_id user, session_key who,
                                        std::string_view topic) {
  exercise();
  if (told_.insert(who).second)
    violate(now, text(name_of(user, who), " received content of \"", topic,
                      "\" that no user has published"));
}

void authenticated::on_sequenced(instant now, std::string_view topic, session_key sender,
                                 topic_sequence sequence, message_tag tag) {
  exercise();
  if (tag.number == 0 && told_.insert(sender).second)
    violate(now, text("the server took content from ", name_of(sender), " as ", sequence, " of \"",
                      topic, "\" that no user has published"));
}

void authenticated::on_intruder_connected(instant now, user_id user) {
  exercise();
  if (intruders_told_.insert(user).second)
    violate(now, text("user ", user, " was let in, but the server does not know its token"));
}

} // namespace kodama::sim::checkers
