#include "protocol/udp_path.hpp"

#include "tests/protocol/udp_path_pair.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace kodama {
namespace {

using namespace kodama::testing;

const address elsewhere = make_address(9, 999);

/// Fetches the probe that must be waiting.
std::uint64_t take_probe(udp_path& path) {
  const auto out = path.poll_transmit();
  EXPECT_TRUE(out && std::holds_alternative<message::udp_probe>(out->what));
  return out ? std::get<message::udp_probe>(out->what).probe : 0;
}

class UdpPath : public ::testing::Test {
protected:
  void start() { client.handle_start(now, there); }
  void answer(std::uint64_t probe) { client.handle_probe_ack(now, there, {probe}); }

  instant now{1h};
  address there = path_pair::server_address();
  seeded_chance random{1};
  udp_path client{udp_path::role::client, {}, random};
  udp_path server{udp_path::role::server, {}, random};
};

TEST_F(UdpPath, WaitsForNothingBeforeTheStartAndAfterTheStop) {
  EXPECT_EQ(client.poll_timeout(), never);
  start();
  EXPECT_EQ(client.poll_timeout(), now + 300ms);
  answer(take_probe(client));
  EXPECT_TRUE(client.current_route().has_value());
  client.handle_probe(now, there, {5}, 1200);
  client.handle_stop();
  EXPECT_FALSE(client.current_route().has_value());
  EXPECT_FALSE(client.poll_transmit().has_value());
  EXPECT_EQ(client.poll_timeout(), never);
}

TEST_F(UdpPath, BelievesOnlyTheRightAnswerFromTheRightAddress) {
  start();
  const auto probe = take_probe(client);
  answer(probe + 1);
  client.handle_probe_ack(now, elsewhere, {probe});
  EXPECT_FALSE(client.current_route().has_value());
  answer(probe);
  EXPECT_TRUE(client.current_route().has_value());
}

TEST_F(UdpPath, LearnsOnlyTheRoundTripFromALateAnswer) {
  start();
  std::uint64_t last = 0;
  for (int attempt = 0; attempt != 3; ++attempt) {
    last = take_probe(client);
    now = client.poll_timeout();
    client.handle_timeout(now);
  }
  EXPECT_FALSE(client.poll_transmit().has_value()) << "in the pause";
  now += 100ms;
  answer(last);
  EXPECT_FALSE(client.current_route().has_value());
  EXPECT_EQ(client.stats().round_trip, 1300ms);
  EXPECT_EQ(client.stats().probes_answered, 0U);
}

TEST_F(UdpPath, SmoothsTheRoundTripAsRfc6298Does) {
  start();
  now += 80ms;
  answer(take_probe(client));
  EXPECT_EQ(client.stats().round_trip, 80ms);
  EXPECT_EQ(client.poll_timeout(), now + 80ms + 4 * 40ms);
  now += 160ms;
  answer(take_probe(client));
  EXPECT_EQ(client.stats().round_trip, 90ms);
  EXPECT_EQ(client.poll_timeout(), now + 90ms + 4 * 50ms);
}

TEST_F(UdpPath, ChecksAProvenPathAtTheIntervalGiveOrTakeATenth) {
  start();
  for (int i = 0; i != 3; ++i)
    answer(take_probe(client));
  auto least = duration::max();
  auto most = duration::min();
  for (int i = 0; i != 200; ++i) {
    const auto rest = client.poll_timeout() - now;
    least = std::min(least, rest);
    most = std::max(most, rest);
    now = client.poll_timeout();
    client.handle_timeout(now);
    answer(take_probe(client));
  }
  EXPECT_GE(least, 4500ms);
  EXPECT_LE(most, 5500ms);
  EXPECT_GT(most - least, 800ms);
}

TEST_F(UdpPath, ChecksAtOnceWhenAsked) {
  client.check_now(now);
  EXPECT_FALSE(client.poll_transmit().has_value()) << "there is nothing to check";
  start();
  for (int i = 0; i != 3; ++i)
    answer(take_probe(client));
  EXPECT_EQ(client.stats().proven_to, 3U);
  client.check_now(now);
  const auto first = take_probe(client);
  now += 10ms;
  client.check_now(now); // the first may have left before what this is about
  EXPECT_FALSE(client.poll_transmit().has_value());
  answer(first);
  EXPECT_EQ(client.stats().proven_to, 4U);
  answer(take_probe(client));
  EXPECT_EQ(client.stats().proven_to, 5U);
  EXPECT_FALSE(client.poll_transmit().has_value());
  EXPECT_GE(client.poll_timeout(), now + 4500ms) << "at rest";
}

TEST_F(UdpPath, ProvesNothingByALateAnswer) {
  start();
  for (int i = 0; i != 3; ++i)
    answer(take_probe(client));
  client.check_now(now);
  const auto late = take_probe(client);
  now = client.poll_timeout();
  client.handle_timeout(now);
  answer(late);
  EXPECT_EQ(client.stats().proven_to, 3U);
  answer(take_probe(client));
  EXPECT_EQ(client.stats().proven_to, 5U);
}

TEST_F(UdpPath, CountsLossOverTheLastSixteenProbes) {
  start();
  for (int i = 0; i != 3; ++i)
    answer(take_probe(client));
  EXPECT_EQ(client.stats().loss_percent, 0U);
  for (int i = 0; i != 16; ++i) { // every second one is lost
    now = client.poll_timeout();
    client.handle_timeout(now);
    static_cast<void>(take_probe(client));
    now = client.poll_timeout();
    client.handle_timeout(now);
    answer(take_probe(client));
  }
  EXPECT_EQ(client.stats().loss_percent, 50U);
}

TEST_F(UdpPath, PadsAProbeToExactlyItsSize) {
  start();
  const auto out = client.poll_transmit();
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(out->datagram_size, 1200U);
  const auto& probe = std::get<message::udp_probe>(out->what);
  // Path id, packet number and tag; the header; PROBE ID; PADDING.
  EXPECT_EQ(8 + 8 + 16 + 12 + (8 + 8) + (8 + probe.padding), 1200U);
}

TEST_F(UdpPath, LowersTheSizeAtOnceWhenToldThatItIsTooLong) {
  start();
  for (int i = 0; i != 3; ++i)
    answer(take_probe(client));
  client.handle_too_long(now, 1453);
  EXPECT_EQ(client.current_route()->datagram_size_max, 1452U);
  client.handle_too_long(now, 1452);
  EXPECT_EQ(client.current_route()->datagram_size_max, 1400U);
  client.handle_too_long(now, 1201);
  EXPECT_EQ(client.current_route()->datagram_size_max, 1200U);
  EXPECT_FALSE(client.poll_transmit().has_value()) << "does not try the same again";
  client.handle_too_long(now, 600);
  EXPECT_FALSE(client.current_route().has_value());
}

TEST_F(UdpPath, EndsTheSearchWhenTheProbeItselfIsTooLong) {
  start();
  answer(take_probe(client));
  static_cast<void>(take_probe(client));
  client.handle_too_long(now, 1400);
  EXPECT_EQ(client.current_route()->datagram_size_max, 1200U);
  EXPECT_GE(client.poll_timeout(), now + 4500ms);
}

TEST_F(UdpPath, KeepsTheFourNewestAnswersAndNeverLengthensThem) {
  start();
  static_cast<void>(take_probe(client));
  for (std::uint64_t probe = 1; probe != 10; ++probe)
    client.handle_probe(now, there, {probe}, 60);
  client.handle_probe(now, there, {77}, 59); // an answer would be longer
  client.handle_probe(now, elsewhere, {88}, 1200);
  for (std::uint64_t probe = 6; probe != 10; ++probe) {
    const auto out = client.poll_transmit();
    ASSERT_TRUE(out.has_value());
    EXPECT_EQ(std::get<message::udp_probe_ack>(out->what).probe, probe);
    EXPECT_EQ(out->datagram_size, 0U);
    EXPECT_EQ(out->to, there);
  }
  EXPECT_FALSE(client.poll_transmit().has_value());
}

TEST_F(UdpPath, LetsOnlyTheNewestDatagramMoveTheClient) {
  const auto home = make_address(7, 1);
  server.handle_datagram(now, home, false, 1200);
  EXPECT_FALSE(server.poll_transmit().has_value());
  server.handle_datagram(now, home, true, 1200);
  server.handle_probe_ack(now, home, {take_probe(server)});
  ASSERT_TRUE(server.current_route().has_value());
  const auto before = server.poll_timeout();

  server.handle_datagram(now, elsewhere, false, 1200);
  server.handle_probe(now, elsewhere, {1}, 1200);
  EXPECT_EQ(server.current_route()->to, home);
  EXPECT_EQ(server.poll_timeout(), before);
  const auto growing = server.poll_transmit();
  ASSERT_TRUE(growing.has_value());
  EXPECT_EQ(growing->to, home);
  EXPECT_FALSE(server.poll_transmit().has_value());

  server.handle_datagram(now, elsewhere, true, 1200);
  EXPECT_FALSE(server.current_route().has_value());
}

TEST_F(UdpPath, SavesUpForAProbeFromSmallDatagrams) {
  for (int i = 0; i != 3; ++i) { // three of 100 bytes pay for 900
    server.handle_datagram(now, elsewhere, true, 100);
    EXPECT_FALSE(server.poll_transmit().has_value());
    EXPECT_EQ(server.poll_timeout(), never);
  }
  server.handle_datagram(now, elsewhere, true, 100);
  EXPECT_EQ(server.poll_transmit()->datagram_size, 1200U);
  now = server.poll_timeout();
  server.handle_timeout(now);
  EXPECT_FALSE(server.poll_transmit().has_value()) << "all is spent";
  EXPECT_EQ(server.poll_timeout(), never);
}

TEST_F(UdpPath, DoesNotGiveUpASizeForOneLostProbe) {
  start();
  answer(take_probe(client));
  static_cast<void>(take_probe(client));
  now = client.poll_timeout();
  client.handle_timeout(now);
  EXPECT_EQ(client.current_route()->datagram_size_max, 1200U);
  answer(take_probe(client));
  EXPECT_EQ(client.current_route()->datagram_size_max, 1400U);
}

TEST_F(UdpPath, MeasuresANewAddressFromTheBeginning) {
  for (const auto round_trip : {300ms, 20ms}) {
    const auto from = make_address(7, static_cast<std::uint16_t>(round_trip.count()));
    server.handle_datagram(now, from, true, 1200);
    const auto probe = take_probe(server);
    now += round_trip;
    server.handle_probe_ack(now, from, {probe});
    EXPECT_EQ(server.stats().round_trip, round_trip);
  }
}

} // namespace
} // namespace kodama
