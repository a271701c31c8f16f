#pragma once

#include "protocol/bytes.hpp"
#include "sim/checker.hpp"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace kodama::sim {

/// Passes everything that happens on to every checker.
class witness {
public:
  explicit witness(std::vector<std::unique_ptr<checker>> checkers)
      : checkers_{std::move(checkers)} {}

  template <class... Parameters, class... Arguments>
  void tell(void (checker::*what)(Parameters...), const Arguments&... arguments) {
    for (const auto& each : checkers_)
      (each.get()->*what)(arguments...);
  }

  [[nodiscard]] const std::vector<std::unique_ptr<checker>>& checkers() const noexcept {
    return checkers_;
  }
  [[nodiscard]] bool any_violation() const {
    for (const auto& each : checkers_)
      if (!each->violations().empty())
        return true;
    return false;
  }

private:
  std::vector<std::unique_ptr<checker>> checkers_;
};

/// The content of every scripted publish: begins with its tag, is filled up to the size asked for.
[[nodiscard]] bytes tagged_content(message_tag tag, std::size_t size);
/// The tag in such a content; empty when nobody of the scenario can have published it.
[[nodiscard]] std::optional<message_tag> tag_of(byte_view content);

} // namespace kodama::sim
