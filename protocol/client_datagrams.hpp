#pragma once

#include "protocol/address.hpp"
#include "protocol/bytes.hpp"
#include "protocol/chance.hpp"
#include "protocol/client_event.hpp"
#include "protocol/datagram_channel.hpp"
#include "protocol/message.hpp"
#include "protocol/time.hpp"
#include "protocol/tlv.hpp"
#include "protocol/udp_path.hpp"

#include <deque>
#include <optional>

namespace kodama {

struct outgoing_datagram {
  address to;
  bytes data;
};

/// A client's datagrams beside one TCP connection after the other: keys, the proof of the path,
/// what waits to leave and what has arrived. Each connection has its own keys and its own proof.
///
/// Nothing in here is guaranteed, so everything is bounded by forgetting: the oldest datagrams that
/// wait, the newest that arrive.
class client_datagrams {
public:
  client_datagrams(udp_path::options path, decode_limits limits, chance& random);

  /// Chooses our half of the next connection's key, for its CONNECT.
  [[nodiscard]] const message::datagram_random& prepare();
  /// The server answered with its half; `server` is where the TCP connection goes.
  void start(instant now, const message::datagram_offer& offer, const address& server);
  /// The TCP connection is gone.
  void stop();

  /// Takes an encoded message along; false when there is no proven path or it is too long for it.
  [[nodiscard]] bool send(byte_view message);

  void handle_datagram(instant now, const address& from, byte_view datagram);
  void handle_too_long(instant now, std::size_t size);
  void handle_timeout(instant now);
  /// As udp_path does.
  void check_now(instant now);

  /// A message without a guarantee that arrived; valid until the next call.
  [[nodiscard]] std::optional<message::publish> poll_publish();
  [[nodiscard]] std::optional<client_event::udp_changed> poll_changed();
  [[nodiscard]] std::optional<outgoing_datagram> poll_datagram(instant now);
  [[nodiscard]] instant poll_timeout() const;
  [[nodiscard]] udp_path::statistics stats() const;

private:
  /// What an owner may leave lying: a burst of a few frames, no more.
  static constexpr std::size_t waiting_max = 256;
  static constexpr std::size_t arrived_max = 256 * 1024;

  [[nodiscard]] std::size_t plaintext_max() const;
  void seal_collected();
  void seal(const address& to, byte_view plaintext);
  void transmit(instant now, const udp_path::transmission& what);
  void handle_message(instant now, const address& from, const message_header& header,
                      byte_view whole, std::size_t datagram_size);

  udp_path::options options_;
  decode_limits limits_;
  chance& random_;
  message::datagram_random ours_{};
  std::optional<datagram_channel> channel_; // both or neither
  std::optional<udp_path> path_;
  std::size_t reported_size_ = 0; // of the route that the user knows of; 0: none

  bytes collected_; // messages that will leave in one datagram
  std::deque<outgoing_datagram> waiting_;
  bytes arrived_; // PUBLISH messages, from read_ on
  std::size_t read_ = 0;
};

} // namespace kodama
