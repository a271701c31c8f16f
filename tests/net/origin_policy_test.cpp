#include "net/origin_policy.hpp"

#include <gtest/gtest.h>

namespace kodama::net {
namespace {

using others = origin_policy::others;

TEST(OriginPolicy, LetsInWhoNamesNone) {
  EXPECT_TRUE((origin_policy{{}, others::local}.admits("")));
  EXPECT_TRUE((origin_policy{{"https://a.example"}, others::all}.admits("")));
}

TEST(OriginPolicy, LetsInEveryPageWhereNothingElseIsSaid) {
  const origin_policy any{{}, others::all};
  EXPECT_TRUE(any.admits("https://a.example"));
  EXPECT_TRUE(any.admits("null"));
}

TEST(OriginPolicy, TellsPagesOfThisMachineFromOthers) {
  const origin_policy local{{}, others::local};
  for (const auto* page : {"http://localhost", "http://LocalHost:3000", "https://app.localhost",
                           "http://127.0.0.1:8080", "http://127.1.2.3", "http://[::1]:3000"})
    EXPECT_TRUE(local.admits(page)) << page;
  for (const auto* page :
       {"https://a.example", "http://localhost.example", "http://notlocalhost", "null", "file://",
        "http://127.0.0.1.example", "http://[::2]", "http://[::1", "http://[::1]x", "localhost",
        "http://10.0.0.1", "http://localhost/", "http://localhost:", "http://a.example@localhost",
        "http://[]", "http://"})
    EXPECT_FALSE(local.admits(page)) << page;
  EXPECT_EQ(local.refusal("https://a.example"),
            "Without tokens or users only pages of this machine may come in, and not those of "
            "https://a.example; list them in origins.");
}

TEST(OriginPolicy, KnowsThisMachineByItsOwnNames) {
  const origin_policy local{{}, others::local};
  for (const auto* host : {"", "localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080"})
    EXPECT_TRUE(local.admits_host(host)) << host;
  for (const auto* host : {"a.example", "a.example:8080", "10.0.0.1", "localhost.example"})
    EXPECT_FALSE(local.admits_host(host)) << host;
  EXPECT_TRUE((origin_policy{{}, others::all}.admits_host("a.example")));
  EXPECT_TRUE((origin_policy{{"*"}, others::local}.admits_host("a.example")));
}

TEST(OriginPolicy, LetsInWhatIsListedAndNothingElse) {
  const origin_policy two{{"https://A.example:443", "http://b.example:8080"}, others::all};
  for (const auto* page : {"https://a.example", "https://a.example:443", "http://b.example:8080"})
    EXPECT_TRUE(two.admits(page)) << page;
  for (const auto* page : {"http://a.example", "https://a.example:8443", "https://x.a.example",
                           "http://b.example", "null", "http://localhost"})
    EXPECT_FALSE(two.admits(page)) << page;
  EXPECT_EQ(two.refusal("null"), "Pages of null are not among the origins of this server.");
  EXPECT_LT(two.refusal(std::string(100'000, 'x')).size(), 400u);
}

TEST(OriginPolicy, MayListAll) {
  const origin_policy any{{"*"}, others::local};
  EXPECT_TRUE(any.admits("https://a.example"));
  EXPECT_TRUE(any.admits("null"));
}

TEST(OriginPolicy, KnowsAnOriginFromAnAddress) {
  for (const auto* good : {"https://a.example", "http://localhost:3000", "null", "*",
                           "http://[::1]:80", "capacitor://localhost", "HTTPS://A.example"})
    EXPECT_TRUE(origin_policy::is_origin(good)) << good;
  for (const auto* bad :
       {"", "a.example", "https://a.example/", "https://a.example/path", "https://",
        "https://a.example:", "https://a.example:x", "://a", "https://*.example", "https://a b"})
    EXPECT_FALSE(origin_policy::is_origin(bad)) << bad;
}

} // namespace
} // namespace kodama::net
