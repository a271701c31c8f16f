#pragma once

#include "apps/bench_client.hpp"
#include "apps/bench_publish_shape.hpp"

namespace kodama::apps::bench {

/// Publishes to one topic, as far ahead as its window allows.
///
/// The window counts what the server has not acknowledged. Where nothing is acknowledged (without a
/// guarantee, or at the floor) it counts what the slowest subscriber has not received; the load
/// reports that.
class publisher final : public client {
public:
  /// `shape`: of what it sends, its topic's name included. `index`: among the publishers of its
  /// topic. `batch`: messages it can write at once.
  publisher(run_state& run, std::uint32_t topic, std::string name, std::uint32_t index,
            bool acknowledged, publish_shape shape, std::size_t window, std::size_t batch);

  /// How many messages may be published now; 0 while the socket takes no more.
  [[nodiscard]] std::size_t room() const noexcept;
  /// At most room() or, where a schedule rather than the window decides, as many as it says.
  void publish(std::size_t count, instant due);

  /// The slowest subscriber has received, or can no longer receive, everything before `sequence`.
  void handle_progress(std::uint64_t sequence) noexcept { done_ = std::max(done_, sequence); }

  [[nodiscard]] bool acknowledged() const noexcept { return acknowledged_; }
  [[nodiscard]] std::uint32_t index() const noexcept { return index_; }
  using client::topic;
  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }
  [[nodiscard]] std::uint64_t done() const noexcept { return done_; }

private:
  // client
  void handle_welcome(const session_limits& limits) override;
  relay_greeting greeting() const override { return {topic(), 0}; }
  std::size_t take(byte_view input) override;
  void handle_message(const message::any& what) override;
  void handle_message(const kodama::mqtt::packet& what) override;

  publish_shape shape_;
  std::uint32_t index_;
  bool acknowledged_;
  std::size_t window_;
  std::size_t batch_size_;
  bytes batch_;
  std::uint64_t sent_ = 0;
  std::uint64_t done_ = 0; ///< of sent_
};

} // namespace kodama::apps::bench
