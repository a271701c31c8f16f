#include "client/waiting_calls.hpp"

#include <iterator>

namespace kodama {

using boost::system::error_code;

void waiting_calls::add(request_id request, completion done) {
  if (!done)
    return;
  last_ = request;
  calls_.emplace(request,
                 [done = std::move(done)](error_code error, const event*) { done(error); });
}

void waiting_calls::add_topic(request_id request, interest what, std::string_view topic,
                              completion done) {
  if (!done)
    return;
  last_ = request;
  topic_key key{what, topic};
  interests_[key].emplace_back(request, std::move(done));
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
    for (const auto& [asked, done] : waiting.mapped())
      done({});
}

void waiting_calls::fail(request_id request, error_code reason) {
  if (const auto asked = topics_.extract(request))
    fail_topic(asked.mapped().first, asked.mapped().second, reason);
  else if (const auto waited = take(request))
    waited(reason, nullptr);
}

void waiting_calls::fail_topic(interest what, std::string_view topic, error_code reason) {
  if (const auto waiting = interests_.extract({what, std::string{topic}}))
    for (const auto& [asked, done] : waiting.mapped())
      done(reason);
}

void waiting_calls::fail_ended(const std::function<bool(interest, std::string_view)>& is_wanted,
                               error_code reason) {
  // All are taken out before the first is made: a call may ask for one of them again.
  std::vector<completion> ended;
  for (auto each = interests_.begin(); each != interests_.end();) {
    const auto at = each++;
    if (is_wanted(at->first.first, at->first.second))
      continue;
    for (auto& [asked, done] : at->second)
      ended.push_back(std::move(done));
    interests_.erase(at);
  }
  for (const auto& done : ended)
    done(reason);
}

void waiting_calls::fail_all(std::span<const request_id> requests, error_code reason) {
  for (const auto request : requests) {
    topics_.erase(request);
    if (const auto waited = take(request))
      waited(reason, nullptr);
  }
}

void waiting_calls::stop(error_code reason, request_id through) {
  topics_.erase(topics_.begin(), topics_.upper_bound(through));
  // All are taken out before the first is made: a call may add further ones, which wait.
  std::vector<call> ended;
  const auto later = calls_.upper_bound(through);
  for (auto each = calls_.begin(); each != later; each = calls_.erase(each))
    ended.push_back(std::move(each->second));
  std::vector<completion> topics_ended;
  for (auto each = interests_.begin(); each != interests_.end();) {
    auto& waiting = each->second;
    std::erase_if(waiting, [&](auto& one) {
      if (one.first > through)
        return false;
      topics_ended.push_back(std::move(one.second));
      return true;
    });
    each = waiting.empty() ? interests_.erase(each) : std::next(each);
  }
  for (const auto& waited : ended)
    waited(reason, nullptr);
  for (const auto& done : topics_ended)
    done(reason);
}

waiting_calls::call waiting_calls::take(request_id request) {
  const auto found = calls_.extract(request);
  return found ? std::move(found.mapped()) : call{};
}

} // namespace kodama
