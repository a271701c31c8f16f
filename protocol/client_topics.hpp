#pragma once

#include "protocol/client_event.hpp"
#include "protocol/ids.hpp"

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kodama {

/// What a client's user wants of each topic, and what the present session has of it.
///
/// The wishes change when the user asks and outlive every session; the state changes when the
/// server answers and ends with the session. Topics are listed in the order of their names. A
/// filter with wildcards is one of them where it is subscribed to, and so is each topic of which
/// something has come by a filter.
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
    bool heard = false;       ///< not subscribed to by its name: its messages come by a filter
    topic_sequence first = 0; ///< what SUBACK promised; the first that came where it is `heard`
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

  /// Whether the user may be given messages of the topic: by its own subscription, or by a filter.
  [[nodiscard]] bool is_subscribed(std::string_view name);
  /// The topic if so, for a message of this number.
  [[nodiscard]] topic* find_subscribed(std::string_view name, topic_sequence sequence);
  [[nodiscard]] bool is_watched(std::string_view name) const;
  /// Whether the user wants the topic's messages, or the filter's; or its presence.
  [[nodiscard]] bool is_wanted(std::string_view name, which what) const;

  /// What is in doubt when the session ends.
  [[nodiscard]] std::vector<client_event::topic_gap> gaps() const;
  /// Forgets what the session had.
  void end_session();
  [[nodiscard]] std::vector<std::string> wanted(which what) const;

private:
  using table = std::map<std::string, topic, std::less<>>;

  [[nodiscard]] table::iterator at(std::string_view name);
  [[nodiscard]] table::iterator find_recent(std::string_view name);
  [[nodiscard]] bool is_matched(std::string_view name) const;
  void end_filter(std::string_view filter);
  void forget_if_idle(table::iterator where);
  void hear(table::iterator where, topic_sequence first);

  /// Topics that are remembered since something came of them by a filter. Of those that had to give
  /// way to later ones a gap is told with the filter alone.
  static constexpr std::size_t heard_max = 4096;

  table topics_;
  std::vector<std::string> filters_; ///< that are active
  std::deque<std::string> heard_;    ///< in the order in which they were; some may be so no longer
  // Messages come in runs of one topic: the last one found is looked at first.
  table::iterator recent_ = topics_.end();
};

} // namespace kodama
