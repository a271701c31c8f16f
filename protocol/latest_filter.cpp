#include "protocol/latest_filter.hpp"

namespace kodama {

bool latest_filter::accept(std::string_view topic, std::uint64_t sender, std::uint64_t number) {
  const auto found = latest_.find(key_view{topic, sender});
  if (number <= (found == latest_.end() ? floor_ : found->second))
    return false;
  // One counter never gives a number to two keys; from a peer that does, the second is refused.
  if (by_number_.contains(number))
    return false;
  if (found != latest_.end()) {
    auto node = by_number_.extract(found->second);
    node.key() = number;
    by_number_.insert(std::move(node));
    found->second = number;
    return true;
  }
  const auto added = latest_.emplace(key{std::string{topic}, sender}, number).first;
  by_number_.emplace(number, added);
  if (latest_.size() > keys_max_)
    forget_oldest();
  return true;
}

void latest_filter::forget_oldest() {
  // May be the key just added: a late message of a key that is new here.
  const auto oldest = by_number_.begin();
  floor_ = oldest->first;
  latest_.erase(oldest->second);
  by_number_.erase(oldest);
}

} // namespace kodama
