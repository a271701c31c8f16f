#pragma once

#include "actors/world.hpp"

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

} // namespace kodama::net
