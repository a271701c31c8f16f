#pragma once

#include "actors/messages.hpp"
#include "actors/options.hpp"
#include "actors/runtime/pinned_actor.hpp"
#include "actors/topic_handles.hpp"
#include "actors/world.hpp"
#include "net/http_reader.hpp"
#include "net/metrics.hpp"
#include "net/origin_policy.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace kodama::net {

/// Serves HTTP on links, as the doors serve the other protocols: publishing and lists for those who
/// have no session, health and metrics for whoever watches the server. One per home.
///
/// A request is answered before the next of its connection is read, and none is read while more
/// than a write's worth of answers waits. Whoever publishes is answered when the topic has
/// sequenced the message, and not before.
class http_gateway final : public runtime::pinned_actor {
public:
  /// From the first byte of a request to its last, and between two of them.
  static constexpr std::chrono::seconds patience{30};

  http_gateway(caf::actor_config& config, caf::actor directory, actors::retained_quota_ptr retained,
               const actors::node_options& options, const actors::surroundings& world,
               const metrics& figures, origin_policy origins);

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  struct visitor {
    actors::link_ptr link;
    http_reader reader;
    instant deadline;
    std::optional<http_request> asked; ///< while it is dealt with
    bool held = false;                 ///< until the link has room for answers, or its turn comes
  };
  using visitors = std::map<actors::link_id, visitor>;

  void accept(const actors::link_accepted& accepted);
  /// Before a request: no limit of HTTP, but of the server.
  void turn_away(actors::link& visitor, errc reason, std::string_view limit, std::size_t most);
  void receive(const actors::link_received& received);
  /// Serves what this visitor has sent, one after the other, as long as nobody else has to answer.
  void read_on(actors::link_id whose);
  void serve(visitors::iterator at);
  void identify(visitors::iterator at);
  void handle(const actors::identified& found);
  void carry_out(visitors::iterator at, const actors::account& who);
  void publish(visitors::iterator at, std::string_view topic, const actors::account& who);
  void list(visitors::iterator at, std::string_view topic, const actors::account& who);
  void handle(const actors::publish_sequenced& sequenced);
  void handle(const actors::topic_answered& answer);
  void answer(visitors::iterator at, unsigned status, std::string_view content_type,
              std::string_view body, std::string_view allowed = {});
  void refuse(visitors::iterator at, unsigned status, std::string_view text);
  /// 401; the log is told from where.
  void deny(visitors::iterator at, std::string_view why);
  void drop_overdue();
  void arm_alarm();

  actors::retained_quota_ptr retained_;
  const actors::node_options& options_;
  const actors::surroundings& world_;
  const metrics& figures_;
  const origin_policy origins_;
  actors::topic_handles topics_;
  visitors visitors_;
  std::map<message_id, actors::link_id> waiting_; ///< whose answer a topic owes
  message_id last_request_ = 0;
  bool closing_ = false;
  runtime::alarm alarm_;
};

} // namespace kodama::net
