#include "actors/publish_check.hpp"

namespace kodama::actors {

using limit = publish_refusal::limit;

publish_refusal exceeded(limit which, std::uint64_t most, const plan& of) {
  return {which,
          std::string{name_of(which)} + " of plan " + of.name + " is " + std::to_string(most)};
}

std::string_view name_of(limit which) noexcept {
  switch (which) {
  case limit::publish: return "publish";
  case limit::message_size_max: return "message_size_max";
  case limit::messages_per_second: return "messages_per_second";
  case limit::messages_per_month: return "messages_per_month";
  case limit::retained_max: return "retained_max";
  case limit::retained_bytes_max: return "retained_bytes_max";
  case limit::stored_bytes_max: return "stored_bytes_max";
  }
  return "";
}

std::optional<publish_refusal> check_rules(const account& who, const permissions* allowed,
                                           std::string_view topic, std::size_t size) {
  const auto& limits = who.limits;
  if (allowed && !allowed->may_publish(topic))
    return publish_refusal{limit::publish, "this account may not publish to " + std::string{topic}};
  if (limits.message_size_max != 0 && size > limits.message_size_max) {
    auto refused = exceeded(limit::message_size_max, limits.message_size_max, limits);
    refused.text += " bytes, this message has " + std::to_string(size);
    return refused;
  }
  return std::nullopt;
}

std::optional<publish_refusal> count_publish(const account& who, instant now,
                                             const wall_clock& clock) {
  const auto& limits = who.limits;
  if (!who.used->take_rate(now, limits.messages_per_second))
    return exceeded(limit::messages_per_second, limits.messages_per_second, limits);
  // Accounts without a name have no plan, and nobody asks what they have used.
  if (!who.name.empty() &&
      !who.used->take_message(month_of(clock.unix_micros()), limits.messages_per_month))
    return exceeded(limit::messages_per_month, limits.messages_per_month, limits);
  return std::nullopt;
}

std::optional<publish_refusal> check_publish(const account& who, const permissions* allowed,
                                             std::string_view topic, std::size_t size, instant now,
                                             const wall_clock& clock) {
  auto refused = check_rules(who, allowed, topic, size);
  return refused ? refused : count_publish(who, now, clock);
}

} // namespace kodama::actors
