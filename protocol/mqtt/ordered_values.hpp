#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace kodama::mqtt {

/// A set that remembers in which order its values came.
///
/// A few values are searched one by one, and cost what a vector costs; from `indexed_from` on there
/// is an index beside them, so that the ten thousandth subscriber of a filter comes and goes as
/// cheaply as the first. Gaps of erased values are closed when they are half of all: each value is
/// moved once for every one that was erased.
template <class Value>
class ordered_values {
public:
  static constexpr std::size_t indexed_from = 32;

  [[nodiscard]] std::size_t size() const noexcept { return values_.size() - gaps_; }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

  /// False where it is in already.
  bool insert(const Value& value) {
    if (find(value) != values_.size())
      return false;
    values_.push_back(value);
    if (index_)
      index_->emplace(value, values_.size() - 1);
    else if (values_.size() >= indexed_from)
      make_index();
    return true;
  }

  /// False where it is not in.
  bool erase(const Value& value) {
    const auto at = find(value);
    if (at == values_.size())
      return false;
    if (!index_) {
      values_.erase(values_.begin() + static_cast<std::ptrdiff_t>(at));
      return true;
    }
    index_->erase(value);
    values_[at].reset();
    ++gaps_;
    if (2 * gaps_ >= values_.size())
      close_gaps();
    return true;
  }

  /// In the order in which they came.
  template <class Visitor>
  void for_each(Visitor&& visit) const {
    for (const auto& each : values_)
      if (each)
        visit(*each);
  }

private:
  /// Its position, or the number of positions.
  [[nodiscard]] std::size_t find(const Value& value) const {
    if (index_) {
      const auto found = index_->find(value);
      return found == index_->end() ? values_.size() : found->second;
    }
    const auto found = std::find(values_.begin(), values_.end(), value);
    return static_cast<std::size_t>(found - values_.begin());
  }

  void make_index() {
    index_ = std::make_unique<std::map<Value, std::size_t>>();
    for (std::size_t i = 0; i != values_.size(); ++i)
      index_->emplace(*values_[i], i);
  }

  void close_gaps() {
    std::erase(values_, std::nullopt);
    values_.shrink_to_fit();
    gaps_ = 0;
    index_.reset();
    if (values_.size() >= indexed_from)
      make_index();
  }

  std::vector<std::optional<Value>> values_; // without one: erased
  std::size_t gaps_ = 0;
  std::unique_ptr<std::map<Value, std::size_t>> index_;
};

} // namespace kodama::mqtt
