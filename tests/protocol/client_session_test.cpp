#include "protocol/client_session.hpp"

#include "protocol/client_connection.hpp"
#include "tests/protocol/client_conversation.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace kodama {
namespace {

using namespace std::chrono_literals;
using test::conversation;
using test::sentences;

std::string numbered(std::uint64_t number) {
  return std::to_string(number);
}

/// The server's half of one session, as simple as its promises allow: it takes publishes in order,
/// completes them whenever the test says so, and owes the client a run of publications.
class model_server {
public:
  std::vector<std::string> received; // contents of the client's publishes

  void push(topic_sequence sequence) {
    const auto content = numbered(sequence);
    message::publish m;
    m.id = 1;
    m.topic = "room";
    m.sequence = sequence;
    m.sender = 5;
    m.content = as_bytes(content);
    static_cast<void>(sent_.push(make_batch(m, 0)).value());
  }
  void handle_connected() {
    reader_ = message_reader{{}};
    attached_ = false;
    output_.clear();
  }
  /// False where the client broke the rules.
  [[nodiscard]] bool handle_bytes(instant now, byte_view data) {
    reader_.feed(data);
    for (;;) {
      const auto item = reader_.next();
      if (!item)
        return false;
      if (!*item)
        return true;
      if (!handle(now, (*item)->body))
        return false;
    }
  }
  void complete_all(instant now) {
    for (const auto id : std::exchange(open_, {}))
      received_.complete(now, id);
  }
  bytes poll_write(instant now) {
    if (attached_) {
      if (const auto through = received_.poll_ack(now))
        message::encode(output_, message::ack{*through}, 0);
      sent_.poll_transmit(output_, 1 << 20, 0);
    }
    return std::exchange(output_, {});
  }

private:
  [[nodiscard]] bool handle(instant now, const message::any& body) {
    if (const auto m = std::get_if<message::connect_token>(&body))
      return attach(now, *m);
    if (!attached_)
      return false;
    if (const auto m = std::get_if<message::ack>(&body))
      return sent_.handle_ack(m->through).has_value();
    if (const auto m = std::get_if<message::publish>(&body)) {
      if (const auto verdict = received_.handle_message(m->id);
          verdict != receive_window::verdict::fresh)
        return verdict == receive_window::verdict::duplicate;
      received.emplace_back(as_text(m->content));
      open_.push_back(m->id);
      return true;
    }
    if (const auto m = std::get_if<message::subscribe>(&body)) {
      if (received_.handle_message(m->id) != receive_window::verdict::fresh)
        return true;
      open_.push_back(m->id);
      const auto answer = make_batch(message::suback{1, m->id, m->topic, 1}, 0);
      return sent_.push(answer).has_value();
    }
    return std::holds_alternative<message::ping>(body);
  }
  [[nodiscard]] bool attach(instant now, const message::connect_token& m) {
    const auto last = m.resume ? m.resume->last_received : 0;
    if (m.resume.has_value() != known_ || !sent_.handle_resume(last))
      return false;
    known_ = attached_ = true;
    received_.handle_resume(now);
    message::connack_success answer;
    answer.client = 7;
    answer.last_received = received_.received();
    answer.keepalive_ms = 10'000;
    message::encode(output_, answer, 0);
    return true;
  }

  message_reader reader_{{}};
  bool known_ = false; // the client knows that this session exists, or may
  bool attached_ = false;
  bytes output_;
  send_window sent_{1 << 24};
  receive_window received_{{20ms, 64}};
  std::vector<message_id> open_;
};

/// One step of an unreliable world; `amount` means what the kind makes of it.
struct step {
  enum kind { publish, push, carry_up, carry_down, complete, wait, cut, kinds };
  kind what;
  std::size_t amount;
};

/// Client and model server, with a wire that keeps what it was not told to carry.
class world {
public:
  explicit world(std::uint64_t seed)
      : random_{seed}
      , client_{options(), random_} {
    client_.connect(now_);
    static_cast<void>(client_.subscribe("room").value());
  }

  void take(const step& next) {
    switch (next.what) {
    case step::publish: publish(); break;
    case step::push: server_.push(++pushed_); break;
    case step::carry_up: carry_up(next.amount); break;
    case step::carry_down: carry_down(next.amount); break;
    case step::complete: server_.complete_all(now_); break;
    case step::wait: wait(std::chrono::milliseconds{next.amount}); break;
    case step::cut: cut(); break;
    case step::kinds: break;
    }
    settle();
  }

  void heal() {
    for (int i = 0; i != 200; ++i) {
      wait(100ms);
      for (int turn = 0; turn != 3; ++turn) {
        carry_up(up_.size());
        server_.complete_all(now_);
        carry_down(down_.size());
        settle();
      }
    }
  }

  void check() const {
    RC_ASSERT(server_.received == contents_);
    RC_ASSERT(acknowledged_ == published_);
    RC_ASSERT(client_.unacknowledged() == 0u);
    RC_ASSERT(delivered_.size() == pushed_);
    for (std::size_t i = 0; i != delivered_.size(); ++i)
      RC_ASSERT(delivered_[i] == numbered(i + 1));
  }

private:
  static client_connection::options options() {
    auto chosen = test::conversation::usual();
    chosen.retry.most = 1s;
    return chosen;
  }

  void publish() {
    contents_.push_back(numbered(contents_.size() + 1));
    published_.push_back(
        client_.publish("room", user_section_first, as_bytes(contents_.back())).value());
  }
  void carry_up(std::size_t amount) {
    const auto count = std::min(amount, up_.size());
    RC_ASSERT(server_.handle_bytes(now_, byte_view{up_}.first(count)));
    up_.erase(up_.begin(), up_.begin() + static_cast<std::ptrdiff_t>(count));
    append(down_, open_ ? server_.poll_write(now_) : bytes{});
  }
  void carry_down(std::size_t amount) {
    append(down_, open_ ? server_.poll_write(now_) : bytes{});
    const auto count = std::min(amount, down_.size());
    if (count != 0)
      client_.handle_bytes(now_, byte_view{down_}.first(count));
    down_.erase(down_.begin(), down_.begin() + static_cast<std::ptrdiff_t>(count));
  }
  void cut() {
    if (!open_)
      return;
    client_.handle_closed(now_, {});
    close();
  }
  void close() {
    open_ = false;
    up_.clear();
    down_.clear();
  }
  void wait(duration how_long) {
    now_ += how_long;
    client_.handle_timeout(now_);
    settle();
  }
  void settle() {
    while (const auto event = client_.poll_event(now_)) {
      if (const auto e = std::get_if<client_event::acknowledged>(&*event))
        acknowledged_.push_back(e->request);
      else if (const auto m = std::get_if<client_event::received>(&*event))
        delivered_.emplace_back(as_text(m->content));
      RC_ASSERT(!std::holds_alternative<client_event::session_lost>(*event));
    }
    if (client_.poll_connect()) {
      close();
      open_ = true;
      server_.handle_connected();
      client_.handle_connected(now_, {});
    }
    if (open_)
      client_.poll_write(now_, up_, 64 * 1024);
    if (client_.poll_close())
      close();
  }

  test::seeded_chance random_;
  client_connection client_;
  model_server server_;
  instant now_{1000s};
  bool open_ = false;
  bytes up_;
  bytes down_;
  std::uint64_t pushed_ = 0;
  std::vector<std::string> contents_;
  std::vector<request_id> published_;
  std::vector<request_id> acknowledged_;
  std::vector<std::string> delivered_;
};

// Publishes and pushes over a connection that breaks anywhere, even within a message: each arrives
// once and in order, and the client hears of each acknowledgement once.
RC_GTEST_PROP(ClientSession, DeliversOnceAndInOrderWhateverIsCut, (std::uint64_t seed)) {
  const auto steps = *rc::gen::container<std::vector<step>>(
      rc::gen::construct<step>(rc::gen::map(rc::gen::inRange<int>(0, step::kinds),
                                            [](int kind) { return static_cast<step::kind>(kind); }),
                               rc::gen::inRange<std::size_t>(0, 300)));
  world w{seed};
  // The server owes publications only from SUBACK on, so the subscription comes first.
  w.heal();
  for (const auto& next : steps)
    w.take(next);
  w.heal();
  w.check();
}

const std::string long_topic(100, 'a');

TEST(ClientSession, RefusesByItselfWhatTheServersLimitsForbid) {
  conversation talk;
  talk.limits.topic_length_max = 50;
  talk.limits.message_size_max = 1024;
  talk.client.connect(talk.now);
  ASSERT_EQ(talk.client.subscribe("room").value(), 1u);
  ASSERT_EQ(talk.client.subscribe(long_topic).value(), 2u);
  ASSERT_EQ(talk.client.watch(long_topic).value(), 3u);
  ASSERT_EQ(talk.client.publish("room", user_section_first, bytes(1'000)).value(), 4u);
  ASSERT_EQ(talk.client.publish("room", user_section_first, as_bytes("x")).value(), 5u);
  ASSERT_EQ(talk.client.unsubscribe("room").value(), 6u);
  ASSERT_TRUE(talk.accept());
  talk.welcome();
  EXPECT_EQ(talk.told(), (sentences{"connected", "failed 2: topic_too_long " + long_topic,
                                    "failed 3: topic_too_long " + long_topic + " watched",
                                    "failed 4: message_too_long "}));
  EXPECT_EQ(talk.heard(), (sentences{"CONNECT secret", "SUBSCRIBE 1 room", "PUBLISH 2 room 'x'",
                                     "UNSUBSCRIBE 3 room"}));
  talk.say(message::ack{3});
  talk.say(message::suback{1, 1, "room", 1});
  talk.say(message::unsuback{2, 3, "room", 2});
  EXPECT_EQ(talk.told(),
            (sentences{"acknowledged 5", "subscribed 1 room 1", "unsubscribed 6 room 2"}));
  EXPECT_EQ(talk.client.unacknowledged(), 0u);
  EXPECT_EQ(talk.client.subscribe(long_topic).error(), errc::topic_too_long);
}

TEST(ClientSession, SaysWhichLimitAndWhichValueForbidARequest) {
  conversation talk;
  talk.limits.topic_length_max = 50;
  static_cast<void>(talk.client.subscribe(long_topic).value());
  talk.client.connect(talk.now);
  ASSERT_TRUE(talk.client.poll_connect());
  talk.client.handle_connected(talk.now, {});
  bytes written;
  talk.client.poll_write(talk.now, written, 1 << 16);
  message::connack_success answer;
  answer.client = 7;
  answer.keepalive_ms = 10'000;
  answer.limits = talk.limits;
  bytes said;
  message::encode(said, answer, 0);
  talk.client.handle_bytes(talk.now, said);
  ASSERT_TRUE(talk.client.poll_event(talk.now)); // connected
  const auto event = talk.client.poll_event(talk.now);
  ASSERT_TRUE(event);
  EXPECT_EQ(std::get<client_event::request_failed>(*event).text,
            "the topic has 100 bytes, the server's topic_length_max is 50");
}

TEST(ClientSession, RenewsNothingThatTheNewServersLimitsForbid) {
  conversation talk;
  talk.begin();
  talk.subscribe("room", 1, 1);
  talk.subscribe(long_topic, 2, 2);
  talk.limits.topic_length_max = 50;
  talk.say(message::disconnect{errc::going_away, {}});
  ASSERT_TRUE(talk.accept());
  talk.told();
  talk.welcome(0, 2);
  EXPECT_EQ(talk.told(), (sentences{"connected", "failed 0: topic_too_long " + long_topic}));
  EXPECT_EQ(talk.heard(), (sentences{"CONNECT secret", "SUBSCRIBE 1 room"}));
  EXPECT_FALSE(talk.client.is_wanted(long_topic));
  EXPECT_TRUE(talk.client.is_wanted("room"));
  talk.say(message::suback{1, 1, "room", 1});
  EXPECT_EQ(talk.told(), sentences{"subscribed 0 room 1"});
}

TEST(ClientSession, TakesBeforeConnackWhatAGenerousServerAllows) {
  conversation talk;
  const std::string topic(1'000, 'b');
  talk.limits.topic_length_max = 1'000;
  talk.limits.message_size_max = 1 << 20;
  talk.client.connect(talk.now);
  const auto published = talk.client.publish("room", user_section_first, bytes(100'000));
  ASSERT_EQ(published.value(), 1u);
  ASSERT_EQ(talk.client.subscribe(topic).value(), 2u);
  EXPECT_EQ(talk.client.subscribe(std::string(65'536, 'b')).error(), errc::topic_too_long);
  ASSERT_TRUE(talk.accept());
  talk.heard();
  talk.welcome();
  EXPECT_EQ(talk.told(), sentences{"connected"});
  EXPECT_EQ(talk.client.unacknowledged(), 2u);
  talk.say(message::ack{2});
  talk.say(message::suback{1, 2, topic, 1});
  EXPECT_EQ(talk.told(), (sentences{"acknowledged 1", "subscribed 2 " + topic + " 1"}));
}

} // namespace
} // namespace kodama
