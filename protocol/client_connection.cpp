#include "protocol/client_connection.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <utility>

namespace kodama {
namespace {

/// Another attempt with the same token and version would end in the same way; and a copy of this
/// client that took the session over would be thrown out by our return, and come back in turn.
bool is_final(boost::system::error_code reason) noexcept {
  return reason == errc::bad_token || reason == errc::unsupported_version ||
         reason == errc::taken_over;
}

/// Whether one side broke the rules of the protocol, which a quick return will not mend.
bool is_violation(boost::system::error_code reason) noexcept {
  return reason.category() == kodama_category() && reason != errc::connection_lost &&
         reason != errc::keepalive_timeout;
}

} // namespace

client_connection::client_connection(options chosen, chance& random)
    : options_{std::move(chosen)}
    , random_{random}
    , session_{{options_.send_buffer_max, {options_.ack_delay, options_.ack_every}}}
    , datagrams_{options_.path, options_.decode, random}
    , retry_{options_.retry}
    , reader_{options_.decode} {}

void client_connection::connect(instant now) {
  if (phase_ == phase::idle)
    begin_attempt(now);
  check();
}

void client_connection::disconnect(instant) {
  if (phase_ == phase::online && !closed_)
    phase_ = phase::disconnecting;
  else if (phase_ != phase::idle && phase_ != phase::disconnecting)
    stop(errc::normal, {});
  check();
}

result<request_id> client_connection::subscribe(std::string_view topic) {
  return session_.subscribe(topic);
}

result<request_id> client_connection::unsubscribe(std::string_view topic) {
  return session_.unsubscribe(topic);
}

result<request_id> client_connection::publish(std::string_view topic, std::uint16_t content_type,
                                              byte_view content) {
  return session_.publish(topic, content_type, content);
}

result<void> client_connection::publish_unreliable(instant now, std::string_view topic,
                                                   std::uint16_t content_type, byte_view content) {
  scratch_.clear();
  if (const auto written =
          session_.write_unreliable(scratch_, topic, content_type, content, to_timestamp(now));
      !written)
    return written;
  if (phase_ == phase::online && !datagrams_.send(scratch_))
    queue_unreliable(scratch_);
  return {};
}

void client_connection::queue_unreliable(byte_view message) {
  unreliable_bytes_ += message.size();
  unreliable_.emplace_back(message.begin(), message.end());
  while (unreliable_bytes_ > unreliable_max) {
    unreliable_bytes_ -= unreliable_.front().size();
    unreliable_.pop_front();
  }
}

result<request_id> client_connection::watch(std::string_view topic) {
  return session_.watch(topic);
}

result<request_id> client_connection::unwatch(std::string_view topic) {
  return session_.unwatch(topic);
}

result<request_id> client_connection::request_subscribers(std::string_view topic) {
  return session_.request_subscribers(topic);
}

result<request_id> client_connection::request_server_time(instant) {
  if (time_requests_.size() >= session_.limits().unacknowledged_max)
    return errc::too_many_unacknowledged;
  time_requests_.push_back({session_.new_request(), std::nullopt});
  return time_requests_.back().request;
}

void client_connection::ping(instant now) {
  // While disconnected it would measure nothing; several in one turn are one.
  if (phase_ != phase::online)
    return;
  ping_due_ = true;
  last_ping_ = now;
}

void client_connection::check_udp(instant now) {
  datagrams_.check_now(now);
}

bool client_connection::can_publish() const noexcept {
  return session_.can_publish();
}

std::uint64_t client_connection::unacknowledged() const noexcept {
  return session_.unacknowledged();
}

udp_path::statistics client_connection::udp_statistics() const {
  return datagrams_.stats();
}

void client_connection::handle_connected(instant now, const address& server) {
  if (phase_ != phase::connecting) {
    close_due_ = true; // the user changed their mind meanwhile
    return;
  }
  reset_transport();
  phase_ = phase::handshaking;
  server_ = server;
  deadline_ = now + options_.connect_timeout;
  last_received_ = last_sent_ = last_ping_ = now;
  check();
}

void client_connection::handle_bytes(instant now, byte_view received) {
  if (!connected() || closed_)
    return;
  last_received_ = now;
  append(incoming_, received);
}

void client_connection::handle_closed(instant, boost::system::error_code reason) {
  if (phase_ == phase::idle || phase_ == phase::waiting || phase_ == phase::due)
    return;
  closed_ = reason ? reason : make_error_code(errc::connection_lost);
}

void client_connection::handle_datagram(instant now, const address& from, byte_view datagram) {
  datagrams_.handle_datagram(now, from, datagram);
}

void client_connection::handle_datagram_too_long(instant now, std::size_t size) {
  datagrams_.handle_too_long(now, size);
}

void client_connection::handle_timeout(instant now) {
  if (phase_ == phase::waiting && now >= attempt_at_)
    begin_attempt(now);
  if (closed_)
    return;
  if ((phase_ == phase::connecting || phase_ == phase::handshaking) && now >= deadline_)
    lose_connection(now, errc::connect_timeout);
  if (phase_ != phase::online && phase_ != phase::disconnecting)
    return;
  if (now >= dead_at()) {
    lose_connection(now, errc::keepalive_timeout);
    return;
  }
  if (now >= ping_at())
    ping(now);
  if (now >= session_.poll_timeout())
    ack_due_ = true;
  datagrams_.handle_timeout(now);
  check();
}

instant client_connection::poll_timeout() const {
  switch (phase_) {
  case phase::idle:
  case phase::due: return never;
  case phase::waiting: return attempt_at_;
  case phase::connecting:
  case phase::handshaking: return deadline_;
  case phase::online:
  case phase::disconnecting: break;
  }
  const auto ack_at = ack_due_ ? never : session_.poll_timeout();
  return std::min({dead_at(), ping_at(), ack_at, datagrams_.poll_timeout()});
}

/// Both directions have to be heard from: the server also counts what it hears of us.
instant client_connection::ping_at() const {
  if (ping_due_ || phase_ != phase::online || keepalive_ == duration::zero())
    return never;
  return std::max(last_ping_, std::min(last_sent_, last_received_)) + keepalive_ / 2;
}

/// Only what comes by TCP proves that TCP lives.
instant client_connection::dead_at() const {
  return keepalive_ == duration::zero() ? never : last_received_ + keepalive_ * 3 / 2;
}

bool client_connection::poll_connect() {
  if (phase_ != phase::due)
    return false;
  phase_ = phase::connecting;
  close_due_ = false; // opening the new one closes the old
  return true;
}

bool client_connection::poll_close() {
  return std::exchange(close_due_, false);
}

std::optional<client_connection::datagram> client_connection::poll_datagram(instant now) {
  return datagrams_.poll_datagram(now);
}

bool client_connection::connected() const noexcept {
  return phase_ == phase::handshaking || phase_ == phase::online || phase_ == phase::disconnecting;
}

void client_connection::begin_attempt(instant now) {
  phase_ = phase::due;
  attempt_at_ = never;
  deadline_ = now + options_.connect_timeout;
}

/// Forgets everything that belonged to one TCP connection.
void client_connection::reset_transport() {
  datagrams_.stop();
  closed_.reset();
  reader_ = message_reader{options_.decode};
  reading_.clear();
  incoming_.clear();
  connect_written_ = ping_due_ = ack_due_ = false;
  pings_.clear();
  pongs_.clear();
  unreliable_.clear();
  unreliable_bytes_ = 0;
  keepalive_ = duration::zero();
  for (auto& asked : time_requests_)
    asked.sent.reset();
}

void client_connection::close_transport() {
  close_due_ = !closed_ && (connected() || phase_ == phase::connecting);
  reset_transport();
}

duration client_connection::next_pause(instant now, boost::system::error_code reason) {
  // A connection that worked earns a quick return, unless it ended in a quarrel at once: then the
  // next one probably will too.
  if ((phase_ == phase::online || phase_ == phase::disconnecting) &&
      (!is_violation(reason) || now - online_since_ >= options_.retry.most))
    retry_.reset();
  return retry_.next(random_);
}

void client_connection::lose_connection(instant now, boost::system::error_code reason,
                                        std::string_view text) {
  if (phase_ == phase::disconnecting) {
    stop(errc::normal, {});
    return;
  }
  if (!options_.resume) {
    stop(reason, text);
    return;
  }
  if (phase_ == phase::handshaking && connect_written_ && session_.established())
    late_resumes_ = std::min(late_resumes_ + 1, late_resumes_max);
  const auto pause = next_pause(now, reason);
  // `text` is in the message being read, which goes with the transport.
  events_.push_back(client_event::connection_lost{reason, pause, std::string{text}});
  close_transport();
  phase_ = phase::waiting;
  attempt_at_ = now + pause;
  check();
}

void client_connection::lose_session(instant now, boost::system::error_code reason,
                                     std::string_view text, bool at_once) {
  if (!options_.renew || is_final(reason) || phase_ == phase::disconnecting) {
    stop(phase_ == phase::disconnecting ? make_error_code(errc::normal) : reason, text);
    return;
  }
  const auto pause = at_once ? duration::zero() : next_pause(now, reason);
  report_session_lost(reason, text);
  close_transport();
  phase_ = phase::waiting;
  attempt_at_ = now + pause;
  if (at_once)
    begin_attempt(now);
  check();
}

void client_connection::stop(boost::system::error_code reason, std::string_view text) {
  if (session_.has_open_requests() || (session_.established() && reason != errc::normal))
    report_session_lost(reason, text);
  else
    // Nothing to say, and still a new beginning for whoever connects again.
    static_cast<void>(session_.lose(reason, text));
  events_.push_back(client_event::stopped{reason, std::string{text}});
  close_transport();
  phase_ = phase::idle;
  attempt_at_ = deadline_ = never;
  check();
}

void client_connection::report_session_lost(boost::system::error_code reason,
                                            std::string_view text) {
  while (const auto request = session_.poll_acknowledged())
    events_.push_back(client_event::acknowledged{*request});
  events_.push_back(session_.lose(reason, text));
}

void client_connection::check() const {
  KODAMA_ASSERT((phase_ == phase::waiting) == (attempt_at_ != never));
  KODAMA_ASSERT(connected() || (incoming_.empty() && unreliable_.empty()));
  KODAMA_ASSERT(phase_ != phase::online || session_.established());
}

} // namespace kodama
