#pragma once

#include "protocol/assert.hpp"
#include "protocol/mqtt/ordered_values.hpp"
#include "protocol/mqtt/topic_filter.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace kodama::mqtt {

/// Filters with values, and for a topic the values of all filters that match it (MQTT 5.0, 4.7).
///
/// A tree of levels: a match follows the topic's own level and '+' at each node, so it costs by the
/// topic's levels and by the parts of filters that match, not by how many filters there are; among
/// siblings a level is found by halves. A map and not a hash table: nobody can choose levels that
/// collide, and nothing depends on a hash.
///
/// The order of a match is fixed by the filters and the order of their insertion: at each node
/// first
/// "#", then the topic's own level with all that is below, then '+'; values of one filter in the
/// order in which they came. A node that is left without value and child is freed at once.
///
/// `Value` is small, copied, and ordered by '<'. Filters are valid and not shared (topic_filter);
/// they have at most `levels_max` levels, which bounds the depth of every recursion here. A topic
/// may have more: the tree ends before.
template <class Value>
class topic_tree {
public:
  static constexpr std::size_t levels_max = 128;

  /// Whether a filter has few enough levels to be inserted.
  [[nodiscard]] static bool fits(std::string_view filter) noexcept {
    return level_count(filter) <= levels_max;
  }

  /// False where the filter has this value already.
  bool insert(std::string_view filter, const Value& value) {
    KODAMA_ASSERT(!filter.empty() && fits(filter));
    auto* at = &root_;
    for (bool more = true; more;) {
      std::string_view level;
      more = take_level(filter, level);
      at = &at->make_child(level);
    }
    const bool inserted = at->values.insert(value);
    size_ += inserted ? 1 : 0;
    return inserted;
  }

  /// False where the filter does not have this value.
  bool erase(std::string_view filter, const Value& value) {
    if (filter.empty() || !fits(filter))
      return false;
    const bool erased = erase(root_, filter, true, value);
    size_ -= erased ? 1 : 0;
    return erased;
  }

  /// Calls `visit(value)` for each value of each filter that matches: more than once for a value
  /// that several of them have.
  template <class Visitor>
  void match(std::string_view topic, Visitor&& visit) const {
    if (topic.empty())
      return;
    if (topic.front() != '$')
      return match(root_, topic, true, visit);
    // Wildcards do not reach topics that begin with '$' [MQTT-4.7.2-1].
    std::string_view level;
    const bool more = take_level(topic, level);
    if (const auto* child = root_.named(level))
      match(*child, topic, more, visit);
  }

  /// Pairs of filter and value.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  /// Nodes below the root: what the memory is spent on.
  [[nodiscard]] std::size_t node_count() const { return count(root_); }

private:
  struct node {
    // Most nodes are leaves, and go without the map.
    std::unique_ptr<std::map<std::string, node, std::less<>>> children;
    std::unique_ptr<node> one;  // '+'
    std::unique_ptr<node> many; // '#'
    ordered_values<Value> values;

    [[nodiscard]] bool is_unused() const noexcept {
      return !children && !one && !many && values.empty();
    }

    [[nodiscard]] const node* named(std::string_view level) const {
      if (!children)
        return nullptr;
      const auto found = children->find(level);
      return found == children->end() ? nullptr : &found->second;
    }

    [[nodiscard]] node* child(std::string_view level) {
      if (level == "+")
        return one.get();
      if (level == "#")
        return many.get();
      return const_cast<node*>(named(level));
    }

    node& make_child(std::string_view level) {
      if (level == "+" || level == "#") {
        auto& wildcard = level == "+" ? one : many;
        if (!wildcard)
          wildcard = std::make_unique<node>();
        return *wildcard;
      }
      if (!children)
        children = std::make_unique<std::map<std::string, node, std::less<>>>();
      const auto found = children->lower_bound(level);
      if (found != children->end() && found->first == level)
        return found->second;
      return children->try_emplace(found, std::string{level})->second;
    }

    void drop_child(std::string_view level) {
      if (level == "+")
        return one.reset();
      if (level == "#")
        return many.reset();
      children->erase(children->find(level));
      if (children->empty())
        children.reset();
    }
  };

  static bool erase(node& at, std::string_view rest, bool more, const Value& value) {
    if (!more)
      return at.values.erase(value);
    std::string_view level;
    more = take_level(rest, level);
    auto* child = at.child(level);
    if (!child || !erase(*child, rest, more, value))
      return false;
    if (child->is_unused())
      at.drop_child(level);
    return true;
  }

  /// `more`: whether `rest` is a further level, which may be the empty one.
  template <class Visitor>
  static void match(const node& at, std::string_view rest, bool more, Visitor& visit) {
    if (at.many)
      at.many->values.for_each(visit);
    if (!more)
      return at.values.for_each(visit);
    std::string_view level;
    more = take_level(rest, level);
    if (const auto* child = at.named(level))
      match(*child, rest, more, visit);
    if (at.one)
      match(*at.one, rest, more, visit);
  }

  static std::size_t count(const node& at) {
    std::size_t all = (at.one ? 1 + count(*at.one) : 0) + (at.many ? 1 : 0);
    if (at.children)
      for (const auto& [level, child] : *at.children)
        all += 1 + count(child);
    return all;
  }

  node root_;
  std::size_t size_ = 0;
};

} // namespace kodama::mqtt
