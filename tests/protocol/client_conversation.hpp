#pragma once

#include "protocol/client_connection.hpp"
#include "protocol/datagram_channel.hpp"
#include "protocol/message.hpp"
#include "protocol/message_reader.hpp"

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace kodama::test {

using namespace std::chrono_literals;

class seeded_chance final : public chance {
public:
  explicit seeded_chance(std::uint64_t seed)
      : state_{seed} {}
  std::uint64_t next() override { // splitmix64
    auto z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }

private:
  std::uint64_t state_;
};

using sentences = std::vector<std::string>;

inline std::string quoted(byte_view content) {
  return "'" + std::string{as_text(content)} + "'";
}

inline std::string listed(const std::vector<std::uint64_t>& numbers) {
  std::string text;
  for (const auto number : numbers)
    text += (text.empty() ? "" : ",") + std::to_string(number);
  return "{" + text + "}";
}

/// What a user is told, as one line.
inline std::string tell(const client_event::any& event) {
  using namespace client_event;
  const auto n = [](std::uint64_t number) { return " " + std::to_string(number); };
  return std::visit(
      [&](const auto& e) -> std::string {
        using Event = std::decay_t<decltype(e)>;
        if constexpr (std::is_same_v<Event, connected>)
          return e.resumed ? "resumed" : "connected";
        else if constexpr (std::is_same_v<Event, connection_lost>)
          return "connection lost: " + e.reason.message() + (e.text.empty() ? "" : ": " + e.text);
        else if constexpr (std::is_same_v<Event, session_lost>) {
          auto text = "session lost: " + e.reason.message() + " unconfirmed " +
                      listed(e.unconfirmed) + " abandoned " + listed(e.abandoned);
          for (const auto& gap : e.gaps)
            text += " " + gap.topic + n(gap.first_owed) + ".." + std::to_string(gap.last_delivered);
          return text;
        } else if constexpr (std::is_same_v<Event, stopped>)
          return "stopped: " + e.reason.message();
        else if constexpr (std::is_same_v<Event, acknowledged>)
          return "acknowledged" + n(e.request);
        else if constexpr (std::is_same_v<Event, request_failed>)
          return "failed" + n(e.request) + ": " + std::string{to_string(e.reason)} + " " +
                 std::string{e.topic} + (e.of_watch ? " watched" : "");
        else if constexpr (std::is_same_v<Event, subscribed>)
          return "subscribed" + n(e.request) + " " + std::string{e.topic} + n(e.first);
        else if constexpr (std::is_same_v<Event, unsubscribed>)
          return "unsubscribed" + n(e.request) + " " + std::string{e.topic} + n(e.end);
        else if constexpr (std::is_same_v<Event, received>)
          return std::string{e.via == transport::udp ? "udp " : ""} + "received " +
                 std::string{e.topic} + n(e.sequence) + " " + quoted(e.content);
        else if constexpr (std::is_same_v<Event, watching>)
          return "watching" + n(e.request) + " " + std::string{e.topic} + n(e.first);
        else if constexpr (std::is_same_v<Event, unwatched>)
          return "unwatched" + n(e.request) + " " + std::string{e.topic} + n(e.end);
        else if constexpr (std::is_same_v<Event, presence>)
          return n(e.client).substr(1) +
                 (e.event == message::presence_event::joined ? " joined " : " left ") +
                 std::string{e.topic} + n(e.sequence);
        else if constexpr (std::is_same_v<Event, subscribers>)
          return "subscribers" + n(e.request) + " " + e.topic + n(e.sequence) + " " +
                 listed(e.clients);
        else if constexpr (std::is_same_v<Event, server_time>)
          return "server time" + n(e.request) + n(e.unix_micros);
        else if constexpr (std::is_same_v<Event, pong>)
          return "pong after" + n(static_cast<std::uint64_t>(e.round_trip / 1ms)) + " ms";
        else
          return e.up ? "udp up" + n(e.datagram_size_max) : "udp down";
      },
      event);
}

/// What a server hears, as one line.
inline std::string tell(const message::any& heard) {
  using namespace message;
  const auto n = [](std::uint64_t number) { return " " + std::to_string(number); };
  return std::visit(
      [&](const auto& m) -> std::string {
        using Message = std::decay_t<decltype(m)>;
        if constexpr (std::is_same_v<Message, connect_token>)
          return "CONNECT " + std::string{m.token} +
                 (m.resume ? " after" + n(m.resume->last_received) : "");
        else if constexpr (std::is_same_v<Message, subscribe>)
          return "SUBSCRIBE" + n(m.id) + " " + std::string{m.topic};
        else if constexpr (std::is_same_v<Message, unsubscribe>)
          return "UNSUBSCRIBE" + n(m.id) + " " + std::string{m.topic};
        else if constexpr (std::is_same_v<Message, watch>)
          return "WATCH" + n(m.id) + " " + std::string{m.topic};
        else if constexpr (std::is_same_v<Message, unwatch>)
          return "UNWATCH" + n(m.id) + " " + std::string{m.topic};
        else if constexpr (std::is_same_v<Message, subscriber_list_request>)
          return "LIST" + n(m.id) + " " + std::string{m.topic};
        else if constexpr (std::is_same_v<Message, publish>)
          return (m.reliable() ? "PUBLISH" + n(m.id) : "UNRELIABLE" + n(m.unreliable)) + " " +
                 std::string{m.topic} + " " + quoted(m.content);
        else if constexpr (std::is_same_v<Message, ack>)
          return "ACK" + n(m.through);
        else if constexpr (std::is_same_v<Message, ping>)
          return "PING";
        else if constexpr (std::is_same_v<Message, pong>)
          return "PONG";
        else if constexpr (std::is_same_v<Message, server_time_request>)
          return "TIME";
        else if constexpr (std::is_same_v<Message, disconnect>)
          return "DISCONNECT " + std::string{to_string(m.reason)};
        else
          return "something else";
      },
      heard);
}

/// A client_connection between a user and a server that both follow the test's script: told() is
/// what the user was told since the last call, heard() what the server heard. Time moves only by
/// wait(), from timer to timer.
class conversation {
public:
  static client_connection::options usual() {
    client_connection::options chosen;
    chosen.token = "secret";
    chosen.keepalive = 10s;
    chosen.udp = false;
    return chosen;
  }

  explicit conversation(client_connection::options chosen = usual(), std::uint64_t seed = 1)
      : random_{seed}
      , client{std::move(chosen), random_} {}

private:
  seeded_chance random_;

public:
  client_connection client;
  instant now{1000s};
  session_limits limits;
  std::chrono::milliseconds keepalive{10s};
  std::size_t datagram_size_max = 0; // that the network lets pass; 0: none at all
  int connects = 0;                  // how often the client asked for a TCP connection
  bool open = false;                 // the TCP connection, as the network sees it

  /// Lets the client do what it can at this moment.
  void settle() {
    for (bool busy = true; busy;) {
      busy = false;
      while (const auto event = client.poll_event(now)) {
        told_.push_back(tell(*event));
        busy = true;
      }
      if (client.poll_connect()) {
        ++connects;
        open = false;
        asked_ = busy = true;
      }
      if (open) {
        bytes written;
        client.poll_write(now, written, 64 * 1024);
        busy = busy || !written.empty();
        hear(written);
      }
      if (client.poll_close())
        open = false;
      while (const auto datagram = client.poll_datagram(now)) {
        carry(*datagram);
        busy = true;
      }
    }
  }

  void wait(duration how_long) {
    const auto until = now + how_long;
    settle();
    while (client.poll_timeout() <= until) {
      now = std::max(now, client.poll_timeout());
      client.handle_timeout(now);
      settle();
    }
    now = until;
    client.handle_timeout(now);
    settle();
  }

  /// The TCP connection that the client asked for is made, after its pause if need be.
  bool accept() {
    for (int i = 0; i != 100 && !asked_; ++i)
      wait(200ms);
    if (!std::exchange(asked_, false))
      return false;
    open = true;
    reader_ = message_reader{{limits.message_size_max, limits.sections_max}};
    server_channel_.reset();
    client.handle_connected(now, server_address());
    settle();
    return true;
  }
  void cut() {
    open = false;
    client.handle_closed(now, {});
    settle();
  }
  void say(const message::any& what) {
    bytes out;
    message::encode(out, what, to_timestamp(now));
    say_bytes(out);
  }
  void say_bytes(byte_view raw) {
    client.handle_bytes(now, raw);
    settle();
  }
  void say_by_datagram(const message::any& what) {
    bytes plain;
    message::encode(plain, what, to_timestamp(now));
    bytes sealed;
    server_channel_->seal(sealed, plain);
    client.handle_datagram(now, {server_address().ip, 7401}, sealed);
    settle();
  }
  void welcome(message_id last_received = 0, std::uint8_t session = 1) {
    message::connack_success answer;
    answer.client = 7;
    answer.session.value.fill(static_cast<std::byte>(session));
    answer.last_received = last_received;
    answer.keepalive_ms = static_cast<std::uint32_t>(keepalive.count());
    answer.limits = limits;
    if (wish_) {
      auto& offer = answer.datagram.emplace();
      offer.random.fill(std::byte{9});
      offer.path = 77;
      offer.port = 7401;
      server_channel_.emplace(datagram_channel::side::server, offer.path, *wish_, offer.random);
    }
    say(answer);
  }
  /// Connected in a new session; nothing of it in told() and heard().
  void begin() {
    client.connect(now);
    accept();
    welcome();
    told();
    heard();
  }
  /// A subscription that the server has confirmed with message `id`.
  void subscribe(std::string_view topic, message_id id, message_id in_reply_to) {
    static_cast<void>(client.subscribe(topic).value());
    settle();
    say(message::suback{id, in_reply_to, topic, 1});
    told();
    heard();
  }
  request_id publish(std::string_view content) {
    const auto request = client.publish("room", user_section_first, as_bytes(content)).value();
    settle();
    return request;
  }
  void publish_unreliable(std::string_view content) {
    client.publish_unreliable(now, "room", user_section_first, as_bytes(content)).value();
    settle();
  }
  static message::publish publication(message_id id, topic_sequence sequence,
                                      std::string_view content) {
    message::publish m;
    m.id = id;
    m.topic = "room";
    m.sequence = sequence;
    m.sender = 5;
    m.content = as_bytes(content);
    return m;
  }
  static message::publish unreliable_publication(unreliable_id id, std::string_view content) {
    message::publish m;
    m.unreliable = id;
    m.topic = "room";
    m.sender = 5;
    m.content = as_bytes(content);
    return m;
  }

  sentences told() { return std::exchange(told_, {}); }
  sentences heard() { return std::exchange(heard_, {}); }

private:
  static address server_address() { return make_v4(0x7f000001, 7400); }

  void hear(byte_view written) {
    reader_.feed(written);
    while (const auto item = reader_.next().value()) {
      heard_.push_back(tell(item->body));
      if (const auto connect = std::get_if<message::connect_token>(&item->body))
        wish_ = connect->random;
    }
  }

  /// The server's end of the datagram path: answers probes that get through.
  void carry(const client_connection::datagram& datagram) {
    if (datagram.data.size() > datagram_size_max || !server_channel_)
      return;
    const auto opened = server_channel_->open(datagram.data);
    message_reader reader{{}};
    reader.feed(opened.value().plaintext);
    while (const auto item = reader.next().value()) {
      if (const auto probe = std::get_if<message::udp_probe>(&item->body))
        answer_probe(probe->probe);
      else
        heard_.push_back("udp " + tell(item->body));
    }
  }
  void answer_probe(std::uint64_t probe) {
    bytes plain;
    message::encode(plain, message::udp_probe_ack{probe}, 0);
    bytes sealed;
    server_channel_->seal(sealed, plain);
    client.handle_datagram(now, {server_address().ip, 7401}, sealed);
  }

  message_reader reader_{{}};
  std::optional<message::datagram_random> wish_;
  std::optional<datagram_channel> server_channel_;
  bool asked_ = false;
  sentences told_;
  sentences heard_;
};

} // namespace kodama::test
