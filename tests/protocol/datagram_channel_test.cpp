#include "protocol/datagram_channel.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace kodama {
namespace {

using side = datagram_channel::side;

constexpr path_id some_path = 0x0123456789abcdef;

message::datagram_random make_random(unsigned seed) {
  message::datagram_random out{};
  for (auto& byte : out)
    byte = static_cast<std::byte>(seed = seed * 1664525 + 1013904223);
  return out;
}

datagram_channel make(side ours, unsigned server_seed = 2, path_id path = some_path) {
  return {ours, path, make_random(1), make_random(server_seed)};
}

bytes seal(datagram_channel& from, byte_view plaintext) {
  bytes out;
  from.seal(out, plaintext);
  return out;
}

bytes seal(datagram_channel& from, std::string_view plaintext = "echo") {
  return seal(from, as_bytes(plaintext));
}

std::vector<bytes> seal_many(datagram_channel& from, std::size_t count) {
  std::vector<bytes> out;
  for (std::size_t i = 0; i != count; ++i)
    out.push_back(seal(from));
  return out;
}

RC_GTEST_PROP(DatagramChannel, OpensWhatThePeerSealed, (const std::vector<std::uint8_t>& text)) {
  auto client = make(side::client);
  auto server = make(side::server);
  const auto plaintext = std::as_bytes(std::span{text});
  const auto there = seal(client, plaintext);
  RC_ASSERT(there.size() == plaintext.size() + datagram_channel::overhead);
  RC_ASSERT(datagram_channel::peek_path(there) == some_path);
  const auto opened = server.open(there);
  RC_ASSERT(opened.has_value());
  RC_ASSERT(std::ranges::equal(opened->plaintext, plaintext));
  const auto back = client.open(seal(server, plaintext)); // and in the other direction
  RC_ASSERT(back.has_value());
}

TEST(DatagramChannel, AppendsToWhatIsThere) {
  auto client = make(side::client);
  auto server = make(side::server);
  bytes out(3);
  client.seal(out, as_bytes("echo"));
  const auto opened = server.open(byte_view{out}.subspan(3));
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(as_text(opened->plaintext), "echo");
}

TEST(DatagramChannel, RefusesEverySingleFlippedBit) {
  auto client = make(side::client);
  auto server = make(side::server);
  auto datagram = seal(client);
  for (std::size_t bit = 0; bit != datagram.size() * 8; ++bit) {
    const auto mask = static_cast<std::byte>(1U << bit % 8);
    datagram[bit / 8] ^= mask;
    EXPECT_FALSE(server.open(datagram).has_value()) << "bit " << bit;
    datagram[bit / 8] ^= mask;
  }
  // Forgeries, among them one with the number 2^63, have left the window where it was.
  EXPECT_TRUE(server.open(datagram).has_value());
}

TEST(DatagramChannel, RefusesEveryTruncation) {
  auto client = make(side::client);
  auto server = make(side::server);
  const auto datagram = seal(client);
  for (std::size_t size = 0; size != datagram.size(); ++size)
    EXPECT_FALSE(server.open(byte_view{datagram}.first(size)).has_value()) << size;
  EXPECT_TRUE(server.open(datagram).has_value());
}

TEST(DatagramChannel, RefusesAnotherKeyPathAndDirection) {
  auto client = make(side::client);
  const auto datagram = seal(client);
  auto other_key = make(side::server, 3);
  auto other_path = make(side::server, 2, some_path + 1);
  EXPECT_FALSE(other_key.open(datagram).has_value());
  EXPECT_FALSE(other_path.open(datagram).has_value());
  EXPECT_FALSE(client.open(datagram).has_value()) << "reflected to its sender";
  auto server = make(side::server);
  EXPECT_TRUE(server.open(datagram).has_value());
}

TEST(DatagramChannel, TellsWhetherADatagramIsTheNewest) {
  auto client = make(side::client);
  auto server = make(side::server);
  const auto sent = seal_many(client, 3);
  EXPECT_TRUE(server.open(sent[0])->newest);
  EXPECT_TRUE(server.open(sent[2])->newest);
  EXPECT_FALSE(server.open(sent[1])->newest);
}

TEST(DatagramChannel, AcceptsExactlyTheLast1024BeforeTheNewest) {
  auto client = make(side::client);
  auto server = make(side::server);
  // Several times around the bitmap, and at every position within its words.
  for (int round = 0; round != 70; ++round) {
    const auto sent = seal_many(client, datagram_channel::replay_window + 63);
    const auto& newest = sent.back();
    const auto edge = sent.size() - 1 - datagram_channel::replay_window;
    ASSERT_TRUE(server.open(newest).has_value());
    ASSERT_FALSE(server.open(sent[edge - 1]).has_value());
    ASSERT_TRUE(server.open(sent[edge]).has_value());
    ASSERT_FALSE(server.open(sent[edge]).has_value());
    ASSERT_TRUE(server.open(sent[edge + 1]).has_value());
    ASSERT_FALSE(server.open(newest).has_value());
  }
}

// Against the obvious model, a set of all numbers seen: whatever order, repetition and gaps the
// network produces, a datagram is accepted if and only if it is new and within the window.
RC_GTEST_PROP(DatagramChannel, AgreesWithAModelOfTheWindow, ()) {
  auto client = make(side::client);
  auto server = make(side::server);
  std::vector<bytes> sent;
  std::set<std::size_t> seen;
  std::size_t newest = 0;
  const auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(rc::gen::pair(
      rc::gen::weightedElement<int>({{20, 1}, {4, 70}, {2, 1025}, {1, 1200}}),
      rc::gen::weightedElement<int>({{10, 0}, {10, 3}, {4, 1023}, {4, 1024}, {4, 1025}})));
  for (const auto& [advance, back] : steps) {
    for (auto& datagram : seal_many(client, static_cast<std::size_t>(advance)))
      sent.push_back(std::move(datagram));
    const auto distance = std::min(static_cast<std::size_t>(back), sent.size() - 1);
    const auto number = sent.size() - distance;
    const bool expected = !seen.contains(number) && (number > newest || newest - number <= 1024);
    const auto opened = server.open(sent[number - 1]);
    RC_ASSERT(opened.has_value() == expected);
    if (expected) {
      RC_ASSERT(opened->newest == (number > newest));
      seen.insert(number);
      newest = std::max(newest, number);
    }
  }
}

// Known answers.

bytes from_hex(std::string_view text) {
  bytes out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    unsigned value = 0;
    std::from_chars(text.data() + i, text.data() + i + 2, value, 16);
    out.push_back(static_cast<std::byte>(value));
  }
  return out;
}

using known_answer = std::map<std::string, std::string>;

std::vector<known_answer> read_vectors() {
  std::ifstream file{KODAMA_TEST_DATA "/protocol/vectors/datagram.txt"};
  std::vector<known_answer> out;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    const auto equals = line.find(" =");
    if (line.starts_with('#') || equals == std::string::npos) {
      inside = false;
      continue;
    }
    if (!std::exchange(inside, true))
      out.emplace_back();
    out.back()[line.substr(0, equals)] = line.substr(std::min(equals + 3, line.size()));
  }
  return out;
}

datagram_channel make(side ours, const known_answer& from) {
  message::datagram_random client{};
  message::datagram_random server{};
  std::ranges::copy(from_hex(from.at("client_random")), client.begin());
  std::ranges::copy(from_hex(from.at("server_random")), server.begin());
  return {ours, load_big<path_id>(from_hex(from.at("path_id")).data()), client, server};
}

TEST(DatagramChannel, GivesTheKnownAnswers) {
  const auto vectors = read_vectors();
  ASSERT_EQ(vectors.size(), 4U);
  for (const auto& known : vectors) {
    const bool by_client = known.at("sender") == "client";
    auto sender = make(by_client ? side::client : side::server, known);
    auto receiver = make(by_client ? side::server : side::client, known);
    const auto plaintext = from_hex(known.at("plaintext"));
    const auto expected = from_hex(known.at("datagram"));

    for (int skipped = 1; skipped != std::stoi(known.at("packet_number")); ++skipped)
      static_cast<void>(seal(sender));
    EXPECT_EQ(seal(sender, byte_view{plaintext}), expected);

    const auto opened = receiver.open(expected);
    ASSERT_TRUE(opened.has_value());
    EXPECT_TRUE(std::ranges::equal(opened->plaintext, plaintext));
  }
}

} // namespace
} // namespace kodama
