#pragma once

#include "sim/checker.hpp"

#include <map>
#include <set>

namespace kodama::sim::checkers {

/// Holds the run to `bounded-memory`: no session keeps more bytes than session_buffer_max, and
/// never are there more sessions than sessions_max; none is kept without a connection for longer
/// than the resume window, and no filter longer than its session.
class bounded_memory final : public checker {
public:
  explicit bounded_memory(const bounds& limits)
      : session_buffer_max_{limits.session_buffer_max}
      , sessions_max_{limits.sessions_max} {}

  [[nodiscard]] std::string_view promise() const override { return "bounded-memory"; }

  void on_backlog(instant, session_key, std::size_t bytes) override;
  void on_filters(instant, session_key, std::size_t count) override;
  void on_session_opened(instant, session_key) override;
  void on_session_ended(instant, session_key, errc reason) override;
  void on_server_stopped(instant, std::uint32_t life) override;
  void on_server_started(instant, std::uint32_t life, duration resume_window) override;
  void on_attached(instant, session_key, std::uint64_t link, duration keepalive) override;
  void on_session_detached(instant, session_key, errc reason) override;
  void on_end(instant, const std::vector<user_id>& reachable) override;

private:
  std::size_t session_buffer_max_;
  std::size_t sessions_max_;
  duration resume_window_{0};
  std::set<session_key> open_;
  std::map<session_key, instant> detached_;
  std::map<session_key, std::size_t> filters_; ///< where there are any
  std::map<session_key, instant> ended_;       ///< of those
  std::set<session_key> told_;
  std::set<std::uint32_t> lives_told_;
};

} // namespace kodama::sim::checkers
