#include "net/http_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

namespace kodama::net {
namespace {

constexpr std::size_t body_max = 1'000;

/// The status of the refusal; 0: there is none. The same in one piece and byte by byte.
unsigned refusal_of(std::string_view text) {
  http_reader whole{body_max};
  whole.feed(as_bytes(text));
  const auto next = whole.next();
  const unsigned found = next ? 0 : next.error().status;
  http_reader cut{body_max};
  for (const char& each : text) {
    cut.feed(as_bytes({&each, 1}));
    if (const auto refused = cut.next(); !refused) {
      EXPECT_EQ(refused.error().status, found);
      return found;
    }
  }
  EXPECT_EQ(found, 0u);
  return found;
}

std::string with(std::string_view fields, std::string_view body) {
  return "POST /v1/publish/t HTTP/1.1\r\nHost: localhost\r\n" + std::string{fields} + "\r\n" +
         std::string{body};
}

constexpr std::string_view chunked_hello = "5\r\nhello\r\n0\r\n\r\n";

TEST(HttpReader, ReadsRequestsOneAfterTheOther) {
  http_reader reader{body_max};
  const auto all = with("Content-Length: 3\r\n", "abc") +
                   with("Transfer-Encoding: Chunked \r\n", chunked_hello) + with("", "");
  // However the stream is cut.
  std::string bodies;
  for (const char& each : all) {
    reader.feed(as_bytes({&each, 1}));
    const auto next = reader.next();
    ASSERT_TRUE(next);
    if (*next)
      bodies += (*next)->body + ".";
  }
  EXPECT_EQ(bodies, "abc.hello..");
  EXPECT_FALSE(reader.is_amid_request());
}

/// How often it is to be told to go on, when its header has come and nothing else.
int expectations_of(std::string_view request) {
  http_reader reader{body_max};
  int found = 0;
  for (const char& each : request) {
    reader.feed(as_bytes({&each, 1}));
    (void)reader.next();
    found += reader.take_expectation();
  }
  return found;
}

TEST(HttpReader, SaysWhenABodyIsKeptBack) {
  const std::string expect = "Expect: 100-Continue\r\n";
  EXPECT_EQ(expectations_of(with(expect + "Content-Length: 3\r\n", "")), 1);
  EXPECT_EQ(expectations_of(with(expect + "Content-Length: 3\r\n", "abc")), 1);
  EXPECT_EQ(expectations_of(with(expect + "Transfer-Encoding: chunked\r\n", "")), 1);
  EXPECT_EQ(expectations_of(with(expect + "Content-Length: 0\r\n", "")), 0);
  EXPECT_EQ(expectations_of(with(expect + "Content-Length: 9999\r\n", "")), 0);
  EXPECT_EQ(expectations_of(with(expect + "Transfer-Encoding: gzip, chunked\r\n", "")), 0);
  EXPECT_EQ(expectations_of(with("Content-Length: 3\r\n", "")), 0);
  EXPECT_EQ(expectations_of("POST / HTTP/1.0\r\n" + expect + "Content-Length: 3\r\n\r\n"), 0);
}

TEST(HttpReader, SaysNothingOfABodyThatCameWithItsHeader) {
  http_reader reader{body_max};
  for (const auto* body : {"a", "abc"}) {
    reader.feed(as_bytes(with("Expect: 100-continue\r\nContent-Length: 3\r\n", body)));
    EXPECT_TRUE(reader.next());
    EXPECT_FALSE(reader.take_expectation());
    reader = http_reader{body_max};
  }
}

TEST(HttpReader, RefusesCodingsThatItDoesNotKnow) {
  for (const auto* coding : {"gzip, chunked", "gzip,chunked", "gzip\r\nTransfer-Encoding: chunked",
                             "chunked, chunked", "identity, CHUNKED"})
    EXPECT_EQ(refusal_of(with("Transfer-Encoding: " + std::string{coding} + "\r\n", chunked_hello)),
              501u)
        << coding;
}

TEST(HttpReader, RefusesABodyWhoseEndCannotBeTold) {
  for (const auto* coding : {"gzip", "identity", "xchunked", "chunked, identity", "chunked;a=b", "",
                             ",", "chunked\r\nTransfer-Encoding: gzip", "\vchunked"})
    EXPECT_EQ(refusal_of(with("Transfer-Encoding: " + std::string{coding} + "\r\n",
                              "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")),
              400u)
        << coding;
}

TEST(HttpReader, RefusesALengthBesideACoding) {
  EXPECT_EQ(refusal_of(with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", chunked_hello)),
            400u);
  EXPECT_EQ(refusal_of(with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", chunked_hello)),
            400u);
  EXPECT_EQ(refusal_of(with("Transfer-Encoding: gzip\r\nContent-Length: 5\r\n", "hello")), 400u);
  EXPECT_EQ(refusal_of(with("Content-Length: 5\r\nTransfer-Encoding: gzip\r\n", "hello")), 400u);
  EXPECT_EQ(refusal_of(with("Content-Length: 5\r\nContent-Length: 6\r\n", "hello")), 400u);
}

TEST(HttpReader, RefusesACodingInHttp10) {
  EXPECT_EQ(refusal_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"),
            400u);
}

TEST(HttpReader, RefusesARequestThatDoesNotSayForWhichHostItIs) {
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\n\r\n"), 400u);
  EXPECT_EQ(refusal_of("GET http://a/ HTTP/1.1\r\n\r\n"), 400u);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400u);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 0u);
  EXPECT_EQ(refusal_of("GET / HTTP/1.0\r\n\r\n"), 0u);
}

TEST(HttpReader, TakesTheHostOfATargetThatNamesOne) {
  const auto read = [](std::string_view target) {
    http_reader reader{body_max};
    reader.feed(as_bytes("GET " + std::string{target} + " HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    const auto next = reader.next();
    EXPECT_TRUE(next && *next) << target;
    return (*next)->host + " " + (*next)->path + " " + std::string{(*next)->parameter("a")};
  };
  EXPECT_EQ(read("/healthz?a=b"), "localhost /healthz b");
  EXPECT_EQ(read("http://a.example:80/healthz?a=b"), "a.example:80 /healthz b");
  EXPECT_EQ(read("HTTPS://[::1]/healthz"), "[::1] /healthz ");
  EXPECT_EQ(read("http://a.example?a=b"), "a.example  b");
}

} // namespace
} // namespace kodama::net
