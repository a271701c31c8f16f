#include "actors/retained_quota.hpp"

#include "protocol/mqtt/publish_forms.hpp"
#include "tests/actors/to_retain.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kodama::actors {
namespace {

class RetainedQuota : public testing::Test {
protected:
  retained_room_ptr take(std::string_view topic, std::string_view text) {
    auto got = retained_quota::take(quota, who, to_retain(topic, text));
    if (const auto* why = std::get_if<publish_refusal>(&got)) {
      refused = why->text;
      return nullptr;
    }
    return std::get<retained_room_ptr>(std::move(got));
  }

  retained_quota_ptr quota = std::make_shared<retained_quota>(2, 300);
  account who;
  std::string refused;
  std::optional<retained_quota::answer> last;
};

TEST_F(RetainedQuota, RoomIsFreeAgainWithItsMessage) {
  auto one = take("a", "text");
  auto two = take("b", "text");
  EXPECT_TRUE(one && two);
  EXPECT_EQ(quota->messages(), 2U);
  EXPECT_FALSE(take("c", "text"));
  EXPECT_EQ(refused, "retained_max of this server is 2");
  one.reset();
  EXPECT_TRUE(take("c", "text"));
  EXPECT_EQ(quota->bytes(), mqtt::publish_forms::size_of(to_retain("b", "text")));
  two.reset();
  EXPECT_EQ(quota->messages(), 0U);
  EXPECT_EQ(quota->bytes(), 0U);
  EXPECT_EQ(who.used->stored_bytes(), 0U);
}

TEST_F(RetainedQuota, BytesCount) {
  const auto one = take("a", std::string(200, 'x'));
  EXPECT_TRUE(one);
  EXPECT_FALSE(take("b", std::string(200, 'x')));
  EXPECT_EQ(refused, "retained_bytes_max of this server is 300");
  EXPECT_EQ(quota->messages(), 1U); // the refused one has given back what it had
}

TEST_F(RetainedQuota, APlanBoundsItsAccountAlone) {
  who.limits = {.name = "small", .stored_bytes_max = 100};
  EXPECT_FALSE(take("a", std::string(200, 'x')));
  EXPECT_EQ(refused, "stored_bytes_max of plan small is 100");
  EXPECT_EQ(quota->messages(), 0U);
  EXPECT_EQ(quota->bytes(), 0U);
  const auto mine = take("a", std::string(50, 'x'));
  EXPECT_TRUE(mine);
  who.limits = {};
  who.used = std::make_shared<usage>();
  EXPECT_TRUE(take("b", std::string(200, 'x')));
}

TEST_F(RetainedQuota, AFormerRoomIsUsedAgainWhereItIsLargeEnough) {
  const auto again = [&](std::string_view text, const retained_room_ptr& former) {
    return std::get_if<retained_room_ptr>(
        &last.emplace(retained_quota::take(quota, who, to_retain("a", text), former)));
  };
  const auto one = take("a", "text");
  const auto two = take("b", "text");
  ASSERT_TRUE(again("shot", one));
  EXPECT_EQ(*again("shot", one), one);
  EXPECT_EQ(quota->messages(), 2U);
  EXPECT_FALSE(again("longer", one)); // which would be a third
  who.used = std::make_shared<usage>();
  EXPECT_FALSE(again("text", one)); // another's
}

TEST_F(RetainedQuota, WhatOnlyClearsTakesNone) {
  auto got = retained_quota::take(quota, who, to_retain("a", ""));
  EXPECT_EQ(std::get<retained_room_ptr>(got), nullptr);
  EXPECT_EQ(quota->messages(), 0U);
}

} // namespace
} // namespace kodama::actors
