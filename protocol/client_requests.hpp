#pragma once

#include "protocol/client_event.hpp"
#include "protocol/ids.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kodama {

/// Which numbered message of a client came from which call of its user, within one session.
///
/// A publish is completed by the ACK that covers it, every other request by its own answer: the two
/// are kept apart, so that a slow answer holds up no acknowledgement and the many publishes cost
/// little. MessageIDs are added in ascending order.
class client_requests {
public:
  enum class kind : std::uint8_t { subscribe, unsubscribe, watch, unwatch, subscribers };

  struct entry {
    kind what{};
    request_id request = 0; ///< 0: renewed on behalf of the user
    std::string topic;
    std::vector<client_id> clients; ///< of the parts of a subscriber list so far
    bool too_many = false;          ///< the list passed the limit; `clients` is no longer kept
  };

  void add_publish(message_id id, request_id request);
  void add(message_id id, entry what);

  /// Every publish through this one has been sequenced.
  void handle_ack(message_id through) noexcept;
  /// The acknowledged publishes one by one, in order.
  [[nodiscard]] std::optional<request_id> poll_acknowledged();

  /// The unanswered request, if there is one of this number.
  [[nodiscard]] entry* find(message_id id);
  void erase(message_id id) { others_.erase(id); }
  /// No acknowledgement will be reported for it: it was refused, or is to be added again.
  [[nodiscard]] std::optional<request_id> take_publish(message_id id);

  /// Publishes without an acknowledgement, ascending.
  [[nodiscard]] std::vector<request_id> unconfirmed() const;
  /// Other requests of the user without an answer, ascending.
  [[nodiscard]] std::vector<request_id> abandoned() const;

private:
  struct publish {
    message_id id;
    request_id request; // 0: refused meanwhile
  };

  std::deque<publish> publishes_; // ascending
  std::map<message_id, entry> others_;
  message_id acknowledged_ = 0;
};

} // namespace kodama
