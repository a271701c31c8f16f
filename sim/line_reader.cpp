#include "sim/line_reader.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace kodama::sim {
namespace {

struct unit {
  std::string_view name;
  std::uint64_t nanoseconds;
};
constexpr std::array<unit, 4> units{
    {{"s", 1'000'000'000}, {"ms", 1'000'000}, {"us", 1'000}, {"ns", 1}}};

constexpr std::uint64_t ten_years = 315'360'000'000'000'000; // in nanoseconds

/// `whole` with the decimal point before its last `decimals` digits, and no zeros at its end.
std::string with_point(std::uint64_t whole, std::size_t decimals) {
  auto digits = std::to_string(whole);
  if (digits.size() <= decimals)
    digits.insert(0, decimals + 1 - digits.size(), '0');
  if (decimals == 0)
    return digits;
  digits.insert(digits.size() - decimals, 1, '.');
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.back() == '.')
    digits.pop_back();
  return digits;
}

constexpr std::uint64_t power_of_ten(std::size_t exponent) {
  std::uint64_t power = 1;
  while (exponent-- != 0)
    power *= 10;
  return power;
}

std::size_t decimals_of(const unit& what) {
  std::size_t decimals = 0;
  while (power_of_ten(decimals) < what.nanoseconds)
    ++decimals;
  return decimals;
}

/// "12.5" as 12,500 for three decimals; empty when there are more, or anything but digits.
std::optional<std::uint64_t> parse_decimal(std::string_view text, std::size_t decimals) {
  const auto point = text.find('.');
  std::string digits{text.substr(0, point)};
  if (digits.empty())
    return std::nullopt;
  if (point != std::string_view::npos) {
    const auto behind = text.substr(point + 1);
    if (behind.empty() || behind.size() > decimals)
      return std::nullopt;
    digits += behind;
    decimals -= behind.size();
  }
  digits.append(decimals, '0');
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (failed != std::errc{} || end != digits.data() + digits.size())
    return std::nullopt;
  return number;
}

constexpr std::size_t share_decimals = 4; // a hundredth of 1/65536 has two more than percent

std::uint64_t of_percent(std::uint64_t number, std::size_t decimals) {
  return number * 65536 / (100 * power_of_ten(decimals));
}

} // namespace

std::string show(duration d) {
  const auto count = static_cast<std::uint64_t>(d.count());
  for (const auto& each : units)
    if (count >= each.nanoseconds)
      return with_point(count, decimals_of(each)) + std::string{each.name};
  return "0s";
}

std::string show(probability p) {
  for (std::size_t decimals = 0; decimals != share_decimals; ++decimals) {
    const auto steps = 100 * power_of_ten(decimals);
    const auto least = (p.of_65536 * steps + 65535) / 65536; // rounded up: reading rounds down
    if (of_percent(least, decimals) == p.of_65536)
      return with_point(least, decimals) + '%';
  }
  const auto steps = 100 * power_of_ten(share_decimals);
  return with_point((p.of_65536 * steps + 65535) / 65536, share_decimals) + '%';
}

std::string to_string(const number_range& of) {
  if (of.least == 0)
    return "at most " + std::to_string(of.most);
  if (of.most == number_range{}.most)
    return "at least " + std::to_string(of.least);
  return std::to_string(of.least) + " to " + std::to_string(of.most);
}

std::string_view line_reader::word() {
  rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size()));
  at_ = static_cast<std::size_t>(rest_.data() - line_.data());
  const auto found = rest_.substr(0, rest_.find_first_of(" \t"));
  rest_.remove_prefix(found.size());
  return found;
}

bool line_reader::time(duration& to) {
  const auto text = word();
  const auto digits = text.substr(0, text.find_first_not_of("0123456789."));
  for (const auto& each : units)
    if (text.substr(digits.size()) == each.name) {
      const auto number = parse_decimal(digits, decimals_of(each));
      if (!number || *number > ten_years)
        break;
      to = duration{static_cast<duration::rep>(*number)};
      return true;
    }
  return fail("a duration such as 20s, 1.5s, 250ms, 10us or 5ns");
}

bool line_reader::share(probability& to) {
  const auto text = word();
  std::optional<std::uint64_t> found;
  if (text.ends_with('%')) {
    found = parse_decimal(text.substr(0, text.size() - 1), share_decimals);
    if (found && *found <= 100 * power_of_ten(share_decimals))
      found = of_percent(*found, share_decimals);
  } else if (text.ends_with("/65536")) {
    found = parse_decimal(text.substr(0, text.find('/')), 0);
  }
  if (!found || *found > 65536)
    return fail("a share such as 10% or 0.5%");
  to.of_65536 = static_cast<std::uint32_t>(*found);
  return true;
}

} // namespace kodama::sim
