#pragma once

#include "protocol/time.hpp"

#include <boost/system/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kodama::apps {

/// Why what a person typed means nothing: a sentence that quotes the value and says what is
/// expected. The option's name goes in front (apps/parsed_option.hpp does so).
struct refusal {
  std::string reason;
};

template <class T>
using parsed = boost::system::result<T, refusal>;

/// "200ms", "1.5s", "1m", "2h", "100us", "0". A unit is required except for 0; at most 10,000
/// hours.
[[nodiscard]] parsed<duration> parse_duration(std::string_view text);

/// "5%" or "0.05", from nothing to all. A bare "1" is refused: it might mean 1% or all.
[[nodiscard]] parsed<double> parse_share(std::string_view text);

/// Bytes: "512", "64KiB", "10MB", "1.5GiB"; KB, MB and GB are powers of 1000.
[[nodiscard]] parsed<std::uint64_t> parse_size(std::string_view text);

/// Bytes per second: a size, with or without "/s"; not 0.
[[nodiscard]] parsed<std::uint64_t> parse_rate(std::string_view text);

/// A whole number, decimal, of at most 64 bits.
[[nodiscard]] parsed<std::uint64_t> parse_number(std::string_view text);

/// Likewise, and within a range, which the refusal names.
[[nodiscard]] parsed<std::uint64_t> parse_number_within(std::string_view text, std::uint64_t least,
                                                        std::uint64_t most);

struct host_port {
  std::string host; ///< a name or a number, without brackets
  std::uint16_t port = 0;

  bool operator==(const host_port&) const = default;
};

/// "127.0.0.1:7400", "example.org:7400", "[::1]:7400".
[[nodiscard]] parsed<host_port> parse_host_port(std::string_view text);

/// A level of the log by its name, and spdlog's other names for the same.
[[nodiscard]] parsed<std::string> parse_log_level(std::string_view text);

} // namespace kodama::apps
