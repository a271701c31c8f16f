#pragma once

#include "actors/account.hpp"
#include "protocol/chance.hpp"
#include "protocol/time.hpp"

#include <caf/actor.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kodama::actors {

class datagram_port;
class observer;

/// The time of day, for SERVER TIME. (Monotonic time comes from the home unit.)
class wall_clock {
public:
  virtual ~wall_clock() = default;
  [[nodiscard]] virtual std::uint64_t unix_micros() const = 0;
};

/// When what an account was proven by is no longer valid.
[[nodiscard]] inline instant end_of_validity(const account& who, const wall_clock& clock,
                                             instant now) {
  if (who.valid_until == 0)
    return never;
  constexpr std::uint64_t as_good_as_never = 100ULL * 366 * 24 * 3'600 * 1'000'000;
  const auto passed = clock.unix_micros();
  const auto left = who.valid_until > passed ? who.valid_until - passed : 0;
  return left < as_good_as_never ? now + std::chrono::microseconds{left} : never;
}

/// What a peer shows to prove who it is; borrowed for the call.
struct credentials {
  std::string_view user;   ///< MQTT's User Name; empty where there is none
  std::string_view secret; ///< the native protocol's token, or MQTT's Password
};

/// Who may come in.
class gatekeeper {
public:
  virtual ~gatekeeper() = default;

  /// Whose credentials these are; a null account: nobody's. Where that takes long, as it is meant
  /// to with a hashed password, nothing comes back, and `asker` is sent `identified` with `ticket`
  /// later, also that it can't be told now. Thread safe.
  [[nodiscard]] virtual std::optional<account_ptr>
  identify(const credentials& shown, const caf::actor& asker, std::uint64_t ticket) = 0;
};

/// Everything a node takes from the world around it; owned by whoever made the world, and outlives
/// the node.
struct surroundings {
  const wall_clock& clock;
  chance& random; ///< thread safe where there is more than one home
  datagram_port& datagrams;
  gatekeeper& gate;
  observer& watching;
};

} // namespace kodama::actors
