#include "tests/net/loopback.hpp"

#include <gtest/gtest.h>

namespace kodama::net {
namespace {

using namespace std::chrono_literals;
using namespace testing;

flaky_options between(const tcp::endpoint& listen, const tcp::endpoint& to) {
  flaky_options options;
  options.listen = listen;
  options.to = to;
  return options;
}

TEST(FlakyProxy, ListensOnTheSamePortForTcpAndUdp) {
  asio::io_context context;
  tcp_server tcp_echo{context};
  udp_peer udp_echo{context, {tcp_echo.endpoint().address(), tcp_echo.endpoint().port()}};
  udp_echo.echoing = true;
  flaky_proxy proxy{context, between(loopback(), tcp_echo.endpoint())};
  ASSERT_TRUE(proxy.start().has_value());
  ASSERT_NE(proxy.listening().port(), 0);

  const auto client = std::make_shared<tcp_peer>(tcp::socket{context});
  client->connect(proxy.listening());
  client->write(bytes(10));
  udp_peer datagrams{context, {asio::ip::address_v4::loopback(), 0}};
  datagrams.send({proxy.listening().address(), proxy.listening().port()}, 1);
  EXPECT_TRUE(run_until(
      context, [&] { return client->received().size() == 10 && datagrams.numbers.size() == 1; }));
}

TEST(FlakyProxy, SaysWhenThePortIsTaken) {
  asio::io_context context;
  tcp_server other{context};
  flaky_proxy tcp_taken{context, between(other.endpoint(), other.endpoint())};
  EXPECT_EQ(tcp_taken.start().error(), error_code{asio::error::address_in_use});

  udp_peer datagrams{context, {asio::ip::address_v4::loopback(), 0}};
  const tcp::endpoint same{datagrams.endpoint().address(), datagrams.endpoint().port()};
  flaky_proxy udp_taken{context, between(same, other.endpoint())};
  EXPECT_EQ(udp_taken.start().error(), error_code{asio::error::address_in_use});
}

// Every kind of timer is pending and every queue has something in it when the proxy stops.
TEST(FlakyProxy, LeavesNothingToWaitForOnceStopped) {
  asio::io_context context;
  auto server = std::make_unique<tcp_server>(context);
  auto options = between(loopback(), server->endpoint());
  options.delay = 1h;
  options.cut_every = 2h;
  options.rebind_every = 2h;
  options.reorder = 1;
  auto proxy = std::make_unique<flaky_proxy>(context, options);
  ASSERT_TRUE(proxy->start().has_value());
  const auto client = std::make_shared<tcp_peer>(tcp::socket{context});
  client->connect(proxy->listening());
  client->write(bytes(10));
  auto datagrams =
      std::make_unique<udp_peer>(context, udp::endpoint{asio::ip::address_v4::loopback(), 0});
  datagrams->send({proxy->listening().address(), proxy->listening().port()}, 1);
  ASSERT_TRUE(run_until(context, [&] { return server->peers.size() == 1; }));
  run_until(
      context, [] { return false; }, 20ms);

  proxy->stop();
  ASSERT_TRUE(run_until(context, [&] { return client->ended().has_value(); }));
  EXPECT_EQ(client->ended(), error_code{asio::error::connection_reset});
  proxy.reset();
  datagrams.reset();
  server.reset();
  context.restart();
  context.run_for(5s);
  EXPECT_TRUE(context.stopped());
}

} // namespace
} // namespace kodama::net
