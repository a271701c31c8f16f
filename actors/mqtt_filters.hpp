#pragma once

#include "protocol/mqtt/packet.hpp"
#include "protocol/mqtt/topic_tree.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kodama::actors {

/// The subscriptions of one MQTT session, and what a message of a topic gets by them.
///
/// A message that several filters match is delivered once, at the highest of their QoS and with
/// all their identifiers [MQTT-3.3.4-2] to [MQTT-3.3.4-5]. Shared subscriptions stand apart: their
/// messages come by name (shared_publication), and match nothing here.
class mqtt_filters {
public:
  using identifiers = std::shared_ptr<const std::vector<std::uint32_t>>;

  struct subscription {
    mqtt::qos qos{};
    bool no_local = false;
    bool retain_as_published = false;
    std::uint32_t identifier = 0; ///< 0: none
    std::uint64_t since = 0;      ///< the request that made it; what replaces it keeps that
  };
  /// How a message reaches the client; by none of the filters where `qos` is absent.
  struct way {
    std::optional<mqtt::qos> qos;
    bool retain_as_published = false;
    identifiers ids;
  };

  /// True where the filter is new; otherwise the subscription is replaced [MQTT-3.8.4-3].
  bool set(std::string_view filter, const subscription& what);
  /// False where there is no such subscription.
  bool erase(std::string_view filter);
  [[nodiscard]] const subscription* find(std::string_view filter) const;
  [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }
  [[nodiscard]] std::vector<std::string> shared_names() const;
  /// Takes out the first so many; fewer where there are no more. To free a hundred thousand at
  /// once would hold up everybody else.
  [[nodiscard]] std::vector<std::string> take(std::size_t most);

  /// `own`: the message is the client's own (No Local). Valid until the next change.
  [[nodiscard]] const way& way_of(std::string_view topic, bool own);

  [[nodiscard]] static identifiers ids_of(const subscription& what);

private:
  struct ways {
    way others;
    way own;
  };

  template <class Visitor>
  void each_match(std::string_view topic, Visitor&& visit) const;
  [[nodiscard]] ways find_ways(std::string_view topic) const;

  std::map<std::string, subscription, std::less<>> all_;
  /// From `tree_from` filters on. The keys of `all_`, which stay where they are.
  std::unique_ptr<mqtt::topic_tree<std::string_view>> tree_;
  std::map<std::string, ways, std::less<>> found_; ///< a cache, emptied by every change
};

} // namespace kodama::actors
