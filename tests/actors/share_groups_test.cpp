#include "actors/share_groups.hpp"

#include <gtest/gtest.h>

#include <string>

namespace kodama::actors {
namespace {

constexpr std::string_view pool = "$share/pool/#";

struct ShareGroups : testing::Test {
  share_groups all;

  void join(client_id client, bool away = false, std::string_view filter = pool) {
    all.join(filter, {client, {}, away});
  }
  /// Who gets the next messages, in a row; 0 is nobody.
  std::string turns(int count, const std::vector<client_id>& except = {}) {
    std::string told;
    for (auto* group = all.find(pool); count != 0; --count) {
      const auto* next = share_groups::take_turn(*group, except);
      told += std::to_string(next == nullptr ? 0 : next->client);
    }
    return told;
  }
};

TEST_F(ShareGroups, MembersTakeTurns) {
  for (const client_id each : {3, 1, 2})
    join(each);
  EXPECT_EQ(turns(7), "1231231");
}

TEST_F(ShareGroups, WhoJoinsTwiceHasOneTurn) {
  join(1);
  join(2);
  join(1);
  EXPECT_EQ(turns(4), "1212");
}

TEST_F(ShareGroups, WhoIsAwayComesLast) {
  for (const client_id each : {1, 2, 3})
    join(each);
  all.set_away(pool, 2, true);
  EXPECT_EQ(turns(4), "1313");
  all.set_away(pool, 1, true);
  EXPECT_EQ(turns(3), "333");
  all.set_away(pool, 3, true);
  EXPECT_EQ(turns(3), "123") << "where nobody is there, one of them keeps it";
  all.set_away(pool, 2, false);
  EXPECT_EQ(turns(3), "222");
}

TEST_F(ShareGroups, WhoDeclinedIsNotAskedAgain) {
  join(1);
  join(2);
  join(3, true);
  EXPECT_EQ(turns(2, {1}), "22");
  EXPECT_EQ(turns(2, {1, 2}), "33");
  EXPECT_EQ(turns(1, {1, 2, 3}), "0");
}

TEST_F(ShareGroups, WhoPartsHasNoTurn) {
  for (const client_id each : {1, 2, 3})
    join(each);
  EXPECT_EQ(turns(2), "12");
  all.part(pool, 3);
  EXPECT_EQ(turns(3), "121");
  all.part(pool, 7);
  all.part(pool, 1);
  all.part(pool, 2);
  EXPECT_TRUE(all.empty());
}

TEST_F(ShareGroups, AreToldApartByTheirWholeFilter) {
  join(1);
  join(2, false, "$share/pool/a");
  join(3, false, "$share/other/#");
  EXPECT_EQ(all.all().size(), 3);
  EXPECT_EQ(turns(2), "11");
  EXPECT_EQ(all.find("$share/none/#"), nullptr);
}

} // namespace
} // namespace kodama::actors
