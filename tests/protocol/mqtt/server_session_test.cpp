#include "protocol/mqtt/server_session.hpp"

#include "packet_text.hpp"
#include "protocol/mqtt/encode.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace kodama::mqtt {
namespace {

using namespace std::chrono_literals;
using said = std::vector<std::string>;

/// A client, of 5.0 unless it says otherwise, that writes packets down, and a session that it talks
/// to.
class Session : public testing::Test {
protected:
  Session() {
    options.receive_maximum = 2;
    options.session_buffer_max = 4'000;
  }

  void attach(connect asked = {}) {
    asked.client_id = "me";
    asked.properties.session_expiry_interval = 60;
    stream.clear();
    speaks.version = asked.version;
    ASSERT_TRUE(encode(stream, asked, speaks));
    packet_reader reader{packet_size_limit};
    reader.feed(stream);
    const auto first = reader.next();
    ASSERT_TRUE(first && *first);
    session.handle_attach(now, std::get<connect>(**first), std::move(reader));
  }

  /// The client says it; what the owner is given: "publish ID ORDINAL", or what was broken.
  std::string hear(const packet& what) {
    bytes out;
    EXPECT_TRUE(encode(out, what, speaks));
    arrived.push_back(std::move(out));
    session.handle_bytes(now, arrived.back());
    packet place;
    const auto request = session.poll_request(now, place);
    if (!request)
      return request.error().text;
    if (!*request)
      return "";
    if (const auto* given = std::get_if<server_session::publish_request>(&**request))
      return "publish " + std::string{given->what->topic} + ' ' + std::to_string(given->what->id) +
             ' ' + std::to_string(given->ordinal);
    return "another";
  }

  static publish sending(packet_id id, qos how, std::string_view topic = "t") {
    publish what;
    what.topic = topic;
    what.qos = how;
    what.id = id;
    return what;
  }

  server_session::pushed owe(qos how, std::string_view payload, instant expires = never,
                             std::string_view topic = "t") {
    publish what;
    what.topic = topic;
    what.payload = as_bytes(payload);
    outgoing next;
    const auto forms = std::make_shared<publish_forms>();
    forms->add(what, expires);
    next.forms = forms;
    next.qos = how;
    return session.push(std::move(next));
  }

  /// What is written: "publish PAYLOAD ID", with "dup" where it was sent before; others "TYPE ID".
  said written(protocol_version version = protocol_version::v5, std::size_t size_max = 100'000) {
    bytes out;
    session.poll_transmit(now, out, size_max);
    return told_all(out, version);
  }

  /// What of it is written at once.
  said pushed_through(outgoing what, std::size_t size_max = 100'000) {
    bytes out;
    EXPECT_EQ(session.push(std::move(what), now, out, size_max), kept);
    return told_all(out, protocol_version::v5);
  }

  static said told_all(const bytes& out, protocol_version version) {
    packet_reader reader{packet_size_limit, version};
    reader.feed(out);
    said all;
    for (;;) {
      const auto next = reader.next();
      EXPECT_TRUE(next) << next.error().text;
      if (!next || !*next)
        return all;
      all.push_back(told(**next));
    }
  }

  /// Of the publishes that are written: "TOPIC = ALIAS", or the topic alone.
  said addressed() {
    bytes out;
    session.poll_transmit(now, out, 100'000);
    packet_reader reader{packet_size_limit, protocol_version::v5};
    reader.feed(out);
    said all;
    for (auto next = reader.next(); next && *next; next = reader.next()) {
      const auto& each = std::get<publish>(**next);
      const auto alias = each.properties.topic_alias;
      all.push_back(std::string{each.topic} + (alias ? " = " + std::to_string(*alias) : ""));
    }
    return all;
  }

  static std::string told(const packet& what) {
    if (const auto* given = std::get_if<publish>(&what))
      return (given->dup ? "dup " : "publish ") + std::string{as_text(given->payload)} + ' ' +
             std::to_string(given->id);
    return std::visit(
        [&what]<class Packet>(const Packet& each) {
          std::string text{name_of(type_of(what))};
          if constexpr (requires { each.id; })
            text += ' ' + std::to_string(each.id);
          if constexpr (requires { each.reason; })
            if (is_failure(each.reason))
              text += ' ' + std::string{name_of(each.reason)};
          return text;
        },
        what);
  }

  static constexpr server_session::pushed kept{}, dropped{1, false}, overflow{0, true};

  session_options options;
  encode_options speaks; ///< the client's version
  instant now{1h};
  server_session session{options};
  bytes stream;
  std::vector<bytes> arrived;
};

/// Messages of one topic, one after the other, that nobody waits for.
std::shared_ptr<const publish_forms> forms_of(const std::vector<std::string>& payloads,
                                              protocol_version version = protocol_version::v5) {
  auto forms = std::make_shared<publish_forms>(version);
  for (const auto& each : payloads) {
    publish what;
    what.topic = "t";
    what.payload = as_bytes(each);
    forms->add(what, never);
  }
  return forms;
}

TEST_F(Session, WritesABatchWhoeverItIsFor) {
  connect older;
  older.version = protocol_version::v3_1_1;
  connect aliases;
  aliases.properties.topic_alias_maximum = 1;
  const said all{"publish one 0", "publish two 0", "publish three 0"};
  for (const auto& client : {connect{}, older, aliases})
    for (const auto packed : {protocol_version::v3_1_1, protocol_version::v5}) {
      attach(client);
      EXPECT_EQ(session.push({forms_of({"one", "two", "three"}, packed), 0, 3}), kept);
      EXPECT_EQ(written(client.version), all);
      EXPECT_EQ(session.buffered_bytes(), 0U);
      session.handle_detach(now);
    }
}

TEST_F(Session, WritesABatchInAsManyPiecesAsThereIsRoomFor) {
  attach();
  ASSERT_EQ(session.push({forms_of({"one", "two", "three"}), 0, 3}), kept);
  ASSERT_EQ(owe(qos::at_least_once, "four"), kept);
  const auto whole = session.buffered_bytes();
  EXPECT_EQ(written(protocol_version::v5, 1), said{"publish one 0"});
  EXPECT_LT(session.buffered_bytes(), whole);
  EXPECT_EQ(written(protocol_version::v5, 12), (said{"publish two 0", "publish three 0"}));
  EXPECT_EQ(written(), said{"publish four 1"});
}

TEST_F(Session, KeepsOfABatchWhatThereIsRoomFor) {
  attach();
  const std::string large(1'000, 'x');
  EXPECT_EQ(session.push({forms_of({large, large, large, large, "y"}), 0, 5}),
            (server_session::pushed{1, false}));
  EXPECT_EQ(written().size(), 4U) << "the small one fits where a large one does not";
  EXPECT_EQ(session.buffered_bytes(), 0U);
  session.handle_detach(now);
  EXPECT_EQ(session.push({forms_of({"a", "b"}), 0, 2}), (server_session::pushed{2, false}));
}

TEST_F(Session, ForgetsWhatIsLeftOfABatchWithItsConnection) {
  attach();
  ASSERT_EQ(session.push({forms_of({"one", "two", "three"}), 0, 3}), kept);
  EXPECT_EQ(written(protocol_version::v5, 1), said{"publish one 0"});
  session.handle_detach(now);
  EXPECT_EQ(session.buffered_bytes(), 0U);
  attach();
  EXPECT_EQ(written(), said{});
}

TEST_F(Session, WritesAtOnceWhatFindsNothingWaiting) {
  attach();
  EXPECT_EQ(pushed_through({forms_of({"one", "two"}), 0, 2}),
            (said{"publish one 0", "publish two 0"}));
  EXPECT_EQ(session.buffered_bytes(), 0U);
  EXPECT_EQ(written(), said{});
}

TEST_F(Session, KeepsWhatDoesNotGoAtOnce) {
  attach();
  EXPECT_EQ(pushed_through({forms_of({"one", "two"}), 0, 2}, 1), said{"publish one 0"});
  EXPECT_EQ(pushed_through({forms_of({"three"})}), said{}) << "before the second";
  EXPECT_EQ(written(), (said{"publish two 0", "publish three 0"}));
  EXPECT_EQ(session.buffered_bytes(), 0U);
  bytes full(10);
  EXPECT_EQ(session.push({forms_of({"four"})}, now, full, 10), kept);
  EXPECT_EQ(full.size(), 10U);
  EXPECT_EQ(written(), said{"publish four 0"});
}

TEST_F(Session, WritesNothingAtOncePastWhatWaits) {
  attach();
  EXPECT_EQ(pushed_through({forms_of({"kept"}), 0, 1, qos::at_least_once}), said{});
  EXPECT_EQ(pushed_through({forms_of({"after it"})}), said{});
  EXPECT_EQ(written(), (said{"publish kept 1", "publish after it 0"}));
  (void)hear(puback{1, reason_code::success, {}});
  EXPECT_EQ(hear(sending(7, qos::at_least_once)), "publish t 7 1");
  session.complete(1);
  EXPECT_EQ(pushed_through({forms_of({"after the answer"})}), said{});
  EXPECT_EQ(written(), (said{"PUBACK 7", "publish after the answer 0"}));
}

TEST_F(Session, DropsWithoutAGuaranteeWhatFindsNobodyThere) {
  bytes out;
  EXPECT_EQ(session.push({forms_of({"one"})}, now, out, 100), dropped);
  EXPECT_TRUE(out.empty());
}

TEST_F(Session, AnswersPublishesInTheirOrder) {
  attach();
  EXPECT_EQ(hear(sending(7, qos::at_least_once)), "publish t 7 1");
  EXPECT_EQ(hear(sending(8, qos::exactly_once)), "publish t 8 2");
  session.complete(2);
  EXPECT_EQ(written(), said{});
  session.complete(1);
  EXPECT_EQ(written(), (said{"PUBACK 7", "PUBREC 8"}));
}

TEST_F(Session, HandsOutAPublishOfQos2OnceOverConnections) {
  attach();
  EXPECT_EQ(hear(sending(8, qos::exactly_once)), "publish t 8 1");
  session.handle_detach(now);
  session.complete(1);
  attach({.clean_start = false});
  EXPECT_EQ(written(), said{"PUBREC 8"});
  EXPECT_EQ(hear(sending(8, qos::exactly_once)), "");
  EXPECT_EQ(written(), said{"PUBREC 8"});
  EXPECT_EQ(hear(pubrel{8, reason_code::success, {}}), "");
  EXPECT_EQ(written(), said{"PUBCOMP 8"});
  EXPECT_EQ(hear(sending(8, qos::exactly_once)), "publish t 8 2");
}

TEST_F(Session, LetsAClientRepeatWhatWasNotAnswered) {
  attach();
  EXPECT_EQ(hear(sending(7, qos::at_least_once)), "publish t 7 1");
  session.handle_detach(now);
  attach({.clean_start = false});
  EXPECT_EQ(hear(sending(7, qos::at_least_once)), "publish t 7 2");
  session.complete(1);
  session.complete(2);
  EXPECT_EQ(written(), said{"PUBACK 7"});
}

TEST_F(Session, RefusesMorePublishesThanItsReceiveMaximum) {
  attach();
  (void)hear(sending(1, qos::exactly_once));
  session.complete(1);
  (void)hear(sending(2, qos::at_least_once));
  EXPECT_NE(hear(sending(3, qos::exactly_once)).find("Receive Maximum is 2"), std::string::npos);
}

TEST_F(Session, HasNoReceiveMaximumThatAClientOf311CouldKnow) {
  attach({.version = protocol_version::v3_1_1});
  constexpr packet_id last = 65'535;
  for (packet_id id = 1; id != last; ++id)
    ASSERT_TRUE(hear(sending(id, qos::at_least_once)).starts_with("publish t ")) << id;
  EXPECT_TRUE(hear(sending(last, qos::exactly_once)).starts_with("publish t "));
  EXPECT_NE(hear(sending(1, qos::at_least_once)).find("65535"), std::string::npos);
}

TEST_F(Session, SendsAgainInOrderUnderTheSameIdentifiers) {
  attach();
  (void)owe(qos::at_least_once, "a");
  (void)owe(qos::exactly_once, "b");
  (void)owe(qos::exactly_once, "c");
  EXPECT_EQ(written(), (said{"publish a 1", "publish b 2", "publish c 3"}));
  (void)hear(pubrec{2, reason_code::success, {}});
  EXPECT_EQ(written(), said{"PUBREL 2"});
  session.handle_detach(now);
  (void)owe(qos::at_least_once, "d");
  attach({.clean_start = false});
  EXPECT_EQ(written(), (said{"dup a 1", "PUBREL 2", "dup c 3", "publish d 4"}));
}

TEST_F(Session, HasNoMoreUnderWayThanTheClientAllows) {
  connect asked;
  asked.properties.receive_maximum = 2;
  attach(asked);
  for (const auto* each : {"a", "b", "c"})
    (void)owe(qos::at_least_once, each);
  EXPECT_EQ(written(), (said{"publish a 1", "publish b 2"}));
  (void)hear(puback{2, reason_code::success, {}});
  EXPECT_EQ(written(), said{"publish c 3"});
}

TEST_F(Session, KeepsOnlyWhatHasAGuaranteeWhileTheClientIsAway) {
  attach();
  session.handle_detach(now);
  EXPECT_EQ(owe(qos::at_most_once, "x"), dropped);
  EXPECT_EQ(owe(qos::at_least_once, "y", now + 10s), kept);
  EXPECT_EQ(owe(qos::at_least_once, "z"), kept);
  now += 20s;
  attach({.clean_start = false});
  EXPECT_EQ(written(), said{"publish z 1"});
  EXPECT_EQ(session.take_drops().expired, 1u);
}

TEST_F(Session, IsBounded) {
  attach();
  const std::string large(1'000, 'x');
  for (int i = 0; i != 3; ++i)
    EXPECT_EQ(owe(qos::at_least_once, large), kept);
  EXPECT_EQ(owe(qos::at_most_once, large), dropped);
  EXPECT_EQ(owe(qos::at_least_once, large), overflow);
  (void)written();
  for (packet_id id = 1; id <= 3; ++id)
    (void)hear(puback{id, reason_code::success, {}});
  EXPECT_EQ(session.buffered_bytes(), 0u);
}

TEST_F(Session, LeavesOutWhatIsTooLargeForTheClient) {
  connect asked;
  asked.properties.maximum_packet_size = 50;
  attach(asked);
  (void)owe(qos::at_least_once, std::string(100, 'x'));
  (void)owe(qos::at_least_once, "small");
  EXPECT_EQ(written().size(), 1u);
  EXPECT_EQ(session.take_drops().too_large, 1u);
}

TEST_F(Session, KnowsTopicsByTheirAlias) {
  attach();
  auto named = sending(0, qos::at_most_once, "long/name");
  named.properties.topic_alias = 3;
  EXPECT_EQ(hear(named), "publish long/name 0 0");
  auto alias = sending(0, qos::at_most_once, "");
  alias.properties.topic_alias = 3;
  EXPECT_EQ(hear(alias), "publish long/name 0 0");
  alias.properties.topic_alias = 4;
  EXPECT_NE(hear(alias).find("was given no topic"), std::string::npos);
}

TEST_F(Session, NamesATopicOnceWhereTheClientAllowsAliases) {
  options.topic_alias_out_max = 2;
  connect asked;
  asked.properties.topic_alias_maximum = 1;
  attach(asked);
  (void)owe(qos::at_most_once, "1");
  (void)owe(qos::at_most_once, "2");
  (void)owe(qos::at_most_once, "3", never, "other");
  EXPECT_EQ(addressed(), (said{"t = 1", " = 1", "other"}));
  // On the next connection nothing is known any more.
  session.handle_detach(now);
  attach(asked);
  (void)owe(qos::at_most_once, "4", never, "other");
  (void)owe(qos::at_most_once, "5");
  EXPECT_EQ(addressed(), (said{"other = 1", "t"}));
}

TEST_F(Session, GivesNoAliasForWhatIsTooLargeToBeSent) {
  connect asked;
  asked.properties.topic_alias_maximum = 1;
  asked.properties.maximum_packet_size = 50;
  attach(asked);
  (void)owe(qos::at_most_once, std::string(100, 'x'));
  (void)owe(qos::at_most_once, "small");
  EXPECT_EQ(addressed(), (said{"t = 1"}));
}

TEST_F(Session, EndsAfterItsExpiryAndConnectionsAfterSilence) {
  connect asked;
  asked.keep_alive = 5; // an odd number: half of it counts too [MQTT-3.1.2-22]
  attach(asked);
  EXPECT_EQ(session.poll_timeout(), now + 7500ms);
  now += 7500ms;
  EXPECT_EQ(session.handle_timeout(now), server_session::timeout::keep_alive);
  session.handle_detach(now);
  EXPECT_EQ(session.poll_timeout(), now + 60s);
  EXPECT_EQ(session.handle_timeout(now + 60s), server_session::timeout::session_expired);
}

TEST_F(Session, ForgetsTheOrdinalsOfAFormerOne) {
  attach();
  (void)hear(sending(1, qos::at_least_once));
  session = server_session{options, session.next_ordinal()};
  attach();
  EXPECT_EQ(hear(sending(9, qos::at_least_once)), "publish t 9 2");
  session.complete(1);
  EXPECT_EQ(written(), said{});
}

} // namespace
} // namespace kodama::mqtt
