#include "client/waiting_calls.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace kodama {
namespace {

using interest = waiting_calls::interest;

/// Remembers how often it was called, and with what.
struct caller {
  std::vector<std::string> told;

  waiting_calls::completion wait() {
    return [this](auto error) { told.push_back(error ? error.message() : "done"); };
  }
};

using told = std::vector<std::string>;

TEST(WaitingCalls, AreMadeOnce) {
  waiting_calls waiting;
  caller someone;
  waiting.add(1, someone.wait());
  waiting.complete(1);
  waiting.complete(1);
  waiting.stop(errc::normal);
  EXPECT_EQ(someone.told, told{"done"});
}

TEST(WaitingCalls, OfASubscriptionOutliveTheSession) {
  waiting_calls waiting;
  caller subscriber;
  caller publisher;
  waiting.add_topic(1, interest::subscription, "room", subscriber.wait());
  waiting.add(2, publisher.wait());
  waiting.fail_all(std::array<request_id, 2>{1, 2}, errc::session_unknown);
  EXPECT_EQ(subscriber.told, told{});
  EXPECT_EQ(publisher.told, told{"session_unknown"});
  waiting.complete_topic(0, interest::watch, "room");
  EXPECT_EQ(subscriber.told, told{});
  waiting.complete_topic(0, interest::subscription, "room");
  EXPECT_EQ(subscriber.told, told{"done"});
}

TEST(WaitingCalls, OfASubscriptionAreMadeOnceWhereItIsRefused) {
  waiting_calls waiting;
  caller someone;
  waiting.add_topic(1, interest::subscription, "room", someone.wait());
  waiting.fail(1, errc::too_many_topics);
  waiting.fail(1, errc::too_many_topics);
  waiting.fail_topic(interest::subscription, "room", errc::too_many_topics);
  EXPECT_EQ(someone.told, told{"too_many_topics"});
}

TEST(WaitingCalls, HearWhereWhatWasAskedForAgainIsRefused) {
  waiting_calls waiting;
  caller subscriber;
  caller watcher;
  waiting.add_topic(1, interest::subscription, "room", subscriber.wait());
  waiting.add_topic(2, interest::watch, "room", watcher.wait());
  waiting.fail_all(std::array<request_id, 2>{1, 2}, errc::session_unknown);
  waiting.fail_topic(interest::watch, "room", errc::too_many_topics);
  EXPECT_EQ(subscriber.told, told{});
  EXPECT_EQ(watcher.told, told{"too_many_topics"});
}

TEST(WaitingCalls, MayAskAgainForWhatHasEnded) {
  waiting_calls waiting;
  caller again;
  waiting.add_topic(1, interest::subscription, "a",
                    [&](auto) { waiting.add_topic(3, interest::subscription, "b", again.wait()); });
  waiting.add_topic(2, interest::subscription, "b", [](auto) {});
  waiting.fail_ended([](auto, auto) { return false; }, errc::session_unknown);
  EXPECT_EQ(again.told, told{});
  waiting.complete_topic(3, interest::subscription, "b");
  EXPECT_EQ(again.told, told{"done"});
}

TEST(WaitingCalls, OfWhatNobodyWantsAnyMoreEndWithTheSession) {
  waiting_calls waiting;
  caller left;
  caller stays;
  waiting.add_topic(1, interest::subscription, "left", left.wait());
  waiting.add_topic(2, interest::subscription, "kept", stays.wait());
  waiting.add_topic(3, interest::watch, "left", stays.wait());
  waiting.fail_all(std::array<request_id, 3>{1, 2, 3}, errc::session_unknown);
  waiting.fail_ended(
      [](interest what, std::string_view topic) {
        return what == interest::watch || topic == "kept";
      },
      errc::session_unknown);
  EXPECT_EQ(left.told, told{"session_unknown"});
  EXPECT_EQ(stays.told, told{});
}

TEST(WaitingCalls, AreAllMadeInTheEnd) {
  waiting_calls waiting;
  caller someone;
  waiting.add(1, someone.wait());
  waiting.add_topic(2, interest::watch, "room", someone.wait());
  waiting.stop(errc::taken_over);
  EXPECT_EQ(someone.told, (told{"taken_over", "taken_over"}));
}

TEST(WaitingCalls, MayAskForMore) {
  waiting_calls waiting;
  caller next;
  waiting.add(1, [&](auto) { waiting.add(2, next.wait()); });
  waiting.stop(errc::normal);
  EXPECT_EQ(next.told, told{});
  waiting.complete(2);
  EXPECT_EQ(next.told, told{"done"});
}

TEST(WaitingCalls, WaitOnWhereTheyWereAskedForAfterTheEnd) {
  waiting_calls waiting;
  caller before;
  caller after;
  waiting.add(1, before.wait());
  waiting.add_topic(2, interest::subscription, "room", before.wait());
  const auto last = waiting.last();
  waiting.add_topic(3, interest::subscription, "room", after.wait());
  waiting.add(4, after.wait());
  waiting.stop(errc::normal, last);
  EXPECT_EQ(before.told, (told{"normal", "normal"}));
  EXPECT_EQ(after.told, told{});
  waiting.fail(3, errc::not_authorized);
  waiting.complete(4);
  EXPECT_EQ(after.told, (told{"not_authorized", "done"}));
}

TEST(WaitingCalls, NeedNotBe) {
  waiting_calls waiting;
  waiting.add(1, {});
  waiting.add_topic(2, interest::watch, "room", {});
  waiting.add_question<client_event::server_time>(3, {});
  waiting.answer(3, client_event::server_time{3, 0, {}});
  waiting.fail(1, errc::not_authorized);
  waiting.stop(errc::normal);
}

TEST(WaitingCalls, MayAskForATopicWhenEverythingEnds) {
  waiting_calls waiting;
  caller next;
  waiting.add(1, [&](auto) { waiting.add_topic(2, interest::subscription, "room", next.wait()); });
  waiting.stop(errc::normal);
  EXPECT_EQ(next.told, told{});
  waiting.complete_topic(2, interest::subscription, "room");
  EXPECT_EQ(next.told, told{"done"});
}

} // namespace
} // namespace kodama
