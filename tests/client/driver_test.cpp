#include "client/driver.hpp"

#include "client/client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <dlfcn.h>
#include <netdb.h>
#include <string>
#include <string_view>

/// In this program "two.example" has two addresses, 127.0.0.9 and 127.0.0.1; all other names have
/// those that the system gives them.
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                           addrinfo** found) {
  const auto system = reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
  if (name == nullptr || std::string_view{name} != "two.example")
    return system(name, service, hints, found);
  addrinfo* further = nullptr;
  if (const auto error = system("127.0.0.1", service, hints, &further); error != 0)
    return error;
  if (const auto error = system("127.0.0.9", service, hints, found); error != 0)
    return error;
  auto last = *found;
  while (last->ai_next != nullptr)
    last = last->ai_next;
  last->ai_next = further;
  return 0;
}

namespace kodama {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;

/// Takes connections at one port of 127.0.0.9 and 127.0.0.1, and says nothing.
struct silent_hosts {
  silent_hosts() {
    // The port of the one may be taken at the other.
    for (int attempts = 0; attempts != 100 && !second.is_open(); ++attempts) {
      first = tcp::acceptor{network, {boost::asio::ip::make_address_v4("127.0.0.9"), 0}};
      boost::system::error_code error;
      second.open(tcp::v4(), error);
      if (second.bind({boost::asio::ip::address_v4::loopback(), port()}, error))
        second.close();
    }
    second.listen();
    second.non_blocking(true);
  }

  [[nodiscard]] unsigned short port() const { return first.local_endpoint().port(); }

  boost::asio::io_context network;
  tcp::acceptor first{network};
  tcp::acceptor second{network};
};

TEST(Driver, GoesOnToTheNextAddressWhereTheFirstTakesConnectionsAndDoesNotAnswer) {
  silent_hosts hosts;
  client game{{.server = "two.example:" + std::to_string(hosts.port()),
               .retry_first = 1ms,
               .retry_max = 10ms,
               .connect_timeout = 50ms}};
  boost::system::error_code error = boost::asio::error::would_block;
  game.connect();
  for (int i = 0; i != 500 && error; ++i) {
    game.run_for(10ms);
    hosts.second.accept(error);
  }
  EXPECT_FALSE(error) << error.message();
}

} // namespace
} // namespace kodama
