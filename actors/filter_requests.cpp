#include "actors/filter_requests.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <utility>

namespace kodama::actors {

void filter_requests::push(client_id client, filter_request what) {
  auto& line = lines_[client];
  if (line.empty())
    turns_.push_back(client);
  line.push_back(std::move(what));
}

filter_request& filter_requests::front() {
  KODAMA_ASSERT(!empty());
  return lines_.at(turns_.front()).front();
}

void filter_requests::strike_out(client_id client, bool has_begun) {
  const auto at = lines_.find(client);
  if (at == lines_.end())
    return;
  auto& first = at->second.front();
  const auto begun = first.done + (has_begun && turns_.front() == client ? 1 : 0);
  // What is left of it still comes to its end, like everything that has begun.
  if (auto* asked = std::get_if<filters_asked>(&first.what); asked && begun != 0)
    asked->filters.resize(std::min(begun, asked->filters.size()));
  std::erase_if(at->second, [&](const filter_request& each) {
    return std::holds_alternative<filters_asked>(each.what) && (&each != &first || begun == 0);
  });
  if (!at->second.empty())
    return;
  lines_.erase(at);
  std::erase(turns_, client);
}

void filter_requests::pass_on() {
  KODAMA_ASSERT(!empty());
  turns_.push_back(turns_.front());
  turns_.pop_front();
}

void filter_requests::pop() {
  KODAMA_ASSERT(!empty());
  const auto at = lines_.find(turns_.front());
  at->second.pop_front();
  if (!at->second.empty())
    return pass_on();
  lines_.erase(at);
  turns_.pop_front();
}

void filter_requests::clear() noexcept {
  lines_.clear();
  turns_.clear();
}

} // namespace kodama::actors
