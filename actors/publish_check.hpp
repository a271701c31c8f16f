#pragma once

#include "actors/account.hpp"
#include "actors/world.hpp"
#include "protocol/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kodama::actors {

/// What of an account's rules and plan a publish runs into, whatever protocol it came by.
struct publish_refusal {
  enum class limit {
    publish,
    message_size_max,
    messages_per_second,
    messages_per_month,
    // Of retained messages, see actors/retained_quota.
    retained_max,
    retained_bytes_max,
    stored_bytes_max
  };

  limit which{};
  std::string text; ///< names the limit, its number and whose it is
};

/// The name of a limit, as the configuration has it.
[[nodiscard]] std::string_view name_of(publish_refusal::limit which) noexcept;

/// The refusal by a limit of a plan.
[[nodiscard]] publish_refusal exceeded(publish_refusal::limit which, std::uint64_t most,
                                       const plan& of);

/// The account's rules, and the size. `allowed`: null for everything.
[[nodiscard]] std::optional<publish_refusal> check_rules(const account& who,
                                                         const permissions* allowed,
                                                         std::string_view topic, std::size_t size);
/// How often the account publishes: counted where it passes.
[[nodiscard]] std::optional<publish_refusal> count_publish(const account& who, instant now,
                                                           const wall_clock& clock);
/// Both.
[[nodiscard]] std::optional<publish_refusal> check_publish(const account& who,
                                                           const permissions* allowed,
                                                           std::string_view topic, std::size_t size,
                                                           instant now, const wall_clock& clock);

} // namespace kodama::actors
