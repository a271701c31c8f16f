#include "protocol/mqtt/client_session.hpp"

#include "lossy_mqtt_pair.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kodama::mqtt {
namespace {

/// A client, and a test that plays the server packet by packet.
class Client : public testing::Test {
protected:
  void connect(bool clean_start = false) {
    connected_before = false;
    client.handle_connected(now, clean_start);
  }
  void accept(bool present, std::uint16_t receive_maximum = 65'535) {
    connack answer;
    answer.session_present = present;
    answer.properties.receive_maximum = receive_maximum;
    hear(answer);
  }
  void reconnect(bool present) {
    client.handle_closed(now);
    connect();
    said();
    accept(present);
    said();
  }
  void hear(const packet& what) {
    bytes out;
    ASSERT_TRUE(encode(out, what, {}));
    client.handle_bytes(now, out);
  }
  /// What it writes: types with identifiers, "PUBLISH 1 dup".
  std::vector<std::string> said() {
    bytes out;
    client.poll_transmit(now, out, 1 << 20);
    std::vector<std::string> names;
    // A reader of the server's side wants a CONNECT first; give it one that is not counted.
    bytes all;
    if (connected_before) {
      mqtt::connect first;
      first.client_id = "x";
      (void)encode(all, packet{first}, {});
    }
    append(all, out);
    packet_reader server{packet_size_limit};
    server.feed(all);
    bool skip = connected_before;
    for (auto next = server.next(); next && *next; next = server.next()) {
      if (!std::exchange(skip, false))
        names.push_back(text_of(**next));
    }
    connected_before = true;
    return names;
  }
  static std::string text_of(const packet& what) {
    if (const auto* p = std::get_if<publish>(&what))
      return "publish " + std::to_string(p->id) + (p->dup ? " dup" : "");
    if (const auto* p = std::get_if<puback>(&what))
      return "puback " + std::to_string(p->id);
    if (const auto* p = std::get_if<pubrec>(&what))
      return "pubrec " + std::to_string(p->id);
    if (const auto* p = std::get_if<pubrel>(&what))
      return "pubrel " + std::to_string(p->id);
    if (const auto* p = std::get_if<pubcomp>(&what))
      return "pubcomp " + std::to_string(p->id);
    if (const auto* p = std::get_if<subscribe>(&what))
      return "subscribe " + std::to_string(p->id);
    if (std::holds_alternative<pingreq>(what))
      return "pingreq";
    if (std::holds_alternative<mqtt::connect>(what))
      return "connect";
    if (std::holds_alternative<disconnect>(what))
      return "disconnect";
    return "another";
  }
  template <class Event>
  std::optional<Event> next() {
    while (auto one = client.poll_event())
      if (auto* wanted = std::get_if<Event>(&*one))
        return std::move(*wanted);
    return std::nullopt;
  }
  static publish sending(packet_id id, qos how) {
    publish what;
    what.topic = "t";
    what.qos = how;
    what.id = id;
    return what;
  }

  instant now{};
  client_session client{options_of(protocol_version::v5)};
  bool connected_before = false;
};

using texts = std::vector<std::string>;

TEST_F(Client, SaysConnectFirstAndNothingElseBeforeConnack) {
  client.publish(message_of("a", qos::at_least_once));
  connect();
  EXPECT_EQ(said(), texts{"connect"});
  accept(false);
  EXPECT_EQ(said(), texts{"publish 1"});
  EXPECT_TRUE(next<event::connected>());
}

TEST_F(Client, SendsAgainInOrderWhatWasNotAnswered) {
  connect();
  said();
  accept(false);
  for (const auto how : {qos::at_least_once, qos::exactly_once, qos::at_least_once})
    client.publish(message_of("a", how));
  EXPECT_EQ(said(), (texts{"publish 1", "publish 2", "publish 3"}));
  hear(puback{1, reason_code::success, {}});
  hear(pubrec{2, reason_code::success, {}});
  EXPECT_EQ(said(), texts{"pubrel 2"});
  client.handle_closed(now);
  connect();
  EXPECT_EQ(said(), texts{"connect"});
  accept(true);
  EXPECT_EQ(said(), (texts{"pubrel 2", "publish 3 dup"}));
}

TEST_F(Client, TellsOfAPublishOfQos2Once) {
  connect();
  said();
  accept(false);
  hear(sending(7, qos::exactly_once));
  EXPECT_EQ(said(), texts{"pubrec 7"});
  EXPECT_TRUE(next<event::received>());
  reconnect(true);
  auto again = sending(7, qos::exactly_once);
  again.dup = true;
  hear(again);
  EXPECT_EQ(said(), texts{"pubrec 7"});
  EXPECT_FALSE(next<event::received>());
  hear(pubrel{7, reason_code::success, {}});
  EXPECT_EQ(said(), texts{"pubcomp 7"});
  hear(sending(7, qos::exactly_once));
  EXPECT_TRUE(next<event::received>());
}

TEST_F(Client, KeepsToTheServersReceiveMaximum) {
  connect();
  said();
  accept(false, 2);
  for (int i = 0; i != 3; ++i)
    client.publish(message_of("a", qos::exactly_once));
  EXPECT_EQ(said(), (texts{"publish 1", "publish 2"}));
  hear(pubrec{1, reason_code::success, {}});
  EXPECT_EQ(said(), texts{"pubrel 1"});
  hear(pubcomp{1, reason_code::success, {}});
  EXPECT_EQ(said(), texts{"publish 3"});
}

TEST_F(Client, TellsWhatIsInDoubtWhenTheSessionIsLost) {
  connect();
  said();
  accept(false);
  const auto first = client.publish(message_of("a", qos::at_least_once));
  said();
  client.handle_closed(now);
  const auto second = client.publish(message_of("b", qos::at_least_once));
  connect();
  said();
  accept(false);
  const auto lost = next<event::session_lost>();
  ASSERT_TRUE(lost);
  EXPECT_EQ(lost->unconfirmed, std::vector{first});
  said();
  hear(puback{2, reason_code::success, {}});
  const auto done = next<event::completed>();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->request, second);
}

TEST_F(Client, RefusesASessionThatItDoesNotHave) {
  connect();
  said();
  accept(true);
  const auto broken = next<event::broken>();
  ASSERT_TRUE(broken);
  EXPECT_NE(broken->why.text.find("3.2.2-4"), std::string::npos);
}

TEST_F(Client, PingsWhileItHasNothingToSayAndNoticesSilence) {
  connect();
  said();
  accept(false);
  said();
  ASSERT_LE(client.poll_timeout(), now + 4s);
  now = client.poll_timeout();
  client.handle_timeout(now);
  EXPECT_EQ(said(), texts{"pingreq"});
  hear(pingresp{});
  EXPECT_GT(client.poll_timeout(), now);
  now = client.poll_timeout();
  client.handle_timeout(now);
  EXPECT_EQ(said(), texts{"pingreq"});
  now = client.poll_timeout();
  client.handle_timeout(now);
  EXPECT_TRUE(next<event::broken>());
}

TEST_F(Client, GivesUpWithoutConnack) {
  connect();
  said();
  now += 5s;
  client.handle_timeout(now);
  EXPECT_TRUE(next<event::broken>());
}

TEST_F(Client, SaysNothingAfterDisconnect) {
  connect();
  said();
  accept(false);
  client.publish(message_of("a", qos::at_least_once));
  client.disconnect();
  EXPECT_EQ(said(), texts{"disconnect"});
  hear(sending(1, qos::at_least_once));
  EXPECT_EQ(said(), texts{});
}

TEST_F(Client, MatchesAnswersWithRequests) {
  connect();
  said();
  accept(false);
  const auto request = client.subscribe({{"a/+", qos::exactly_once}});
  EXPECT_EQ(said(), texts{"subscribe 1"});
  hear(suback{1, {reason_code::granted_qos_1}, {}});
  const auto got = next<event::answered>();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->request, request);
  EXPECT_EQ(got->reasons, std::vector{reason_code::granted_qos_1});
}

/// As often as its QoS promises.
bool is_right(qos how, int count) {
  switch (how) {
  case qos::at_most_once: return count <= 1;
  case qos::at_least_once: return count >= 1;
  case qos::exactly_once: return count == 1;
  }
  return false;
}

RC_GTEST_PROP(ClientSession, LosesNothingOverALossyPipe,
              (const std::vector<std::uint16_t>& dice, bool old)) {
  lossy_pair pair{old ? protocol_version::v3_1_1 : protocol_version::v5};
  for (const auto each : dice)
    pair.act(each);
  pair.finish();
  RC_ASSERT(pair.broken_.empty());
  for (std::size_t i = 0; i != pair.sent_up_.size(); ++i) {
    const auto [request, how] = pair.sent_up_[i];
    const auto count = pair.came_up_[static_cast<int>(i)];
    RC_ASSERT(is_right(how, count));
    RC_ASSERT(pair.completed_[static_cast<int>(request)] == (how == qos{} ? 0 : 1));
  }
  for (std::size_t i = 0; i != pair.sent_down_.size(); ++i) {
    const auto how = pair.sent_down_[i];
    const auto count = pair.came_down_[static_cast<int>(i)];
    RC_ASSERT(is_right(how, count));
  }
  RC_ASSERT(std::is_sorted(pair.order_up_.begin(), pair.order_up_.end()));
  RC_ASSERT(std::is_sorted(pair.order_down_.begin(), pair.order_down_.end()));
}

} // namespace
} // namespace kodama::mqtt
