#include "protocol/message_reader.hpp"

#include "message_generator.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace kodama {
namespace {

struct outcome {
  std::vector<std::string> messages;
  boost::system::error_code error;

  bool operator==(const outcome&) const = default;
};

void drain(message_reader& reader, outcome& into) {
  while (true) {
    const auto next = reader.next();
    if (!next) {
      into.error = next.error();
      return;
    }
    if (!*next)
      return;
    into.messages.push_back(std::string{message::name_of((*next)->header.type)} + "\n" +
                            message::to_lines((*next)->body));
  }
}

/// Feeds each piece from memory of its own, as a socket's buffer would be, so that a view that
/// outlives its feed is caught by the sanitizer.
void feed(message_reader& reader, byte_view piece, outcome& into) {
  const bytes arrived{piece.begin(), piece.end()};
  reader.feed(arrived);
  drain(reader, into);
}

outcome read_at_once(byte_view stream) {
  message_reader reader{{}};
  outcome all;
  feed(reader, stream, all);
  return all;
}

bytes draw_stream(message::generator& generator) {
  bytes stream;
  const auto count = *rc::gen::inRange(0, 6);
  for (int i = 0; i != count; ++i)
    message::encode(stream, generator.draw_any(), 0);
  return stream;
}

/// Cuts the stream where `sizes` says, beginning again with the first size after the last.
std::vector<byte_view> cut(byte_view stream, const std::vector<std::size_t>& sizes) {
  std::vector<byte_view> pieces;
  for (std::size_t i = 0; !stream.empty(); ++i) {
    const auto size = std::min(sizes[i % sizes.size()], stream.size());
    pieces.push_back(stream.first(size));
    stream = stream.subspan(size);
  }
  return pieces;
}

std::vector<std::size_t> draw_sizes() {
  return *rc::gen::nonEmpty(
      rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 90)));
}

RC_GTEST_PROP(MessageReader, ReadsTheSameHoweverTheStreamIsCut, ()) {
  message::generator generator;
  const auto stream = draw_stream(generator);
  message_reader reader{{}};
  outcome all;
  for (const auto piece : cut(stream, draw_sizes()))
    feed(reader, piece, all);
  RC_ASSERT(all == read_at_once(stream));
  RC_ASSERT(!all.error);
  RC_ASSERT(reader.take_rest().empty());
}

RC_GTEST_PROP(MessageReader, BreaksAtTheSameMessageHoweverTheStreamIsCut, ()) {
  message::generator generator;
  auto stream = draw_stream(generator);
  RC_PRE(!stream.empty());
  stream[*rc::gen::inRange<std::size_t>(0, stream.size())] ^=
      static_cast<std::byte>(*rc::gen::inRange(1, 256));
  message_reader reader{{}};
  outcome all;
  for (const auto piece : cut(stream, draw_sizes()))
    feed(reader, piece, all);
  RC_ASSERT(all == read_at_once(stream));
}

// The door reads CONNECT, the session everything after it.
RC_GTEST_PROP(MessageReader, PassesOnItsRestAtAnyMoment, ()) {
  message::generator generator;
  const auto stream = draw_stream(generator);
  const auto first = *rc::gen::inRange<std::size_t>(0, stream.size() + 1);
  outcome all;
  message_reader door{{}};
  feed(door, byte_view{stream}.first(first), all);
  message_reader session{{}};
  feed(session, door.take_rest(), all);
  feed(session, byte_view{stream}.subspan(first), all);
  RC_ASSERT(all == read_at_once(stream));
}

TEST(MessageReader, RepeatsItsErrorWhateverFollows) {
  message_reader reader{{}};
  bytes stream;
  message::encode(stream, message::ping{}, 0);
  stream[7] = std::byte{1}; // a length that is no multiple of 4
  outcome all;
  feed(reader, stream, all);
  EXPECT_EQ(all.error, errc::malformed_message);
  bytes good;
  message::encode(good, message::ping{}, 0);
  outcome after;
  feed(reader, good, after);
  EXPECT_EQ(after.error, errc::malformed_message);
  EXPECT_TRUE(after.messages.empty());
}

TEST(MessageReader, GivesNothingTwiceToAnOwnerThatDoesNotAskToTheEnd) {
  bytes stream;
  message::encode(stream, message::ping{}, 0);
  message_reader reader{{}};
  reader.feed(byte_view{stream}.first(5));
  ASSERT_FALSE(reader.next().value().has_value());
  reader.feed(byte_view{stream}.subspan(5));
  ASSERT_TRUE(reader.next().value().has_value());
  reader.feed(stream);
  EXPECT_TRUE(reader.next().value().has_value());
  EXPECT_FALSE(reader.next().value().has_value());
}

TEST(MessageReader, JudgesALongMessageByItsHeader) {
  message_reader reader{{.message_size_max = 32}};
  bytes header(12);
  header[7] = std::byte{24};
  outcome all;
  feed(reader, header, all);
  EXPECT_EQ(all.error, errc::message_too_long);
}

TEST(MessageReader, FollowsItsNewLimits) {
  message_reader reader{{.message_size_max = 12}};
  bytes stream;
  message::encode(stream, message::ping{}, 0);
  message::encode(stream, message::pong{.echo_timestamp = 1}, 0);
  reader.feed(stream);
  EXPECT_TRUE(reader.next().value().has_value());
  reader.set_limits({.message_size_max = 24});
  EXPECT_TRUE(reader.next().value().has_value());
}

} // namespace
} // namespace kodama
