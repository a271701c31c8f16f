#include "client/driver.hpp"

#include "client/client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <dlfcn.h>
#include <mutex>
#include <netdb.h>
#include <string>
#include <string_view>

namespace {

/// Holds up whoever asks for "held.example".
class name_server {
public:
  static name_server& only() {
    static name_server one;
    return one;
  }
  void hold() {
    std::unique_lock lock{mutex_};
    ++questions_;
    ++held_;
    // For a test that fails, and waits for the answer.
    changed_.wait_for(lock, std::chrono::seconds{10}, [this] { return released_; });
    --held_;
    changed_.notify_all();
  }
  [[nodiscard]] int held() {
    const std::scoped_lock lock{mutex_};
    return held_;
  }
  [[nodiscard]] int questions() {
    const std::scoped_lock lock{mutex_};
    return questions_;
  }
  void release() {
    std::unique_lock lock{mutex_};
    released_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return held_ == 0; });
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool released_ = false;
  int held_ = 0;
  int questions_ = 0;
};

} // namespace

/// In this program "two.example" has two addresses, 127.0.0.9 and 127.0.0.1, and whoever asks for
/// "held.example" waits; all other names have those that the system gives them.
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                           addrinfo** found) {
  const auto system = reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
  const std::string_view asked{name == nullptr ? "" : name};
  if (asked == "held.example") {
    name_server::only().hold();
    return EAI_AGAIN;
  }
  if (asked != "two.example")
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

TEST(Driver, LetsNobodyWaitForANameServer) {
  {
    client game{{.server = "held.example", .retry_first = 1ms, .connect_timeout = 50ms}};
    int lost = 0;
    game.on_connection_lost([&](const auto& e) {
      EXPECT_EQ(e.reason, errc::connect_timeout);
      if (++lost == 3)
        game.disconnect();
    });
    game.connect();
    game.run();
    EXPECT_EQ(lost, 3);
  }
  EXPECT_EQ(name_server::only().held(), 1);
  EXPECT_EQ(name_server::only().questions(), 1);
  name_server::only().release();
}

} // namespace
} // namespace kodama
