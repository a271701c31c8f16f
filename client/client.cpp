#include "client/client.hpp"

#include "client/driver.hpp"
#include "client/system_chance.hpp"
#include "client/waiting_calls.hpp"
#include "client/waiting_pings.hpp"
#include "protocol/mqtt/topic_filter.hpp"

#include <boost/asio/post.hpp>

#include <map>
#include <optional>
#include <utility>
#include <variant>

namespace kodama {
namespace {

/// One turn reads 64 KiB at most, so that a flood costs a frame some milliseconds; what a quiet
/// frame has to do (a read, a write, a timer, datagrams, what was asked for) fits in.
constexpr int poll_turns_max = 8;

client_connection::options to_connection(const client::options& chosen) {
  client_connection::options options;
  options.token = chosen.token;
  options.keepalive = chosen.keepalive;
  options.udp = chosen.udp;
  options.resume = chosen.resume;
  options.renew = chosen.renew;
  options.retry = {chosen.retry_first, chosen.retry_max};
  options.connect_timeout = chosen.connect_timeout;
  options.send_buffer_max = chosen.send_buffer_max;
  return options;
}

/// The handlers of one kind by topic. Shared, because a handler may replace or remove itself.
template <class Handler>
using handlers = std::map<std::string, std::shared_ptr<const Handler>, std::less<>>;

template <class Handler, class Event>
void call(const handlers<Handler>& all, const Event& event) {
  const auto found = all.find(event.topic);
  if (found == all.end())
    return;
  if (const auto held = found->second; *held)
    (*held)(event);
}

/// The handler of the topic, and those of all filters that match it.
void call_matching(const handlers<client::message_handler>& all,
                   const handlers<client::message_handler>& filters,
                   const client_event::received& event) {
  call(all, event);
  for (auto at = filters.begin(); at != filters.end();) {
    if (!mqtt::matches(at->first, event.topic)) {
      ++at;
      continue;
    }
    const auto [filter, held] = *at;
    if (*held)
      (*held)(event);
    at = filters.upper_bound(filter); // it may have ended any subscription
  }
}

template <class Call, class... Arguments>
void call(const Call& what, const Arguments&... arguments) {
  if (what)
    what(arguments...);
}

} // namespace

/// Everything behind the door: the connection, what drives it, and who waits for what.
class client::body {
public:
  explicit body(const options& chosen)
      : connection{to_connection(chosen), random_}
      , sockets{connection, chosen.server, [this](const auto& event) { std::visit(*this, event); },
                [this] {
                  lost_through_.reset();
                  tell_writable();
                  answer_pings();
                }} {}

private:
  system_chance random_;
  bool has_route_ = false;
  bool datagrams_sent_ = false; // since the last ping
  waiting_pings pings_;
  /// What was asked for when the session was lost. Where `stopped` follows at once, what the
  /// callbacks have asked for since then is for the next session already.
  std::optional<request_id> lost_through_;

public:
  client_connection connection;
  kodama::driver sockets;
  waiting_calls waiting;
  handlers<message_handler> messages; ///< by topic
  handlers<message_handler> filtered; ///< by filter
  handlers<presence_handler> presences;
  bool online = false;
  bool full = false; // a publish was refused since the last on_writable

  std::function<void(const client_event::connected&)> on_connected;
  std::function<void(const client_event::connection_lost&)> on_connection_lost;
  std::function<void(const client_event::session_lost&)> on_session_lost;
  std::function<void(const client_event::stopped&)> on_stopped;
  std::function<void(const client_event::udp_changed&)> on_udp_changed;
  std::function<void(const client_event::subscribed&)> on_subscribed;
  std::function<void(const client_event::request_failed&)> on_refused;
  std::function<void()> on_writable;

  void operator()(const client_event::received& e) { call_matching(messages, filtered, e); }
  void operator()(const client_event::presence& e) { call(presences, e); }
  void operator()(const client_event::acknowledged& e) { waiting.complete(e.request); }
  void operator()(const client_event::subscribed& e) {
    waiting.complete_topic(e.request, waiting_calls::interest::subscription, e.topic);
    call(on_subscribed, e);
  }
  void operator()(const client_event::watching& e) {
    waiting.complete_topic(e.request, waiting_calls::interest::watch, e.topic);
  }
  void operator()(const client_event::unsubscribed& e) { waiting.complete(e.request); }
  void operator()(const client_event::unwatched& e) { waiting.complete(e.request); }
  void operator()(const client_event::subscribers& e) { waiting.answer(e.request, e); }
  void operator()(const client_event::server_time& e) { waiting.answer(e.request, e); }
  void operator()(const client_event::pong& e) {
    pings_.handle_pong(e.round_trip);
    answer_pings();
  }
  void operator()(const client_event::request_failed& e) {
    // What was refused is not to be handed what another filter brings.
    if (!e.topic.empty() && !connection.is_wanted(e.topic))
      forget_handler(e.topic);
    using interest = waiting_calls::interest;
    if (e.request != 0)
      waiting.fail(e.request, e.reason);
    else if (!e.topic.empty())
      waiting.fail_topic(e.of_watch ? interest::watch : interest::subscription, e.topic, e.reason);
    call(on_refused, e);
  }
  void operator()(const client_event::connected& e) {
    online = true;
    call(on_connected, e);
  }
  void operator()(const client_event::connection_lost& e) {
    online = false;
    fail_pings(e.reason);
    call(on_connection_lost, e);
  }
  void operator()(const client_event::session_lost& e) {
    online = false;
    lost_through_ = waiting.last();
    fail_pings(e.reason);
    waiting.fail_all(e.unconfirmed, e.reason);
    waiting.fail_all(e.abandoned, e.reason);
    waiting.fail_ended(
        [this](waiting_calls::interest what, std::string_view topic) {
          return what == waiting_calls::interest::watch ? connection.is_watch_wanted(topic)
                                                        : connection.is_wanted(topic);
        },
        e.reason);
    call(on_session_lost, e);
  }
  void operator()(const client_event::stopped& e) {
    online = false;
    fail_pings(e.reason);
    waiting.stop(e.reason, lost_through_.value_or(waiting_calls::everything));
    call(on_stopped, e);
  }
  void operator()(const client_event::udp_changed& e) {
    has_route_ = e.up;
    call(on_udp_changed, e);
  }

  handlers<message_handler>& handlers_for(std::string_view topic) {
    return mqtt::has_wildcard(topic) ? filtered : messages;
  }

  void forget_handler(std::string_view topic) {
    auto& all = handlers_for(topic);
    if (const auto found = all.find(topic); found != all.end())
      all.erase(found);
  }

  result<void> publish_unreliable(std::string_view topic, std::uint16_t content_type,
                                  byte_view content) {
    datagrams_sent_ = datagrams_sent_ || has_route_;
    sockets.wake();
    return connection.publish_unreliable(driver::now(), topic, content_type, content);
  }

  void ping(std::function<void(result<duration>)> answer) {
    if (!online) {
      // Not from here: an answer that asks again would call itself without end.
      boost::asio::post(sockets.context(), [answer = std::move(answer)]() noexcept {
        if (answer)
          answer(make_error_code(errc::connection_lost));
      });
      return;
    }
    std::optional<std::uint64_t> probes_sent;
    if (std::exchange(datagrams_sent_, false)) {
      probes_sent = connection.udp_statistics().probes_sent;
      connection.check_udp(driver::now());
    }
    pings_.add(std::move(answer), probes_sent);
    connection.ping(driver::now());
    sockets.wake();
  }

  void answer_pings() {
    pings_.answer_ready(has_route_ ? std::optional{connection.udp_statistics().proven_to}
                                   : std::nullopt);
  }

  void fail_pings(boost::system::error_code reason) {
    has_route_ = datagrams_sent_ = false;
    pings_.fail(reason);
  }

  void tell_writable() {
    if (!full || !connection.can_publish())
      return;
    full = false;
    call(on_writable);
  }

  /// What every request has in common: it is refused at once, or the driver is to carry it out and
  /// somebody waits.
  template <class Wait>
  result<void> asked(const result<request_id>& request, Wait wait) {
    if (!request) {
      full = full || request.error() == errc::too_many_unacknowledged;
      return request.error();
    }
    wait(*request);
    sockets.wake();
    return {};
  }
};

client::client(options chosen)
    : body_{std::make_unique<body>(chosen)} {}

client::~client() = default;

void client::connect() {
  body_->sockets.connect();
}

void client::disconnect() {
  body_->sockets.disconnect();
}

result<void> client::subscribe(std::string_view topic, message_handler on_message,
                               completion done) {
  return body_->asked(body_->connection.subscribe(topic), [&](request_id request) {
    body_->handlers_for(topic).insert_or_assign(
        std::string{topic}, std::make_shared<const message_handler>(std::move(on_message)));
    body_->waiting.add_topic(request, waiting_calls::interest::subscription, topic,
                             std::move(done));
  });
}

result<void> client::unsubscribe(std::string_view topic, completion done) {
  return body_->asked(body_->connection.unsubscribe(topic), [&](request_id request) {
    body_->forget_handler(topic);
    body_->waiting.add(request, std::move(done));
  });
}

result<void> client::watch(std::string_view topic, presence_handler on_presence, completion done) {
  return body_->asked(body_->connection.watch(topic), [&](request_id request) {
    body_->presences.insert_or_assign(
        std::string{topic}, std::make_shared<const presence_handler>(std::move(on_presence)));
    body_->waiting.add_topic(request, waiting_calls::interest::watch, topic, std::move(done));
  });
}

result<void> client::unwatch(std::string_view topic, completion done) {
  return body_->asked(body_->connection.unwatch(topic), [&](request_id request) {
    if (const auto found = body_->presences.find(topic); found != body_->presences.end())
      body_->presences.erase(found);
    body_->waiting.add(request, std::move(done));
  });
}

result<void> client::publish(std::string_view topic, std::uint16_t content_type, byte_view content,
                             completion done) {
  return body_->asked(body_->connection.publish(topic, content_type, content),
                      [&](request_id request) { body_->waiting.add(request, std::move(done)); });
}

result<void> client::publish_unreliable(std::string_view topic, std::uint16_t content_type,
                                        byte_view content) {
  return body_->publish_unreliable(topic, content_type, content);
}

bool client::can_publish() const noexcept {
  return body_->connection.can_publish();
}

std::uint64_t client::unacknowledged() const noexcept {
  return body_->connection.unacknowledged();
}

result<void> client::subscribers(std::string_view topic,
                                 std::function<void(result<client_event::subscribers>)> answer) {
  return body_->asked(body_->connection.request_subscribers(topic), [&](request_id request) {
    body_->waiting.add_question(request, std::move(answer));
  });
}

result<void> client::server_time(std::function<void(result<client_event::server_time>)> answer) {
  return body_->asked(
      body_->connection.request_server_time(driver::now()),
      [&](request_id request) { body_->waiting.add_question(request, std::move(answer)); });
}

void client::ping(std::function<void(result<duration>)> answer) {
  body_->ping(std::move(answer));
}

bool client::connected() const noexcept {
  return body_->online;
}

udp_path::statistics client::udp_statistics() const {
  return body_->connection.udp_statistics();
}

void client::on_connected(std::function<void(const client_event::connected&)> call) {
  body_->on_connected = std::move(call);
}

void client::on_connection_lost(std::function<void(const client_event::connection_lost&)> call) {
  body_->on_connection_lost = std::move(call);
}

void client::on_session_lost(std::function<void(const client_event::session_lost&)> call) {
  body_->on_session_lost = std::move(call);
}

void client::on_stopped(std::function<void(const client_event::stopped&)> call) {
  body_->on_stopped = std::move(call);
}

void client::on_udp_changed(std::function<void(const client_event::udp_changed&)> call) {
  body_->on_udp_changed = std::move(call);
}

void client::on_subscribed(std::function<void(const client_event::subscribed&)> call) {
  body_->on_subscribed = std::move(call);
}

void client::on_refused(std::function<void(const client_event::request_failed&)> call) {
  body_->on_refused = std::move(call);
}

void client::on_writable(std::function<void()> call) {
  body_->on_writable = std::move(call);
}

void client::run() {
  context().restart();
  context().run();
}

void client::run_for(duration at_most) {
  context().restart();
  context().run_for(at_most);
}

void client::poll() {
  context().restart();
  for (int turns = 0; turns != poll_turns_max && context().poll_one() != 0; ++turns) {
  }
}

boost::asio::io_context& client::context() noexcept {
  return body_->sockets.context();
}

} // namespace kodama
