#include "actors/runtime/pinned_actor.hpp"

#include "tests/actors/runtime/still_home.hpp"

#include <caf/actor_registry.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/send.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace kodama::runtime {

using log = std::vector<std::string>;

struct word {
  std::string text;
};
struct unknown {};
/// Somebody would notice if it were never freed.
struct token {
  std::shared_ptr<int> held;
};

} // namespace kodama::runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::runtime::word)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::runtime::unknown)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::runtime::token)

namespace kodama::runtime {
namespace {

/// Writes down what it hears; at "quit" it goes.
class writer final : public pinned_actor {
public:
  writer(caf::actor_config& config, log& into)
      : pinned_actor{config}
      , into_{into} {}

  caf::behavior make_behavior() override {
    into_.emplace_back("begins");
    return {
        [this](const word& what) {
          into_.push_back(what.text);
          if (what.text == "quit")
            quit();
          if (what.text == "hello" && current_sender())
            send(caf::actor_cast<caf::actor>(current_sender()), word{"hello yourself"});
        },
        [this](const token&) { into_.emplace_back("token"); },
    };
  }
  void on_exit() override { into_.emplace_back("ends"); }

private:
  log& into_;
};

/// Greets the one that it is made with.
class caller final : public pinned_actor {
public:
  caller(caf::actor_config& config, caf::actor other, log& into)
      : pinned_actor{config}
      , other_{std::move(other)}
      , into_{into} {}

  caf::behavior make_behavior() override {
    send(other_, word{"hello"});
    return {[this](const word& what) { into_.push_back("answer: " + what.text); }};
  }
  void on_exit() override { other_ = nullptr; }

private:
  caf::actor other_;
  log& into_;
};

struct PinnedActor : testing::Test {
  still_config config;
  caf::actor_system system{config};
  still_home& home = still_home_of(system);
  log seen;

  PinnedActor() { system.await_actors_before_shutdown(false); }
  caf::actor spawn() { return spawn_on<writer>(home, std::ref(seen)); }
  static void say(const caf::actor& to, std::string text) {
    caf::anon_send(to, word{std::move(text)});
  }
};

TEST_F(PinnedActor, HandlesMessagesInTheirOrder) {
  const auto actor = spawn();
  say(actor, "one");
  say(actor, "two");
  home.run_actors();
  say(actor, "three");
  home.run_actors();
  EXPECT_EQ(seen, (log{"begins", "one", "two", "three"}));
}

TEST_F(PinnedActor, HandlesNoMoreAtOnceThanItMay) {
  const auto actor = spawn();
  for (const auto* text : {"one", "two", "three"})
    say(actor, text);
  ASSERT_TRUE(home.run_one(2));
  EXPECT_EQ(seen, (log{"begins", "one", "two"}));
  ASSERT_TRUE(home.run_one(2));
  EXPECT_EQ(seen.back(), "three");
  EXPECT_FALSE(home.run_one(2));
}

TEST_F(PinnedActor, TakesTurnsWithOthers) {
  const auto first = spawn();
  const auto second = spawn();
  for (const auto* text : {"one", "two"}) {
    say(first, text);
    say(second, text);
  }
  while (home.run_one(1))
    ;
  EXPECT_EQ(seen, (log{"begins", "one", "begins", "one", "two", "two"}));
}

TEST_F(PinnedActor, KnowsWhoSentAMessage) {
  const auto actor = spawn();
  const auto other = spawn_on<caller>(home, actor, std::ref(seen));
  home.run_actors();
  EXPECT_EQ(seen, (log{"begins", "hello", "answer: hello yourself"}));
}

TEST_F(PinnedActor, DropsWhatItDoesNotKnow) {
  const auto actor = spawn();
  caf::anon_send(actor, unknown{});
  say(actor, "one");
  home.run_actors();
  EXPECT_EQ(seen, (log{"begins", "one"}));
}

TEST_F(PinnedActor, EndsOnceAndHearsNothingMore) {
  const auto actor = spawn();
  for (const auto* text : {"quit", "too late"})
    say(actor, text);
  home.run_actors();
  say(actor, "much too late");
  caf::anon_send_exit(actor, caf::exit_reason::kill);
  home.run_actors();
  EXPECT_EQ(seen, (log{"begins", "quit", "ends"}));
}

TEST_F(PinnedActor, EndsWhenItIsTold) {
  const auto actor = spawn();
  say(actor, "one");
  caf::anon_send_exit(actor, caf::exit_reason::kill);
  say(actor, "too late");
  home.run_actors();
  EXPECT_EQ(seen, (log{"begins", "one", "ends"}));
}

TEST_F(PinnedActor, EndsWhenNobodyKnowsItAnyMore) {
  auto actor = spawn();
  home.run_actors();
  actor = nullptr;
  EXPECT_EQ(seen, (log{"begins", "ends"}));
}

TEST_F(PinnedActor, FreesWhatItHasNotHandled) {
  const auto held = std::make_shared<int>(1);
  const auto actor = spawn();
  say(actor, "quit");
  for (int i = 0; i != 3; ++i)
    caf::anon_send(actor, token{held});
  home.run_actors();
  caf::anon_send(actor, token{held});
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(PinnedActor, CountsAmongTheActorsOfItsSystem) {
  const auto before = system.registry().running();
  const auto actor = spawn();
  EXPECT_EQ(system.registry().running(), before + 1);
  say(actor, "quit");
  home.run_actors();
  EXPECT_EQ(system.registry().running(), before);
}

} // namespace
} // namespace kodama::runtime
