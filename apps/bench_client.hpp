#pragma once

#include "apps/bench_delivery_check.hpp"
#include "apps/bench_poller.hpp"
#include "protocol/message.hpp"
#include "protocol/mqtt/packet.hpp"
#include "protocol/tlv.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <string>
#include <vector>

namespace kodama::apps::bench {

/// What all clients of a run share and count into. Outlives them.
struct run_state {
  poller polling;
  boost::asio::ip::tcp::endpoint target;
  std::string token;
  bool relayed = false; ///< the far side is the floor (apps/bench_echo.hpp), which has no protocol
  bool mqtt = false;    ///< it speaks MQTT 3.1.1
  kodama::mqtt::qos qos = kodama::mqtt::qos::at_most_once; ///< (MQTT)

  std::size_t live = 0;
  std::uint64_t deliveries = 0;
  std::uint64_t reads = 0;
  delivery_faults faults;
  std::string failure; ///< the first thing that ended a connection or broke the protocol

  bool timing = false;                  ///< whether latencies are taken
  instant read_at{};                    ///< when the bytes now looked at were read
  std::int64_t timed_from = 0;          ///< stamps due earlier belong to the warm-up
  std::vector<std::uint32_t> latencies; ///< nanoseconds

  void fail(std::string what) {
    if (failure.empty())
      failure = std::move(what);
  }
};

/// What the floor is told first, and answers with itself once it has taken note.
struct relay_greeting {
  std::uint32_t topic = 0;
  std::uint32_t subscribes = 0; ///< otherwise it publishes
};

/// One connection of the generator, from connect() to its end: greets, keeps what is incomplete or
/// waits to be written, and leaves what a live connection says to its subclass.
///
/// Errors end the connection and are told in run_state::failure.
class client : public pollable {
public:
  client(run_state& run, std::uint32_t topic, std::string name);
  ~client() override;
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  void open();
  /// Ends the session on the server's side too, so that it does not go on collecting messages.
  void say_goodbye();
  void close();

  [[nodiscard]] bool live() const noexcept { return stage_ == stage::live; }
  [[nodiscard]] bool closed() const noexcept { return stage_ == stage::closed; }

  // pollable
  void handle_readable() final;
  void handle_writable() final;

protected:
  /// The session exists (or the floor has answered). To call go_live(), now or later.
  virtual void handle_welcome(const session_limits& limits) = 0;
  /// The greeting that introduces this client to the floor.
  [[nodiscard]] virtual relay_greeting greeting() const = 0;
  /// Bytes of a live connection; returns how many of them made up whole messages.
  virtual std::size_t take(byte_view input) = 0;
  /// A message other than those of the greeting.
  virtual void handle_message(const message::any& what) = 0;
  virtual void handle_message(const kodama::mqtt::packet& what) = 0;

  void go_live();
  void send(byte_view what);
  void send(const message::any& what);
  void send(const kodama::mqtt::packet& what);
  /// Whether the kernel has everything that was sent.
  [[nodiscard]] bool flushed() const noexcept { return output_.empty(); }
  /// Decodes the message at the front of `input` and handles it; its size, or 0 when incomplete.
  std::size_t take_one(byte_view input);

  [[nodiscard]] run_state& run() noexcept { return run_; }
  [[nodiscard]] std::uint32_t topic() const noexcept { return topic_; }
  [[nodiscard]] const std::string& topic_name() const noexcept { return topic_name_; }

private:
  enum class stage { idle, connecting, greeting, live, leaving, closed };

  void greet();
  std::size_t take_greeting(byte_view input);
  void greet_in_mqtt();
  std::size_t take_packet(byte_view input);
  void dispatch(const message::any& what);
  void dispatch(const kodama::mqtt::packet& what);
  void fail(const std::string& what);

  run_state& run_;
  std::uint32_t topic_;
  std::string topic_name_;
  int socket_ = -1;
  stage stage_ = stage::idle;
  bytes rest_;   // the beginning of an incomplete message
  bytes output_; // what the kernel did not take
};

} // namespace kodama::apps::bench
