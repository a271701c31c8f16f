#pragma once

#include "actors/bounded_sum.hpp"
#include "actors/publish_check.hpp"
#include "protocol/mqtt/packet.hpp"

#include <cstddef>
#include <memory>
#include <variant>

namespace kodama::actors {

class retained_quota;
using retained_quota_ptr = std::shared_ptr<retained_quota>;

/// The room of one retained message, for as long as somebody holds it.
class retained_room {
public:
  retained_room(retained_quota_ptr of, std::shared_ptr<usage> by, std::size_t bytes) noexcept;
  [[nodiscard]] bool fits(const account& who, std::size_t bytes) const noexcept {
    return by_ == who.used && bytes <= bytes_;
  }
  retained_room(const retained_room&) = delete;
  retained_room& operator=(const retained_room&) = delete;
  ~retained_room();

private:
  retained_quota_ptr of_;
  std::shared_ptr<usage> by_;
  std::size_t bytes_;
};
using retained_room_ptr = std::shared_ptr<const retained_room>;

/// How many retained messages a node keeps, and how many bytes of them: in all (retained_max,
/// retained_bytes_max) and for the account that published each (stored_bytes_max of its plan).
///
/// Room is taken before a publish is acknowledged, and goes where the message goes. It is free
/// again when that is: replaced, cleared or expired, or a will that nobody needs. So a message that
/// takes another's place needs its room while the other one still has its own. Thread safe.
class retained_quota {
public:
  /// 0: no limit.
  retained_quota(std::size_t messages_max, std::size_t bytes_max)
      : messages_max_{messages_max}
      , bytes_max_{bytes_max} {}

  using answer = std::variant<retained_room_ptr, publish_refusal>;
  /// Null where the message takes none: it is not to be retained, or only clears its topic.
  /// `former`: the room of a message that is gone once this one has been accepted, which is enough
  /// where it is as large.
  [[nodiscard]] static answer take(const retained_quota_ptr& from, const account& who,
                                   const mqtt::publish& what,
                                   const retained_room_ptr& former = nullptr);

  [[nodiscard]] std::size_t messages() const noexcept { return messages_.value(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_.value(); }

private:
  friend class retained_room;

  std::size_t messages_max_;
  std::size_t bytes_max_;
  bounded_sum messages_;
  bounded_sum bytes_;
};

} // namespace kodama::actors
