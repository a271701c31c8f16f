#include "apps/bench_client.hpp"

#include "protocol/mqtt/decode.hpp"
#include "protocol/mqtt/encode.hpp"
#include "protocol/mqtt/reason_code.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace kodama::apps::bench {
namespace {

/// Longer than any run: a subscriber without a guarantee has no reason to say anything.
constexpr std::uint32_t keepalive_ms = 120'000;

constexpr decode_limits limits{};

/// The socket is closed with a reset: a run of thousands of connections must not leave their ports
/// waiting for a minute.
void set_options(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const linger reset{1, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
}

} // namespace

client::client(run_state& run, std::uint32_t topic, std::string name)
    : run_{run}
    , topic_{topic}
    , topic_name_{std::move(name)} {}

client::~client() {
  close();
}

void client::open() {
  stage_ = stage::connecting;
  socket_ =
      ::socket(run_.target.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket_ < 0) {
    fail(std::string{"no socket: "} + std::strerror(errno));
    return;
  }
  set_options(socket_);
  const auto size = static_cast<socklen_t>(run_.target.size());
  if (::connect(socket_, run_.target.data(), size) < 0 && errno != EINPROGRESS) {
    fail(std::string{"cannot connect: "} + std::strerror(errno));
    return;
  }
  run_.polling.add(socket_, *this, true);
}

void client::say_goodbye() {
  if (stage_ != stage::live || run_.relayed) {
    close();
    return;
  }
  if (run_.mqtt)
    send(kodama::mqtt::packet{kodama::mqtt::disconnect{}});
  else
    send(message::any{message::disconnect{}});
  if (!closed())
    stage_ = stage::leaving;
}

void client::close() {
  if (stage_ == stage::live)
    --run_.live;
  stage_ = stage::closed;
  if (socket_ >= 0)
    ::close(std::exchange(socket_, -1));
}

void client::fail(const std::string& what) {
  run_.fail(what);
  close();
}

void client::handle_writable() {
  if (stage_ == stage::connecting) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
      fail(std::string{"cannot connect: "} + std::strerror(error));
      return;
    }
    run_.polling.want_writable(socket_, *this, false);
    greet();
    return;
  }
  if (output_.empty() || closed())
    return;
  run_.polling.want_writable(socket_, *this, false);
  const auto waiting = std::exchange(output_, {});
  send(byte_view{waiting});
}

void client::handle_readable() {
  if (closed())
    return;
  const auto scratch = run_.polling.scratch();
  std::copy(rest_.begin(), rest_.end(), scratch.begin());
  const auto room = scratch.subspan(rest_.size());
  const auto count = ::recv(socket_, room.data(), room.size(), 0);
  if (count < 0 && errno == EAGAIN)
    return;
  if (stage_ == stage::leaving) {
    if (count <= 0)
      close();
    return; // what was under way when we left
  }
  if (count <= 0) {
    fail(count == 0 ? "the server closed a connection"
                    : std::string{"a connection was lost: "} + std::strerror(errno));
    return;
  }
  if (run_.timing)
    run_.read_at = now();
  ++run_.reads;
  byte_view input{scratch.data(), rest_.size() + static_cast<std::size_t>(count)};
  while (stage_ == stage::greeting) {
    const auto used = run_.relayed ? take_greeting(input) : take_one(input);
    if (used == 0)
      break;
    input = input.subspan(used);
  }
  if (stage_ == stage::live && !input.empty())
    input = input.subspan(take(input));
  rest_.assign(input.begin(), input.end());
}

void client::greet() {
  stage_ = stage::greeting;
  if (run_.relayed) {
    const auto hello = greeting();
    send(std::as_bytes(std::span{&hello, 1}));
    return;
  }
  if (run_.mqtt) {
    greet_in_mqtt();
    return;
  }
  message::connect_token hello;
  hello.token = run_.token;
  hello.keepalive_ms = keepalive_ms;
  send(message::any{hello});
}

void client::greet_in_mqtt() {
  // Two generators may load one server, and each person is known by a name of their own.
  const auto name = "bench-" + std::to_string(::getpid()) + '-' + std::to_string(socket_);
  kodama::mqtt::connect hello;
  hello.version = kodama::mqtt::protocol_version::v3_1_1;
  hello.keep_alive = keepalive_ms / 1000;
  hello.client_id = name;
  if (!run_.token.empty()) {
    hello.user_name = "bench";
    hello.password = as_bytes(run_.token);
  }
  send(kodama::mqtt::packet{hello});
}

void client::go_live() {
  stage_ = stage::live;
  ++run_.live;
}

std::size_t client::take_greeting(byte_view input) {
  if (input.size() < sizeof(relay_greeting))
    return 0;
  handle_welcome({});
  return sizeof(relay_greeting);
}

std::size_t client::take_one(byte_view input) {
  if (run_.mqtt)
    return take_packet(input);
  const auto header = read_header(input, limits);
  if (!header) {
    fail("not a message: " + header.error().message());
    return 0;
  }
  if (!*header || input.size() < (*header)->message_size())
    return 0;
  const auto sections = input.subspan(message_header_size, (*header)->length);
  const auto what = message::decode(**header, sections, limits.sections_max);
  if (!what) {
    fail("not a message: " + what.error().message());
    return 0;
  }
  dispatch(*what);
  return (*header)->message_size();
}

std::size_t client::take_packet(byte_view input) {
  static constexpr kodama::mqtt::decode_options options{kodama::mqtt::endpoint::server,
                                                        kodama::mqtt::protocol_version::v3_1_1};
  const auto header = kodama::mqtt::read_fixed_header(input, options);
  if (!header) {
    fail("not MQTT: " + header.error().text);
    return 0;
  }
  if (!*header || input.size() < (*header)->packet_size())
    return 0;
  const auto body = input.subspan((*header)->size, (*header)->remaining_length);
  const auto what = kodama::mqtt::decode(**header, body, options);
  if (!what) {
    fail("not MQTT: " + what.error().text);
    return 0;
  }
  dispatch(*what);
  return (*header)->packet_size();
}

void client::dispatch(const kodama::mqtt::packet& what) {
  const auto* welcome = std::get_if<kodama::mqtt::connack>(&what);
  if (!welcome)
    handle_message(what);
  else if (kodama::mqtt::is_failure(welcome->reason))
    fail("refused: " + std::string{kodama::mqtt::name_of(welcome->reason)});
  else
    handle_welcome({});
}

void client::dispatch(const message::any& what) {
  if (const auto* welcome = std::get_if<message::connack_success>(&what))
    handle_welcome(welcome->limits);
  else if (const auto* refusal = std::get_if<message::connack_failed>(&what))
    fail("refused: " + std::string{refusal->text});
  else if (const auto* farewell = std::get_if<message::disconnect>(&what))
    fail("disconnected: " + std::string{to_string(farewell->reason)} + ", " +
         std::string{farewell->text});
  else if (const auto* failed = std::get_if<message::request_failed>(&what))
    fail("request failed: " + std::string{failed->text});
  else if (!std::holds_alternative<message::ping>(what)) // said by nobody to a client that listens
    handle_message(what);
}

void client::send(byte_view what) {
  if (closed())
    return;
  if (output_.empty()) {
    const auto count = ::send(socket_, what.data(), what.size(), MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN) {
      fail(std::string{"a connection was lost: "} + std::strerror(errno));
      return;
    }
    what = what.subspan(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (what.empty())
      return;
    run_.polling.want_writable(socket_, *this, true);
  }
  append(output_, what);
}

void client::send(const message::any& what) {
  bytes image;
  message::encode(image, what, to_timestamp(now()));
  send(byte_view{image});
}

void client::send(const kodama::mqtt::packet& what) {
  kodama::mqtt::encode_options options;
  options.version = kodama::mqtt::protocol_version::v3_1_1;
  bytes image;
  (void)kodama::mqtt::encode(image, what, options); // there is no Maximum Packet Size in 3.1.1
  send(byte_view{image});
}

} // namespace kodama::apps::bench
