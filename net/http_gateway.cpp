#include "net/http_gateway.hpp"

#include "actors/publish_check.hpp"
#include "actors/publish_collector.hpp"
#include "net/http_text.hpp"
#include "protocol/topic_name.hpp"
#include "protocol/utf8.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace kodama::net {
namespace {

constexpr std::string_view plain = "text/plain; charset=utf-8";
constexpr std::string_view json = "application/json";
constexpr std::string_view metrics_text = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view publish_path = "/v1/publish/";
constexpr std::string_view topics_path = "/v1/topics/";
constexpr std::string_view subscribers_tail = "/subscribers";
/// Answered in one turn to one visitor: others want something too.
constexpr unsigned requests_at_once = 16;
/// Connections beyond connections_max: a full server is not a dead one, and its health can be
/// asked.
constexpr std::size_t places_kept = 16;
/// Publishes by HTTP have no session: this ClientID is nobody's.
constexpr client_id no_client = 0;

unsigned status_of(actors::publish_refusal::limit which) {
  switch (which) {
  case actors::publish_refusal::limit::publish: return 403;
  case actors::publish_refusal::limit::message_size_max: return 413;
  case actors::publish_refusal::limit::messages_per_second:
  case actors::publish_refusal::limit::messages_per_month: return 429;
  case actors::publish_refusal::limit::retained_max:
  case actors::publish_refusal::limit::retained_bytes_max:
  case actors::publish_refusal::limit::stored_bytes_max: return 507;
  }
  return 429;
}

std::string text_of_bad_topic(std::string_view topic, boost::system::error_code why,
                              std::uint32_t most) {
  if (why == errc::topic_too_long)
    return "topic: it has " + std::to_string(topic.size()) + " bytes, and topic_length_max is " +
           std::to_string(most);
  return "topic: " + why.message() +
         ": expected UTF-8 without control characters, +, # and a $ at the beginning";
}

} // namespace

http_gateway::http_gateway(caf::actor_config& config, caf::actor directory,
                           actors::retained_quota_ptr retained, const actors::node_options& options,
                           const actors::surroundings& world, const metrics& figures,
                           origin_policy origins)
    : pinned_actor{config}
    , retained_{std::move(retained)}
    , options_{options}
    , world_{world}
    , figures_{figures}
    , origins_{std::move(origins)}
    , topics_{*this, std::move(directory), options.publish_topics_max}
    , alarm_{*this} {}

caf::behavior http_gateway::make_behavior() {
  return {
      [this](const actors::link_accepted& m) { accept(m); },
      [this](const actors::link_received& m) { receive(m); },
      [this](const actors::link_drained& m) {
        if (const auto at = visitors_.find(m.link); at != visitors_.end() && at->second.held)
          read_on(m.link);
      },
      [this](const actors::link_closed& m) { visitors_.erase(m.link); },
      [this](const actors::identified& m) {
        handle(m);
        read_on(m.ticket);
      },
      [this](const actors::topic_opened& m) { topics_.handle_opened(m, no_client); },
      [this](const actors::publish_sequenced& m) { handle(m); },
      [this](const actors::topic_answered& m) { handle(m); },
      [this](runtime::alarm_rang) { drop_overdue(); },
      [this](const actors::shut_down&) {
        closing_ = true; // whoever is waited for is still answered, and then let go
        for (auto at = visitors_.begin(); at != visitors_.end();) {
          const auto next = std::next(at);
          if (!at->second.asked) {
            at->second.link->close();
            visitors_.erase(at);
          }
          at = next;
        }
      },
  };
}

void http_gateway::on_exit() {
  alarm_.cancel();
  visitors_.clear();
  topics_.clear();
}

// --- connections --------------------------------------------------------------------------------

void http_gateway::accept(const actors::link_accepted& accepted) {
  auto& link = *accepted.link;
  link.bind(caf::actor{this}, actors::link::reading::once);
  if (accepted.connections > options_.connections_max + places_kept)
    return turn_away(link, errc::too_many_connections, "connections_max", options_.connections_max);
  if (visitors_.size() >= options_.unauthenticated_max)
    return turn_away(link, errc::too_many_unauthenticated, "unauthenticated_max",
                     options_.unauthenticated_max);
  visitors_.emplace(link.id(), visitor{accepted.link, http_reader{options_.mqtt.packet_size_max},
                                       now() + patience, std::nullopt, false});
  arm_alarm();
}

void http_gateway::turn_away(actors::link& visitor, errc reason, std::string_view limit,
                             std::size_t most) {
  const auto text = std::string{limit} + " is " + std::to_string(most);
  append(visitor.output(), as_bytes(http_response({503, json, error_text(text)})));
  world_.watching.on_connection_refused(reason, visitor.peer());
  visitor.close();
}

void http_gateway::receive(const actors::link_received& received) {
  const auto at = visitors_.find(received.link);
  if (at == visitors_.end())
    return;
  if (!at->second.reader.is_amid_request())
    at->second.deadline = now() + patience; // which begins with a request's first byte
  at->second.reader.feed(received.data);
  read_on(received.link);
}

void http_gateway::read_on(actors::link_id whose) {
  for (unsigned answered = 0;; ++answered) {
    const auto at = visitors_.find(whose);
    if (at == visitors_.end() || at->second.asked)
      return; // gone, or waits for somebody's answer
    auto& from = at->second;
    from.held = !from.link->writable() || answered == requests_at_once;
    if (from.held) {
      if (from.link->writable())
        send(caf::actor{this}, actors::link_drained{whose}); // the rest in a turn of its own
      return; // else what it asked for before is more than it reads
    }
    auto next = from.reader.next();
    if (!next) {
      from.asked.emplace().keep_alive = false;
      refuse(at, next.error().status, next.error().text);
      return;
    }
    if (!*next) {
      if (from.reader.take_expectation())
        append(from.link->output(), as_bytes(std::string_view{"HTTP/1.1 100 Continue\r\n\r\n"}));
      from.link->bind(caf::actor{this}, actors::link::reading::once);
      arm_alarm();
      return;
    }
    from.asked = std::move(**next);
    from.asked->keep_alive = from.asked->keep_alive && !closing_;
    from.deadline = now() + patience;
    serve(at);
  }
}

void http_gateway::answer(visitors::iterator at, unsigned status, std::string_view content_type,
                          std::string_view body, std::string_view allowed) {
  auto& from = at->second;
  const bool stays = from.asked->keep_alive && !closing_;
  figures_.count_request(status);
  append(from.link->output(), as_bytes(http_response({status, content_type, body, stays,
                                                      from.asked->method == "HEAD", allowed})));
  from.asked.reset();
  from.deadline = now() + patience;
  if (stays)
    return;
  from.link->close();
  visitors_.erase(at);
}

void http_gateway::refuse(visitors::iterator at, unsigned status, std::string_view text) {
  answer(at, status, json, error_text(text));
}

void http_gateway::deny(visitors::iterator at, std::string_view why) {
  spdlog::info("HTTP request from {} refused: {}", at->second.link->peer(), why);
  refuse(at, 401, why);
}

void http_gateway::drop_overdue() {
  for (auto at = visitors_.begin(); at != visitors_.end();) {
    const auto next = std::next(at);
    if (at->second.deadline <= now()) {
      // Whoever is held has not read even what it was sent.
      if (!at->second.held && (at->second.asked || at->second.reader.is_amid_request())) {
        const unsigned status = at->second.asked ? 503 : 408;
        if (!at->second.asked)
          at->second.asked.emplace();
        at->second.asked->keep_alive = false;
        refuse(at, status, "this took too long");
      } else {
        at->second.link->close();
        visitors_.erase(at);
      }
    }
    at = next;
  }
  arm_alarm();
}

void http_gateway::arm_alarm() {
  // Every visitor has the same patience: looked at once a second is often enough.
  if (!visitors_.empty() && !alarm_.armed())
    alarm_.arm_at(now() + std::chrono::seconds{1});
}

// --- requests -----------------------------------------------------------------------------------

void http_gateway::serve(visitors::iterator at) {
  const auto& asked = *at->second.asked;
  const bool reads = asked.method == "GET" || asked.method == "HEAD";
  const auto only = [&](bool right, std::string_view methods) {
    if (!right)
      answer(at, 405, json, error_text("only " + std::string{methods} + " is served here"),
             methods);
    return right;
  };
  if (!origins_.admits(asked.origin))
    return refuse(at, 403, origins_.refusal(asked.origin));
  if (!origins_.admits_host(asked.host))
    return refuse(at, 403, origins_.refusal("http://" + asked.host));
  if (asked.path == "/healthz") {
    if (only(reads, "GET, HEAD"))
      answer(at, 200, plain, "ok\n");
  } else if (asked.path == "/readyz") {
    if (only(reads, "GET, HEAD"))
      answer(at, closing_ ? 503 : 200, plain, closing_ ? "shutting down\n" : "ready\n");
  } else if (asked.path == "/metrics") {
    if (only(reads, "GET, HEAD"))
      answer(at, 200, metrics_text, figures_.text(*retained_));
  } else if (asked.path.starts_with(publish_path)) {
    if (only(asked.method == "POST", "POST"))
      identify(at);
  } else if (asked.path.starts_with(topics_path) && asked.path.ends_with(subscribers_tail) &&
             asked.path.size() > topics_path.size() + subscribers_tail.size()) {
    if (only(reads, "GET, HEAD"))
      identify(at);
  } else {
    refuse(at, 404, "there is nothing at " + asked.path);
  }
}

void http_gateway::identify(visitors::iterator at) {
  const auto& asked = *at->second.asked;
  const auto shown = credentials_in(asked);
  if (!shown)
    return deny(at, "Authorization: expected Bearer TOKEN or Basic with user and password");
  const auto known =
      world_.gate.identify({shown->user, shown->secret}, caf::actor{this}, at->first);
  if (known)
    handle(actors::identified{at->first, *known});
}

void http_gateway::handle(const actors::identified& found) {
  const auto at = visitors_.find(found.ticket);
  if (at == visitors_.end() || !at->second.asked)
    return; // gone meanwhile
  const auto& asked = *at->second.asked;
  if (found.is_busy)
    return refuse(at, 503, "too many passwords wait to be judged; try again");
  if (!found.account)
    return deny(at, "the token, or the user and password, are not known here");
  // A token in an address is in many logs: where a secret is configured, it alone is no proof.
  const auto& secret = found.account->webhook_secret;
  const bool by_address = asked.authorization.empty();
  if (!secret.empty() && (by_address || !asked.signature.empty()) &&
      !is_signed(asked.body, asked.signature, secret))
    return deny(at, asked.signature.empty() ? "X-Hub-Signature-256 is missing"
                                            : "X-Hub-Signature-256 is not that of this body");
  carry_out(at, *found.account);
}

void http_gateway::carry_out(visitors::iterator at, const actors::account& who) {
  const auto path = at->second.asked->path; // answered, the request is gone
  const std::string_view whole{path};
  if (whole.starts_with(publish_path))
    return publish(at, whole.substr(publish_path.size()), who);
  list(
      at,
      whole.substr(topics_path.size(), whole.size() - topics_path.size() - subscribers_tail.size()),
      who);
}

void http_gateway::publish(visitors::iterator at, std::string_view topic,
                           const actors::account& who) {
  const auto& asked = *at->second.asked;
  const auto topic_max = options_.session.limits.topic_length_max;
  if (const auto checked = check_topic_name(topic, topic_max); !checked)
    return refuse(at, 400, text_of_bad_topic(topic, checked.error(), topic_max));
  const auto retain = asked.parameter("retain");
  if (!retain.empty() && retain != "true" && retain != "false")
    return refuse(at, 400, "retain: expected true or false, not " + std::string{retain});
  const auto allowed = actors::permissions_of(who, {});
  const auto exceeded = [&](const actors::publish_refusal& by) {
    world_.watching.on_limit_hit(no_client, who.name, name_of(by.which));
    refuse(at, status_of(by.which), by.text);
  };
  if (const auto refused = actors::check_rules(who, allowed.get(), topic, asked.body.size()))
    return exceeded(*refused);
  mqtt::publish said;
  said.topic = topic;
  said.payload = as_bytes(asked.body);
  said.qos = mqtt::qos::at_least_once;
  said.retain = retain == "true";
  if (!asked.content_type.empty() && is_utf8(asked.content_type))
    said.properties.content_type = asked.content_type;
  auto room = actors::retained_quota::take(retained_, who, said);
  if (const auto* refused = std::get_if<actors::publish_refusal>(&room))
    return exceeded(*refused);
  if (const auto refused = actors::count_publish(who, now(), world_.clock))
    return exceeded(*refused);
  const auto request = ++last_request_;
  waiting_.emplace(request, at->first);
  actors::publish_collector alone{no_client};
  alone.add(said, mqtt::protocol_version::v5, request, never,
            std::get<actors::retained_room_ptr>(std::move(room)));
  alone.pass_to(topics_, world_.watching, actors::spoken::http, now());
}

void http_gateway::list(visitors::iterator at, std::string_view topic, const actors::account& who) {
  const auto topic_max = options_.session.limits.topic_length_max;
  if (const auto checked = check_topic_name(topic, topic_max); !checked)
    return refuse(at, 400, text_of_bad_topic(topic, checked.error(), topic_max));
  const auto allowed = actors::permissions_of(who, {});
  if (allowed && !(allowed->may_subscribe(topic) && allowed->may_hear(topic))) {
    world_.watching.on_limit_hit(no_client, who.name, "subscribe");
    return refuse(at, 403, "this account may not subscribe to " + std::string{topic});
  }
  const auto request = ++last_request_;
  waiting_.emplace(request, at->first);
  topics_.send(topic, caf::make_message(
                          actors::topic_asked{actors::topic_request::list, no_client, request}));
}

void http_gateway::handle(const actors::publish_sequenced& sequenced) {
  const auto whose = waiting_.extract(sequenced.first);
  if (whose.empty())
    return;
  world_.watching.on_acknowledged(sequenced.at, sequenced.count);
  if (const auto at = visitors_.find(whose.mapped()); at != visitors_.end() && at->second.asked)
    answer(at, 200, json, published_text(at->second.asked->path.substr(publish_path.size())));
  read_on(whose.mapped());
}

void http_gateway::handle(const actors::topic_answered& found) {
  const auto whose = waiting_.extract(found.request);
  if (whose.empty())
    return;
  if (const auto at = visitors_.find(whose.mapped()); at != visitors_.end() && at->second.asked)
    answer(at, 200, json, subscribers_text(found.topic, found.number, found.clients));
  read_on(whose.mapped());
}

} // namespace kodama::net
