#pragma once

#include "actors/bounded_sum.hpp"
#include "protocol/time.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace kodama::actors {

/// Counts calendar months in UTC, from January of the year 0.
using month_number = std::uint32_t;
[[nodiscard]] month_number month_of(std::uint64_t unix_micros) noexcept;

/// What an account has used of its plan: one for all of its sessions, on whatever thread they are.
///
/// Every `take` asks and counts in one step, so that two sessions cannot both have the last one. A
/// limit of 0 is none: it is counted all the same.
class usage {
public:
  /// One publish more this month; false, and not counted, when `most` have been made.
  [[nodiscard]] bool take_message(month_number month, std::uint64_t most) noexcept;
  [[nodiscard]] std::uint64_t messages(month_number month) const noexcept;
  /// As it was when it was last written down.
  void restore(month_number month, std::uint64_t messages) noexcept;
  /// The month in which a message was taken last.
  [[nodiscard]] month_number month() const noexcept;

  /// One publish now; false where more than a second's worth of `per_second` has come.
  [[nodiscard]] bool take_rate(instant now, std::uint64_t per_second) noexcept;

  [[nodiscard]] bool take_connection(std::uint64_t most) noexcept {
    return connections_.take(1, most);
  }
  void give_connection_back() noexcept { connections_.give_back(1); }
  [[nodiscard]] std::uint64_t connections() const noexcept { return connections_.value(); }

  [[nodiscard]] bool take_storage(std::size_t bytes, std::uint64_t most) noexcept {
    return stored_.take(bytes, most);
  }
  void give_storage_back(std::size_t bytes) noexcept { stored_.give_back(bytes); }
  [[nodiscard]] std::uint64_t stored_bytes() const noexcept { return stored_.value(); }

private:
  /// Month in the upper 24 bits, publishes below: they change together.
  std::atomic<std::uint64_t> messages_{0};
  /// When the bucket of the rate will be empty again, as time since the clock's zero.
  std::atomic<duration::rep> busy_until_{0};
  bounded_sum connections_;
  bounded_sum stored_;
};

} // namespace kodama::actors
