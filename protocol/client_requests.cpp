#include "protocol/client_requests.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <utility>

namespace kodama {

void client_requests::add_publish(message_id id, request_id request) {
  KODAMA_ASSERT(publishes_.empty() || publishes_.back().id < id);
  publishes_.push_back({id, request});
}

void client_requests::add(message_id id, entry what) {
  const bool added = others_.emplace(id, std::move(what)).second;
  KODAMA_ASSERT(added);
}

void client_requests::handle_ack(message_id through) noexcept {
  acknowledged_ = std::max(acknowledged_, through);
}

std::optional<request_id> client_requests::poll_acknowledged() {
  while (!publishes_.empty() && publishes_.front().id <= acknowledged_) {
    const auto request = publishes_.front().request;
    publishes_.pop_front();
    if (request != 0)
      return request;
  }
  return std::nullopt;
}

client_requests::entry* client_requests::find(message_id id) {
  const auto found = others_.find(id);
  return found == others_.end() ? nullptr : &found->second;
}

std::optional<request_id> client_requests::take_publish(message_id id) {
  const auto found =
      std::lower_bound(publishes_.begin(), publishes_.end(), id,
                       [](const publish& p, message_id wanted) { return p.id < wanted; });
  if (found == publishes_.end() || found->id != id || found->request == 0)
    return std::nullopt;
  return std::exchange(found->request, 0);
}

std::vector<request_id> client_requests::unconfirmed() const {
  std::vector<request_id> requests;
  for (const auto& [id, request] : publishes_)
    if (id > acknowledged_ && request != 0)
      requests.push_back(request);
  return requests;
}

std::vector<request_id> client_requests::abandoned() const {
  std::vector<request_id> requests;
  for (const auto& [id, what] : others_)
    if (what.request != 0)
      requests.push_back(what.request);
  return requests;
}

} // namespace kodama
