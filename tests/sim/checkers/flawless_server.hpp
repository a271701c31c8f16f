#pragma once

#include "sim/checker.hpp"

#include <array>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace kodama::sim {

/// A server and its clients in a few lines, which keep every promise, whatever is asked of them;
/// they tell one checker about it. What it was told to spoil is the exception.
class flawless_server {
public:
  static constexpr user_id users = 3;
  static constexpr std::size_t topics = 2;
  enum class spoil { nothing, lose, repeat };
  /// Only within one session of everybody.
  static constexpr int gentle_kinds = 10;
  static constexpr int kinds = 13;

  /// `at`: which reliable delivery, counted from 1, is spoiled.
  explicit flawless_server(checker& judge, spoil what = spoil::nothing, std::size_t at = 0)
      : judge_{judge}
      , spoil_{what}
      , spoil_at_{at} {
    begin_life();
  }

  void act(int kind, user_id user, std::size_t topic) {
    auto& who = users_[user];
    if (kind == 7)
      who.attached ? detach(user) : attach(user);
    else if (kind == 0 || kind == 1)
      publish(user, topic);
    else if (kind == 10)
      lose_session(user);
    else if (kind == 11)
      restart();
    else if (kind == 12)
      forget(user);
    else if (who.attached)
      request(kind, user, topic);
  }

  void end() {
    for (user_id user = 0; user != users; ++user)
      if (!users_[user].attached)
        attach(user);
    for (user_id user = 0; user != users; ++user)
      deliver(user);
    judge_.on_healed(step());
    now_ += std::chrono::seconds{11};
    judge_.on_end(step(), {0, 1, 2});
  }

  [[nodiscard]] std::size_t deliveries() const { return deliveries_; }

private:
  struct range {
    topic_sequence first = 0;
    topic_sequence last = 0;
  };
  struct client {
    session_key session;
    bool attached = false;
    std::uint32_t published = 0;
    std::deque<std::function<void()>> pipe; ///< sent to it and not arrived
    std::deque<std::pair<std::size_t, message_tag>> unsent;
    std::vector<message_tag> open;
    std::map<std::string, range> known;
  };
  struct topic_state {
    topic_sequence last = 0;
    presence_sequence presence = 0;
    std::set<user_id> subscribers, watchers;
  };

  static std::string name(std::size_t topic) { return topic == 0 ? "a" : "b"; }
  instant step() { return now_ += std::chrono::milliseconds{1}; }

  void begin_life() {
    judge_.on_server_started(step(), ++life_, std::chrono::seconds{60});
    topics_ = {};
    last_client_ = 0;
    for (user_id user = 0; user != users; ++user)
      open(user);
  }

  void open(user_id user) {
    auto& who = users_[user];
    who.session = {life_, ++last_client_};
    judge_.on_session_opened(step(), who.session);
    connect(user, false);
  }

  void connect(user_id user, bool resumed) {
    auto& who = users_[user];
    who.attached = true;
    judge_.on_attached(step(), who.session, ++last_link_, duration{0});
    judge_.on_heard(step(), who.session, last_link_);
    judge_.on_connected(step(), user, who.session, resumed, duration{0});
    for (; !who.unsent.empty(); who.unsent.pop_front())
      sequence(user, who.unsent.front().first, who.unsent.front().second);
  }

  void attach(user_id user) { connect(user, true); }

  void detach(user_id user) {
    users_[user].attached = false;
    judge_.on_session_detached(step(), users_[user].session, errc::connection_lost);
    judge_.on_connection_lost(step(), user, users_[user].session, errc::connection_lost);
  }

  void publish(user_id user, std::size_t topic) {
    auto& who = users_[user];
    const message_tag tag{user, ++who.published};
    judge_.on_published(step(), user, who.session, name(topic), tag, true);
    who.open.push_back(tag);
    if (who.attached)
      sequence(user, topic, tag);
    else
      who.unsent.emplace_back(topic, tag);
  }

  void sequence(user_id user, std::size_t topic, message_tag tag) {
    const auto sequence = ++topics_[topic].last;
    const auto sender = users_[user].session;
    judge_.on_sequenced(step(), name(topic), sender, sequence, tag);
    for (const auto to : topics_[topic].subscribers)
      users_[to].pipe.push_back([=, this] { receive(to, topic, sequence, sender.client, tag); });
    users_[user].pipe.push_back([=, this] {
      std::erase(users_[user].open, tag);
      judge_.on_acknowledged(step(), user, users_[user].session, tag);
    });
  }

  void receive(user_id user, std::size_t topic, topic_sequence sequence, client_id sender,
               message_tag tag) {
    auto times = 1;
    if (++deliveries_ == spoil_at_)
      times = spoil_ == spoil::lose ? 0 : spoil_ == spoil::repeat ? 2 : 1;
    for (; times != 0; --times)
      judge_.on_received(step(), user, users_[user].session, name(topic), sequence, sender, tag,
                         false);
    users_[user].known[name(topic)].last = sequence;
  }

  void request(int kind, user_id user, std::size_t topic) {
    auto& at = topics_[topic];
    auto& pipe = users_[user].pipe;
    const auto who = users_[user].session;
    switch (kind) {
    case 2:
      if (at.subscribers.insert(user).second) {
        judge_.on_server_subscribed(step(), name(topic), who, at.last + 1);
        announce(user, topic, message::presence_event::joined);
      }
      pipe.push_back([=, this, first = at.last + 1] {
        users_[user].known.try_emplace(name(topic), range{first, 0});
        judge_.on_subscribed(step(), user, who, name(topic), first);
      });
      break;
    case 3:
      leave(user, topic);
      pipe.push_back([=, this, end = at.last + 1] {
        users_[user].known.erase(name(topic));
        judge_.on_unsubscribed(step(), user, who, name(topic), end);
      });
      break;
    case 4:
      at.watchers.insert(user);
      pipe.push_back([=, this, first = at.presence + 1] {
        judge_.on_watching(step(), user, who, name(topic), first);
      });
      break;
    case 5:
      at.watchers.erase(user);
      pipe.push_back([=, this, end = at.presence + 1] {
        judge_.on_unwatched(step(), user, who, name(topic), end);
      });
      break;
    case 6: {
      std::vector<client_id> members;
      for (const auto each : at.subscribers)
        members.push_back(users_[each].session.client);
      pipe.push_back([=, this, sequence = at.presence] {
        judge_.on_list(step(), user, who, name(topic), sequence, members);
      });
      break;
    }
    default: deliver(user);
    }
  }

  void deliver(user_id user) {
    for (auto& pipe = users_[user].pipe; !pipe.empty(); pipe.pop_front())
      pipe.front()();
  }

  void leave(user_id user, std::size_t topic) {
    if (topics_[topic].subscribers.erase(user) == 0)
      return;
    judge_.on_server_unsubscribed(step(), name(topic), users_[user].session,
                                  topics_[topic].last + 1);
    announce(user, topic, message::presence_event::left);
  }

  void announce(user_id user, std::size_t topic, message::presence_event event) {
    const auto sequence = ++topics_[topic].presence;
    const auto client = users_[user].session.client;
    judge_.on_server_presence(step(), name(topic), life_, sequence, client, event);
    for (const auto to : topics_[topic].watchers)
      users_[to].pipe.push_back([=, this] {
        judge_.on_presence_received(step(), to, users_[to].session, name(topic), sequence, client,
                                    event);
      });
  }

  void end_at_server(user_id user) {
    if (users_[user].attached)
      detach(user);
    judge_.on_session_ended(step(), users_[user].session, errc::slow_reader);
    for (std::size_t topic = 0; topic != topics; ++topic) {
      topics_[topic].watchers.erase(user);
      leave(user, topic);
    }
  }

  void tell_lost(user_id user) {
    std::vector<checker::topic_gap> gaps;
    for (const auto& [topic, known] : users_[user].known)
      gaps.push_back({topic, known.last, known.first});
    judge_.on_session_lost(step(), user, users_[user].session, errc::session_unknown,
                           users_[user].open, gaps);
    clear(user);
  }

  void clear(user_id user) {
    auto& who = users_[user];
    who = client{.session = who.session, .published = who.published};
  }

  void lose_session(user_id user) {
    end_at_server(user);
    tell_lost(user);
    open(user);
  }

  void forget(user_id user) {
    end_at_server(user);
    judge_.on_forgot(step(), user, users_[user].session);
    clear(user);
    open(user);
  }

  void restart() {
    judge_.on_server_stopped(step(), life_);
    for (user_id user = 0; user != users; ++user)
      tell_lost(user);
    begin_life();
  }

  checker& judge_;
  spoil spoil_;
  std::size_t spoil_at_;
  std::size_t deliveries_ = 0;
  instant now_{};
  std::uint32_t life_ = 0;
  client_id last_client_ = 0;
  std::uint64_t last_link_ = 0;
  std::array<client, users> users_;
  std::array<topic_state, topics> topics_;
};

} // namespace kodama::sim
