#include "protocol/client_datagrams.hpp"

#include "tests/protocol/client_conversation.hpp"

#include <gtest/gtest.h>

namespace kodama {
namespace {

using namespace std::chrono_literals;
using test::conversation;
using test::sentences;

/// Connected, and what datagrams of up to `size` bytes take to prove themselves has happened.
void begin_with_udp(conversation& c, std::size_t size) {
  c.datagram_size_max = size;
  c.client.connect(c.now);
  c.accept();
  c.welcome();
  c.wait(5s);
  c.heard();
}

client_connection::options with_udp() {
  auto chosen = conversation::usual();
  chosen.udp = true;
  return chosen;
}

TEST(ClientDatagrams, SendsUnreliableMessagesByAProvenPath) {
  conversation c{with_udp()};
  begin_with_udp(c, 1300);
  EXPECT_EQ(c.told(), (sentences{"connected", "udp up 1200"}));
  c.publish_unreliable("fast");
  EXPECT_EQ(c.heard(), sentences{"udp UNRELIABLE 1 room 'fast'"});
}

TEST(ClientDatagrams, SendsByTcpWhatIsTooLongForThePath) {
  conversation c{with_udp()};
  begin_with_udp(c, 1300);
  // 12 + (8 + 8) + (8 + 4) + 8 + 1120 and 32 of sealing make 1200.
  c.publish_unreliable(std::string(1120, 'x'));
  c.publish_unreliable(std::string(1121, 'y'));
  const auto heard = c.heard();
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_EQ(heard[0].substr(0, 16), "udp UNRELIABLE 1");
  EXPECT_EQ(heard[1].substr(0, 12), "UNRELIABLE 2");
}

TEST(ClientDatagrams, StaysOnTcpWhereDatagramsDoNotPass) {
  conversation c{with_udp()};
  begin_with_udp(c, 1199);
  EXPECT_EQ(c.told(), sentences{"connected"});
  c.publish_unreliable("slow");
  EXPECT_EQ(c.heard(), sentences{"UNRELIABLE 1 room 'slow'"});
}

TEST(ClientDatagrams, FiltersBothTransportsTogether) {
  conversation c{with_udp()};
  begin_with_udp(c, 1300);
  c.subscribe("room", 1, 1);
  c.say_by_datagram(conversation::unreliable_publication(2, "new"));
  c.say(conversation::unreliable_publication(1, "old"));
  c.say_by_datagram(conversation::publication(2, 1, "smuggled"));
  EXPECT_EQ(c.told(), sentences{"udp received room 0 'new'"});
}

TEST(ClientDatagrams, LosesThePathWithItsTcpConnection) {
  conversation c{with_udp()};
  begin_with_udp(c, 1300);
  c.told();
  c.cut();
  EXPECT_EQ(c.told(), (sentences{"connection lost: connection_lost", "udp down"}));
  c.accept();
  c.welcome();
  EXPECT_EQ(c.told(), (sentences{"resumed", "udp up 1200"}));
}

TEST(ClientDatagrams, IsNotKeptAliveByDatagrams) {
  conversation c{with_udp()};
  begin_with_udp(c, 1300);
  c.subscribe("room", 1, 1);
  const auto last_heard = c.now;
  for (unreliable_id id = 1; c.open && id != 100; ++id) {
    c.say_by_datagram(conversation::unreliable_publication(id, "x"));
    c.wait(1s);
  }
  EXPECT_EQ(c.now - last_heard, 15s);
}

} // namespace
} // namespace kodama
