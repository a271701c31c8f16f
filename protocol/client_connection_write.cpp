#include "protocol/client_connection.hpp"

#include <utility>

/// What client_connection writes, and in which order.
namespace kodama {

void client_connection::poll_write(instant now, bytes& out, std::size_t size_max) {
  if (!connected() || closed_)
    return;
  const auto before = out.size();
  if (phase_ == phase::handshaking) {
    write_connect(now, out);
  } else if (phase_ == phase::disconnecting) {
    write_disconnect(now, out);
    return;
  } else {
    write_control(now, out);
    // What is worth most now goes first, but never all the room: a flood without a guarantee must
    // not starve what has one.
    write_unreliable(out, before + size_max / 2);
    session_.poll_transmit(out, before + size_max, to_timestamp(now));
    write_unreliable(out, before + size_max);
  }
  if (out.size() != before)
    last_sent_ = now;
}

void client_connection::write_connect(instant now, bytes& out) {
  if (std::exchange(connect_written_, true))
    return;
  message::connect_token connect;
  connect.token = options_.token;
  connect.keepalive_ms = static_cast<std::uint32_t>(options_.keepalive.count());
  connect.resume = session_.resume_point();
  if (options_.udp)
    connect.random = datagrams_.prepare();
  message::encode(out, connect, to_timestamp(now));
}

void client_connection::write_control(instant now, bytes& out) {
  const auto timestamp = to_timestamp(now);
  for (; !pongs_.empty(); pongs_.pop_front())
    message::encode(out, message::pong{pongs_.front()}, timestamp);
  ack_due_ = false;
  if (const auto through = session_.poll_ack(now))
    message::encode(out, message::ack{*through}, timestamp);
  if (std::exchange(ping_due_, false) && pings_.size() < pings_max) {
    message::encode(out, message::ping{}, timestamp);
    pings_.push_back(now);
  }
  for (auto& asked : time_requests_) {
    if (asked.sent)
      continue;
    message::encode(out, message::server_time_request{}, timestamp);
    asked.sent = now;
  }
}

void client_connection::write_unreliable(bytes& out, std::size_t size_max) {
  while (!unreliable_.empty() && out.size() < size_max) {
    append(out, unreliable_.front());
    unreliable_bytes_ -= unreliable_.front().size();
    unreliable_.pop_front();
  }
}

void client_connection::write_disconnect(instant now, bytes& out) {
  const auto timestamp = to_timestamp(now);
  if (const auto through = session_.poll_ack(now))
    message::encode(out, message::ack{*through}, timestamp);
  message::encode(out, message::disconnect{errc::normal, {}}, timestamp);
  stop(errc::normal, {});
}

} // namespace kodama
