#pragma once

#include "apps/bench_client.hpp"
#include "apps/bench_options.hpp"
#include "apps/bench_outcome.hpp"
#include "apps/bench_publish_shape.hpp"
#include "apps/bench_publisher.hpp"
#include "apps/bench_subscriber.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace kodama::apps::bench {

/// The generator: all clients of one run, on one thread and one epoll set.
///
/// Used once: traffic() or idle(). Each ends within the times of its options plus half a minute,
/// whatever the server does.
class load {
public:
  struct place {
    boost::asio::ip::tcp::endpoint server;
    pid_t pid = 0;        ///< whose costs are read; 0: nobody's
    bool relayed = false; ///< the floor
  };

  /// `progress` is told now and then what is going on; may be empty. `chosen` outlives the load.
  load(const options& chosen, const place& where, std::function<void(const std::string&)> progress);

  [[nodiscard]] traffic_outcome traffic();
  [[nodiscard]] idle_outcome idle();

private:
  struct mark {
    instant at{};
    std::uint64_t deliveries = 0;
    std::uint64_t published = 0;
    std::uint64_t reads = 0;
    std::optional<duration> server_cpu;
    duration own_cpu{};
  };

  [[nodiscard]] std::string topic_name(std::size_t topic) const;
  /// Of a topic of this name, as its subscribers receive it, or its publishers send it.
  [[nodiscard]] publish_shape shape(std::string_view topic, bool delivered) const;
  void add_subscriber(std::size_t topic, std::size_t publishers);
  void add_publisher(std::size_t topic, std::size_t index);
  void open_all();
  void close_all();

  void poll(duration longest);
  void publish_what_fits();
  void note_progress(publisher& from);
  /// Both return the measured time: where it begins and where it ends.
  std::pair<mark, mark> saturate();
  std::pair<mark, mark> keep_pace();
  void drain();

  [[nodiscard]] bool failed() const noexcept { return !run_.failure.empty(); }
  [[nodiscard]] bool all_acknowledged() const;
  [[nodiscard]] mark take_mark() const;
  [[nodiscard]] std::uint64_t published() const;
  [[nodiscard]] std::uint64_t missing() const;
  [[nodiscard]] bool reliable() const noexcept { return !chosen_.unreliable; }
  [[nodiscard]] mqtt::qos qos() const noexcept {
    return reliable() ? mqtt::qos::at_least_once : mqtt::qos::at_most_once;
  }
  [[nodiscard]] const subscriber& subscriber_of(std::size_t topic, std::size_t index) const {
    return *subscribers_[topic * chosen_.subscribers + index];
  }
  void report(const std::string& what, instant now);

  const options& chosen_;
  place where_;
  std::function<void(const std::string&)> progress_;
  instant reported_{};
  run_state run_;
  late_acknowledgements late_;
  publish_shape delivered_; // of every topic, but for its name
  // Ordered by topic.
  std::vector<std::unique_ptr<subscriber>> subscribers_;
  std::vector<std::unique_ptr<publisher>> publishers_;
  std::vector<client*> clients_; // all of these, in the order in which they connect
};

} // namespace kodama::apps::bench
