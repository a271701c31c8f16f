#pragma once

#include "protocol/client_event.hpp"
#include "protocol/result.hpp"

#include <functional>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kodama {

/// The callers of a client who wait for something, each to be called once.
///
/// Whoever waits for a subscription or watch waits over lost sessions too, because it is asked for
/// again; everybody else is told when the session ends. A call may add further ones. Empty
/// functions are not kept.
class waiting_calls {
public:
  enum class interest { subscription, watch };
  static constexpr auto everything = std::numeric_limits<request_id>::max();
  using completion = std::function<void(boost::system::error_code)>;

  void add(request_id request, completion done);
  void add_topic(request_id request, interest what, std::string_view topic, completion done);
  template <class Answer>
  void add_question(request_id request, std::function<void(result<Answer>)> ask);

  void complete(request_id request);
  void complete_topic(request_id request, interest what, std::string_view topic);
  template <class Answer>
  void answer(request_id request, const Answer& what);

  /// The server refused.
  void fail(request_id request, boost::system::error_code reason);
  /// The same of what was asked for again after a lost session.
  void fail_topic(interest what, std::string_view topic, boost::system::error_code reason);
  /// The session ended; what is asked for again waits on.
  void fail_all(std::span<const request_id> requests, boost::system::error_code reason);
  /// Of those that wait over the lost session: what nobody wants any more will not be asked for.
  void fail_ended(const std::function<bool(interest, std::string_view)>& is_wanted,
                  boost::system::error_code reason);
  /// Nothing that was added through this one will be asked for again.
  void stop(boost::system::error_code reason, request_id through = everything);
  /// The last one that was added.
  [[nodiscard]] request_id last() const noexcept { return last_; }

private:
  using event = client_event::any;
  /// Told an error, or the answer, or neither: it is done.
  using call = std::function<void(boost::system::error_code, const event*)>;
  using topic_key = std::pair<interest, std::string>;

  [[nodiscard]] call take(request_id request);

  std::map<request_id, call> calls_;
  std::map<request_id, topic_key> topics_; // which request somebody waits for by its topic
  std::map<topic_key, std::vector<std::pair<request_id, completion>>> interests_;
  request_id last_ = 0;
};

template <class Answer>
void waiting_calls::add_question(request_id request, std::function<void(result<Answer>)> ask) {
  if (!ask)
    return;
  last_ = request;
  calls_.emplace(request, [ask = std::move(ask)](boost::system::error_code error, const event* e) {
    if (error)
      ask(error);
    else
      ask(std::get<Answer>(*e));
  });
}

template <class Answer>
void waiting_calls::answer(request_id request, const Answer& what) {
  if (const auto asked = take(request)) {
    const event whole{what};
    asked({}, &whole);
  }
}

} // namespace kodama
