#include "actors/filter_requests.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <utility>

namespace kodama::actors {
namespace {

std::size_t size_of(const filter_request& what) {
  return std::max<std::size_t>(what.count(), 1);
}

} // namespace

void filter_requests::push(client_id client, filter_request what) {
  size_ += size_of(what);
  auto& line = lines_[client];
  if (line.empty())
    turns_.push_back(client);
  line.push_back(std::move(what));
}

filter_request& filter_requests::front() {
  KODAMA_ASSERT(!empty());
  return lines_.at(turns_.front()).front();
}

void filter_requests::pass_on() {
  KODAMA_ASSERT(!empty());
  turns_.push_back(turns_.front());
  turns_.pop_front();
}

void filter_requests::pop() {
  KODAMA_ASSERT(!empty());
  const auto at = lines_.find(turns_.front());
  size_ -= size_of(at->second.front());
  at->second.pop_front();
  if (!at->second.empty())
    return pass_on();
  lines_.erase(at);
  turns_.pop_front();
}

void filter_requests::clear() noexcept {
  lines_.clear();
  turns_.clear();
  size_ = 0;
}

} // namespace kodama::actors
