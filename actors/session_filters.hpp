#pragma once

#include "actors/messages.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kodama::actors {

/// The filters with wildcards to which one native session is subscribed, and the requests about
/// them that the directory has not answered yet.
///
/// A filter holds from one answer of the directory to the other, which is when SUBACK and UNSUBACK
/// are sent. What topics sent by an earlier subscription to the same filter is told apart by its
/// epoch.
class session_filters {
public:
  struct request {
    topic_request what{}; ///< subscribe or unsubscribe
    std::string filter;
  };

  /// Without those that are asked to end.
  [[nodiscard]] std::size_t size() const noexcept { return wanted_; }
  [[nodiscard]] bool contains(std::string_view filter) const;
  /// How many requests the directory has not answered.
  [[nodiscard]] std::size_t unanswered() const noexcept { return requests_.size(); }

  void handle_asked(topic_request what, std::string_view filter, message_id id);
  /// What was asked for; nothing where the session has given it up meanwhile.
  [[nodiscard]] std::optional<request> handle_answered(const filters_answered& answer);
  /// Whether a message that a topic of this name sent in this epoch is for the session.
  [[nodiscard]] bool hear(std::string_view topic, filter_epoch epoch) const;

  /// All of them, which the session has no longer.
  [[nodiscard]] std::vector<std::string> take_all();

private:
  struct subscription {
    message_id asked = 0;              ///< by this request
    message_id ended = 0;              ///< likewise; 0: it is to stay
    std::optional<filter_epoch> since; ///< once it is answered
  };
  using table = std::multimap<std::string, subscription, std::less<>>;

  /// The one that is to stay.
  [[nodiscard]] table::iterator find(std::string_view filter);

  table all_;
  std::size_t wanted_ = 0;
  std::map<message_id, request> requests_;
};

} // namespace kodama::actors
