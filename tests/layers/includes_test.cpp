#include "tests/layers/rules.hpp"

#include <gtest/gtest.h>

namespace kodama::layers {
namespace {

bool allowed(std::string_view path, std::string_view include) {
  return check_includes(path, "#include " + std::string{include} + "\n").empty();
}

TEST(Includes, ProtocolIsPure) {
  EXPECT_TRUE(allowed("protocol/tlv.hpp", "<vector>"));
  EXPECT_TRUE(allowed("protocol/tlv.hpp", "\"protocol/bytes.hpp\""));
  EXPECT_TRUE(allowed("protocol/result.hpp", "<boost/system/result.hpp>"));
  EXPECT_TRUE(allowed("protocol/mqtt/packet.cpp", "<boost/endian/conversion.hpp>"));
  for (const auto* include :
       {"<boost/asio.hpp>", "<caf/actor.hpp>", "<sys/socket.h>", "<unistd.h>", "<time.h>",
        "<spdlog/spdlog.h>", "<openssl/evp.h>", "\"actors/link.hpp\"", "\"net/shard.hpp\"",
        "\"sim/random.hpp\"", "\"client/client.hpp\"", "\"apps/units.hpp\"",
        "\"tests/protocol/test_chance.hpp\""})
    EXPECT_FALSE(allowed("protocol/tlv.cpp", include)) << include;
}

TEST(Includes, OneFileOfProtocolKnowsTheCipher) {
  EXPECT_TRUE(allowed("protocol/datagram_channel.cpp", "<openssl/evp.h>"));
  EXPECT_FALSE(allowed("protocol/datagram_channel.hpp", "<openssl/evp.h>"));
  EXPECT_FALSE(allowed("protocol/datagram_channel.cpp", "<boost/asio.hpp>"));
}

TEST(Includes, ActorsKnowNoSocket) {
  EXPECT_TRUE(allowed("actors/session.cpp", "\"protocol/server_session.hpp\""));
  EXPECT_TRUE(allowed("actors/session.cpp", "\"storage/store.hpp\""));
  EXPECT_TRUE(allowed("actors/link.hpp", "<caf/actor.hpp>"));
  EXPECT_FALSE(allowed("actors/session.cpp", "\"net/shard.hpp\""));
  EXPECT_FALSE(allowed("actors/session.cpp", "\"sim/network.hpp\""));
  EXPECT_FALSE(allowed("actors/session.cpp", "<boost/asio/io_context.hpp>"));
}

TEST(Includes, OnlyTheRuntimeKnowsCafsInside) {
  for (const auto* include : {"<caf/scheduler/abstract_coordinator.hpp>", "<caf/resumable.hpp>",
                              "<caf/detail/shared_spinlock.hpp>", "<caf/mailbox_element.hpp>",
                              "<caf/execution_unit.hpp>", "<caf/all.hpp>"}) {
    for (const auto* path :
         {"actors/session.cpp", "net/shard.cpp", "sim/world.cpp", "actors/runtime_like.cpp"})
      EXPECT_FALSE(allowed(path, include)) << path << ' ' << include;
    EXPECT_TRUE(allowed("actors/runtime/coordinator.hpp", include)) << include;
  }
}

TEST(Includes, NetAndSimNeverMeet) {
  EXPECT_FALSE(allowed("net/shard.cpp", "\"sim/random.hpp\""));
  EXPECT_FALSE(allowed("sim/world.cpp", "\"net/shard.hpp\""));
  for (const auto* path : {"net/shard.cpp", "sim/world.cpp"}) {
    EXPECT_TRUE(allowed(path, "\"actors/node.hpp\""));
    EXPECT_TRUE(allowed(path, "\"protocol/time.hpp\""));
    EXPECT_FALSE(allowed(path, "\"apps/units.hpp\""));
    EXPECT_FALSE(allowed(path, "\"client/client.hpp\""));
  }
}

TEST(Includes, NetTouchesTheMachineAndSimDoesNot) {
  for (const auto* include : {"<boost/asio.hpp>", "<sys/random.h>", "<openssl/ssl.h>",
                              "<spdlog/spdlog.h>", "<netinet/in.h>"}) {
    EXPECT_TRUE(allowed("net/shard.cpp", include)) << include;
    EXPECT_FALSE(allowed("sim/world.cpp", include)) << include;
  }
}

TEST(Includes, TheClientNeedsNoServer) {
  EXPECT_TRUE(allowed("client/client.cpp", "\"protocol/client_connection.hpp\""));
  EXPECT_TRUE(allowed("client/client.cpp", "<boost/asio/ip/tcp.hpp>"));
  EXPECT_FALSE(allowed("client/client.cpp", "\"actors/link.hpp\""));
  EXPECT_FALSE(allowed("client/client.cpp", "\"net/resolve.hpp\""));
  EXPECT_FALSE(allowed("client/client.cpp", "<caf/actor.hpp>"));
}

TEST(Includes, AppsAndTestsMayIncludeEverything) {
  for (const auto* path : {"apps/serve.cpp", "tests/net/shard_test.cpp"})
    for (const auto* include : {"\"net/server.hpp\"", "\"sim/world.hpp\"", "<CLI/CLI.hpp>",
                                "<sys/resource.h>", "\"client/client.hpp\""})
      EXPECT_TRUE(allowed(path, include)) << path << ' ' << include;
  EXPECT_FALSE(allowed("apps/serve.cpp", "<caf/scheduler/abstract_coordinator.hpp>"));
  EXPECT_FALSE(allowed("apps/serve.cpp", "\"serve_config.hpp\"")); // paths from the root
  EXPECT_TRUE(allowed("tests/protocol/vectors_test.cpp", "\"message_fields.hpp\""));
}

TEST(Includes, ANewRoomNeedsItsArrows) {
  EXPECT_EQ(check_includes("cluster/peer.cpp", "").size(), 1U);
}

TEST(Includes, ACommentIsNoInclude) {
  EXPECT_TRUE(check_includes("protocol/tlv.cpp", "// #include <caf/all.hpp>\n").empty());
}

TEST(Includes, AViolationNamesItsLine) {
  const auto found = check_includes("protocol/tlv.cpp", "#include <map>\n#include <unistd.h>\n");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].line, 2U);
  EXPECT_EQ(found[0].path, "protocol/tlv.cpp");
}

} // namespace
} // namespace kodama::layers
