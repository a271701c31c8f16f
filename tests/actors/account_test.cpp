#include "actors/account.hpp"

#include <gtest/gtest.h>

namespace kodama::actors {
namespace {

account with(access_rules rules) {
  account made;
  made.name = "ann";
  made.rules = std::move(rules);
  return made;
}

TEST(Permissions, AreNotThereWhereEverythingIsAllowed) {
  EXPECT_EQ(permissions_of(account{}, "me"), nullptr);
}

TEST(Permissions, AllowWhatAListCovers) {
  const permissions allowed{
      with({.publish = {{"home/%u/#"}}, .subscribe = {{"home/+/door", "a/#"}}}), "me"};
  EXPECT_TRUE(allowed.may_publish("home/ann/light"));
  EXPECT_FALSE(allowed.may_publish("home/bob/light"));
  EXPECT_TRUE(allowed.may_subscribe("home/+/door"));
  EXPECT_TRUE(allowed.may_subscribe("a/+/c"));
  EXPECT_FALSE(allowed.may_subscribe("home/#"));
  EXPECT_FALSE(allowed.may_subscribe("#"));
}

TEST(Permissions, AnEmptyListAllowsNothing) {
  const permissions allowed{with({.publish = std::vector<std::string>{}}), "me"};
  EXPECT_FALSE(allowed.may_publish("a"));
  EXPECT_TRUE(allowed.may_subscribe("#"));
}

TEST(Permissions, WhatIsDeniedIsNotHeardByAWiderFilter) {
  const permissions allowed{with({.publish_denied = {"b"}, .subscribe_denied = {"secret/#"}}),
                            "me"};
  EXPECT_FALSE(allowed.may_subscribe("secret/+"));
  EXPECT_TRUE(allowed.may_subscribe("#"));
  EXPECT_FALSE(allowed.may_hear("secret/a"));
  EXPECT_TRUE(allowed.may_hear("open"));
  EXPECT_FALSE(allowed.may_publish("b"));
}

TEST(Permissions, ANameThatIsNoLevelFillsInNothing) {
  const access_rules rules{.publish = {{"by/%c/#"}}};
  EXPECT_TRUE(permissions(with(rules), "one").may_publish("by/one/x"));
  for (const auto* name : {"#", "+", "a/b", ""}) {
    const permissions allowed{with(rules), name};
    EXPECT_FALSE(allowed.may_publish("by/one/x")) << name;
    EXPECT_FALSE(allowed.may_publish("by/a/b")) << name;
  }
}

} // namespace
} // namespace kodama::actors
