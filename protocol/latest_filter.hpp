#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace kodama {

/// Lets each key's messages pass only in ascending order of their number: at most once, and never
/// an older one after a newer one. The keys of unreliable messages are their topics (towards the
/// server) and pairs of topic and sender (towards a subscriber).
///
/// Numbers come from one counter for all keys. So when the table is full, the key with the oldest
/// number can be forgotten without breaking the promise: its number becomes a floor for every key
/// that is not in the table. Bounded by `keys_max` keys.
class latest_filter {
public:
  explicit latest_filter(std::size_t keys_max)
      : keys_max_{keys_max} {}

  /// Whether the message may pass; if so, nothing older of this key will.
  [[nodiscard]] bool accept(std::string_view topic, std::uint64_t sender, std::uint64_t number);

  [[nodiscard]] std::size_t size() const noexcept { return latest_.size(); }

private:
  struct key {
    std::string topic;
    std::uint64_t sender;
  };
  struct key_view {
    std::string_view topic;
    std::uint64_t sender;
  };
  struct less {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return std::pair{std::string_view{a.topic}, a.sender} <
             std::pair{std::string_view{b.topic}, b.sender};
    }
  };
  using table = std::map<key, std::uint64_t, less>;

  void forget_oldest();

  std::size_t keys_max_;
  std::uint64_t floor_ = 0; // of every key that is not in latest_
  table latest_;            // all numbers above floor_, each once
  std::map<std::uint64_t, table::iterator> by_number_;
};

} // namespace kodama
