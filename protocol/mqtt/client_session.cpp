#include "protocol/mqtt/client_session.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace kodama::mqtt {
namespace {

using std::chrono::seconds;

/// A server waits 1.5 times the interval [MQTT-3.1.2-22]: what we say has that long to arrive, less
/// what slow clocks and lines take.
constexpr duration ping_after(std::uint16_t keep_alive) {
  return duration{seconds{keep_alive}} * 3 / 4;
}

} // namespace

client_session::client_session(options chosen)
    : options_{std::move(chosen)} {}

// --- the connection -----------------------------------------------------------------------------

void client_session::handle_connected(instant now, bool clean_start, const last_will* will) {
  KODAMA_ASSERT(stage_ == stage::closed);
  stage_ = stage::connecting;
  reader_.emplace(options_.packet_size_max, options_.version);
  peer_ = {options_.version, packet_size_limit, true};
  replies_.clear();
  aliases_.assign(options_.topic_alias_maximum, {});
  if (clean_start) {
    lose_state(); // [MQTT-3.1.2-4]
    asked_before_ = false;
  }
  // A CONNACK may have been lost on its way: whoever has asked before may be known.
  may_be_known_ = asked_before_;
  asked_before_ = true;
  connect asked;
  asked.version = options_.version;
  asked.clean_start = clean_start;
  asked.keep_alive = options_.keep_alive;
  asked.client_id = options_.client_id;
  if (!options_.password.empty()) {
    asked.user_name = options_.user_name;
    asked.password = as_bytes(options_.password);
  }
  auto& told = asked.properties;
  if (options_.session_expiry != 0)
    told.session_expiry_interval = options_.session_expiry;
  if (options_.receive_maximum != 65'535)
    told.receive_maximum = options_.receive_maximum;
  if (options_.topic_alias_maximum != 0)
    told.topic_alias_maximum = options_.topic_alias_maximum;
  if (options_.packet_size_max < packet_size_limit)
    told.maximum_packet_size = options_.packet_size_max;
  if (will != nullptr) {
    mqtt::will last;
    last.topic = will->what.topic;
    last.payload = will->what.payload;
    last.qos = will->what.qos;
    last.retain = will->what.retain;
    last.properties.message_expiry_interval = will->what.expiry;
    if (will->delay != 0)
      last.properties.will_delay_interval = will->delay;
    asked.will = last;
  }
  say(asked);
  keep_alive_ = options_.keep_alive;
  deadline_ = now + options_.connect_timeout;
  ping_at_ = never;
}

void client_session::handle_closed(instant) {
  stage_ = stage::closed;
  reader_.reset();
  replies_.clear();
  requests_.clear();
  transmitted_ = 0;
  deadline_ = ping_at_ = never;
  std::erase_if(owed_, [](const own& each) { return each.what.qos == qos::at_most_once; });
}

void client_session::lose_state() {
  event::session_lost lost;
  std::erase_if(owed_, [&](const own& each) {
    if (each.id != 0)
      lost.unconfirmed.push_back(each.request);
    return each.id != 0; // what was never sent belongs to the next session
  });
  received_.clear();
  transmitted_ = 0;
  if (has_state_ || !lost.unconfirmed.empty())
    events_.emplace_back(std::move(lost));
  has_state_ = false;
}

void client_session::break_off(reason_code reason, std::string text) {
  stage_ = stage::ending;
  deadline_ = ping_at_ = never;
  events_.emplace_back(event::broken{{reason, std::move(text)}});
}

// --- what the server says -----------------------------------------------------------------------

void client_session::handle_bytes(instant now, byte_view received) {
  if (stage_ == stage::closed || stage_ == stage::ending)
    return;
  reader_->feed(received);
  while (stage_ == stage::connecting || stage_ == stage::connected) {
    const auto next = reader_->next();
    if (!next)
      return break_off(next.error().reason, next.error().text);
    if (!*next)
      return;
    handle(now, **next);
  }
}

void client_session::handle(instant now, const packet& what) {
  if (const auto* answer = std::get_if<connack>(&what)) {
    if (stage_ != stage::connecting)
      return break_off(reason_code::protocol_error, "a second CONNACK");
    handle(*answer);
    if (stage_ == stage::connected) {
      deadline_ = never;
      arm(now);
    }
    return;
  }
  if (stage_ == stage::connecting)
    return break_off(reason_code::protocol_error, "a packet before CONNACK [MQTT-3.2.0-1]");
  if (std::holds_alternative<pingresp>(what)) {
    deadline_ = never;
    arm(now);
    return;
  }
  std::visit([this](const auto& each) { handle(each); }, what);
}

void client_session::handle(const connack& what) {
  if (is_failure(what.reason)) {
    stage_ = stage::ending;
    deadline_ = never;
    events_.emplace_back(event::refused{what.reason});
    return;
  }
  if (what.session_present && !may_be_known_)
    return break_off(reason_code::protocol_error,
                     "Session Present, but there is no session here [MQTT-3.2.2-4]");
  if (!what.session_present)
    lose_state(); // [MQTT-3.2.2-5]
  has_state_ = true;
  stage_ = stage::connected;
  const auto& told = what.properties;
  window_ = std::min(told.receive_maximum.value_or(65'535), options_.in_flight_max);
  peer_.packet_size_max = told.maximum_packet_size.value_or(packet_size_limit);
  keep_alive_ = told.server_keep_alive.value_or(options_.keep_alive);
  event::connected made;
  made.session_present = what.session_present;
  made.told.receive_maximum = told.receive_maximum;
  made.told.session_expiry_interval = told.session_expiry_interval;
  made.told.server_keep_alive = told.server_keep_alive;
  made.assigned_id = told.assigned_client_identifier.value_or("");
  events_.emplace_back(std::move(made));
}

template <class Packet>
void client_session::handle(const Packet& what) {
  if constexpr (std::is_same_v<Packet, mqtt::publish>) {
    handle_publish(what);
  } else if constexpr (std::is_same_v<Packet, puback>) {
    handle_answer(what.id, qos::at_least_once, what.reason);
  } else if constexpr (std::is_same_v<Packet, pubrec>) {
    const auto at = find(what.id);
    if (at == owed_.end() || at->what.qos != qos::exactly_once) {
      say(pubrel{what.id, reason_code::packet_identifier_not_found, {}});
    } else if (is_failure(what.reason)) {
      handle_answer(what.id, qos::exactly_once, what.reason);
    } else {
      at->released = true; // never again as a PUBLISH [MQTT-4.3.3-6]
      at->what.payload.clear();
      say(pubrel{what.id, reason_code::success, {}});
    }
  } else if constexpr (std::is_same_v<Packet, pubcomp>) {
    handle_answer(what.id, qos::exactly_once, reason_code::success);
  } else if constexpr (std::is_same_v<Packet, pubrel>) {
    const bool known = received_.erase(what.id) != 0;
    say(pubcomp{
        what.id, known ? reason_code::success : reason_code::packet_identifier_not_found, {}});
  } else if constexpr (std::is_same_v<Packet, suback> || std::is_same_v<Packet, unsuback>) {
    const auto at = std::find_if(requests_.begin(), requests_.end(),
                                 [&](const auto& each) { return each.first == what.id; });
    if (at == requests_.end())
      return break_off(reason_code::protocol_error, "an answer to no request of ours");
    events_.emplace_back(event::answered{at->second, what.reasons});
    requests_.erase(at);
  } else if constexpr (std::is_same_v<Packet, mqtt::disconnect>) {
    stage_ = stage::ending;
    deadline_ = ping_at_ = never;
    events_.emplace_back(event::disconnected{what.reason});
  } else {
    break_off(reason_code::protocol_error, "a packet that no server sends, or that was not asked");
  }
}

void client_session::handle_publish(const mqtt::publish& what) {
  auto topic = what.topic;
  if (const auto alias = what.properties.topic_alias) {
    if (*alias > aliases_.size())
      return break_off(reason_code::topic_alias_invalid, "a Topic Alias above our maximum");
    auto& known = aliases_[*alias - 1U];
    if (!topic.empty())
      known = topic;
    else if (known.empty())
      return break_off(reason_code::protocol_error, "a Topic Alias that stands for no topic");
    topic = known;
  }
  const bool is_new = what.qos != qos::exactly_once || received_.insert(what.id).second;
  if (is_new) {
    event::received got;
    got.what = {std::string{topic}, bytes{what.payload.begin(), what.payload.end()}, what.qos,
                what.retain, what.properties.message_expiry_interval};
    got.dup = what.dup;
    events_.emplace_back(std::move(got));
  }
  if (what.qos == qos::at_least_once)
    say(puback{what.id, reason_code::success, {}});
  else if (what.qos == qos::exactly_once)
    say(pubrec{what.id, reason_code::success, {}});
}

void client_session::handle_answer(packet_id id, qos of, reason_code reason) {
  const auto at = find(id);
  if (at == owed_.end() || at->what.qos != of)
    return; // of an earlier life of this identifier; the answer comes once more and harms nobody
  events_.emplace_back(event::completed{at->request, reason});
  erase(at);
}

// --- what the owner says ------------------------------------------------------------------------

client_session::request_id client_session::publish(message what) {
  const auto request = ++last_request_;
  if (what.qos != qos::at_most_once || connected())
    owed_.push_back({std::move(what), request, 0, false});
  return request;
}

client_session::request_id client_session::subscribe(const std::vector<subscription>& filters,
                                                     std::uint32_t identifier) {
  KODAMA_ASSERT(connected());
  mqtt::subscribe asked;
  asked.id = next_id();
  asked.subscriptions = filters;
  if (identifier != 0)
    asked.properties.subscription_identifier = identifier;
  requests_.emplace_back(asked.id, ++last_request_);
  say(asked);
  return last_request_;
}

client_session::request_id
client_session::unsubscribe(const std::vector<std::string_view>& filters) {
  KODAMA_ASSERT(connected());
  mqtt::unsubscribe asked;
  asked.id = next_id();
  asked.filters = filters;
  requests_.emplace_back(asked.id, ++last_request_);
  say(asked);
  return last_request_;
}

void client_session::disconnect(reason_code reason, std::optional<std::uint32_t> expiry) {
  if (!connected())
    return;
  mqtt::disconnect last;
  last.reason = reason;
  last.properties.session_expiry_interval = expiry;
  say(last);
  stage_ = stage::ending;
  deadline_ = ping_at_ = never;
}

std::optional<client_session::event::any> client_session::poll_event() {
  if (events_.empty())
    return std::nullopt;
  auto next = std::move(events_.front());
  events_.pop_front();
  return next;
}

void client_session::poll_transmit(instant now, bytes& out, std::size_t size_max) {
  const auto before = out.size();
  append(out, replies_);
  replies_.clear();
  while (stage_ == stage::connected && transmitted_ < owed_.size() && out.size() < size_max) {
    auto& next = owed_[transmitted_];
    const bool counts = next.what.qos != qos::at_most_once;
    if (counts && transmitted_ >= window_)
      break;
    if (next.released) {
      (void)encode(out, packet{pubrel{next.id, reason_code::success, {}}}, peer_);
      ++transmitted_;
      continue;
    }
    mqtt::publish said;
    said.topic = next.what.topic;
    said.payload = next.what.payload;
    said.qos = next.what.qos;
    said.retain = next.what.retain;
    said.dup = next.id != 0; // [MQTT-3.3.1-1]
    said.properties.message_expiry_interval = next.what.expiry;
    if (counts && next.id == 0)
      next.id = next_id();
    said.id = next.id;
    if (encode(out, packet{said}, peer_) && counts) {
      ++transmitted_;
    } else {
      if (counts)
        events_.emplace_back(event::completed{next.request, reason_code::packet_too_large});
      owed_.erase(owed_.begin() + static_cast<std::ptrdiff_t>(transmitted_));
    }
  }
  if (out.size() != before)
    arm(now);
}

instant client_session::poll_timeout() const {
  return std::min(deadline_, ping_at_);
}

void client_session::handle_timeout(instant now) {
  if (deadline_ <= now) {
    break_off(reason_code::keep_alive_timeout, stage_ == stage::connecting
                                                   ? "no CONNACK in time"
                                                   : "no PINGRESP in time (3.1.2.10)");
  } else if (ping_at_ <= now) {
    say(pingreq{});
    ping_at_ = never;
    deadline_ = now + seconds{keep_alive_};
  }
}

// --- bookkeeping --------------------------------------------------------------------------------

void client_session::arm(instant now) {
  // While a PINGRESP is awaited no second PINGREQ is due.
  if (stage_ == stage::connected && keep_alive_ != 0 && deadline_ == never)
    ping_at_ = now + ping_after(keep_alive_);
}

template <class Packet>
void client_session::say(const Packet& what) {
  (void)encode(replies_, packet{what}, peer_);
}

std::deque<client_session::own>::iterator client_session::find(packet_id id) {
  return std::find_if(owed_.begin(), owed_.end(),
                      [id](const own& each) { return id != 0 && each.id == id; });
}

void client_session::erase(std::deque<own>::iterator at) {
  if (at - owed_.begin() < static_cast<std::ptrdiff_t>(transmitted_))
    --transmitted_;
  owed_.erase(at);
}

packet_id client_session::next_id() {
  const auto is_taken = [&](packet_id id) {
    return find(id) != owed_.end() ||
           std::any_of(requests_.begin(), requests_.end(),
                       [&](const auto& each) { return each.first == id; });
  };
  do {
    id_wrapped_ = id_wrapped_ || last_id_ == std::numeric_limits<packet_id>::max();
    last_id_ = last_id_ == std::numeric_limits<packet_id>::max()
                   ? packet_id{1}
                   : static_cast<packet_id>(last_id_ + 1);
  } while (id_wrapped_ && is_taken(last_id_)); // the windows leave most of them free [MQTT-2.2.1-3]
  return last_id_;
}

std::size_t client_session::unfinished() const noexcept {
  return static_cast<std::size_t>(std::count_if(owed_.begin(), owed_.end(), [](const own& each) {
    return each.what.qos != qos::at_most_once;
  }));
}

} // namespace kodama::mqtt
