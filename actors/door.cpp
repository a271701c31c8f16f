#include "actors/door.hpp"

#include <memory>
#include <string>
#include <utility>

namespace kodama::actors {
namespace {

/// Why a first message that cannot be read is refused.
std::string what_is_wrong(errc reason, std::uint32_t sections_max) {
  const std::string expected = "the first message has to be a ";
  switch (reason) {
  case errc::message_too_long:
    return expected + "CONNECT TOKEN of at most " + std::to_string(door::connect_size_max) +
           " bytes";
  case errc::too_many_sections: return "sections_max is " + std::to_string(sections_max);
  case errc::malformed_message: return expected + "well-formed CONNECT TOKEN";
  default: return expected + "CONNECT TOKEN";
  }
}

} // namespace

door::door(caf::actor_config& config, caf::actor registry, const node_options& options,
           const surroundings& world)
    : pinned_actor{config}
    , registry_{std::move(registry)}
    , options_{options}
    , world_{world}
    , alarm_{*this} {}

caf::behavior door::make_behavior() {
  return {
      [this](const link_accepted& m) { accept(m); },
      [this](const link_received& m) { receive(m); },
      [](const link_drained&) {},
      [this](const link_closed& m) { visitors_.erase(m.link); },
      [this](const identified& m) { handle(m); },
      [this](const admission_refused& m) {
        m.link->bind(caf::actor{this}, link::reading::once);
        refuse(*m.link, m.reason, m.text);
      },
      [this](runtime::alarm_rang) { drop_overdue(); },
      [this](const shut_down&) {
        closing_ = true;
        for (const auto& [id, waiting] : visitors_)
          refuse(*waiting.link, errc::going_away, "the server is shutting down");
        visitors_.clear();
      },
  };
}

void door::on_exit() {
  alarm_.cancel();
  visitors_.clear();
  registry_ = nullptr;
}

void door::accept(const link_accepted& accepted) {
  auto& link = *accepted.link;
  link.bind(caf::actor{this}, link::reading::once);
  if (closing_) {
    refuse(link, errc::going_away, "the server is shutting down");
  } else if (accepted.connections > options_.connections_max) {
    refuse(link, errc::too_many_connections,
           "connections_max is " + std::to_string(options_.connections_max));
  } else if (visitors_.size() >= options_.unauthenticated_max) {
    refuse(link, errc::too_many_unauthenticated,
           "unauthenticated_max is " + std::to_string(options_.unauthenticated_max));
  } else {
    const decode_limits limits{connect_size_max, options_.session.limits.sections_max};
    visitors_.emplace(link.id(),
                      visitor{accepted.link, message_reader{limits},
                              now() + options_.connect_timeout, accepted.datagram_port, nullptr});
    arm_alarm();
  }
}

void door::receive(const link_received& received) {
  const auto at = visitors_.find(received.link);
  if (at == visitors_.end())
    return; // refused already
  auto& waiting = at->second;
  waiting.reader.feed(received.data);
  const auto first = waiting.reader.next();
  if (!first) {
    const auto reason = static_cast<errc>(first.error().value());
    refuse(*waiting.link, reason, what_is_wrong(reason, options_.session.limits.sections_max));
    visitors_.erase(at);
  } else if (!*first) {
    waiting.link->bind(caf::actor{this}, link::reading::once);
  } else if (const auto* asked = std::get_if<message::connect_token>(&(*first)->body)) {
    judge(at, *asked);
  } else {
    refuse(*waiting.link, errc::unexpected_message,
           std::string{message::name_of((*first)->header.type)} + " before CONNECT TOKEN");
    visitors_.erase(at);
  }
}

void door::judge(visitors::iterator at, const message::connect_token& asked) {
  auto& waiting = at->second;
  if (asked.version != message::protocol_version) {
    refuse(*waiting.link, errc::unsupported_version,
           "this server speaks version " + std::to_string(message::protocol_version) + ", not " +
               std::to_string(asked.version));
    visitors_.erase(at);
    return;
  }
  auto asking = std::make_unique<admission>();
  asking->door = caf::actor{this};
  asking->home = home().index();
  asking->keepalive_ms = asked.keepalive_ms;
  asking->resume = asked.resume;
  if (waiting.datagram_port)
    asking->random = asked.random;
  asking->datagram_port = waiting.datagram_port.value_or(0);
  waiting.asking = std::move(asking);
  const auto known = world_.gate.identify({{}, asked.token}, caf::actor{this}, at->first);
  if (known)
    admit(at, *known);
}

void door::handle(const identified& found) {
  const auto at = visitors_.find(found.ticket);
  if (at == visitors_.end())
    return; // gone, or its time was up
  if (!found.is_busy)
    return admit(at, found.account);
  refuse(*at->second.link, errc::too_many_unauthenticated,
         "too many passwords wait to be judged; try again");
  visitors_.erase(at);
}

void door::admit(visitors::iterator at, account_ptr account) {
  auto& waiting = at->second;
  if (!account) {
    refuse(*waiting.link, errc::bad_token, "the token is not known here");
  } else {
    waiting.asking->link = std::move(waiting.link);
    waiting.asking->account = std::move(account);
    waiting.asking->rest = waiting.reader.take_rest();
    send(registry_, std::move(*waiting.asking));
  }
  visitors_.erase(at);
}

void door::refuse(link& from, errc reason, std::string_view text) {
  message::encode(from.output(), message::connack_failed{reason, text}, to_timestamp(now()));
  world_.watching.on_connection_refused(reason, from.peer());
  from.close();
}

void door::drop_overdue() {
  while (!visitors_.empty() && visitors_.begin()->second.deadline <= now()) {
    const auto at = visitors_.begin();
    refuse(*at->second.link, errc::connect_timeout,
           "no CONNECT TOKEN within " + std::to_string(options_.connect_timeout.count()) + " ms");
    visitors_.erase(at);
  }
  arm_alarm();
}

void door::arm_alarm() {
  alarm_.arm_at(visitors_.empty() ? never : visitors_.begin()->second.deadline);
}

} // namespace kodama::actors
