#pragma once

#include "apps/bench_client.hpp"
#include "apps/bench_publish_shape.hpp"

#include <deque>

namespace kodama::apps::bench {

class subscriber;

/// The subscribers that owe an acknowledgement and wait for company: 100 ms at the longest, as our
/// client library does. All wait equally long, so the first in is the first due.
class late_acknowledgements {
public:
  void add(subscriber& who, instant due) { waiting_.push_back({&who, due}); }
  /// When the next is due.
  [[nodiscard]] instant next() const noexcept {
    return waiting_.empty() ? never : waiting_.front().due;
  }
  void send_due(instant now);

private:
  struct entry {
    subscriber* who;
    instant due;
  };
  std::deque<entry> waiting_;
};

/// Subscribes to one topic and judges what it is delivered.
class subscriber final : public client {
public:
  /// `shape` and `late` outlive it. `publishers`: of its topic.
  subscriber(run_state& run, std::uint32_t topic, std::string name, std::size_t publishers,
             bool reliable, const publish_shape& shape, late_acknowledgements& late);

  [[nodiscard]] const delivery_check& received() const noexcept { return check_; }
  /// The turn of this one in `late` has come.
  void handle_late_acknowledgement();

private:
  // client
  void handle_welcome(const session_limits& limits) override;
  relay_greeting greeting() const override { return {topic(), 1}; }
  std::size_t take(byte_view input) override;
  void handle_message(const message::any& what) override;
  void handle_message(const kodama::mqtt::packet& what) override;

  void deliver(std::uint64_t number, topic_sequence sequence, const stamp& what);
  void deliver(kodama::mqtt::packet_id id, const stamp& what);
  void acknowledge_in_time();
  void acknowledge();

  const publish_shape& shape_;
  late_acknowledgements& late_;
  delivery_check check_;
  bool reliable_;
  bytes pubacks_;        ///< to be sent once all that was read has been looked at
  bool waiting_ = false; ///< in late_
  message_id acknowledged_ = 0;
};

} // namespace kodama::apps::bench
