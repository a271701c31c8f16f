#include "protocol/send_window.hpp"

#include "protocol/message_reader.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

namespace kodama {
namespace {

constexpr std::size_t unlimited = std::size_t{1} << 40;

shared_batch batch_of(const std::vector<std::size_t>& content_sizes) {
  auto batch = std::make_shared<message_batch>();
  const bytes content(1'000, std::byte{0x5a});
  for (const auto size : content_sizes)
    batch->add(message::publish{.id = 99, .topic = "t", .content = byte_view{content}.first(size)},
               0);
  return batch;
}

struct transmitted {
  message_id id;
  std::uint32_t timestamp;
  std::size_t content_size;

  bool operator==(const transmitted&) const = default;
};

std::vector<transmitted> parse(byte_view stream) {
  message_reader reader{{}};
  reader.feed(stream);
  std::vector<transmitted> all;
  while (const auto item = reader.next().value()) {
    const auto& m = std::get<message::publish>(item->body);
    all.push_back({m.id, item->header.timestamp, m.content.size()});
  }
  return all;
}

std::vector<std::size_t> draw_content_sizes() {
  return *rc::gen::nonEmpty(
      rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, 200)));
}

TEST(SendWindow, NumbersWhatIsPushed) {
  send_window window{unlimited};
  EXPECT_EQ(window.push(batch_of({1, 2, 3})).value(), 1U);
  EXPECT_EQ(window.push(batch_of({4})).value(), 4U);
  EXPECT_EQ(window.last_pushed(), 4U);
  EXPECT_EQ(window.last_transmitted(), 0U);
  bytes out;
  EXPECT_EQ(window.poll_transmit(out, unlimited, 77), 4U);
  EXPECT_EQ(parse(out), (std::vector<transmitted>{{1, 77, 1}, {2, 77, 2}, {3, 77, 3}, {4, 77, 4}}));
  EXPECT_FALSE(window.has_untransmitted());
}

TEST(SendWindow, LeavesASharedBatchAsItWas) {
  const auto shared = batch_of({10, 20});
  const auto before = shared->image;
  send_window one{unlimited};
  send_window other{unlimited};
  ASSERT_TRUE(other.push(batch_of({0, 0, 0})).has_value());
  ASSERT_TRUE(one.push(shared).has_value());
  ASSERT_TRUE(other.push(shared).has_value());
  bytes to_one;
  bytes to_other;
  one.poll_transmit(to_one, unlimited, 5);
  other.poll_transmit(to_other, unlimited, 6);
  EXPECT_EQ(parse(to_one), (std::vector<transmitted>{{1, 5, 10}, {2, 5, 20}}));
  EXPECT_EQ(parse(to_other).back(), (transmitted{5, 6, 20}));
  EXPECT_EQ(shared->image, before);
}

TEST(SendWindow, AppendsBehindWhatIsThere) {
  send_window window{unlimited};
  ASSERT_TRUE(window.push(batch_of({1})).has_value());
  bytes out(10, std::byte{7});
  EXPECT_EQ(window.poll_transmit(out, 10, 0), 0U) << "it is full already";
  EXPECT_EQ(window.poll_transmit(out, 11, 0), 1U);
  EXPECT_EQ(parse(byte_view{out}.subspan(10)).size(), 1U);
  EXPECT_EQ(out[9], std::byte{7});
}

// However transmission is portioned, the same messages come, and each portion ends with the first
// message that fills it.
RC_GTEST_PROP(SendWindow, TransmitsInPortions, ()) {
  send_window window{unlimited};
  std::vector<std::size_t> pushed;
  for (auto batches = *rc::gen::inRange(1, 6); batches != 0; --batches) {
    const auto sizes = draw_content_sizes();
    RC_ASSERT(window.push(batch_of(sizes)).value() == pushed.size() + 1);
    pushed.insert(pushed.end(), sizes.begin(), sizes.end());
  }
  message_id last = 0;
  while (window.has_untransmitted()) {
    const auto size_max = *rc::gen::inRange<std::size_t>(1, 600);
    bytes out;
    const auto count = window.poll_transmit(out, size_max, 3);
    const auto portion = parse(out);
    RC_ASSERT(count == portion.size());
    RC_ASSERT(count >= 1U);
    for (const auto& m : portion) {
      RC_ASSERT(m.id == ++last);
      RC_ASSERT(m.content_size == pushed[m.id - 1]);
      RC_ASSERT(m.timestamp == 3U);
    }
    bytes last_one;
    message::encode(
        last_one,
        message::publish{.id = 1, .topic = "t", .content = bytes(portion.back().content_size)}, 0);
    RC_ASSERT(out.size() - last_one.size() < size_max);
    RC_ASSERT(out.size() >= size_max || !window.has_untransmitted());
  }
  RC_ASSERT(last == pushed.size());
}

// Against a list of sizes: the bytes are exact to the message, also within a batch.
RC_GTEST_PROP(SendWindow, KeepsNoMoreThanItMay, ()) {
  const auto bytes_max = *rc::gen::inRange<std::size_t>(0, 4'000);
  send_window window{bytes_max};
  std::deque<std::size_t> costs;
  message_id acknowledged = 0;
  for (auto steps = *rc::gen::inRange(0, 40); steps != 0; --steps) {
    const auto batch = batch_of(draw_content_sizes());
    const auto before = std::accumulate(costs.begin(), costs.end(), std::size_t{0});
    const auto added = batch->image.size() + batch->count() * send_window::message_cost;
    const auto pushed = window.push(batch);
    RC_ASSERT(pushed.has_value() == (before + added <= bytes_max));
    if (!pushed)
      RC_ASSERT(pushed.error() == errc::slow_reader);
    else
      for (std::size_t i = 0; i != batch->count(); ++i)
        costs.push_back(batch->size_of(i) + send_window::message_cost);
    bytes out;
    window.poll_transmit(out, *rc::gen::inRange<std::size_t>(0, 2'000), 0);
    const auto through = *rc::gen::inRange<message_id>(0, window.last_transmitted() + 1);
    RC_ASSERT(window.handle_ack(through).has_value());
    for (; acknowledged < through; ++acknowledged)
      costs.pop_front();
    RC_ASSERT(window.acknowledged() == acknowledged);
    RC_ASSERT(window.unacknowledged() == costs.size());
    RC_ASSERT(window.buffered_bytes() ==
              std::accumulate(costs.begin(), costs.end(), std::size_t{0}));
    RC_ASSERT(window.buffered_bytes() <= bytes_max);
  }
}

TEST(SendWindow, MayBeFilledToTheLastByte) {
  const auto batch = batch_of({5, 6});
  const auto bytes_max = batch->image.size() + 2 * send_window::message_cost;
  send_window window{bytes_max};
  EXPECT_TRUE(window.push(batch).has_value());
  EXPECT_EQ(window.buffered_bytes(), bytes_max);
  send_window smaller{bytes_max - 1};
  EXPECT_EQ(smaller.push(batch).error(), errc::slow_reader);
  EXPECT_EQ(smaller.last_pushed(), 0U);
  EXPECT_EQ(smaller.buffered_bytes(), 0U);
}

RC_GTEST_PROP(SendWindow, ContradictsAPeerThatContradictsItself, ()) {
  send_window window{unlimited};
  RC_ASSERT(window.push(batch_of(draw_content_sizes())).has_value());
  RC_ASSERT(window.push(batch_of(draw_content_sizes())).has_value());
  bytes out;
  window.poll_transmit(out, *rc::gen::inRange<std::size_t>(0, 4'000), 0);
  const auto sent = window.last_transmitted();
  const auto acknowledged = *rc::gen::inRange<message_id>(0, sent + 1);
  RC_ASSERT(window.handle_ack(acknowledged).has_value());
  const auto buffered = window.buffered_bytes();
  const auto beyond = *rc::gen::element<message_id>(sent + 1, window.last_pushed() + 1,
                                                    std::numeric_limits<message_id>::max());
  RC_ASSERT(window.handle_resume(beyond > sent ? beyond : sent + 1).error() ==
            errc::resume_impossible);
  RC_ASSERT(window.handle_resume_received(sent + 1).error() == errc::resume_impossible);
  RC_ASSERT(window.handle_ack(beyond).error() == errc::bad_acknowledgement);
  if (acknowledged != 0) {
    const auto earlier = *rc::gen::inRange<message_id>(0, acknowledged);
    RC_ASSERT(window.handle_resume(earlier).error() == errc::resume_impossible);
    RC_ASSERT(window.handle_resume_received(earlier).error() == errc::resume_impossible);
    RC_ASSERT(window.handle_ack(earlier).has_value()); // old news
  }
  // Nothing of this changed anything.
  RC_ASSERT(window.acknowledged() == acknowledged);
  RC_ASSERT(window.last_transmitted() == sent);
  RC_ASSERT(window.buffered_bytes() == buffered);
}

TEST(SendWindow, TransmitsAgainFromWhereThePeerStands) {
  send_window window{unlimited};
  ASSERT_TRUE(window.push(batch_of({1, 2, 3, 4})).has_value());
  bytes out;
  window.poll_transmit(out, unlimited, 0);
  ASSERT_TRUE(window.handle_resume(2).has_value());
  EXPECT_EQ(window.acknowledged(), 2U);
  out.clear();
  EXPECT_EQ(window.poll_transmit(out, unlimited, 9), 2U);
  EXPECT_EQ(parse(out), (std::vector<transmitted>{{3, 9, 3}, {4, 9, 4}}));
}

TEST(SendWindow, SkipsWhatThePeerHasAndKeepsItUntilItIsAcknowledged) {
  send_window window{unlimited};
  ASSERT_TRUE(window.push(batch_of({1, 2, 3})).has_value());
  bytes out;
  window.poll_transmit(out, unlimited, 0);
  const auto buffered = window.buffered_bytes();
  ASSERT_TRUE(window.handle_resume_received(2).has_value());
  EXPECT_EQ(window.acknowledged(), 0U);
  EXPECT_EQ(window.buffered_bytes(), buffered);
  out.clear();
  EXPECT_EQ(window.poll_transmit(out, unlimited, 0), 1U);
  EXPECT_EQ(parse(out).front().id, 3U);
}

TEST(SendWindow, TakesAnAcknowledgementOfWhatOnlyAnEarlierConnectionCarried) {
  send_window window{unlimited};
  ASSERT_TRUE(window.push(batch_of({1, 2, 3})).has_value());
  bytes out;
  window.poll_transmit(out, unlimited, 0);
  ASSERT_TRUE(window.handle_resume_received(1).has_value());
  ASSERT_TRUE(window.handle_ack(2).has_value());
  out.clear();
  EXPECT_EQ(window.poll_transmit(out, unlimited, 0), 1U);
  EXPECT_EQ(parse(out).front().id, 3U);
}

TEST(SendWindowDeathTest, TakesNoEmptyBatch) {
  send_window window{unlimited};
  EXPECT_DEATH((void)window.push(batch_of({})), "assertion failed");
}

} // namespace
} // namespace kodama
