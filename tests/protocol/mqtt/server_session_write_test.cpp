#include "session_of_a_client.hpp"

/// What is written to a client, when, and in how many pieces.
namespace kodama::mqtt {
namespace {

using SessionWriting = SessionOfAClient;

TEST_F(SessionWriting, WritesABatchWhoeverItIsFor) {
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

TEST_F(SessionWriting, WritesABatchInAsManyPiecesAsThereIsRoomFor) {
  attach();
  ASSERT_EQ(session.push({forms_of({"one", "two", "three"}), 0, 3}), kept);
  ASSERT_EQ(owe(qos::at_least_once, "four"), kept);
  const auto whole = session.buffered_bytes();
  EXPECT_EQ(written(protocol_version::v5, 1), said{"publish one 0"});
  EXPECT_LT(session.buffered_bytes(), whole);
  EXPECT_EQ(written(protocol_version::v5, 12), (said{"publish two 0", "publish three 0"}));
  EXPECT_EQ(written(), said{"publish four 1"});
}

TEST_F(SessionWriting, KeepsOfABatchWhatThereIsRoomFor) {
  attach();
  const std::string large(1'000, 'x');
  EXPECT_EQ(session.push({forms_of({large, large, large, large, "y"}), 0, 5}),
            (server_session::pushed{1, false}));
  EXPECT_EQ(written().size(), 4U) << "the small one fits where a large one does not";
  EXPECT_EQ(session.buffered_bytes(), 0U);
  session.handle_detach(now);
  EXPECT_EQ(session.push({forms_of({"a", "b"}), 0, 2}), (server_session::pushed{2, false}));
}

TEST_F(SessionWriting, ForgetsWhatIsLeftOfABatchWithItsConnection) {
  attach();
  ASSERT_EQ(session.push({forms_of({"one", "two", "three"}), 0, 3}), kept);
  EXPECT_EQ(written(protocol_version::v5, 1), said{"publish one 0"});
  session.handle_detach(now);
  EXPECT_EQ(session.buffered_bytes(), 0U);
  attach();
  EXPECT_EQ(written(), said{});
}

TEST_F(SessionWriting, WritesAtOnceWhatFindsNothingWaiting) {
  attach();
  EXPECT_EQ(pushed_through({forms_of({"one", "two"}), 0, 2}),
            (said{"publish one 0", "publish two 0"}));
  EXPECT_EQ(session.buffered_bytes(), 0U);
  EXPECT_EQ(written(), said{});
}

TEST_F(SessionWriting, KeepsWhatDoesNotGoAtOnce) {
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

TEST_F(SessionWriting, WritesNothingAtOncePastWhatWaits) {
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

TEST_F(SessionWriting, WritesNothingAtOncePastAReply) {
  attach();
  EXPECT_EQ(hear(pingreq{}), "");
  EXPECT_EQ(pushed_through({forms_of({"after it"})}), said{});
  EXPECT_EQ(written(), (said{"PINGRESP", "publish after it 0"}));
}

TEST_F(SessionWriting, WritesAtOnceWhoeverItIsFor) {
  connect older;
  older.version = protocol_version::v3_1_1;
  connect aliases;
  aliases.properties.topic_alias_maximum = 1;
  const said all{"publish one 0", "publish two 0"};
  for (const auto& client : {connect{}, older, aliases})
    for (const auto packed : {protocol_version::v3_1_1, protocol_version::v5}) {
      attach(client);
      bytes out;
      EXPECT_EQ(session.push({forms_of({"one", "two"}, packed), 0, 2}, now, out, 100'000), kept);
      EXPECT_EQ(told_all(out, client.version), all);
      EXPECT_EQ(session.buffered_bytes(), 0U);
      session.handle_detach(now);
    }
}

TEST_F(SessionWriting, LeavesOutAtOnceWhatIsTooLargeForTheClient) {
  connect asked;
  asked.properties.maximum_packet_size = 50;
  attach(asked);
  EXPECT_EQ(pushed_through({forms_of({std::string(100, 'x'), "y"}), 0, 2}), said{"publish y 0"});
  EXPECT_EQ(session.take_drops().too_large, 1U);
  EXPECT_EQ(session.buffered_bytes(), 0U);
}

TEST_F(SessionWriting, KeepsOfABatchAtOnceWhatThereIsRoomFor) {
  attach();
  const std::string large(1'000, 'x');
  bytes out;
  EXPECT_EQ(session.push({forms_of({large, large, large, large, "y"}), 0, 5}, now, out, 100'000),
            (server_session::pushed{1, false}));
  EXPECT_EQ(written().size(), 4U);
}

TEST_F(SessionWriting, DropsWithoutAGuaranteeWhatFindsNobodyThere) {
  bytes out;
  EXPECT_EQ(session.push({forms_of({"one"})}, now, out, 100), dropped);
  EXPECT_TRUE(out.empty());
}

} // namespace
} // namespace kodama::mqtt
