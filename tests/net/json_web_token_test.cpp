#include "net/json_web_token.hpp"

#include <gtest/gtest.h>
#include <jwt.h>

#include <cstdlib>
#include <string>

namespace kodama::net {
namespace {

using algorithm = json_web_key::algorithm;

const std::string secret(32, 's');

/// Signed by HS256, with these claims beside "sub".
std::string token_with(const std::string& claims) {
  jwt_t* made = nullptr;
  jwt_new(&made);
  jwt_set_alg(made, JWT_ALG_HS256, reinterpret_cast<const unsigned char*>(secret.data()),
              static_cast<int>(secret.size()));
  jwt_add_grant(made, "sub", "ann");
  jwt_add_grants_json(made, claims.c_str());
  char* encoded = jwt_encode_str(made);
  std::string text{encoded};
  std::free(encoded);
  jwt_free(made);
  return text;
}

bool is_believed(const std::string& claims) {
  return subject_of(token_with(claims), {algorithm::hs256, secret, "me", "kodama"}, 100)
      .has_value();
}

TEST(JsonWebToken, IsForOneOfSeveralAudiences) {
  EXPECT_TRUE(is_believed(R"({"iss": "me", "aud": "kodama"})"));
  EXPECT_TRUE(is_believed(R"({"iss": "me", "aud": ["others", "kodama"]})"));
  for (const std::string wrong : {R"("others")", R"(["others"])", R"({"kodama": 1})",
                                  R"([["kodama"]])", R"(["\"kodama\""])", "7", "[]", "null"})
    EXPECT_FALSE(is_believed(R"({"iss": "me", "aud": )" + wrong + "}")) << wrong;
}

TEST(JsonWebToken, HasOneIssuer) {
  EXPECT_FALSE(is_believed(R"({"aud": "kodama"})"));
  EXPECT_FALSE(is_believed(R"({"iss": "you", "aud": "kodama"})"));
  EXPECT_FALSE(is_believed(R"({"iss": ["you", "me"], "aud": "kodama"})"));
}

TEST(JsonWebToken, NeedsASecretAsLongAsItsHash) {
  EXPECT_FALSE(fault_of({algorithm::hs256, secret, {}, {}}));
  EXPECT_NE(
      fault_of({algorithm::hs256, std::string(31, 's'), {}, {}}).value_or("").find("it has 31"),
      std::string::npos);
  EXPECT_NE(fault_of({algorithm::hs256, "-----BEGIN PUBLIC KEY-----" + secret, {}, {}})
                .value_or("")
                .find("PEM"),
            std::string::npos);
}

constexpr const char* p256 = "-----BEGIN PUBLIC KEY-----\n"
                             "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMS1XjqUODpGSP3oH0y4QA8w4Lj/6\n"
                             "pOOMVaFXOimS2vkiQWKWv3yPx4a4YSdzfb8QHvk0ijL41eiHbBnaD/R0Jg==\n"
                             "-----END PUBLIC KEY-----\n";
constexpr const char* rsa = "-----BEGIN PUBLIC KEY-----\n"
                            "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA4hNlcssTAP5XzuW/qh+O\n"
                            "PMt1XltgneHdx6zxxmcdxXSN/ENBdwWn2QO6wHLzGjfaBYtyaeLfP13/FhmxfXzn\n"
                            "WZwrzb2nXd5gQ0hSGxHfP6BksAo6NRwohS7COK/V2pEMmBU2hHayO7DMVCgppqmz\n"
                            "hJT35pi2yMBBWqm/AqXyN8ko51umWc3stO2lZ8ZvEH1FBgjvCpKGbRkKAnW2qsRD\n"
                            "EWKlBZh+kQrZXLCtqehgxU82aUWcL5Q51cu/4xcM+/8Riyv6F3j44ma5Ye4DWtRe\n"
                            "7ojXoPbkWcONJFRTwHPN1lKvo0ap1xT+u/4B/0KB8sNqW+Xy4wW7w6/dqlFqM1EK\n"
                            "vQIDAQAB\n"
                            "-----END PUBLIC KEY-----\n";
constexpr const char* ed25519 = "-----BEGIN PUBLIC KEY-----\n"
                                "MCowBQYDK2VwAyEANn/+EiW46KWGLYz0rbOw/L5wyqqWx29dBvRdvNHbKf0=\n"
                                "-----END PUBLIC KEY-----\n";

TEST(JsonWebToken, NeedsAPublicKeyOfItsAlgorithm) {
  EXPECT_FALSE(fault_of({algorithm::es256, p256, {}, {}}));
  EXPECT_FALSE(fault_of({algorithm::rs256, rsa, {}, {}}));
  EXPECT_NE(fault_of({algorithm::rs256, p256, {}, {}}).value_or("").find("it is one of prime256v1"),
            std::string::npos);
  EXPECT_NE(fault_of({algorithm::es256, rsa, {}, {}}).value_or("").find("it is one of RSA"),
            std::string::npos);
  EXPECT_NE(fault_of({algorithm::es256, ed25519, {}, {}}).value_or("").find("ED25519"),
            std::string::npos);
  EXPECT_NE(fault_of({algorithm::es256, "hello", {}, {}}).value_or("").find("there is none"),
            std::string::npos);
}

} // namespace
} // namespace kodama::net
