#include "client/waiting_calls.hpp"

namespace kodama {

using boost::system::error_code;

void waiting_calls::add(request_id request, completion done) {
  if (done)
    calls_.emplace(request,
                   [done = std::move(done)](error_code error, const event*) { done(error); });
}

void waiting_calls::add_topic(request_id request, interest what, std::string_view topic,
                              completion done) {
  if (!done)
    return;
  topic_key key{what, topic};
  interests_[key].push_back(std::move(done));
  topics_.emplace(request, std::move(key));
}

void waiting_calls::complete(request_id request) {
  if (const auto waited = take(request))
    waited({}, nullptr);
}

void waiting_calls::complete_topic(request_id request, interest what, std::string_view topic) {
  topics_.erase(request);
  if (interests_.empty())
    return;
  if (const auto waiting = interests_.extract({what, std::string{topic}}))
    for (const auto& done : waiting.mapped())
      done({});
}

bool waiting_calls::fail(request_id request, error_code reason) {
  if (const auto asked = topics_.extract(request)) {
    const auto waiting = interests_.extract(asked.mapped());
    if (!waiting)
      return false;
    for (const auto& done : waiting.mapped())
      done(reason);
    return true;
  }
  const auto waited = take(request);
  if (waited)
    waited(reason, nullptr);
  return static_cast<bool>(waited);
}

void waiting_calls::fail_all(std::span<const request_id> requests, error_code reason) {
  for (const auto request : requests) {
    topics_.erase(request);
    if (const auto waited = take(request))
      waited(reason, nullptr);
  }
}

void waiting_calls::stop(error_code reason) {
  topics_.clear();
  const auto calls = std::exchange(calls_, {});
  const auto interests = std::exchange(interests_, {}); // now: a call may add further ones
  for (const auto& [request, waited] : calls)
    waited(reason, nullptr);
  for (const auto& [key, waiting] : interests)
    for (const auto& done : waiting)
      done(reason);
}

waiting_calls::call waiting_calls::take(request_id request) {
  const auto found = calls_.extract(request);
  return found ? std::move(found.mapped()) : call{};
}

} // namespace kodama
