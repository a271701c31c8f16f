#pragma once

#include "actors/messages.hpp"
#include "actors/observer.hpp"
#include "actors/options.hpp"
#include "actors/runtime/pinned_actor.hpp"
#include "actors/world.hpp"
#include "protocol/message_reader.hpp"

#include <map>
#include <memory>
#include <string_view>

namespace kodama::actors {

/// Lets connections in: holds each from its acceptance until its CONNECT TOKEN is whole, checks
/// that, and passes the connection on to the registry. One per home unit.
///
/// Part of the promises `authenticated` (nothing but CONNECT TOKEN is understood here) and
/// `bounded-memory`: at most unauthenticated_max connections wait here, each for connect_timeout at
/// the longest and with at most connect_size_max bytes.
class door final : public runtime::pinned_actor {
public:
  /// A CONNECT TOKEN larger than this is refused: before the token is proven, memory is dear.
  static constexpr std::uint32_t connect_size_max = 4096;

  door(caf::actor_config& config, caf::actor registry, const node_options& options,
       const surroundings& world);

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  struct visitor {
    link_ptr link;
    message_reader reader;
    instant deadline;
    std::optional<std::uint16_t> datagram_port; ///< as in link_accepted
    std::unique_ptr<admission> asking;          ///< while the gatekeeper thinks
  };
  using visitors = std::map<link_id, visitor>;

  void accept(const link_accepted& accepted);
  void receive(const link_received& received);
  void judge(visitors::iterator at, const message::connect_token& asked);
  void handle(const identified& found);
  void admit(visitors::iterator at, account_ptr account);
  void refuse(link& from, errc reason, std::string_view text);
  void drop_overdue();
  void arm_alarm();

  caf::actor registry_;
  const node_options& options_;
  const surroundings& world_;
  /// By LinkID, which grows with time: the first is the one that has waited longest.
  visitors visitors_;
  bool closing_ = false;
  runtime::alarm alarm_;
};

} // namespace kodama::actors
