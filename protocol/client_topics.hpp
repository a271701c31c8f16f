#pragma once

#include "protocol/client_event.hpp"
#include "protocol/ids.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kodama {

/// What a client's user wants of each topic, and what the present session has of it.
///
/// The wishes change when the user asks and outlive every session; the state changes when the
/// server answers and ends with the session. Topics are listed in the order of their names.
class client_topics {
public:
  /// One kind of interest: to hear a topic's messages, or to watch who else does.
  struct interest {
    bool wanted = false;
    bool active = false;   ///< between SUBACK and UNSUBACK (WATCHACK and UNWATCHACK)
    message_id latest = 0; ///< the last request about it: only this one's failure ends the wish
  };
  struct topic {
    interest subscription;
    interest watch;
    topic_sequence first = 0; ///< what SUBACK promised
    topic_sequence last = 0;  ///< delivered to the user; 0: none since SUBACK
  };
  using which = interest topic::*;

  void handle_asked(std::string_view name, which what, bool wanted, message_id request);
  /// A refused wish is given up, so that the next session does not ask for it again. Refusing an
  /// end leaves everything as it is.
  void handle_refused(std::string_view name, which what, message_id request);
  void handle_subscribed(std::string_view name, topic_sequence first);
  void handle_watching(std::string_view name);
  void handle_ended(std::string_view name, which what);

  /// The topic if the user may be given messages of it.
  [[nodiscard]] topic* find_subscribed(std::string_view name);
  [[nodiscard]] bool is_watched(std::string_view name) const;

  /// What is in doubt when the session ends.
  [[nodiscard]] std::vector<client_event::topic_gap> gaps() const;
  /// Forgets what the session had.
  void end_session();
  [[nodiscard]] std::vector<std::string> wanted(which what) const;

private:
  using table = std::map<std::string, topic, std::less<>>;

  [[nodiscard]] table::iterator at(std::string_view name);
  void forget_if_idle(table::iterator where);

  table topics_;
  // Messages come in runs of one topic: the last one found is looked at first.
  table::iterator recent_ = topics_.end();
};

} // namespace kodama
