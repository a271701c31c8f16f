#pragma once

#include "protocol/mqtt/topic_filter.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace kodama::actors {

/// A filter's way past everything that has a name, in the order of names. It may rest anywhere:
/// what comes and goes meanwhile ahead of it is seen as it is then, what is behind it no more.
class filter_walk {
public:
  /// Borrows the filter, which is without its "$share/{ShareName}/".
  explicit filter_walk(std::string_view filter) noexcept
      : filter_{filter}
      , prefix_{mqtt::literal_prefix(filter)} {}

  /// Whether it matches a name that it has not come past.
  [[nodiscard]] bool is_to_meet(std::string_view name) const {
    return mqtt::matches(filter_, name) && (!last_ || *last_ < name);
  }

  /// Goes past two tables by name, where each name is in one of them at most, and calls
  /// `meet(entry)` for what matches. After each name it asks `may_go_on()`; false where it rests
  /// and is to be called again.
  template <class First, class Second, class Meet, class MayGoOn>
  [[nodiscard]] bool pass(First& first, Second& second, Meet&& meet, MayGoOn&& may_go_on) {
    auto in_first = start_in(first);
    auto in_second = start_in(second);
    for (;;) {
      const bool has_first = is_within(first, in_first);
      const bool has_second = is_within(second, in_second);
      if (!has_first && !has_second)
        return true;
      const bool is_first = has_first && (!has_second || in_first->first < in_second->first);
      const auto& name = is_first ? in_first->first : in_second->first;
      const bool is_match = mqtt::matches(filter_, name);
      if (is_first) {
        if (is_match)
          meet(*in_first);
        ++in_first;
      } else {
        if (is_match)
          meet(*in_second);
        ++in_second;
      }
      if (prefix_.size() == filter_.size())
        return true; // the name itself is the first of those that begin with it
      if (!may_go_on()) {
        last_ = name;
        return false;
      }
    }
  }

private:
  template <class Table>
  [[nodiscard]] auto start_in(Table& table) const {
    return last_ ? table.upper_bound(*last_) : table.lower_bound(prefix_);
  }
  template <class Table, class Iterator>
  [[nodiscard]] bool is_within(Table& table, Iterator at) const {
    return at != table.end() && std::string_view{at->first}.starts_with(prefix_);
  }

  std::string_view filter_;
  std::string_view prefix_;
  std::optional<std::string> last_; ///< the name it has come past last
};

} // namespace kodama::actors
