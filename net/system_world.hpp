#pragma once

#include "actors/world.hpp"

#include <string>
#include <vector>

namespace kodama::net {

/// The operating system's time of day.
class system_clock final : public actors::wall_clock {
public:
  std::uint64_t unix_micros() const override;
};

/// The operating system's random numbers (getrandom(2)), fetched in batches by each thread.
class system_chance final : public chance {
public:
  std::uint64_t next() override;
};

/// The tokens that a server accepts; with none, everybody may come in.
class token_list final : public actors::token_check {
public:
  explicit token_list(std::vector<std::string> tokens)
      : tokens_{std::move(tokens)} {}

  std::size_t identify(std::string_view token) const override;

private:
  std::vector<std::string> tokens_;
};

} // namespace kodama::net
