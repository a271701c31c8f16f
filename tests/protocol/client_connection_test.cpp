#include "protocol/client_connection.hpp"

#include "tests/protocol/client_conversation.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace kodama {
namespace {

using namespace std::chrono_literals;
using test::conversation;
using test::sentences;

TEST(ClientConnection, SaysNothingButConnectBeforeItIsWelcome) {
  conversation c;
  static_cast<void>(c.client.subscribe("room").value());
  c.client.connect(c.now);
  c.accept();
  c.publish("early");
  EXPECT_EQ(c.heard(), sentences{"CONNECT secret"});
  c.welcome();
  EXPECT_EQ(c.told(), sentences{"connected"});
  EXPECT_EQ(c.heard(), (sentences{"SUBSCRIBE 1 room", "PUBLISH 2 room 'early'"}));
}

TEST(ClientConnection, TellsAnswersByTheirRequests) {
  conversation c;
  c.begin();
  const auto subscribe = c.client.subscribe("room").value();
  const auto watch = c.client.watch("room").value();
  const auto list = c.client.request_subscribers("room").value();
  c.settle();
  EXPECT_EQ(c.heard(), (sentences{"SUBSCRIBE 1 room", "WATCH 2 room", "LIST 3 room"}));
  c.say(message::watchack{1, 2, "room", 5});
  c.say(message::suback{2, 1, "room", 9});
  c.say(message::presence{3, "room", 5, 7, message::presence_event::joined});
  bytes ids(16);
  store_big(ids.data(), std::uint64_t{3});
  store_big(ids.data() + 8, std::uint64_t{7});
  c.say(message::subscriber_list{4, 3, "room", 5, byte_view{ids}.first(8), 1});
  c.say(message::subscriber_list{5, 3, "room", 5, byte_view{ids}.last(8), 0});
  c.say(conversation::publication(6, 9, "hello"));
  EXPECT_EQ(c.told(),
            (sentences{"watching " + std::to_string(watch) + " room 5",
                       "subscribed " + std::to_string(subscribe) + " room 9", "7 joined room 5",
                       "subscribers " + std::to_string(list) + " room 5 {3,7}",
                       "received room 9 'hello'"}));
}

TEST(ClientConnection, AcknowledgesABatchOnce) {
  conversation c;
  c.begin();
  c.subscribe("room", 1, 1);
  bytes batch;
  for (message_id id = 2; id != 100; ++id)
    message::encode(batch, conversation::publication(id, id - 1, "x"), 0);
  c.say_bytes(batch);
  EXPECT_EQ(c.told().size(), 98u);
  EXPECT_EQ(c.heard(), sentences{"ACK 99"});
}

TEST(ClientConnection, AcknowledgesASingleMessageInGoodTime) {
  conversation c;
  c.begin();
  c.subscribe("room", 1, 1);
  c.wait(1s);
  c.heard();
  c.say(conversation::publication(2, 1, "one"));
  EXPECT_EQ(c.heard(), sentences{});
  c.wait(100ms);
  EXPECT_EQ(c.heard(), sentences{"ACK 2"});
}

TEST(ClientConnection, AcknowledgesAgainWhatACutMayHaveSwallowed) {
  conversation c;
  c.begin();
  c.subscribe("room", 1, 1);
  c.wait(1s);
  c.cut();
  c.accept();
  c.welcome(1);
  EXPECT_EQ(c.heard(), (sentences{"ACK 1", "CONNECT secret after 1", "ACK 1"}));
}

TEST(ClientConnection, ForgetsTheRestOfABrokenStream) {
  conversation c;
  c.begin();
  c.subscribe("room", 1, 1);
  bytes raw;
  message::encode(raw, conversation::publication(3, 2, "after a gap"), 0);
  c.client.handle_bytes(c.now, raw);
  c.settle();
  c.client.handle_bytes(c.now, raw);
  c.accept();
  c.welcome(1);
  c.say(conversation::publication(2, 1, "one"));
  EXPECT_EQ(c.told(),
            (sentences{"connection lost: message_id_gap", "resumed", "received room 1 'one'"}));
}

TEST(ClientConnection, HandsOutWhateverTheNetworkCutsTheStreamInto) {
  conversation c;
  c.begin();
  c.subscribe("room", 1, 1);
  bytes raw;
  message::encode(raw, conversation::publication(2, 1, "in pieces"), 0);
  for (const auto& byte : raw)
    c.say_bytes({&byte, 1});
  EXPECT_EQ(c.told(), sentences{"received room 1 'in pieces'"});
}

TEST(ClientConnection, ResumesAndSendsAgainExactlyWhatTheServerLacks) {
  conversation c;
  c.begin();
  const auto first = c.publish("one");
  c.publish("two");
  c.publish("three");
  c.heard();
  c.cut();
  EXPECT_EQ(c.told(), sentences{"connection lost: connection_lost"});
  c.publish("four");
  c.accept();
  EXPECT_EQ(c.heard(), sentences{"CONNECT secret after 0"});
  c.welcome(2);
  EXPECT_EQ(c.heard(), (sentences{"PUBLISH 3 room 'three'", "PUBLISH 4 room 'four'"}));
  EXPECT_EQ(c.told(), sentences{"resumed"}) << "received is not yet acknowledged";
  EXPECT_EQ(c.client.unacknowledged(), 4u);
  c.say(message::ack{4});
  EXPECT_EQ(c.told(), (sentences{"acknowledged " + std::to_string(first),
                                 "acknowledged " + std::to_string(first + 1),
                                 "acknowledged " + std::to_string(first + 2),
                                 "acknowledged " + std::to_string(first + 3)}));
  EXPECT_EQ(c.client.unacknowledged(), 0u);
}

TEST(ClientConnection, DropsDuplicatesAndSaysWhereItResumes) {
  conversation c;
  c.begin();
  c.subscribe("room", 1, 1);
  c.say(conversation::publication(2, 1, "one"));
  c.told();
  c.cut();
  c.accept();
  EXPECT_EQ(c.heard(), sentences{"CONNECT secret after 2"});
  c.welcome(1);
  c.say(conversation::publication(2, 1, "one"));
  c.say(conversation::publication(3, 2, "two"));
  EXPECT_EQ(c.told(),
            (sentences{"connection lost: connection_lost", "resumed", "received room 2 'two'"}));
}

TEST(ClientConnection, ReconnectsOverAGap) {
  conversation c;
  c.begin();
  c.subscribe("room", 1, 1);
  c.say(conversation::publication(3, 2, "two"));
  EXPECT_EQ(c.told(), sentences{"connection lost: message_id_gap"});
  EXPECT_FALSE(c.open);
  c.accept();
  EXPECT_EQ(c.heard(), sentences{"CONNECT secret after 1"});
}

TEST(ClientConnection, ReadsWhatCameBeforeTheCut) {
  conversation c;
  c.begin();
  c.subscribe("room", 1, 1);
  bytes raw;
  message::encode(raw, conversation::publication(2, 1, "last words"), 0);
  c.client.handle_bytes(c.now, raw);
  c.cut();
  EXPECT_EQ(c.told(),
            (sentences{"received room 1 'last words'", "connection lost: connection_lost"}));
}

TEST(ClientConnection, TellsExactlyWhatALostSessionLeavesInDoubt) {
  conversation c;
  c.begin();
  c.subscribe("room", 1, 1);                         // request 1
  c.say(conversation::publication(2, 1, "one"));     //
  c.publish("kept");                                 // 2
  c.publish("in doubt");                             // 3
  static_cast<void>(c.client.watch("room").value()); // 4
  c.say(message::ack{2});
  c.settle();
  c.told();
  c.cut();
  static_cast<void>(c.client.publish("room", user_section_first, {}).value()); // 5
  c.accept();
  c.heard();
  c.say(message::connack_failed{errc::session_unknown, "expired"});
  EXPECT_EQ(c.told(),
            (sentences{"connection lost: connection_lost",
                       "session lost: session_unknown unconfirmed {3,5} abandoned {4} room 1..1"}));
  c.accept();
  c.welcome(0, 2);
  EXPECT_EQ(c.heard(), (sentences{"CONNECT secret", "SUBSCRIBE 1 room", "WATCH 2 room"}));
  c.say(message::suback{1, 1, "room", 40});
  c.say(conversation::publication(2, 40, "after"));
  EXPECT_EQ(c.told(), (sentences{"connected", "subscribed 0 room 40", "received room 40 'after'"}));
}

TEST(ClientConnection, LosesASessionThatTheServerRemembersDifferently) {
  conversation c;
  c.begin();
  c.publish("one");
  c.cut();
  c.accept();
  c.told();
  c.welcome(2);
  EXPECT_EQ(c.told(), sentences{"session lost: resume_impossible unconfirmed {1} abandoned {}"});
  EXPECT_TRUE(c.accept());
}

TEST(ClientConnection, DoesNotResumeAnothersSession) {
  conversation c;
  c.begin();
  c.cut();
  c.accept();
  c.told();
  c.welcome(0, 2);
  EXPECT_EQ(c.told(), sentences{"connection lost: unexpected_message"});
}

TEST(ClientConnection, DoesNotRenewWhatTheUserNoLongerWants) {
  conversation c;
  c.begin();
  c.subscribe("left", 1, 1);
  c.subscribe("refused", 2, 2);
  static_cast<void>(c.client.unsubscribe("left").value());
  static_cast<void>(c.client.subscribe("too many").value());
  c.settle();
  c.say(message::request_failed{3, 4, errc::too_many_topics, ""});
  EXPECT_EQ(c.told(), sentences{"failed 4: too_many_topics too many"});
  c.say(message::disconnect{errc::slow_reader, ""});
  c.accept();
  c.heard();
  c.welcome(0, 2);
  EXPECT_EQ(c.heard(), sentences{"SUBSCRIBE 1 refused"});
}

TEST(ClientConnection, ReportsARefusedPublishOnceAndNotAsAcknowledged) {
  conversation c;
  c.begin();
  c.publish("fine");
  c.publish("refused");
  c.publish("fine");
  c.say(message::request_failed{1, 2, errc::invalid_topic, ""});
  c.say(message::ack{3});
  EXPECT_EQ(c.told(), (sentences{"failed 2: invalid_topic ", "acknowledged 1", "acknowledged 3"}));
}

TEST(ClientConnection, HearsNothingOfATopicOutsideItsSubscription) {
  conversation c;
  c.begin();
  static_cast<void>(c.client.subscribe("room").value());
  c.settle();
  c.say(conversation::unreliable_publication(1, "early"));
  EXPECT_EQ(c.told(), sentences{});
  c.say(conversation::publication(1, 1, "too early"));
  EXPECT_EQ(c.told(), sentences{"connection lost: unexpected_message"});
}

message::publish publication_of(std::string_view topic, message_id id, topic_sequence sequence) {
  auto m = conversation::publication(id, sequence, "x");
  m.topic = topic;
  return m;
}

TEST(ClientConnection, HearsByAFilterWhatItMatchesUntilItEnds) {
  conversation c;
  c.begin();
  static_cast<void>(c.client.subscribe("room/+").value());
  c.settle();
  EXPECT_EQ(c.heard(), sentences{"SUBSCRIBE 1 room/+"});
  c.say(message::suback{1, 1, "room/+", 0});
  c.say(publication_of("room/a", 2, 7));
  c.say(publication_of("room/a", 3, 8));
  c.say(publication_of("room/b", 4, 1));
  EXPECT_EQ(c.told(), (sentences{"subscribed 1 room/+ 0", "received room/a 7 'x'",
                                 "received room/a 8 'x'", "received room/b 1 'x'"}));
  static_cast<void>(c.client.unsubscribe("room/+").value());
  c.settle();
  c.say(message::unsuback{5, 2, "room/+", 0});
  EXPECT_EQ(c.told(), sentences{"unsubscribed 2 room/+ 0"});
  c.say(publication_of("room/a", 6, 9));
  EXPECT_EQ(c.told(), sentences{"connection lost: unexpected_message"});
}

TEST(ClientConnection, HearsNothingByAFilterThatDoesNotMatch) {
  conversation c;
  c.begin();
  static_cast<void>(c.client.subscribe("room/+").value());
  c.settle();
  c.say(message::suback{1, 1, "room/+", 0});
  c.say(publication_of("room/a/b", 2, 7));
  EXPECT_EQ(c.told(), (sentences{"subscribed 1 room/+ 0", "connection lost: unexpected_message"}));
}

TEST(ClientConnection, HearsTheNumbersOfATopicOnceWhicheverWayTheyCome) {
  conversation c;
  c.begin();
  static_cast<void>(c.client.subscribe("#").value());
  static_cast<void>(c.client.subscribe("room").value());
  c.settle();
  c.say(message::suback{1, 1, "#", 0});
  c.say(publication_of("room", 2, 7));
  c.say(message::suback{3, 2, "room", 8});
  c.say(publication_of("room", 4, 8));
  EXPECT_EQ(c.told(), (sentences{"subscribed 1 # 0", "received room 7 'x'", "subscribed 2 room 8",
                                 "received room 8 'x'"}));
  c.say(publication_of("room", 5, 8));
  EXPECT_EQ(c.told(), sentences{"connection lost: unexpected_message"});
}

TEST(ClientConnection, NamesFiltersAndWhatTheyBroughtWhenASessionIsLost) {
  conversation c;
  c.begin();
  static_cast<void>(c.client.subscribe("room/+").value());
  c.settle();
  c.say(message::suback{1, 1, "room/+", 0});
  c.say(publication_of("room/a", 2, 7));
  c.say(publication_of("room/a", 3, 8));
  c.told();
  c.cut();
  c.accept();
  c.heard();
  c.say(message::connack_failed{errc::session_unknown, "expired"});
  EXPECT_EQ(c.told(), (sentences{"connection lost: connection_lost",
                                 "session lost: session_unknown unconfirmed {} abandoned {} "
                                 "room/+ 0..0 room/a 7..8"}));
  c.accept();
  c.welcome(0, 2);
  EXPECT_EQ(c.heard(), (sentences{"CONNECT secret", "SUBSCRIBE 1 room/+"}));
}

TEST(ClientConnection, HoldsAnswersToWhatWasAsked) {
  for (const auto& wrong : {message::suback{1, 1, "room/+", 5}, message::suback{1, 2, "room", 0}}) {
    conversation c;
    c.begin();
    static_cast<void>(c.client.subscribe("room/+").value());
    static_cast<void>(c.client.subscribe("room").value());
    c.settle();
    c.say(wrong);
    EXPECT_EQ(c.told(), sentences{"connection lost: malformed_message"});
  }
}

const sentences given_up_to_another{"session lost: taken_over unconfirmed {} abandoned {}",
                                    "stopped: taken_over"};

TEST(ClientConnection, StopsWhenTakenOver) {
  conversation c;
  c.begin();
  c.say(message::disconnect{errc::taken_over, ""});
  EXPECT_EQ(c.told(), given_up_to_another);
  EXPECT_FALSE(c.open);
  EXPECT_EQ(c.client.poll_timeout(), never);
  EXPECT_FALSE(c.accept());
}

TEST(ClientConnection, ComesBackAfterATakeoverByItsOwnLateAttempt) {
  conversation c;
  c.begin();
  c.cut();
  c.accept();
  c.heard(); // CONNECT, which nobody answers
  c.cut();
  c.accept();
  c.welcome();
  EXPECT_EQ(c.told(), (sentences{"connection lost: connection_lost",
                                 "connection lost: connection_lost", "resumed"}));
  c.say(message::disconnect{errc::taken_over, ""});
  EXPECT_EQ(c.told(), sentences{"connection lost: taken_over"});
  c.accept();
  c.welcome();
  c.say(message::disconnect{errc::taken_over, ""});
  EXPECT_EQ(c.told(), (sentences{"resumed", "session lost: taken_over unconfirmed {} abandoned {}",
                                 "stopped: taken_over"}))
      << "once for each";
}

TEST(ClientConnection, PassesOnWhyTheServerDoesNotTakeItIn) {
  conversation c;
  c.begin();
  c.cut();
  c.accept();
  c.told();
  const std::string why = "sessions_max is 5, and that is what five others have taken up already";
  bytes said;
  message::encode(said, message::connack_failed{errc::too_many_sessions, why}, 0);
  const auto half = said.size() / 2; // it is put together, and has to be told before that is gone
  c.say_bytes(byte_view{said}.first(half));
  c.say_bytes(byte_view{said}.subspan(half));
  EXPECT_EQ(c.told(), sentences{"connection lost: too_many_sessions: " + why});
}

TEST(ClientConnection, TellsARefusedWatchFromARefusedSubscription) {
  conversation c;
  c.begin();
  static_cast<void>(c.client.watch("room").value());
  static_cast<void>(c.client.subscribe("room").value());
  c.settle();
  c.say(message::request_failed{1, 1, errc::too_many_topics, ""});
  c.say(message::request_failed{2, 2, errc::too_many_topics, ""});
  EXPECT_EQ(c.told(), (sentences{"failed 1: too_many_topics room watched",
                                 "failed 2: too_many_topics room"}));
}

TEST(ClientConnection, StopsWhenTakenOverAfterAnAttemptThatWasRefused) {
  conversation c;
  c.begin();
  c.cut();
  c.accept();
  c.say(message::connack_failed{errc::too_many_sessions, "full"});
  c.accept();
  c.welcome();
  c.told();
  c.say(message::disconnect{errc::taken_over, ""});
  EXPECT_EQ(c.told(), given_up_to_another);
}

TEST(ClientConnection, StopsWhenTakenOverInAnotherSessionThanThatOfItsLateAttempt) {
  conversation c;
  c.begin();
  c.cut();
  c.accept();
  c.cut();
  c.accept();
  c.say(message::connack_failed{errc::session_unknown, "expired"});
  c.accept();
  c.welcome(0, 2);
  c.told();
  c.say(message::disconnect{errc::taken_over, ""});
  EXPECT_EQ(c.told(), given_up_to_another);
}

TEST(ClientConnection, StopsOnABadToken) {
  conversation c;
  c.client.connect(c.now);
  c.accept();
  c.say(message::connack_failed{errc::bad_token, "who?"});
  EXPECT_EQ(c.told(), sentences{"stopped: bad_token"});
  EXPECT_FALSE(c.accept());
}

TEST(ClientConnection, StopsWithoutRenewing) {
  auto chosen = conversation::usual();
  chosen.renew = false;
  conversation c{chosen};
  c.begin();
  c.say(message::disconnect{errc::going_away, ""});
  EXPECT_EQ(c.told(), (sentences{"session lost: going_away unconfirmed {} abandoned {}",
                                 "stopped: going_away"}));
}

TEST(ClientConnection, StopsWithoutResuming) {
  auto chosen = conversation::usual();
  chosen.resume = false;
  conversation c{chosen};
  c.client.connect(c.now);
  c.accept();
  c.cut();
  EXPECT_EQ(c.told(), sentences{"stopped: connection_lost"});
}

TEST(ClientConnection, DisconnectsWithAMessageAndNamesWhatIsOpen) {
  conversation c;
  c.begin();
  c.publish("open");
  c.heard();
  c.client.disconnect(c.now);
  c.settle();
  EXPECT_EQ(c.heard(), sentences{"DISCONNECT normal"});
  EXPECT_EQ(c.told(),
            (sentences{"session lost: normal unconfirmed {1} abandoned {}", "stopped: normal"}));
  EXPECT_FALSE(c.open);
}

TEST(ClientConnection, BeginsAnewAfterDisconnecting) {
  conversation c;
  c.begin();
  c.subscribe("room", 1, 1);
  c.client.disconnect(c.now);
  c.settle();
  EXPECT_EQ(c.told(), sentences{"stopped: normal"});
  c.heard();
  c.client.connect(c.now);
  c.accept();
  c.welcome(0, 2);
  EXPECT_EQ(c.heard(), (sentences{"CONNECT secret", "SUBSCRIBE 1 room"}));
}

TEST(ClientConnection, PingsAQuietServerAndMeasuresIt) {
  conversation c;
  c.begin();
  c.wait(4999ms);
  EXPECT_EQ(c.heard(), sentences{});
  c.wait(1ms);
  EXPECT_EQ(c.heard(), sentences{"PING"});
  c.wait(30ms);
  c.say(message::pong{});
  EXPECT_EQ(c.told(), sentences{"pong after 30 ms"});
}

TEST(ClientConnection, PingsThoughTheServerTalksWhenItHasNothingToSayItself) {
  conversation c;
  c.begin();
  for (int second = 0; second != 6; ++second) {
    c.wait(1s);
    c.say(message::pong{});
  }
  EXPECT_EQ(c.heard(), sentences{"PING"});
}

TEST(ClientConnection, NoticesADeadServerAfterOneAndAHalfKeepalives) {
  conversation c;
  c.begin();
  c.wait(14'999ms);
  EXPECT_EQ(c.told(), sentences{});
  c.wait(1ms);
  EXPECT_EQ(c.told(), sentences{"connection lost: keepalive_timeout"});
  EXPECT_FALSE(c.open);
}

TEST(ClientConnection, ComesBackToItsSessionWhenTheServerTimedItOut) {
  conversation c;
  c.begin();
  c.say(message::disconnect{errc::keepalive_timeout, ""});
  EXPECT_EQ(c.told(), sentences{"connection lost: keepalive_timeout"});
  c.accept();
  EXPECT_EQ(c.heard(), sentences{"CONNECT secret after 0"});
}

TEST(ClientConnection, GivesUpAServerThatDoesNotAnswerConnect) {
  conversation c;
  c.client.connect(c.now);
  c.accept();
  c.wait(5s);
  EXPECT_EQ(c.told(), sentences{"connection lost: connect_timeout"});
}

TEST(ClientConnection, AnswersPings) {
  conversation c;
  c.begin();
  c.say(message::ping{});
  EXPECT_EQ(c.heard(), sentences{"PONG"});
}

TEST(ClientConnection, EstimatesTheServersTimeAndAsksAgainAfterACut) {
  conversation c;
  c.begin();
  const auto request = c.client.request_server_time(c.now).value();
  c.settle();
  c.cut();
  c.accept();
  c.welcome();
  EXPECT_EQ(c.heard(), (sentences{"TIME", "CONNECT secret after 0", "TIME"}));
  c.told();
  c.wait(40ms);
  c.say(message::server_time{0, 1'000'000});
  EXPECT_EQ(c.told(), sentences{"server time " + std::to_string(request) + " 1020000"});
}

TEST(ClientConnection, RefusesWhatTheServerWouldRefuse) {
  conversation c;
  c.limits.message_size_max = 100;
  c.limits.topic_length_max = 8;
  c.begin();
  const auto publish = [&](std::string_view topic, std::size_t size) {
    return c.client.publish(topic, user_section_first, bytes(size)).error();
  };
  EXPECT_EQ(publish("", 1), errc::invalid_topic);
  EXPECT_EQ(publish("too long a name", 1), errc::topic_too_long);
  EXPECT_EQ(publish("room", 53), errc::message_too_long); // 12 + 16 + 12 + (8 + 56)
  EXPECT_TRUE(c.client.publish("room", user_section_first, bytes(52)).has_value());
  EXPECT_EQ(c.client.publish("room", 0x1001, bytes(1)).error(), errc::malformed_message);
  EXPECT_EQ(c.client.subscribe("a#").error(), errc::invalid_topic);
  EXPECT_EQ(c.client.watch("#").error(), errc::invalid_topic);
  EXPECT_EQ(publish("#", 1), errc::invalid_topic);
}

TEST(ClientConnection, RefusesPastTheServersLimitUntilItAcknowledges) {
  conversation c;
  c.limits.unacknowledged_max = 2;
  c.begin();
  c.publish("one");
  EXPECT_TRUE(c.client.can_publish());
  c.publish("two");
  EXPECT_FALSE(c.client.can_publish());
  EXPECT_EQ(c.client.publish("room", user_section_first, {}).error(),
            errc::too_many_unacknowledged);
  c.say(message::ack{1});
  EXPECT_TRUE(c.client.can_publish());
}

TEST(ClientConnection, PacesWhatWasAskedUnderOtherLimits) {
  conversation c;
  c.limits.unacknowledged_max = 2;
  for (const auto topic : {"a", "b", "c"})
    static_cast<void>(c.client.subscribe(topic).value());
  c.client.connect(c.now);
  c.accept();
  c.heard();
  c.welcome();
  EXPECT_EQ(c.heard(), (sentences{"SUBSCRIBE 1 a", "SUBSCRIBE 2 b"}));
  c.say(message::ack{1});
  EXPECT_EQ(c.heard(), sentences{"SUBSCRIBE 3 c"});
}

TEST(ClientConnection, KeepsItsOwnBuffersLimit) {
  auto chosen = conversation::usual();
  chosen.send_buffer_max = 10'000;
  conversation c{chosen};
  c.begin();
  int published = 0;
  while (c.client.publish("room", user_section_first, bytes(1000)))
    ++published;
  EXPECT_EQ(published, 10);
}

TEST(ClientConnection, SendsUnreliableMessagesByTcpWhenThereIsNoOtherWay) {
  conversation c;
  c.publish_unreliable("nobody to tell");
  c.begin();
  c.publish_unreliable("now");
  EXPECT_EQ(c.heard(), sentences{"UNRELIABLE 2 room 'now'"});
}

TEST(ClientConnection, LetsTheOldestUnreliableMessagesGiveWay) {
  conversation c;
  c.begin();
  c.open = false; // the owner's socket takes nothing
  for (int i = 0; i != 300; ++i)
    c.client.publish_unreliable(c.now, "room", user_section_first, bytes(2000)).value();
  c.open = true;
  c.wait(0s);
  const auto heard = c.heard();
  EXPECT_GT(heard.size(), 100u);
  EXPECT_LE(heard.size(), 128u);
  EXPECT_EQ(heard.back().substr(0, 14), "UNRELIABLE 300");
}

TEST(ClientConnection, HandsOutTheLatestUnreliableMessagesOnly) {
  conversation c;
  c.begin();
  c.subscribe("room", 1, 1);
  c.say(conversation::unreliable_publication(2, "new"));
  c.say(conversation::unreliable_publication(1, "old"));
  c.say(conversation::unreliable_publication(2, "new"));
  EXPECT_EQ(c.told(), sentences{"received room 0 'new'"});
}

// A server that cannot be reached is asked again at growing distances, never more often than
// `first` doubled each time allows, never less often than `most`.
RC_GTEST_PROP(ClientConnection, BacksOffWithinItsBounds, (std::uint64_t seed)) {
  conversation c{conversation::usual(), seed};
  c.client.connect(c.now);
  c.settle();
  duration ceiling = 100ms;
  for (int attempt = 1; attempt != 12; ++attempt) {
    const auto lost = c.now;
    c.cut();
    RC_ASSERT(c.connects == attempt);
    c.wait(c.client.poll_timeout() - c.now);
    RC_ASSERT(c.connects == attempt + 1);
    const auto pause = c.now - lost;
    RC_ASSERT(pause <= ceiling);
    RC_ASSERT(attempt == 1 || pause >= ceiling / 2);
    ceiling = std::min<duration>(ceiling * 2, 10s);
  }
}

} // namespace
} // namespace kodama
