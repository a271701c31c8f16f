#include "apps/serve_config.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace kodama::apps {
namespace {

class ConfigReader : public testing::Test {
protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "kodama-config-XXXXXX";
    directory_ = mkdtemp(pattern.data());
    file_ = directory_ + "/kodama.toml";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  /// What is wrong with a file of this text, "LINE: key: what" each.
  std::vector<std::string> mistakes_of(const std::string& text) {
    std::ofstream{file_} << text;
    config_ = {};
    std::vector<std::string> told;
    for (auto& each : read_config(file_, config_)) {
      EXPECT_EQ(each.place.file, file_);
      each.place.file = "";
      auto one = to_string(each);
      told.push_back(one.starts_with(": ") ? one.substr(2) : one.substr(1));
    }
    return told;
  }

  std::string directory_;
  std::string file_;
  serve_config config_;
};

using lines = std::vector<std::string>;

lines to_strings(const config_mistakes& mistakes) {
  lines told;
  for (const auto& each : mistakes)
    told.push_back(to_string(each));
  return told;
}

TEST_F(ConfigReader, NothingIsWrongWithNothing) {
  EXPECT_EQ(mistakes_of(""), lines{});
  EXPECT_EQ(mistakes_of("# a comment\n[limits]\n"), lines{});
}

TEST_F(ConfigReader, MessagesFitIntoWhatMqttCanSay) {
  EXPECT_EQ(mistakes_of("[limits]\nmessage_size_max = \"128MiB\"\n"), lines{});
  for (const auto* key : {"limits.message_size_max", "mqtt_limits.packet_size_max"})
    EXPECT_EQ(mistakes_of(std::string{key} + " = \"129MiB\"\n"),
              lines{"1: " + std::string{key} +
                    ": \"129MiB\" is out of range; expected 1024 bytes to 128 MiB"});
}

TEST_F(ConfigReader, RangesReachAsFarAsTheySay) {
  EXPECT_EQ(mistakes_of("shutdown_max = \"500h\"\n[limits]\nsession_buffer_max = \"4GiB\"\n"
                        "[plans.p]\nstored_bytes_max = \"4GiB\"\n"),
            lines{});
  EXPECT_EQ(config_.server.node.session.session_buffer_max, std::uint64_t{1} << 32U);
  EXPECT_EQ(
      mistakes_of("shutdown_max = \"501h\"\n[limits]\nsession_buffer_max = \"4294967297\"\n"),
      (lines{"1: shutdown_max: \"501h\" is out of range; expected 1ms to 500h",
             "3: limits.session_buffer_max: \"4294967297\" is out of range; expected 65536 bytes "
             "to 4 GiB"}));
}

TEST_F(ConfigReader, EveryMistakeIsToldInTheOrderOfTheFile) {
  EXPECT_EQ(mistakes_of("threads = 0\n"
                        "listn = \"127.0.0.1:0\"\n"
                        "[times]\n"
                        "keepalive_max = 30\n"
                        "[limits]\n"
                        "message_size_max = \"much\"\n"
                        "topics_max = 5\n"),
            (lines{"1: threads: expected a whole number from 1 to 256",
                   "2: listn: no such key; did you mean listen?",
                   "4: times.keepalive_max: expected a duration in quotes, such as \"60s\"",
                   "6: limits.message_size_max: " + parse_size("much").error().reason}));
  EXPECT_EQ(config_.server.node.session.limits.topics_max, 5u) << "what is right is taken";
}

TEST_F(ConfigReader, AKeyInTheWrongTableIsLedHome) {
  EXPECT_EQ(
      mistakes_of("sections_max = 20\n[limits]\nack_delay = \"1ms\"\n[limit]\ntopics_max = 1\n"),
      (lines{"1: sections_max: no such key; did you mean limits.sections_max?",
             "3: limits.ack_delay: no such key; did you mean times.ack_delay?",
             "5: limit.topics_max: no such key; did you mean limits.topics_max?"}));
}

TEST_F(ConfigReader, NoProposalWhereNothingIsNear) {
  EXPECT_EQ(mistakes_of("colour = \"green\"\n"),
            lines{"1: colour: no such key; docs/operations.md lists them all"});
}

TEST_F(ConfigReader, ATableAndAValueAreToldApart) {
  EXPECT_EQ(mistakes_of("limits = 5\n"),
            lines{"1: limits: expected a table, that is [limits] and keys below it"});
}

TEST_F(ConfigReader, ReadingGoesOnBehindABrokenLine) {
  const auto told = mistakes_of("threads = = 2\nthreads = 0\nudp = maybe\nlog_level = 5\n");
  ASSERT_EQ(told.size(), 4u);
  EXPECT_TRUE(told[0].starts_with("1: ")) << told[0];
  EXPECT_EQ(told[1], "2: threads: expected a whole number from 1 to 256");
  EXPECT_TRUE(told[2].starts_with("3: ")) << told[2];
  EXPECT_EQ(told[3], "4: log_level: expected a text in quotes");
}

TEST_F(ConfigReader, BelowABrokenTableNameNothingIsGuessed) {
  const auto told = mistakes_of("threads = 0\n[limits\ntopics_max = 0\n");
  ASSERT_EQ(told.size(), 2u);
  EXPECT_TRUE(told[1].starts_with("2: ")) << told[1];
}

TEST_F(ConfigReader, OriginsAreAsBrowsersNameThem) {
  EXPECT_EQ(
      mistakes_of("origins = [\"https://app.example.net\", \"http://[::1]:3000\", \"null\"]\n"),
      std::vector<std::string>{});
  EXPECT_EQ(config_.server.origins.size(), 3u);
  for (const auto* wrong : {"app.example.net", "https://app.example.net/", "https://*.example.net"})
    EXPECT_EQ(mistakes_of(std::string{"origins = [\"*\", \""} + wrong + "\"]\n"),
              std::vector<std::string>{"1: origins: \"" + std::string{wrong} +
                                       "\" is no origin: expected one as browsers name it, such as "
                                       "\"https://app.example.net\", or \"*\" for all"});
}

TEST_F(ConfigReader, AFileThatIsNotThereIsNamed) {
  const auto told = read_config(directory_ + "/none.toml", config_);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(to_string(told[0]),
            directory_ + "/none.toml: cannot be read: No such file or directory");
}

TEST_F(ConfigReader, ListenersComeAsOftenAsTheyAreWritten) {
  EXPECT_EQ(
      mistakes_of("[tls.a]\ncertificate = \"c\"\nkey = \"k\"\n"
                  "[tls.b]\ncertificate = [\"c\", \"d\"]\nkey = [\"k\", \"l\"]\n"
                  "[[listener]]\nprotocol = \"mqtt\"\naddress = \"127.0.0.1:1\"\ntls = \"a\"\n"
                  "[[listener]]\nprotocol = \"native\"\naddress = \"[::1]:2\"\n"
                  "websocket = true\nproxy_protocol = true\n"),
      lines{});
  ASSERT_EQ(config_.listeners.size(), 2u);
  EXPECT_EQ(config_.listeners[0].protocol, net::spoken_protocol::mqtt);
  EXPECT_EQ(config_.listeners[0].tls, "a");
  EXPECT_FALSE(config_.listeners[0].websocket);
  EXPECT_EQ(config_.listeners[1].address, (host_port{"::1", 2}));
  EXPECT_TRUE(config_.listeners[1].websocket && config_.listeners[1].proxy_protocol);
  ASSERT_EQ(config_.server.tls.size(), 2u);
  EXPECT_EQ(config_.server.tls[1].certificates,
            (std::vector<net::certificate_files>{{"c", "k"}, {"d", "l"}}));
  EXPECT_EQ(to_strings(check_config(config_)), lines{});
}

TEST_F(ConfigReader, MistakesInListenersAreToldByTheirLine) {
  EXPECT_EQ(mistakes_of("[[listener]]\nprotocol = \"mqtts\"\nadress = \"127.0.0.1:1\"\n"
                        "[[listener]]\n"
                        "[tls.a]\ncertificate = \"c\"\nrequire_client_certificate = true\n"
                        "password = \"p\"\n"),
            (lines{"1: listener: address is missing; expected address = \"HOST:PORT\"",
                   "2: listener.protocol: expected \"native\", \"mqtt\" or \"http\"",
                   "3: listener.adress: no such key; did you mean address?",
                   "4: listener: protocol is missing; expected protocol = \"native\", \"mqtt\" or "
                   "\"http\"",
                   "4: listener: address is missing; expected address = \"HOST:PORT\"",
                   "5: tls.a: expected as many keys as certificates, at least one of each, not "
                   "1 certificate and 0 keys",
                   "5: tls.a: require_client_certificate needs client_ca, the file with the "
                   "authorities whose certificates are accepted",
                   "8: tls.a.password: no such key; expected one of certificate, client_ca, key, "
                   "require_client_certificate"}));
  EXPECT_EQ(mistakes_of("[listener]\naddress = \"127.0.0.1:1\"\n"),
            lines{"1: listener: expected [[listener]], in double brackets, for each"});
}

TEST_F(ConfigReader, AListenersCertificatesHaveToBeThere) {
  EXPECT_EQ(mistakes_of("\n[[listener]]\nprotocol = \"mqtt\"\naddress = \"127.0.0.1:1\"\n"
                        "tls = \"b\"\n[tls.a]\ncertificate = \"c\"\nkey = \"k\"\n"),
            lines{});
  EXPECT_EQ(to_strings(check_config(config_)),
            lines{file_ + ":2: listener: there is no [tls.b]; this file has [tls.a]"});
  const auto told = to_strings(check_certificates(config_));
  EXPECT_EQ(told, lines{file_ + ":6: tls.a: c No such file or directory"});
}

TEST_F(ConfigReader, ALevelOfTheLogThatIsNoneIsToldWithItsLine) {
  EXPECT_EQ(
      mistakes_of("threads = 2\nlog_level = \"loud\"\n"),
      lines{"2: log_level: \"loud\" is no level of the log; expected debug, info, warn, error "
            "or off"});
  EXPECT_EQ(mistakes_of("log_level = \"warning\"\n"), lines{});
  EXPECT_EQ(config_.log_level, "warning");
}

TEST_F(ConfigReader, AddressesAreTextsInQuotes) {
  const std::string expected = "expected HOST:PORT in quotes, such as \"127.0.0.1:7400\"";
  EXPECT_EQ(mistakes_of("listen = 7400\nmqtt = 1883\n"),
            (lines{"1: listen: " + expected, "2: mqtt: " + expected}));
}

TEST_F(ConfigReader, AnAddressThatIsNoneIsToldOnce) {
  EXPECT_EQ(mistakes_of("mqtt = \"\"\n"), lines{"1: mqtt: " + parse_host_port("").error().reason});
  EXPECT_EQ(to_strings(resolve_addresses(config_)), lines{});
}

TEST_F(ConfigReader, HttpIsNotSpokenOverWebSocket) {
  EXPECT_EQ(mistakes_of("\n[[listener]]\nprotocol = \"http\"\naddress = \"127.0.0.1:1\"\n"
                        "websocket = true\n"),
            lines{});
  EXPECT_EQ(to_strings(check_config(config_)),
            lines{file_ + ":2: listener: HTTP is not spoken over WebSocket: leave websocket out"});
}

TEST_F(ConfigReader, WhatComesByMqttOrHttpHasToFitIntoNativeMessages) {
  const std::string large = "[mqtt_limits]\npacket_size_max = \"1MiB\"\n";
  for (const std::string protocol : {"mqtt", "http"}) {
    ASSERT_EQ(mistakes_of(large + "[[listener]]\nprotocol = \"" + protocol +
                          "\"\naddress = \"127.0.0.1:1\"\n"),
              lines{});
    EXPECT_EQ(to_strings(check_config(config_)),
              lines{"mqtt_limits.packet_size_max (1048576) has to be at most "
                    "limits.message_size_max - 512, that is 65024 bytes"});
  }
  ASSERT_EQ(mistakes_of(large), lines{});
  EXPECT_EQ(to_strings(check_config(config_)), lines{}) << "nobody comes by either";
}

TEST_F(ConfigReader, WithoutTokensEveryListenerHasToBeLoopback) {
  ASSERT_EQ(mistakes_of("listen = \"0.0.0.0:0\"\n[[listener]]\nprotocol = \"mqtt\"\n"
                        "address = \"0.0.0.0:0\"\nwebsocket = true\n"),
            lines{});
  const std::string what =
      "without tokens or users only loopback is served, not 0.0.0.0; give --tokens FILE, "
      "or listen on 127.0.0.1";
  EXPECT_EQ(to_strings(resolve_addresses(config_)), (lines{what, file_ + ":2: listener: " + what}));
  ASSERT_EQ(mistakes_of("listen = \"[::]:0\"\n"), lines{});
  EXPECT_NE(to_strings(resolve_addresses(config_)).at(0).find("served, not [::]; give"),
            std::string::npos);
  config_.server.accounts.tokens = {"token"};
  EXPECT_EQ(to_strings(resolve_addresses(config_)), lines{});
}

TEST_F(ConfigReader, NoAddressIsServedTwice) {
  const std::string listener = "[[listener]]\nprotocol = \"mqtt\"\naddress = ";
  const std::string own = "; give it a port of its own";
  const std::string at = file_ + ":";
  ASSERT_EQ(mistakes_of("listen = \"127.0.0.1:1\"\nmqtt = \"127.0.0.1:1\"\n" + listener +
                        "\"127.0.0.1:2\"\n" + listener + "\"127.0.0.1:2\"\n"),
            lines{});
  EXPECT_EQ(
      to_strings(resolve_addresses(config_)),
      (lines{at + "2: mqtt: 127.0.0.1:1 is taken by listen (127.0.0.1:1, line 1)" + own,
             at + "6: listener: 127.0.0.1:2 is taken by listener (127.0.0.1:2, line 3)" + own}));
  ASSERT_EQ(mistakes_of("listen = \"127.0.0.1:0\"\nmqtt = \"127.0.0.1:0\"\n" + listener +
                        "\"127.0.0.1:2\"\n" + listener + "\"127.0.0.2:2\"\n" + listener +
                        "\"[::1]:2\"\n"),
            lines{});
  EXPECT_EQ(to_strings(resolve_addresses(config_)), lines{});
}

TEST_F(ConfigReader, AnAddressOfAllHoldsTheOthersOfItsPort) {
  for (const std::string all : {"0.0.0.0:7", "[::]:7"}) {
    ASSERT_EQ(mistakes_of("tokens = \"t\"\nlisten = \"127.0.0.1:7\"\nmqtt = \"" + all + "\"\n"),
              lines{});
    config_.server.accounts.tokens = {"token"};
    EXPECT_EQ(to_strings(resolve_addresses(config_)),
              lines{file_ + ":3: mqtt: " + all +
                    " is taken by listen (127.0.0.1:7, line 2); give it a port of its own"});
  }
}

TEST_F(ConfigReader, EachFilterThatIsNoneIsTold) {
  const auto told = mistakes_of("[users.ann]\npublish = [\"a#\", \"b/#\", \"c+\"]\n");
  ASSERT_EQ(told.size(), 1u);
  EXPECT_TRUE(told[0].starts_with("2: users.ann.publish: \"a#\" ")) << told[0];
  EXPECT_NE(told[0].find("; \"c+\" "), std::string::npos) << told[0];
  EXPECT_EQ(told[0].find("b/#"), std::string::npos) << told[0];
}

TEST_F(ConfigReader, ARuleThatCouldMatchNothingIsTold) {
  EXPECT_EQ(mistakes_of("[users.ann]\npublish = [\"%u/%c\", \"50%\", \"%/a\", \"a%20b\"]\n"
                        "publish_denied = [\"$share/is/a/topic\"]\n"),
            lines{});
  EXPECT_EQ(
      mistakes_of("[users.ann]\npublish = [\"%x/%u\"]\nsubscribe = [\"$share/g/t\"]\n"
                  "[anonymous]\nsubscribe_denied = \"%U\"\n"),
      (lines{"2: users.ann.publish: \"%x/%u\" has a placeholder that is none, %x; expected %u, "
             "the account's name, or %c, the Client Identifier",
             "3: users.ann.subscribe: \"$share/g/t\" would match no subscription: a shared "
             "one is judged by its filter alone; leave \"$share/NAME/\" out",
             "5: anonymous.subscribe_denied: \"%U\" has a placeholder that is none, %U; "
             "expected %u, the account's name, or %c, the Client Identifier"}));
}

TEST_F(ConfigReader, TheGuestsMistakesAreTheirOwn) {
  const auto told = mistakes_of("[anonymous]\nplan = \"none\"\n"
                                "[users.anonymous]\ntokens = [\"t\"]\n");
  ASSERT_EQ(told.size(), 1u);
  EXPECT_TRUE(told[0].starts_with("3: users.anonymous: ")) << told[0];
  EXPECT_EQ(to_strings(load_accounts(config_)),
            lines{file_ + ":1: anonymous: there is no [plans.none]; write one"});
}

TEST_F(ConfigReader, WhatStandsInNoLineIsToldLast) {
  config_mistakes mistakes{{{}, "a"}, {{"f", 7, ""}, "b"}, {{"f", 2, ""}, "c"}, {{}, "d"}};
  sort_by_line(mistakes);
  EXPECT_EQ(to_strings(mistakes), (lines{"f:2: c", "f:7: b", "a", "d"}));
}

TEST_F(ConfigReader, EveryValueIsNotedAsItIsWritten) {
  ASSERT_EQ(mistakes_of("threads = 2\n[limits]\ntopics_max = 7\n[[listener]]\nprotocol = \"mqtt\"\n"
                        "address = \"127.0.0.1:1\"\n"),
            lines{});
  EXPECT_EQ(config_.written.at("threads"), "2");
  EXPECT_EQ(config_.written.at("limits.topics_max"), "7");
  EXPECT_NE(config_.written.at("listener[1].address").find("127.0.0.1:1"), std::string::npos);
}

} // namespace
} // namespace kodama::apps
