#pragma once

namespace kodama::apps {

/// From its making on, SIGINT and SIGTERM are a wish to end in good order: with what was found so
/// far. The second one ends the process at once.
class interruption {
public:
  interruption();

  [[nodiscard]] bool came() const noexcept;
};

} // namespace kodama::apps
