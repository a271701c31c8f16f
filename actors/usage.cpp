#include "actors/usage.hpp"

#include <algorithm>
#include <chrono>

namespace kodama::actors {
namespace {

constexpr unsigned count_bits = 40;
constexpr std::uint64_t count_mask = (std::uint64_t{1} << count_bits) - 1;

std::uint64_t packed(month_number month, std::uint64_t count) {
  return std::uint64_t{month} << count_bits | std::min(count, count_mask);
}

} // namespace

month_number month_of(std::uint64_t unix_micros) noexcept {
  using namespace std::chrono;
  const auto since = days{unix_micros / 86'400'000'000};
  const year_month_day day{sys_days{since}};
  return static_cast<month_number>(static_cast<int>(day.year())) * 12 +
         static_cast<unsigned>(day.month()) - 1;
}

bool usage::take_message(month_number month, std::uint64_t most) noexcept {
  auto seen = messages_.load();
  std::uint64_t count = 0;
  do {
    count = seen >> count_bits == month ? seen & count_mask : 0;
    if (most != 0 && count >= most)
      return false;
  } while (!messages_.compare_exchange_weak(seen, packed(month, count + 1)));
  return true;
}

std::uint64_t usage::messages(month_number month) const noexcept {
  const auto seen = messages_.load();
  return seen >> count_bits == month ? seen & count_mask : 0;
}

void usage::restore(month_number month, std::uint64_t messages) noexcept {
  messages_ = packed(month, messages);
}

month_number usage::month() const noexcept {
  return static_cast<month_number>(messages_.load() >> count_bits);
}

bool usage::take_rate(instant now, std::uint64_t per_second) noexcept {
  if (per_second == 0)
    return true;
  constexpr duration second = std::chrono::seconds{1};
  const auto each = (second / static_cast<duration::rep>(per_second)).count();
  const auto present = now.time_since_epoch().count();
  auto seen = busy_until_.load();
  duration::rep until = 0;
  do {
    until = std::max(seen, present) + each;
    if (until - present > second.count())
      return false;
  } while (!busy_until_.compare_exchange_weak(seen, until));
  return true;
}

} // namespace kodama::actors
