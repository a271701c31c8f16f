#include "client/client.hpp"

#include "net/flaky_proxy.hpp"
#include "tests/client/served.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <initializer_list>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace kodama {
namespace {

using namespace std::chrono_literals;
using test::served;

constexpr std::uint16_t text = 0x8001;

/// Runs all of them by turns until `done`; false when that takes too long.
[[nodiscard]] bool run_until(std::initializer_list<client*> clients,
                             const std::function<bool()>& done, duration at_most = 60s) {
  const auto end = std::chrono::steady_clock::now() + at_most;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end)
      return false;
    for (const auto one : clients)
      one->run_for(200us);
  }
  return true;
}

TEST(Client, PublishesAndHears) {
  served server;
  client game{{.server = server.address()}};
  std::vector<std::string> heard;
  int confirmed = 0;
  ASSERT_TRUE(
      game.subscribe("room", [&](const auto& m) { heard.emplace_back(as_text(m.content)); }));
  ASSERT_TRUE(game.publish("room", text, as_bytes("hello"), [&](auto error) {
    EXPECT_FALSE(error);
    ++confirmed;
  }));
  game.connect();
  EXPECT_TRUE(run_until({&game}, [&] { return confirmed == 1 && !heard.empty(); }));
  EXPECT_EQ(heard, std::vector<std::string>{"hello"});
}

TEST(Client, ReturnsFromRunWhenItHasStopped) {
  served server;
  client game{{.server = server.address()}};
  boost::system::error_code reason;
  game.on_connected([&](const auto&) { game.disconnect(); });
  game.on_stopped([&](const auto& e) { reason = e.reason; });
  game.connect();
  game.run();
  EXPECT_EQ(reason, errc::normal);
}

TEST(Client, TellsWhoeverWaitsAlsoWhereItNeverConnected) {
  client game{{}};
  std::vector<std::string> told;
  ASSERT_TRUE(game.publish("room", text, as_bytes("x"),
                           [&](auto error) { told.push_back("publish " + error.message()); }));
  game.on_stopped([&](const auto& e) {
    told.push_back("stopped " + e.reason.message());
    game.disconnect(); // there is nothing left to end
  });
  game.disconnect();
  game.run();
  EXPECT_EQ(told, (std::vector<std::string>{"publish normal", "stopped normal"}));
  EXPECT_EQ(game.unacknowledged(), 0u);
  game.disconnect();
  game.run();
  EXPECT_EQ(told.size(), 2u);
}

TEST(Client, TellsOfWhatWasAskedForAtTheEndOnlyWhenItStands) {
  served server;
  client game{{.server = server.address()}};
  std::vector<std::string> told;
  const auto tell = [&](const char* who) {
    return [&told, who](auto error) { told.push_back(who + (error ? error.message() : "done")); };
  };
  bool stopped = false;
  ASSERT_TRUE(game.publish("room", text, as_bytes("x"), [&](auto error) {
    tell("publish ")(error);
    EXPECT_TRUE(game.subscribe("room", {}, tell("subscribe ")));
  }));
  game.on_stopped([&](const auto&) { stopped = true; });
  game.connect();
  game.disconnect();
  ASSERT_TRUE(run_until({&game}, [&] { return stopped; }));
  EXPECT_EQ(told, std::vector<std::string>{"publish normal"});
  game.connect();
  EXPECT_TRUE(run_until({&game}, [&] { return told.size() == 2; }));
  EXPECT_EQ(told.back(), "subscribe done");
}

TEST(Client, ConnectsAgainWhereItIsAskedToWhileItDisconnects) {
  served server;
  client game{{.server = server.address()}};
  std::vector<std::string> told;
  game.on_connected([&](const auto&) { told.push_back("connected"); });
  game.on_stopped([&](const auto& e) { told.push_back("stopped " + e.reason.message()); });
  game.connect();
  ASSERT_TRUE(run_until({&game}, [&] { return game.connected(); }));
  game.disconnect();
  game.connect();
  EXPECT_TRUE(run_until({&game}, [&] { return told.size() == 3; }));
  EXPECT_EQ(told, (std::vector<std::string>{"connected", "stopped normal", "connected"}));
  game.disconnect();
  game.connect();
  game.disconnect();
  game.run();
  EXPECT_EQ(told.size(), 4u);
}

TEST(Client, IsToldThatItsTokenIsWrong) {
  net::server_options options;
  options.accounts.tokens = {"right"};
  served server{options};
  client game{{.server = server.address(), .token = "wrong"}};
  boost::system::error_code stopped;
  boost::system::error_code refused;
  ASSERT_TRUE(game.publish("room", text, as_bytes("x"), [&](auto error) { refused = error; }));
  game.on_stopped([&](const auto& e) { stopped = e.reason; });
  game.connect();
  game.run();
  EXPECT_EQ(stopped, errc::bad_token);
  EXPECT_EQ(refused, errc::bad_token);
}

TEST(Client, LosesNoSessionOverWhatWasAskedForBeforeTheLimitsWereKnown) {
  net::server_options options;
  options.node.session.limits.topic_length_max = 50;
  served server{options};
  client game{{.server = server.address()}};
  std::vector<std::string> told;
  const auto tell = [&](const char* who) {
    return [&told, who](auto error) { told.push_back(who + error.message()); };
  };
  game.on_session_lost([](const auto& e) { ADD_FAILURE() << e.reason.message(); });
  const std::string far_too_long(100, 'a');
  ASSERT_TRUE(game.subscribe(far_too_long, {}, tell("long: ")));
  ASSERT_TRUE(game.publish("room", text, bytes(100'000), tell("large: ")));
  bool subscribed = false;
  ASSERT_TRUE(game.subscribe("room", {}, [&](auto error) { subscribed = !error; }));
  game.connect();
  EXPECT_TRUE(run_until({&game}, [&] { return subscribed; }));
  EXPECT_EQ(told, (std::vector<std::string>{"long: topic_too_long", "large: message_too_long"}));
}

TEST(Client, SendsWhatAServerAllowsAlsoWhereItWasAskedForBefore) {
  net::server_options options;
  options.node.session.limits.message_size_max = 1 << 20;
  options.node.session.limits.topic_length_max = 1'000;
  served server{options};
  client game{{.server = server.address()}};
  const std::string topic(1'000, 'a');
  std::size_t heard = 0;
  ASSERT_TRUE(game.subscribe(topic, [&](const auto& m) { heard = m.content.size(); }));
  ASSERT_TRUE(game.publish(topic, text, bytes(100'000)));
  game.connect();
  EXPECT_TRUE(run_until({&game}, [&] { return heard == 100'000; }));
}

TEST(Client, AsksItsQuestions) {
  served server;
  client game{{.server = server.address()}};
  client_id me = 0;
  std::vector<client_id> present;
  std::vector<client_id> joined;
  std::uint64_t time = 0;
  duration round_trip{0};
  game.on_connected([&](const auto& e) {
    me = e.client;
    game.ping([&](const auto& measured) { round_trip = measured.value(); });
  });
  ASSERT_TRUE(game.watch("room", [&](const auto& e) { joined.push_back(e.client); }));
  ASSERT_TRUE(game.subscribe("room", {}));
  ASSERT_TRUE(game.subscribers("room", [&](const auto& list) { present = list.value().clients; }));
  ASSERT_TRUE(game.server_time([&](const auto& answer) { time = answer.value().unix_micros; }));
  game.connect();
  EXPECT_TRUE(run_until({&game}, [&] {
    return !present.empty() && !joined.empty() && time != 0 && round_trip != 0ns;
  }));
  EXPECT_EQ(present, std::vector<client_id>{me});
  EXPECT_EQ(joined, std::vector<client_id>{me});
}

TEST(ClientDeathTest, IsTheProgramsWhereACallbackThrows) {
  const auto throws = [](const auto&) { throw std::runtime_error{"thrown by a callback"}; };
  client game{{}};
  game.on_stopped(throws);
  game.disconnect();
  EXPECT_DEATH(game.run(), "thrown by a callback");
  client other{{}};
  other.ping(throws);
  EXPECT_DEATH(other.run(), "thrown by a callback");
}

TEST(Client, PollsSomeTurnsAtATime) {
  client game{{}};
  int turns = 0;
  std::function<void()> again = [&] {
    if (++turns != 100'000)
      boost::asio::post(game.context(), again);
  };
  again();
  game.poll();
  EXPECT_LT(turns, 20);
  const auto before = turns;
  game.poll();
  EXPECT_GT(turns, before);
}

TEST(Client, AnswersAPingWithoutAConnectionFromWithinRunAlone) {
  client game{{}};
  int answered = 0;
  bool answering = false;
  std::function<void(result<duration>)> again = [&](const auto& measured) {
    EXPECT_EQ(measured.error(), errc::connection_lost);
    EXPECT_FALSE(answering);
    answering = true;
    if (++answered != 1'000)
      game.ping(again);
    answering = false;
  };
  game.ping(again);
  EXPECT_EQ(answered, 0);
  game.run();
  EXPECT_EQ(answered, 1'000);
}

TEST(Client, SendsByDatagramsWhereTheyPass) {
  served server;
  client game{{.server = server.address()}};
  bool up = false;
  int by_udp = 0;
  ASSERT_TRUE(game.subscribe("room", [&](const client_event::received& m) {
    by_udp += m.via == client_event::transport::udp;
  }));
  game.on_udp_changed([&](const auto& e) { up = e.up; });
  game.connect();
  ASSERT_TRUE(run_until({&game}, [&] { return up; }));
  EXPECT_TRUE(run_until({&game}, [&] {
    EXPECT_TRUE(game.publish_unreliable("room", text, as_bytes("x")));
    return by_udp != 0;
  }));
}

TEST(Client, LearnsFromAPingThatItsDatagramsHaveBeenRead) {
  served server;
  boost::asio::io_context network;
  net::flaky_options slow;
  const auto loopback = boost::asio::ip::address_v4::loopback();
  slow.listen = {loopback, 0};
  slow.to = {loopback, server.port()};
  slow.bandwidth = 20'000; // a datagram of 1,000 bytes takes 50 ms, PING and DISCONNECT hardly one
  net::flaky_proxy proxy{network, slow};
  ASSERT_TRUE(proxy.start());
  client hearer{{.server = server.address()}};
  client game{{.server = "127.0.0.1:" + std::to_string(proxy.listening().port())}};
  bool subscribed = false;
  bool up = false;
  bool stopped = false;
  std::size_t heard = 0;
  ASSERT_TRUE(hearer.subscribe(
      "room", [&](const auto& m) { heard += m.content.size(); },
      [&](auto error) { subscribed = !error; }));
  game.on_udp_changed([&](const auto& e) { up = e.up; });
  game.on_stopped([&](const auto&) { stopped = true; });
  hearer.connect();
  game.connect();
  const auto until = [&](const std::function<bool()>& done) {
    return run_until({&hearer, &game}, [&] {
      network.restart();
      network.poll();
      return done();
    });
  };
  ASSERT_TRUE(until([&] { return subscribed && up; }));
  ASSERT_TRUE(game.publish_unreliable("room", text, bytes(1'000)));
  game.ping([&](const auto&) { game.disconnect(); });
  EXPECT_TRUE(until([&] { return stopped; }));
  EXPECT_TRUE(run_until(
      {&hearer}, [&] { return heard == 1'000; }, 2s));
  proxy.stop();
}

/// Publishes numbers as fast as it is allowed to, and checks what comes back.
class player {
public:
  player(const std::string& server, int count)
      : game{{.server = server, .retry_max = 500ms}}
      , count_{count} {
    game.on_connected([this](const auto& e) {
      me_ = e.client;
      reconnects += e.resumed;
    });
    game.on_session_lost([](const auto& e) { ADD_FAILURE() << e.reason.message(); });
    game.on_writable([this] { publish(); });
    EXPECT_TRUE(game.subscribe(
        "room", [this](const auto& m) { hear(m); }, [this](auto) { publish(); }));
    game.connect();
  }

  [[nodiscard]] topic_sequence last() const { return heard.empty() ? 0 : heard.rbegin()->first; }

  client game;
  int reconnects = 0;
  int confirmed = 0;
  int own = 0;
  std::map<topic_sequence, std::string> heard;

private:
  void publish() {
    while (published_ != count_ && game.publish("room", text, as_bytes(std::to_string(published_)),
                                                [this](auto error) { confirmed += !error; }))
      ++published_;
  }
  void hear(const client_event::received& m) {
    EXPECT_TRUE(heard.empty() || m.sequence == last() + 1);
    const std::string content{as_text(m.content)};
    heard.emplace(m.sequence, content);
    if (m.sender == me_) {
      EXPECT_EQ(content, std::to_string(own++));
    }
  }

  int count_;
  int published_ = 0;
  client_id me_ = 0;
};

TEST(Client, LosesAndRepeatsNothingOverConnectionsThatBreak) {
  constexpr int count = 20'000;
  served server;
  boost::asio::io_context network;
  net::flaky_options trouble;
  const auto loopback = boost::asio::ip::address_v4::loopback();
  trouble.listen = {loopback, 0};
  trouble.to = {loopback, server.port()};
  trouble.cut_every = 150ms;
  trouble.segment = 1000;
  trouble.bandwidth = 4'000'000;
  net::flaky_proxy proxy{network, trouble};
  ASSERT_TRUE(proxy.start());
  const auto address = "127.0.0.1:" + std::to_string(proxy.listening().port());
  player ann{address, count};
  player ben{address, count};
  EXPECT_TRUE(run_until({&ann.game, &ben.game}, [&] {
    network.restart();
    network.poll();
    return ann.confirmed == count && ben.confirmed == count && ann.last() == 2 * count &&
           ben.last() == 2 * count;
  }));
  EXPECT_EQ(ann.own, count);
  EXPECT_EQ(ben.own, count);
  EXPECT_GT(ann.reconnects + ben.reconnects, 4);
  // Whoever subscribed later missed the beginning; from there on they saw the same.
  auto& earlier = ann.heard.begin()->first < ben.heard.begin()->first ? ann.heard : ben.heard;
  auto& later = &earlier == &ann.heard ? ben.heard : ann.heard;
  earlier.erase(earlier.begin(), earlier.lower_bound(later.begin()->first));
  EXPECT_EQ(earlier, later);
  proxy.stop();
}

} // namespace
} // namespace kodama
