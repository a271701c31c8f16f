#pragma once

#include "protocol/assert.hpp"

#include <caf/mailbox_element.hpp>

#include <utility>

namespace kodama::runtime {

/// What waits for one actor, first in first out: a list of CAF's own elements. Not thread safe.
class mailbox {
public:
  mailbox() = default;
  mailbox(const mailbox&) = delete;
  mailbox& operator=(const mailbox&) = delete;
  ~mailbox() { clear(); }

  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }

  void push(caf::mailbox_element_ptr what) noexcept {
    auto* added = what.release();
    added->next = nullptr;
    if (first_)
      last_->next = added;
    else
      first_ = added;
    last_ = added;
  }

  /// Only where it is not empty.
  [[nodiscard]] caf::mailbox_element_ptr pop() noexcept {
    KODAMA_ASSERT(first_ != nullptr);
    auto* taken = first_;
    first_ = static_cast<caf::mailbox_element*>(taken->next);
    return caf::mailbox_element_ptr{taken};
  }

  void clear() noexcept {
    while (!empty())
      (void)pop(); // what is dropped may hold the last reference to others
  }

private:
  caf::mailbox_element* first_ = nullptr;
  caf::mailbox_element* last_ = nullptr; ///< while there is a first
};

} // namespace kodama::runtime
