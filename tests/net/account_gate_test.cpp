#include "net/account_gate.hpp"

#include "net/password.hpp"
#include "net/system_world.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>

namespace kodama::net {
namespace {

account_options with_tokens(std::vector<std::string> tokens) {
  account_options made;
  made.tokens = std::move(tokens);
  return made;
}

class AccountGate : public testing::Test {
protected:
  /// 0: nobody. Whatever is judged at once.
  std::size_t holder_of(account_gate& gate, std::string_view secret, std::string_view user = {}) {
    const auto known = gate.identify({user, secret}, nullptr, 1);
    EXPECT_TRUE(known);
    return known && *known ? (*known)->holder : 0;
  }

  system_clock clock;
  system_chance random;
};

TEST_F(AccountGate, WithNobodyNamedEverybodyIsTheSame) {
  account_gate gate{clock, {}, random};
  EXPECT_EQ(holder_of(gate, ""), 1u);
  EXPECT_EQ(holder_of(gate, "anything"), 1u);
}

TEST_F(AccountGate, ATokenKeepsItsHolder) {
  account_gate gate{clock, with_tokens({"one", "two", "three"}), random};
  const auto one = holder_of(gate, "one");
  const auto two = holder_of(gate, "two");
  EXPECT_EQ((std::set{one, two, holder_of(gate, "three")}).size(), 3u);
  gate.load(with_tokens({"three", "new", "two"}));
  EXPECT_EQ(holder_of(gate, "two"), two);
  EXPECT_EQ(holder_of(gate, "one"), 0u) << "removed";
  EXPECT_EQ(holder_of(gate, "new"), 4u) << "and no number is given twice";
  gate.load(with_tokens({"one"}));
  EXPECT_EQ(holder_of(gate, "one"), one);
}

TEST_F(AccountGate, ATokenWrittenTwiceIsOneHolder) {
  account_gate gate{clock, with_tokens({"a", "b", "a"}), random};
  EXPECT_EQ(holder_of(gate, "a"), 1u);
  EXPECT_EQ(holder_of(gate, "b"), 2u);
}

TEST_F(AccountGate, AUsersTokensAreTheUser) {
  account_options options;
  options.users["ann"].tokens = {"x", "y"};
  account_gate gate{clock, options, random};
  EXPECT_EQ(holder_of(gate, "x"), holder_of(gate, "y"));
  EXPECT_NE(holder_of(gate, "x"), 0u);
}

TEST_F(AccountGate, AGuestShowsNothing) {
  account_options options;
  options.anonymous.emplace();
  account_gate gate{clock, options, random};
  EXPECT_NE(holder_of(gate, ""), 0u);
  EXPECT_EQ(holder_of(gate, "something"), 0u);
}

TEST_F(AccountGate, WhatWasUsedSurvivesAnExchange) {
  account_options options;
  options.users["ann"].tokens = {"x"};
  account_gate gate{clock, options, random};
  const auto before = *gate.identify({{}, "x"}, nullptr, 1);
  EXPECT_TRUE(before->used->take_message(1, 0));
  gate.load(options);
  const auto after = *gate.identify({{}, "x"}, nullptr, 1);
  EXPECT_EQ(after->used->messages(1), 1u);
  EXPECT_EQ(after->used, gate.usage_of("ann"));
}

TEST_F(AccountGate, ForgetsWhoHasLeftAndHasNothingLeftToCount) {
  const auto month = actors::month_of(clock.unix_micros());
  account_options options;
  options.users["configured"].tokens = {"x"};
  account_gate gate{clock, options, random};
  const auto configured = holder_of(gate, "x");
  EXPECT_TRUE(gate.usage_of("published")->take_message(month, 0));
  EXPECT_TRUE(gate.usage_of("last month")->take_message(month - 1, 0));
  const auto in_use = gate.usage_of("connected");
  for (std::size_t i = 0; i != 3 * account_gate::forgets_from; ++i)
    static_cast<void>(gate.usage_of("guest " + std::to_string(i)));

  EXPECT_LE(gate.usages().size(), account_gate::forgets_from);
  EXPECT_EQ(holder_of(gate, "x"), configured);
  EXPECT_EQ(gate.usage_of("published")->messages(month), 1u);
  EXPECT_EQ(gate.usage_of("last month")->month(), 0u) << "another one of that name";
  EXPECT_EQ(gate.usage_of("connected"), in_use);
}

TEST_F(AccountGate, IsExchangedWhileOthersAsk) {
  account_gate gate{clock, with_tokens({"stays", "goes"}), random};
  std::atomic<bool> done{false};
  std::thread asking{[&] {
    while (!done)
      EXPECT_EQ(holder_of(gate, "stays"), 1u);
  }};
  for (int i = 0; i != 1'000; ++i)
    gate.load(with_tokens({"new " + std::to_string(i), "stays"}));
  done = true;
  asking.join();
}

TEST(Password, IsKnownByItsHash) {
  system_chance random;
  const auto hash = hash_password("secret", random);
  EXPECT_TRUE(is_password_hash(hash));
  EXPECT_TRUE(verify_password("secret", hash));
  EXPECT_FALSE(verify_password("Secret", hash));
  EXPECT_FALSE(verify_password("secret", "$argon2id$nonsense"));
  EXPECT_NE(hash, hash_password("secret", random)) << "salted";
}

TEST(Password, HasAHashThatCanBeJudged) {
  const std::string salt = "c29tZXNhbHQ";
  const std::string digest = "UdYe8ToRVPHsL3o7yVjHLhuGzdZUbtK2gZBAQvNvc0g";
  const auto with = [&](std::string work, std::string tail) { return "$argon2id$" + work + tail; };
  for (const auto* work : {"v=19$m=19456,t=2,p=1", "v=19$m=8,t=1,p=1", "v=19$m=65536,t=3,p=4",
                           "v=19$m=1048576,t=100,p=64"})
    EXPECT_TRUE(is_password_hash(with(work, "$" + salt + "$" + digest))) << work;
  for (const auto* work :
       {"v=16$m=19456,t=2,p=1", "m=19456,t=2,p=1", "v=19$m=7,t=1,p=1", "v=19$m=1048577,t=1,p=1",
        "v=19$m=19456,t=0,p=1", "v=19$m=19456,t=101,p=1", "v=19$m=19456,t=2,p=0",
        "v=19$m=19456,t=2,p=65", "v=19$m=-8,t=2,p=1", "v=19$m=99999999999,t=2,p=1",
        "v=19$m=8,t=1,p=2", "v=19$m=019456,t=2,p=1", "v=19$t=2,m=19456,p=1", "v=19$m=19456,t=2",
        "v=19$m=19456,t=2,p=1,keyid=1"})
    EXPECT_FALSE(is_password_hash(with(work, "$" + salt + "$" + digest))) << work;
  for (const auto& tail :
       {"$" + salt, "$" + salt + "$", "$c29t$" + digest, "$" + salt + "$UdYe8ToR",
        "$" + salt + "$" + digest.substr(0, 42), "$" + salt + "$" + digest.substr(0, 40),
        "$" + salt + "$" + digest.substr(0, 42) + "h", "$c29tZXNhbHR$" + digest,
        "$" + salt + "$" + digest + "=", "$" + salt + "$" + digest + "$more",
        "$" + salt + " $" + digest, "$$" + digest, std::string{}})
    EXPECT_FALSE(is_password_hash(with("v=19$m=19456,t=2,p=1", tail))) << tail;
  EXPECT_FALSE(is_password_hash("$argon2i$v=19$m=19456,t=2,p=1$" + salt + "$" + digest));
  EXPECT_FALSE(is_password_hash(""));
}

} // namespace
} // namespace kodama::net
