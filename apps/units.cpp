#include "apps/units.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <concepts>
#include <optional>
#include <span>

namespace kodama::apps {
namespace {

refusal refuse(std::string_view text, std::string_view complaint) {
  return {'"' + std::string{text} + "\" " + std::string{complaint}};
}

struct quantity {
  double number = 0;
  std::string_view unit;
};

// Digits with at most one point between them: none of what from_chars and strtod take besides, such
// as signs, exponents, "inf" and "nan".
std::optional<quantity> read_quantity(std::string_view text) {
  const auto length = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto digits = text.substr(0, length);
  if (digits.empty() || digits.front() == '.' || digits.back() == '.' ||
      std::count(digits.begin(), digits.end(), '.') > 1)
    return std::nullopt;
  quantity found;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), found.number);
  if (read.ec != std::errc{})
    return std::nullopt;
  found.unit = text.substr(length);
  return found;
}

struct unit {
  std::string_view name;
  double worth;
};

const unit* find_unit(std::span<const unit> known, std::string_view name) {
  const auto same_letter = [](char one, char other) {
    return std::tolower(static_cast<unsigned char>(one)) ==
           std::tolower(static_cast<unsigned char>(other));
  };
  const auto found = std::find_if(known.begin(), known.end(), [&](const unit& candidate) {
    return std::equal(candidate.name.begin(), candidate.name.end(), name.begin(), name.end(),
                      same_letter);
  });
  return found == known.end() ? nullptr : &*found;
}

constexpr std::array durations{unit{"ns", 1},  unit{"us", 1e3}, unit{"ms", 1e6},
                               unit{"s", 1e9}, unit{"m", 60e9}, unit{"h", 3600e9}};
// More than a year; and twice as much, as drawn around it, is still far from overflow.
constexpr double duration_max = 10'000 * 3600e9;

constexpr std::array sizes{unit{"", 1},         unit{"B", 1},       unit{"KB", 1e3},
                           unit{"MB", 1e6},     unit{"GB", 1e9},    unit{"KiB", 0x1p10},
                           unit{"MiB", 0x1p20}, unit{"GiB", 0x1p30}};
// Below, a double still holds every whole number of bytes.
constexpr double size_max = 0x1p53;

constexpr std::string_view size_expected =
    "is not a size; expected bytes, such as 512, 64KiB or 10MB";

// Unlike strtoul: digits alone, no sign, no blanks, all of the text, and nothing that wraps.
template <std::unsigned_integral Number>
std::optional<Number> read_whole(std::string_view text) {
  Number number = 0;
  const auto* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc{} || read.ptr != end)
    return std::nullopt;
  return number;
}

} // namespace

parsed<duration> parse_duration(std::string_view text) {
  const auto read = read_quantity(text);
  if (read && read->unit.empty() && read->number == 0)
    return duration{0};
  const auto* const found = read ? find_unit(durations, read->unit) : nullptr;
  if (!found)
    return refuse(text, "is not a duration; expected a number and a unit, such as 200ms, 5s or 1m");
  const auto nanoseconds = read->number * found->worth;
  if (nanoseconds > duration_max)
    return refuse(text, "is too long; expected at most 10000h");
  return duration{std::llround(nanoseconds)};
}

parsed<double> parse_share(std::string_view text) {
  const auto read = read_quantity(text);
  if (!read || (!read->unit.empty() && read->unit != "%"))
    return refuse(text, "is not a share; expected a percentage or a fraction, such as 5% or 0.05");
  const auto percent = read->unit == "%";
  if (!percent && read->number != 0 && text.find('.') == std::string_view::npos)
    return refuse(text,
                  "is ambiguous; expected " + std::string{text} + "% or a fraction up to 1.0");
  const auto share = percent ? read->number / 100 : read->number;
  if (share > 1)
    return refuse(text, "is more than all; expected 0% to 100%, or 0.0 to 1.0");
  return share;
}

parsed<std::uint64_t> parse_size(std::string_view text) {
  const auto read = read_quantity(text);
  const auto* const found = read ? find_unit(sizes, read->unit) : nullptr;
  if (!found)
    return refuse(text, size_expected);
  const auto size = read->number * found->worth;
  if (size > size_max)
    return refuse(text, "is too large; expected at most 8388608GiB");
  if (size != std::floor(size))
    return refuse(text, "is not a whole number of bytes");
  return static_cast<std::uint64_t>(size);
}

parsed<std::uint64_t> parse_rate(std::string_view text) {
  const auto size = parse_size(text.ends_with("/s") ? text.substr(0, text.size() - 2) : text);
  if (!size || *size == 0)
    return refuse(text, "is not a rate; expected bytes per second, such as 64KiB or 10MB/s");
  return size;
}

parsed<std::uint64_t> parse_number(std::string_view text) {
  const auto number = read_whole<std::uint64_t>(text);
  if (!number)
    return refuse(text, "is not a number; expected 0 to 18446744073709551615");
  return *number;
}

parsed<std::uint64_t> parse_number_within(std::string_view text, std::uint64_t least,
                                          std::uint64_t most) {
  const auto number = read_whole<std::uint64_t>(text);
  const auto expected = "; expected " + std::to_string(least) + " to " + std::to_string(most);
  if (!number)
    return refuse(text, "is not a number" + expected);
  if (*number < least || *number > most)
    return refuse(text, "is out of range" + expected);
  return *number;
}

parsed<host_port> parse_host_port(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return refuse(text, "has no port; expected HOST:PORT, such as 127.0.0.1:7400 or [::1]:7400");
  const auto port = read_whole<std::uint16_t>(text.substr(colon + 1));
  if (!port)
    return refuse(text, "has no valid port; expected HOST:PORT with a port from 0 to 65535");
  auto host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  else if (host.find_first_of(":[]") != std::string_view::npos)
    return refuse(text, "is ambiguous; expected brackets around an IPv6 address, as in [::1]:7400");
  if (host.empty())
    return refuse(text, "has no host; expected HOST:PORT, such as 127.0.0.1:7400 or [::]:7400");
  return host_port{std::string{host}, *port};
}

parsed<std::string> parse_log_level(std::string_view text) {
  constexpr std::string_view levels[] = {"trace", "debug", "info",     "warn", "warning",
                                         "error", "err",   "critical", "off"};
  if (std::find(std::begin(levels), std::end(levels), text) == std::end(levels))
    return refusal{'"' + std::string{text} +
                   "\" is no level of the log; expected debug, info, warn, error or off"};
  return {boost::system::in_place_value, text};
}

} // namespace kodama::apps
