#pragma once

#include "sim/checker.hpp"

#include <map>
#include <optional>

namespace kodama::sim::checkers {

/// Holds the run to `one-owner`: one connection carries a session; before another one does, the old
/// one is detached, and nothing that it brings is accepted from then on. A connection carries at
/// most one session, once. And a session is taken over by a connection, not by nobody: a claim to
/// it that is refused leaves the present owner alone.
class one_owner final : public checker {
public:
  [[nodiscard]] std::string_view promise() const override { return "one-owner"; }

  void on_attached(instant, session_key, std::uint64_t link, duration keepalive) override;
  void on_heard(instant, session_key, std::uint64_t link) override;
  void on_session_detached(instant, session_key, errc reason) override;
  void on_session_ended(instant, session_key, errc reason) override;
  void on_server_stopped(instant, std::uint32_t life) override;
  void on_end(instant, const std::vector<user_id>& reachable) override;

private:
  struct ownership {
    std::optional<std::uint64_t> owner;
    std::uint64_t latest = 0;   ///< the owner, or the last one
    instant since;              ///< it attached, or detached
    std::uint64_t attached = 0; ///< so many times
    std::optional<errc> ended;
    bool taken = false; ///< the owner was detached for another one, which is to come at once
    bool told = false;
  };

  void judge_takeover(instant now, session_key session, ownership& known);
  void violate_once(instant when, ownership& about, std::string what);

  std::map<session_key, ownership> sessions_;
  std::map<std::uint64_t, session_key> links_;
};

} // namespace kodama::sim::checkers
