#pragma once

#include "apps/bench_options.hpp"
#include "apps/bench_outcome.hpp"

#include <string>
#include <string_view>

namespace kodama::apps::bench {

/// One line for people, and one for programs: a JSON object. `who` is "server" or "echo".
[[nodiscard]] std::string to_text(const options& chosen, std::string_view who,
                                  const traffic_outcome& found);
[[nodiscard]] std::string to_json(const options& chosen, std::string_view who,
                                  const traffic_outcome& found);
[[nodiscard]] std::string to_text(const idle_outcome& found);
[[nodiscard]] std::string to_json(const idle_outcome& found);

/// "12,345,678"
[[nodiscard]] std::string grouped(std::uint64_t number);

} // namespace kodama::apps::bench
