#include "protocol/mqtt/client_session.hpp"

#include "protocol/mqtt/server_session.hpp"

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

using namespace std::chrono_literals;
using event = client_session::event;

client_session::options options_of(protocol_version version) {
  client_session::options chosen;
  chosen.version = version;
  chosen.client_id = "me";
  chosen.keep_alive = 4;
  chosen.session_expiry = 60;
  return chosen;
}

client_session::message message_of(std::string text, qos how, std::string topic = "t") {
  const auto payload = as_bytes(text);
  return {std::move(topic), bytes{payload.begin(), payload.end()}, how, false, std::nullopt};
}

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

/// A client and a server of the same session, and between them a pipe that cuts the stream into
/// pieces and breaks, so that what is under way is lost.
class lossy_pair {
public:
  explicit lossy_pair(protocol_version version)
      : client_{options_of(version)} {
    if (version == protocol_version::v5) // 3.1.1 has no word for it
      options_.receive_maximum = 3;
    server_ = std::make_unique<server_session>(options_);
  }

  void act(unsigned dice) {
    now_ += 10ms;
    const auto how = static_cast<qos>(dice / 8 % 3);
    switch (dice % 8) {
    case 0:
      sent_up_.push_back({client_.publish(message_of(std::to_string(sent_up_.size()), how)), how});
      break;
    case 1: push(how); break;
    case 2: break_link(); break;
    case 3: carry(up_, dice % 7, true); break;
    case 4: carry(down_, dice % 7, false); break;
    default: carry(up_, 1'000, true); carry(down_, 1'000, false);
    }
    settle();
  }

  void finish() {
    for (int i = 0; i != 300; ++i)
      act(5);
  }

  struct sent {
    client_session::request_id request;
    qos how;
  };
  std::vector<sent> sent_up_;
  std::vector<qos> sent_down_;
  std::map<int, int> came_up_, came_down_, completed_;
  std::vector<int> order_up_, order_down_;
  std::string broken_;

private:
  void push(qos how) {
    const auto text = std::to_string(sent_down_.size());
    publish what;
    what.topic = "t";
    what.payload = as_bytes(text);
    what.qos = how;
    (void)server_->push({std::make_shared<const publish_form>(what, never), how, false, nullptr});
    sent_down_.push_back(how);
  }

  void break_link() {
    if (!open_)
      return;
    open_ = false;
    up_.clear();
    down_.clear();
    door_.clear();
    client_.handle_closed(now_);
    if (server_->attached())
      server_->handle_detach(now_);
  }

  void settle() {
    if (!open_) {
      open_ = true;
      client_.handle_connected(now_, false);
    }
    client_.poll_transmit(now_, up_, 1 << 20);
    if (server_->attached())
      server_->poll_transmit(now_, down_, 1 << 20);
    while (auto happened = client_.poll_event()) {
      if (const auto* got = std::get_if<event::received>(&*happened)) {
        const auto number = std::stoi(std::string{as_text(got->what.payload)});
        if (came_down_[number]++ == 0 && got->what.qos != qos::at_most_once)
          order_down_.push_back(number);
      } else if (const auto* done = std::get_if<event::completed>(&*happened)) {
        ++completed_[static_cast<int>(done->request)];
      } else if (const auto* why = std::get_if<event::broken>(&*happened)) {
        broken_ = why->why.text;
      }
    }
  }

  void carry(bytes& pipe, std::size_t most, bool up) {
    const auto size = std::min(most, pipe.size());
    const bytes piece{pipe.begin(), pipe.begin() + static_cast<std::ptrdiff_t>(size)};
    pipe.erase(pipe.begin(), pipe.begin() + static_cast<std::ptrdiff_t>(size));
    if (piece.empty())
      return;
    if (!up)
      client_.handle_bytes(now_, piece);
    else if (server_->attached())
      server_->handle_bytes(now_, piece), serve();
    else
      open_door(piece);
  }

  void open_door(const bytes& piece) {
    append(door_, piece);
    packet_reader reader{packet_size_limit};
    const auto whole = std::exchange(door_, {});
    reader.feed(whole);
    const auto first = reader.next();
    if (!first || !*first) {
      door_ = whole;
      return;
    }
    const auto asked = std::get<connect>(**first);
    server_->handle_attach(now_, asked, std::move(reader));
    connack answer;
    answer.session_present = std::exchange(known_, true);
    answer.properties.receive_maximum = options_.receive_maximum;
    server_->reply(answer);
    serve();
  }

  void serve() {
    for (;;) {
      const auto request = server_->poll_request(now_);
      if (!request) {
        broken_ = request.error().text;
        return;
      }
      if (!*request)
        return;
      const auto& given = std::get<server_session::publish_request>(**request);
      const auto number = std::stoi(std::string{as_text(given.what.payload)});
      if (came_up_[number]++ == 0 && given.ordinal != 0)
        order_up_.push_back(number);
      if (given.ordinal != 0)
        server_->complete(given.ordinal);
    }
  }

  instant now_{};
  session_options options_;
  client_session client_;
  std::unique_ptr<server_session> server_;
  bytes up_, down_, door_;
  bool open_ = false;
  bool known_ = false;
};

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
