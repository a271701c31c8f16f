#include "net/http_gateway.hpp"

#include "actors/messages.hpp"
#include "net/account_gate.hpp"
#include "net/system_world.hpp"
#include "tests/actors/runtime/still_home.hpp"

#include <caf/send.hpp>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace kodama::net {
namespace {

/// Takes as much as a socket would that nobody reads at the other end.
class still_link final : public actors::link {
public:
  static constexpr std::size_t room = 256 * 1024;

  actors::link_id id() const noexcept override { return 1; }
  std::string peer() const override { return "a test"; }
  void bind(const caf::actor&, reading how) override { reads = how == reading::once; }
  bytes& output() override { return output_; }
  bool writable() const noexcept override { return output_.size() < room; }
  void close() override { closed = true; }

  [[nodiscard]] std::size_t waiting() const noexcept { return output_.size(); }
  /// What was written; there is room again.
  std::string take() {
    const auto data = std::exchange(output_, {});
    return {reinterpret_cast<const char*>(data.data()), data.size()};
  }

  bool reads = false;
  bool closed = false;

private:
  bytes output_;
};

class no_port final : public actors::datagram_port {
public:
  void bind(path_id, const caf::actor&) override {}
  void unbind(path_id) override {}
  void send(const address&, byte_view) override {}
};

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1))
    ++found;
  return found;
}

/// A gateway that has one visitor, who may come in without a token.
struct HttpGateway : testing::Test {
  runtime::still_config config;
  caf::actor_system system{config};
  runtime::still_home& home = runtime::still_home_of(system);
  system_clock clock;
  system_chance random;
  no_port datagrams;
  connection_counts connections;
  metrics figures{connections};
  account_gate gate{clock, {}, random};
  actors::surroundings world{clock, random, datagrams, gate, figures};
  actors::node_options options;
  caf::actor gateway;
  std::shared_ptr<still_link> link = std::make_shared<still_link>();

  HttpGateway() {
    system.await_actors_before_shutdown(false);
    gateway = runtime::spawn_on<http_gateway>(
        home, caf::actor{}, std::make_shared<actors::retained_quota>(0, 0), options, world, figures,
        origin_policy{{}, origin_policy::others::local});
    tell(actors::link_accepted{link, 1});
  }
  ~HttpGateway() override {
    caf::anon_send_exit(gateway, caf::exit_reason::kill);
    home.run_actors();
  }

  template <class Message>
  void tell(Message what) {
    caf::anon_send(gateway, std::move(what));
    home.run_actors();
  }
  void say(std::string_view text) {
    ASSERT_TRUE(link->reads);
    link->reads = false;
    const auto data = as_bytes(text);
    tell(actors::link_received{1, bytes{data.begin(), data.end()}});
  }
};

constexpr std::string_view request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

std::string times(std::size_t count, std::string_view what) {
  std::string all;
  while (count-- != 0)
    all += what;
  return all;
}

TEST_F(HttpGateway, AnswersAsManyAtOnceAsTheLinkTakes) {
  constexpr std::size_t asked = 20'000;
  say(times(asked, request));
  std::size_t answered = 0;
  for (std::size_t turns = 0; !link->reads; ++turns) {
    ASSERT_LT(turns, asked);
    ASSERT_LT(link->waiting(), still_link::room + 1'024);
    answered += count(link->take(), "HTTP/1.1 200 OK\r\n");
    tell(actors::link_drained{1});
  }
  answered += count(link->take(), "HTTP/1.1 200 OK\r\n");
  EXPECT_EQ(answered, asked);
  EXPECT_FALSE(link->closed);
  say(request);
  EXPECT_EQ(count(link->take(), "HTTP/1.1 200 OK\r\n"), 1u);
}

TEST_F(HttpGateway, ReadsNothingBehindARequestThatClosesTheConnection) {
  say("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" +
      std::string{request});
  EXPECT_EQ(count(link->take(), "HTTP/1.1 "), 1u);
  EXPECT_TRUE(link->closed);
}

TEST_F(HttpGateway, WaitsThirtySecondsForARequest) {
  using std::chrono::seconds;
  say("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ");
  for (int i = 0; i != 28; ++i) {
    home.pass(seconds{1});
    say("a");
  }
  EXPECT_FALSE(link->closed);
  home.pass(seconds{3});
  EXPECT_TRUE(link->take().starts_with("HTTP/1.1 408 "));
  EXPECT_TRUE(link->closed);
}

TEST_F(HttpGateway, BeginsToCountAnewWithEachRequest) {
  using std::chrono::seconds;
  home.pass(seconds{25});
  for (int i = 0; i != 3; ++i) {
    say("GET /healthz HTTP/1.1\r\nHost: localhost\r\n");
    home.pass(seconds{25});
    say("\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n"); // the next one begins when this one is
                                                             // answered
    home.pass(seconds{25});
    say("\r\n");
    EXPECT_EQ(count(link->take(), "HTTP/1.1 200 "), 2u);
    home.pass(seconds{25});
  }
  EXPECT_FALSE(link->closed);
  home.pass(seconds{10});
  EXPECT_TRUE(link->closed) << "nothing asked for so long";
  EXPECT_EQ(link->waiting(), 0u);
}

TEST_F(HttpGateway, LetsGoOfWhoeverDoesNotReadItsAnswers) {
  say(times(20'000, request));
  EXPECT_FALSE(link->reads);
  home.pass(std::chrono::seconds{32});
  EXPECT_TRUE(link->closed);
  EXPECT_EQ(count(link->take(), "HTTP/1.1 408"), 0u);
}

} // namespace
} // namespace kodama::net
