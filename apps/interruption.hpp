#pragma once

#include <chrono>

namespace kodama::apps {

/// From its making on, SIGINT and SIGTERM are a wish to end in good order: with what was found so
/// far. Who wishes it twice is impatient, and ends the process at once.
class interruption {
public:
  /// What comes sooner than that is the same wish: `timeout` sends its signal to the process and
  /// then to its group.
  static constexpr std::chrono::milliseconds same_wish{100};

  interruption();

  [[nodiscard]] bool came() const noexcept;
};

} // namespace kodama::apps
