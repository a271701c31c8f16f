#include "tests/layers/rules.hpp"

#include <gtest/gtest.h>

namespace kodama::layers {
namespace {

constexpr const char* machine[] = {
    "auto now = std::chrono::steady_clock::now();",
    "using clock = std::chrono::system_clock;",
    "using namespace std::chrono; auto t = high_resolution_clock::now();",
    "gettimeofday(&now, nullptr);",
    "clock_gettime(CLOCK_REALTIME, &now);",
    "auto t = time(nullptr);",
    "auto t = ::time(0);",
    "auto t = std::time(&when);",
    "std::random_device device;",
    "getrandom(data, size, 0);",
    "auto n = rand() % 6;",
    "auto n = std::rand();",
    "std::mt19937 engine{1};",
    "std::mt19937_64 engine{1};",
    "std::uniform_int_distribution<int> dice{1, 6};",
    "std::shuffle(begin, end, engine);",
    "std::this_thread::sleep_for(1s);",
    "sleep(1);",
    "usleep(1);",
    "auto* home = getenv(\"HOME\");",
    "auto* home = std::getenv(\"HOME\");",
    "std::thread worker{work};",
    "std::jthread worker{work};",
    "std::mutex guard;",
    "std::shared_mutex guard;",
    "std::atomic<int> count;",
    "std::atomic_int count;",
    "auto later = std::async(work);",
    "thread_local int count;",
    "std::unordered_map<int, int> counts;",
    "std::unordered_set<session*> all;",
    "auto h = std::hash<std::string>{}(name);",
    "std::map<session*, int> counts;",
    "std::set<const session*> all;",
    "std::set<std::shared_ptr<session>> all;",
    "std::map<std::string, int*, std::less<char*>> names;",
    "auto when = __TIME__;",
};

TEST(Words, TheMachineStaysOutside) {
  for (const auto* room :
       {"protocol/x.cpp", "actors/x.cpp", "actors/runtime/x.hpp", "sim/x.cpp", "storage/x.cpp"})
    for (const auto* line : machine)
      EXPECT_FALSE(check_words(room, line).empty()) << room << ": " << line;
}

TEST(Words, TheOuterRoomsMayTouchTheMachine) {
  for (const auto* room : {"net/x.cpp", "client/x.cpp", "apps/x.cpp", "tests/sim/x_test.cpp"})
    for (const auto* line : machine)
      EXPECT_TRUE(check_words(room, line).empty()) << room << ": " << line;
}

TEST(Words, OursAreNotMistakenForTheMachines) {
  for (const auto* line : {
           "instant now = clock().now();",
           "const auto at = event.time(0);",
           "const auto at = event->time(nullptr);",
           "instant time(const event& of);",
           "random(seed, site).next();",
           "// std::random_device would differ",
           "log(\"sleep(1) and std::mutex\");",
           "std::map<int, session*> sessions;",
           "std::map<std::string, std::shared_ptr<link>> links;",
           "std::map<std::pair<int, int>, std::vector<int*>> all;",
           "bool less = a < b * c;",
           "std::chrono::milliseconds timeout{5};",
           "operand(); brand(); timeout(0);",
       })
    EXPECT_TRUE(check_words("sim/x.cpp", line).empty()) << line;
}

TEST(Words, OnlyTheRuntimeKnowsCafsInside) {
  for (const auto* line : {"caf::detail::default_invoke_result_visitor v;",
                           "caf::scheduler::abstract_coordinator& c;"})
    for (const auto* path : {"actors/session.cpp", "net/shard.cpp", "sim/world.cpp", "apps/x.cpp"})
      EXPECT_FALSE(check_words(path, line).empty()) << path << ": " << line;
  EXPECT_TRUE(check_words("actors/runtime/x.cpp", "caf::detail::x y;").empty());
  EXPECT_TRUE(check_words("actors/session.cpp", "caf::behavior b; caf::actor a;").empty());
}

TEST(Words, HomesPassOnWhatTheRuntimeHandsThem) {
  for (const auto* line : {"void deliver(caf::mailbox_element_ptr what);",
                           "void run(caf::execution_unit* unit);", "caf::resumable* what;"}) {
    for (const auto* path : {"actors/runtime/home_unit.hpp", "net/shard.hpp", "sim/world.hpp"})
      EXPECT_TRUE(check_words(path, line).empty()) << path << ": " << line;
    for (const auto* path : {"actors/session.cpp", "apps/x.cpp", "client/x.cpp"})
      EXPECT_FALSE(check_words(path, line).empty()) << path << ": " << line;
  }
}

TEST(Words, AViolationNamesItsLine) {
  const auto found = check_words("sim/x.cpp", "int a;\nint b = rand();\n");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].line, 2U);
}

} // namespace
} // namespace kodama::layers
