#include "actors/runtime/fan_out.hpp"

#include "actors/runtime/pinned_actor.hpp"
#include "tests/actors/runtime/still_home.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/send.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace kodama::runtime {

struct news {
  std::string text;
};
struct publish_it {
  std::string text;
};

} // namespace kodama::runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::runtime::news)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::runtime::publish_it)

namespace kodama::runtime {
namespace {

using log = std::vector<std::string>;

class reader final : public pinned_actor {
public:
  reader(caf::actor_config& config, std::string name, log& into)
      : pinned_actor{config}
      , name_{std::move(name)}
      , into_{into} {}
  caf::behavior make_behavior() override {
    return {[this](const news& what) {
      into_.push_back(name_ + " reads " + what.text + (current_sender() ? "" : " of nobody"));
    }};
  }

private:
  std::string name_;
  log& into_;
};

class publisher final : public pinned_actor {
public:
  publisher(caf::actor_config& config, std::vector<caf::actor> readers)
      : pinned_actor{config}
      , readers_{home()} {
    for (const auto& each : readers)
      readers_.add(each);
  }
  caf::behavior make_behavior() override {
    return {[this](const publish_it& what) {
      readers_.send(*this, caf::make_message(news{what.text}));
    }};
  }
  void on_exit() override { readers_ = fan_out{home()}; }

private:
  fan_out readers_;
};

struct FanOut : testing::Test {
  still_config config;
  caf::actor_system system{config};
  still_home& home = still_home_of(system);
  still_home other{&system};
  log seen;

  FanOut() { system.await_actors_before_shutdown(false); }
  void run() {
    home.run_actors();
    other.run_actors();
  }
};

TEST_F(FanOut, ReachesAllInTheirOrder) {
  std::vector<caf::actor> readers;
  for (const auto* name : {"a", "b", "c"})
    readers.push_back(spawn_on<reader>(home, name, std::ref(seen)));
  const auto one = spawn_on<publisher>(home, readers);
  for (const auto* text : {"one", "two"})
    caf::anon_send(one, publish_it{text});
  run();
  EXPECT_EQ(seen, (log{"a reads one", "a reads two", "b reads one", "b reads two", "c reads one",
                       "c reads two"}));
}

TEST_F(FanOut, TellsAnotherHomeOnceForAllWhoLiveThere) {
  std::vector<caf::actor> readers;
  readers.push_back(spawn_on<reader>(other, "a", std::ref(seen)));
  readers.push_back(spawn_on<reader>(home, "b", std::ref(seen)));
  readers.push_back(spawn_on<reader>(other, "c", std::ref(seen)));
  const auto one = spawn_on<publisher>(home, readers);
  caf::anon_send(one, publish_it{"one"});
  run();
  EXPECT_EQ(seen, (log{"b reads one", "a reads one", "c reads one"}));
  EXPECT_EQ(other.delivered_to_all(), 1U);
  EXPECT_EQ(home.delivered_to_all(), 0U);
}

TEST_F(FanOut, DoesNotMindThatOneIsGone) {
  std::vector<caf::actor> readers;
  for (const auto* name : {"a", "b"})
    readers.push_back(spawn_on<reader>(other, name, std::ref(seen)));
  const auto one = spawn_on<publisher>(home, readers);
  caf::anon_send_exit(readers[0], caf::exit_reason::kill);
  run();
  caf::anon_send(one, publish_it{"one"});
  run();
  EXPECT_EQ(seen, (log{"b reads one"}));
}

} // namespace
} // namespace kodama::runtime
