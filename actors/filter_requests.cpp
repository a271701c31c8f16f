#include "actors/filter_requests.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <utility>

namespace kodama::actors {

void filter_requests::push(client_id client, filter_request what, bool has_begun) {
  if (std::holds_alternative<filters_away>(what.what))
    strike<filters_away>(client, has_begun);
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
  strike<filters_asked, filters_away>(client, has_begun);
}

template <class... What>
void filter_requests::strike(client_id client, bool has_begun) {
  const auto at = lines_.find(client);
  if (at == lines_.end())
    return;
  const auto is_meant = [](const filter_request& each) {
    return (std::holds_alternative<What>(each.what) || ...);
  };
  auto& first = at->second.front();
  const auto begun = first.done + (has_begun && turns_.front() == client ? 1 : 0);
  // What is left of it still comes to its end, like everything that has begun.
  if (begun != 0 && is_meant(first))
    std::visit([&](auto& each) { each.filters.resize(std::min(begun, each.filters.size())); },
               first.what);
  std::erase_if(at->second, [&](const filter_request& each) {
    return is_meant(each) && (&each != &first || begun == 0);
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
