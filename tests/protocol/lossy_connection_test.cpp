#include "protocol/message_reader.hpp"
#include "protocol/receive_window.hpp"
#include "protocol/send_window.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

// send_window and receive_window in conversation: exactly-once over connections that die anywhere,
// without sessions, topics or actors around them.
namespace kodama {
namespace {

using std::chrono::milliseconds;

constexpr receive_window::options impatient{.ack_delay = milliseconds{20}, .ack_every = 3};

/// What one side of the session holds. It survives connections.
struct peer {
  explicit peer(std::size_t bytes_max)
      : sent{bytes_max} {}

  send_window sent;
  receive_window received{impatient};
  message_reader reader{{}};
  std::uint64_t pushed = 0;
  std::vector<std::uint64_t> delivered; // the contents, in the order of their arrival
  std::set<message_id> open;            // received and not completed
  bytes wire;                           // on its way to the other peer
};

/// Two peers and a connection between them. Bytes arrive in pieces and in order, until the
/// connection dies and takes what was on its way with it.
class conversation {
public:
  explicit conversation(std::size_t bytes_max)
      : peers_{peer{bytes_max}, peer{bytes_max}} {}

  void push(std::size_t side, std::size_t count) {
    auto& from = peers_[side];
    auto batch = std::make_shared<message_batch>();
    for (std::size_t i = 0; i != count; ++i) {
      bytes content(8);
      store_big(content.data(), from.pushed + i);
      batch->add(message::publish{.id = 1, .topic = "t", .content = content}, 0);
    }
    const auto kept = from.sent.push(std::move(batch));
    if (kept)
      from.pushed += count;
    else
      RC_ASSERT(kept.error() == errc::slow_reader);
  }

  void transmit(std::size_t side, std::size_t size_max) {
    auto& from = peers_[side];
    from.sent.poll_transmit(from.wire, from.wire.size() + size_max, 0);
    if (const auto through = from.received.poll_ack(now_))
      message::encode(from.wire, message::ack{*through}, 0);
  }

  void arrive(std::size_t side, std::size_t count) {
    auto& from = peers_[side];
    auto& to = peers_[1 - side];
    count = std::min(count, from.wire.size());
    const bytes piece{from.wire.begin(), from.wire.begin() + static_cast<std::ptrdiff_t>(count)};
    from.wire.erase(from.wire.begin(), from.wire.begin() + static_cast<std::ptrdiff_t>(count));
    to.reader.feed(piece);
    while (const auto item = to.reader.next().value())
      handle(to, item->body);
  }

  /// Lets the `index`-th oldest open message of `side` take effect.
  void complete(std::size_t side, std::size_t index) {
    auto& at = peers_[side];
    if (at.open.empty())
      return;
    const auto chosen =
        std::next(at.open.begin(), static_cast<std::ptrdiff_t>(index % at.open.size()));
    at.received.complete(now_, *chosen);
    at.open.erase(chosen);
  }

  void wait(std::size_t ms) { now_ += milliseconds{ms}; }

  /// The connection dies; the next one resumes the session.
  void cut() {
    for (auto& p : peers_) {
      p.wire.clear();
      p.reader = message_reader{{}};
      p.received.handle_resume(now_);
    }
    // One direction each, so that both ways to resume are used.
    RC_ASSERT(peers_[0].sent.handle_resume_received(peers_[1].received.received()).has_value());
    RC_ASSERT(peers_[1].sent.handle_resume(peers_[0].received.received()).has_value());
  }

  /// From now on the connection holds.
  void heal() {
    for (int round = 0; round != 4; ++round) {
      for (std::size_t side = 0; side != 2; ++side)
        transmit(side, 1 << 20);
      for (std::size_t side = 0; side != 2; ++side)
        arrive(side, 1 << 20);
      for (std::size_t side = 0; side != 2; ++side)
        while (!peers_[side].open.empty())
          complete(side, 0);
      wait(20);
    }
  }

  void check_quiet() const {
    for (std::size_t side = 0; side != 2; ++side) {
      const auto& from = peers_[side];
      const auto& to = peers_[1 - side];
      RC_ASSERT(to.delivered.size() == from.pushed);
      for (std::size_t i = 0; i != to.delivered.size(); ++i)
        RC_ASSERT(to.delivered[i] == i);
      RC_ASSERT(from.sent.unacknowledged() == 0U);
      RC_ASSERT(from.sent.buffered_bytes() == 0U);
      RC_ASSERT(!from.sent.has_untransmitted());
      RC_ASSERT(to.received.pending() == 0U);
      RC_ASSERT(to.received.unacknowledged() == 0U);
      RC_ASSERT(to.received.poll_timeout() == never);
      RC_ASSERT(from.wire.empty());
    }
  }

private:
  static void handle(peer& to, const message::any& body) {
    if (const auto* acknowledgement = std::get_if<message::ack>(&body)) {
      RC_ASSERT(to.sent.handle_ack(acknowledgement->through).has_value());
      return;
    }
    const auto& m = std::get<message::publish>(body);
    RC_ASSERT(to.received.handle_message(m.id) == receive_window::verdict::fresh);
    to.delivered.push_back(load_big<std::uint64_t>(m.content.data()));
    to.open.insert(m.id);
  }

  std::array<peer, 2> peers_;
  instant now_ = instant{} + std::chrono::hours{1};
};

enum class action { push, transmit, arrive, complete, wait, cut };

struct step {
  action what;
  std::size_t side;
  std::size_t amount;
};

std::ostream& operator<<(std::ostream& out, const step& s) {
  constexpr const char* names[] = {"push", "transmit", "arrive", "complete", "wait", "cut"};
  return out << names[static_cast<int>(s.what)] << '(' << s.side << ", " << s.amount << ')';
}

rc::Gen<std::vector<step>> steps() {
  const auto what = rc::gen::weightedElement<action>({{5, action::push},
                                                      {8, action::transmit},
                                                      {10, action::arrive},
                                                      {8, action::complete},
                                                      {3, action::wait},
                                                      {2, action::cut}});
  return rc::gen::scale(4,
                        rc::gen::container<std::vector<step>>(rc::gen::build<step>(
                            rc::gen::set(&step::what, what),
                            rc::gen::set(&step::side, rc::gen::inRange<std::size_t>(0, 2)),
                            rc::gen::set(&step::amount, rc::gen::inRange<std::size_t>(0, 400)))));
}

RC_GTEST_PROP(LossyConnection, DeliversEverythingOnceAndInOrderBothWays, ()) {
  conversation talk{*rc::gen::element<std::size_t>(500, 5'000, 1'000'000)};
  for (const auto& s : *steps()) {
    switch (s.what) {
    case action::push: talk.push(s.side, 1 + s.amount % 9); break;
    case action::transmit: talk.transmit(s.side, s.amount); break;
    case action::arrive: talk.arrive(s.side, s.amount); break;
    case action::complete: talk.complete(s.side, s.amount); break;
    case action::wait: talk.wait(s.amount % 30); break;
    case action::cut: talk.cut(); break;
    }
  }
  talk.cut();
  talk.heal();
  talk.check_quiet();
}

} // namespace
} // namespace kodama
