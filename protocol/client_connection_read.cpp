#include "protocol/client_connection.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <utility>
#include <variant>

/// What client_connection makes of what the server says.
namespace kodama {

/// Visits one message; returns what the user is to be told.
struct client_connection::reaction {
  using event = std::optional<client_event::any>;

  client_connection& self;
  instant now;
  const message_header& header;

  event operator()(const message::connack_success& m) {
    if (self.phase_ != phase::handshaking)
      return break_off(errc::unexpected_message);
    const bool resumed = self.session_.established();
    if (const auto agreed = self.session_.handle_connack(now, m); !agreed) {
      if (resumed && agreed.error() == errc::resume_impossible)
        self.lose_session(now, errc::resume_impossible, "the server's CONNACK", true);
      else
        self.lose_connection(now, errc::unexpected_message);
      return std::nullopt;
    }
    return self.go_online(now, m, resumed);
  }

  event operator()(const message::connack_failed& m) {
    if (self.phase_ != phase::handshaking)
      return break_off(errc::unexpected_message);
    self.connect_written_ = false; // it is answered, and will not come late
    switch (m.reason) {
    case errc::bad_token:
    case errc::unsupported_version: self.stop(m.reason, m.text); return std::nullopt;
    case errc::session_unknown:
    case errc::resume_impossible:
    case errc::slow_reader:
      if (!self.session_.established())
        return break_off(m.reason, m.text);
      self.lose_session(now, m.reason, m.text, true);
      return std::nullopt;
    default: return break_off(m.reason, m.text);
    }
  }

  event operator()(const message::disconnect& m) {
    // To a connection that the server believes dead, or whose token has expired: the session
    // outlives it.
    if (self.phase_ == phase::handshaking || m.reason == errc::keepalive_timeout ||
        m.reason == errc::bad_token)
      return break_off(m.reason, m.text);
    // Perhaps by an attempt of our own that the server has come to only now. If it was a second
    // process, one of us stops in the end: neither has such attempts without end.
    if (m.reason == errc::taken_over && self.late_resumes_ != 0) {
      --self.late_resumes_;
      return break_off(m.reason, m.text);
    }
    self.lose_session(now, m.reason, m.text, false);
    return std::nullopt;
  }

  event operator()(const message::ack& m) {
    if (self.phase_ == phase::handshaking)
      return break_off(errc::unexpected_message);
    if (const auto agreed = self.session_.handle(m); !agreed)
      return break_off(agreed.error());
    return std::nullopt;
  }

  event operator()(const message::ping&) {
    // A server that pings faster than we may write gets one answer for the newest ones.
    if (self.pongs_.size() == pings_max)
      self.pongs_.pop_front();
    self.pongs_.push_back(header.timestamp);
    return std::nullopt;
  }

  event operator()(const message::pong&) {
    if (self.pings_.empty())
      return std::nullopt;
    const auto sent = self.pings_.front();
    self.pings_.pop_front();
    return client_event::pong{self.last_received_ - sent};
  }

  event operator()(const message::server_time& m) {
    const auto asked = self.time_requests_.begin();
    if (asked == self.time_requests_.end() || !asked->sent)
      return break_off(errc::unexpected_message);
    const auto round_trip = self.last_received_ - *asked->sent;
    const auto half = std::chrono::duration_cast<std::chrono::microseconds>(round_trip / 2);
    const client_event::server_time answer{
        asked->request, m.unix_micros + static_cast<std::uint64_t>(half.count()), round_trip};
    self.time_requests_.pop_front();
    return answer;
  }

  event operator()(const message::publish& m) { return tell(m, client_event::transport::tcp); }
  event operator()(const message::suback& m) { return tell(m); }
  event operator()(const message::unsuback& m) { return tell(m); }
  event operator()(const message::watchack& m) { return tell(m); }
  event operator()(const message::unwatchack& m) { return tell(m); }
  event operator()(const message::presence& m) { return tell(m); }
  event operator()(const message::subscriber_list& m) { return tell(m); }
  event operator()(const message::request_failed& m) { return tell(m); }

  /// Everything that only a client says, or only a datagram.
  template <class Message>
  event operator()(const Message&) {
    return break_off(errc::unexpected_message);
  }

private:
  template <class Message, class... Further>
  event tell(const Message& m, Further... further) {
    if (self.phase_ == phase::handshaking)
      return break_off(errc::unexpected_message);
    auto told = self.session_.handle(now, m, further...);
    if (!told)
      return break_off(told.error());
    return std::move(*told);
  }

  event break_off(boost::system::error_code reason, std::string_view text = {}) {
    self.lose_connection(now, reason, text);
    return std::nullopt;
  }
};

client_event::any client_connection::go_online(instant now, const message::connack_success& m,
                                               bool resumed) {
  phase_ = phase::online;
  online_since_ = now;
  if (!resumed)
    late_resumes_ = 0; // those were for another session
  deadline_ = never;
  keepalive_ = std::chrono::milliseconds{m.keepalive_ms};
  // A message of the greatest size that a publisher may send gets longer on its way to us.
  reader_.set_limits({std::max(options_.decode.message_size_max,
                               m.limits.message_size_max + message::relay_overhead),
                      std::max(options_.decode.sections_max, m.limits.sections_max)});
  if (options_.udp && m.datagram)
    datagrams_.start(now, *m.datagram, server_);
  check();
  return client_event::connected{m.client, resumed, m.limits,
                                 std::chrono::milliseconds{m.keepalive_ms}};
}

std::optional<client_event::any> client_connection::poll_event(instant now) {
  for (;;) {
    if (auto event = next_queued())
      return event;
    if (auto event = read_datagrams(now))
      return event;
    if (auto event = read_messages(now))
      return event;
    if (events_.empty() && !closed_)
      return std::nullopt;
    if (events_.empty())
      lose_connection(now, *closed_);
  }
}

std::optional<client_event::any> client_connection::next_queued() {
  if (!events_.empty()) {
    auto event = std::move(events_.front());
    events_.pop_front();
    return event;
  }
  if (const auto request = session_.poll_acknowledged())
    return client_event::acknowledged{*request};
  if (auto refused = session_.poll_refused())
    return refused;
  if (const auto changed = datagrams_.poll_changed())
    return *changed;
  return std::nullopt;
}

std::optional<client_event::any> client_connection::read_datagrams(instant now) {
  while (const auto publish = datagrams_.poll_publish()) {
    auto event = session_.handle(now, *publish, client_event::transport::udp);
    KODAMA_ASSERT(event.has_value()); // nothing without a guarantee is ever wrong
    if (*event)
      return std::move(*event);
  }
  return std::nullopt;
}

/// Reads until there is something to tell. What a message caused to be queued comes before the
/// next message is read.
std::optional<client_event::any> client_connection::read_messages(instant now) {
  while (const auto item = next_message(now)) {
    if (auto event = std::visit(reaction{*this, now, item->header}, item->body))
      return event;
    if (auto event = next_queued())
      return event;
  }
  return std::nullopt;
}

std::optional<message_reader::item> client_connection::next_message(instant now) {
  while (connected()) {
    auto item = reader_.next();
    if (!item) {
      lose_connection(now, item.error());
      return std::nullopt;
    }
    if (*item)
      return *item;
    if (incoming_.empty())
      return std::nullopt;
    std::swap(reading_, incoming_);
    incoming_.clear();
    reader_.feed(reading_);
  }
  return std::nullopt;
}

} // namespace kodama
