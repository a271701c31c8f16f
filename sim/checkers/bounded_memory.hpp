#pragma once

#include "sim/checker.hpp"

#include <set>

namespace kodama::sim::checkers {

/// Holds the run to `bounded-memory`: no session keeps more bytes than session_buffer_max, and
/// never are there more sessions than sessions_max.
class bounded_memory final : public checker {
public:
  explicit bounded_memory(const bounds& limits)
      : session_buffer_max_{limits.session_buffer_max}
      , sessions_max_{limits.sessions_max} {}

  [[nodiscard]] std::string_view promise() const override { return "bounded-memory"; }

  void on_backlog(instant, session_key, std::size_t bytes) override;
  void on_session_opened(instant, session_key) override;
  void on_session_ended(instant, session_key, errc reason) override;
  void on_server_stopped(instant, std::uint32_t life) override;

private:
  std::size_t session_buffer_max_;
  std::size_t sessions_max_;
  std::set<session_key> open_;
  std::set<session_key> told_;
  std::set<std::uint32_t> lives_told_;
};

} // namespace kodama::sim::checkers
