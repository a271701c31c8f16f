#include "protocol/mqtt/server_session.hpp"

#include "session_of_a_client.hpp"

namespace kodama::mqtt {
namespace {

using Session = SessionOfAClient;

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
