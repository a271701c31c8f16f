#include "net/shard.hpp"

#include "actors/runtime/pinned_actor.hpp"
#include "net/asio_scheduler.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/send.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kodama::net {

struct round_begins {
  int number = 0;
};
struct told {
  int number = 0;
  bool directly = false;
};

} // namespace kodama::net

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::net::round_begins)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::net::told)

namespace kodama::net {
namespace {

using log = std::vector<std::string>;

/// Ends the turn's line in the log.
class end_of_turn final : public flushable {
public:
  explicit end_of_turn(log& into)
      : into_{into} {}
  void flush() override { into_.back() += '.'; }

private:
  log& into_;
};

/// Has something to read so many times, and writes its name whenever it is read.
class source final : public readable, public std::enable_shared_from_this<source> {
public:
  source(shard& home, log& into, std::string name, std::size_t size, int times)
      : home_{home}
      , into_{into}
      , name_{std::move(name)}
      , size_{size}
      , times_{times} {}

  std::size_t read() override {
    if (into_.empty() || into_.back().ends_with('.')) {
      into_.emplace_back();
      home_.flush_later(std::make_shared<end_of_turn>(into_));
    }
    into_.back() += name_;
    if (--times_ != 0)
      home_.read_soon(shared_from_this());
    else if (name_ == "z")
      home_.stop();
    return size_;
  }

private:
  shard& home_;
  log& into_;
  std::string name_;
  std::size_t size_;
  int times_;
};

struct Shard : testing::Test {
  shard home{nullptr, 0};
  log seen;

  void add(std::string name, std::size_t size, int times = 1) {
    home.read_soon(std::make_shared<source>(home, seen, std::move(name), size, times));
  }
};

constexpr std::size_t kib = 1024;

TEST_F(Shard, ReadsAllThatHaveLittleInOneTurn) {
  for (const auto* name : {"a", "b", "c", "z"})
    add(name, 10 * kib);
  home.run();
  EXPECT_EQ(seen, (log{"abcz."}));
}

TEST_F(Shard, ReadsSoMuchInATurnAndTheOthersInTheNext) {
  for (const auto* name : {"a", "b", "c", "z"})
    add(name, 200 * kib);
  home.run();
  EXPECT_EQ(seen, (log{"ab.", "cz."}));
}

TEST_F(Shard, ReadsWhoHasWaitedBeforeWhoHasMore) {
  add("a", 300 * kib, 2);
  add("b", 300 * kib, 2);
  add("c", 10 * kib);
  add("z", 300 * kib, 2);
  home.run();
  EXPECT_EQ(seen, (log{"a.", "b.", "cz.", "a.", "b.", "z."}));
}

// --- several shards, each on a thread of its own ------------------------------------------------

/// In each round tells the listener, and then the relay. The bystander's shard, between those of
/// the two, is told so much that handing it over takes longer than the relay needs.
class teller final : public runtime::pinned_actor {
public:
  teller(caf::actor_config& config, caf::actor listener, caf::actor relay, caf::actor bystander)
      : pinned_actor{config}
      , listener_{std::move(listener)}
      , relay_{std::move(relay)}
      , bystander_{std::move(bystander)} {}

  caf::behavior make_behavior() override {
    return {[this](const round_begins& round) {
      send(relay_, told{round.number - 1, false}); // so that the relay is busy already
      send(listener_, told{round.number, true});
      send(relay_, told{round.number, false});
      for (int i = 0; i != much; ++i)
        send(bystander_, told{});
    }};
  }
  void on_exit() override {
    listener_ = nullptr;
    relay_ = nullptr;
    bystander_ = nullptr;
  }

private:
  static constexpr int much = 2000;
  caf::actor listener_;
  caf::actor relay_;
  caf::actor bystander_;
};

class relay final : public runtime::pinned_actor {
public:
  relay(caf::actor_config& config, caf::actor listener)
      : pinned_actor{config}
      , listener_{std::move(listener)} {}

  caf::behavior make_behavior() override {
    return {[this](const told& what) { send(listener_, what); }};
  }
  void on_exit() override { listener_ = nullptr; }

private:
  caf::actor listener_;
};

class bystander final : public runtime::pinned_actor {
public:
  using pinned_actor::pinned_actor;
  caf::behavior make_behavior() override {
    return {[](const told&) {}};
  }
};

/// Has the next round begin when it has heard of one both ways, and counts what came too early.
class listener final : public runtime::pinned_actor {
public:
  listener(caf::actor_config& config, caf::actor& teller, int rounds, int& early,
           std::function<void()> done)
      : pinned_actor{config}
      , teller_{teller}
      , rounds_{rounds}
      , early_{early}
      , done_{std::move(done)} {}

  caf::behavior make_behavior() override {
    return {[this](const told& what) {
      if (what.directly) {
        heard_ = what.number;
        return;
      }
      early_ += what.number > heard_ ? 1 : 0;
      if (what.number == last_)
        return; // the one before, once more
      last_ = what.number;
      if (last_ == rounds_)
        done_();
      else
        send(teller_, round_begins{last_ + 1});
    }};
  }

private:
  caf::actor& teller_;
  int rounds_;
  int& early_;
  std::function<void()> done_;
  int heard_ = 0;
  int last_ = 0;
};

TEST(Shards, LetNothingOvertakeWhatCausedIt) {
  constexpr int rounds = 300;
  threads_config config{4};
  caf::actor_system system{config};
  system.await_actors_before_shutdown(false);
  auto& scheduler = scheduler_of(system);
  const auto homes = scheduler.homes();
  int early = 0;
  caf::actor first;
  auto last = runtime::spawn_on<listener>(*homes[3], std::ref(first), rounds, std::ref(early),
                                          [&scheduler] { scheduler.stop_all(); });
  auto between = runtime::spawn_on<relay>(*homes[1], last);
  auto other = runtime::spawn_on<bystander>(*homes[2]);
  first = runtime::spawn_on<teller>(*homes[0], last, between, other);
  caf::anon_send(first, round_begins{1});
  scheduler.run();
  EXPECT_EQ(early, 0);
  for (auto* each : {&first, &between, &other, &last})
    caf::anon_send_exit(*each, caf::exit_reason::kill);
}

} // namespace
} // namespace kodama::net
