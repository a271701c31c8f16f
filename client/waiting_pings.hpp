#pragma once

#include "protocol/result.hpp"
#include "protocol/time.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

namespace kodama {

/// The callers of client::ping(), each to be answered once, in the order in which they asked.
///
/// PONG says nothing of datagrams that were sent before PING: they go another way, and another
/// thread of the server's may read them. Whoever has sent some also waits for the answer to a probe
/// that went after them (udp_path::statistics::proven_to). Empty functions are not kept.
class waiting_pings {
public:
  using answer = std::function<void(result<duration>)>;

  /// `probes_sent`: the caller's datagrams went after so many probes; empty: there are none.
  void add(answer told, std::optional<std::uint64_t> probes_sent);
  /// A PONG came. Of several callers whose PINGs are under way it is everybody's.
  void handle_pong(duration round_trip);
  /// Answers whoever has nothing to wait for any more. `proven_to` is empty without a route, over
  /// which nothing can be proven.
  void answer_ready(std::optional<std::uint64_t> proven_to);
  void fail(boost::system::error_code reason);

private:
  struct caller {
    answer told;
    std::optional<std::uint64_t> probes_sent;
    std::optional<duration> round_trip;
  };

  std::deque<caller> callers_;
};

} // namespace kodama
