#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace kodama::sim::checkers {

/// What is kept for each topic, looked up without making a string of the name.
template <class Value>
using by_topic = std::map<std::string, Value, std::less<>>;

/// The topic's entry, made if need be.
template <class Value>
[[nodiscard]] Value& at(by_topic<Value>& in, std::string_view topic) {
  const auto where = in.lower_bound(topic);
  if (where != in.end() && where->first == topic)
    return where->second;
  return in.emplace_hint(where, std::string{topic}, Value{})->second;
}

/// Null where the topic, or its owner, has no entry.
template <class Value>
[[nodiscard]] Value* find(by_topic<Value>& in, std::string_view topic) {
  const auto where = in.find(topic);
  return where == in.end() ? nullptr : &where->second;
}

template <class Owner, class Value>
[[nodiscard]] Value* find(std::map<Owner, by_topic<Value>>& in, const Owner& owner,
                          std::string_view topic) {
  const auto where = in.find(owner);
  return where == in.end() ? nullptr : find(where->second, topic);
}

} // namespace kodama::sim::checkers
