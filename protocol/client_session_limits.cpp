#include "protocol/client_session.hpp"

#include <limits>
#include <utility>
#include <variant>

/// What client_session makes of limits that are told after something was asked for.
namespace kodama {
namespace {

struct excess {
  errc reason;
  std::string text;
};

std::optional<excess> find_excess(const session_limits& limits, std::size_t topic_length,
                                  std::size_t message_size) {
  if (topic_length > limits.topic_length_max)
    return excess{errc::topic_too_long, "the topic has " + std::to_string(topic_length) +
                                            " bytes, the server's topic_length_max is " +
                                            std::to_string(limits.topic_length_max)};
  if (message_size > limits.message_size_max)
    return excess{errc::message_too_long,
                  "the message has " + std::to_string(message_size) +
                      " bytes, its header included; the server's message_size_max is " +
                      std::to_string(limits.message_size_max)};
  return std::nullopt;
}

} // namespace

/// Takes out what a new session's server would end it for. Nothing was transmitted yet, so the rest
/// is numbered again, without a gap.
void client_session::refuse_excess(const session_limits& limits) {
  const auto [message_size, topic_length] = std::exchange(longest_, {});
  if (!find_excess(limits, topic_length, message_size))
    return;
  flush();
  bytes queued;
  sent_.poll_transmit(queued, std::numeric_limits<std::size_t>::max(), 0);
  sent_ = send_window{std::numeric_limits<std::size_t>::max()};
  auto asked = std::exchange(requests_, {});
  constexpr auto unlimited = std::numeric_limits<std::uint32_t>::max();
  message_reader reader{{unlimited, unlimited}};
  reader.feed(queued);
  while (const auto item = reader.next().value())
    std::visit(
        [&](const auto& m) {
          if constexpr (requires { m.id, m.topic; })
            requeue(*item, m.id, m.topic, limits, asked);
        },
        item->body);
  longest_ = {};
}

void client_session::requeue(const message_reader::item& queued, message_id id,
                             std::string_view topic, const session_limits& limits,
                             client_requests& asked) {
  auto beyond = find_excess(limits, topic.size(), queued.header.message_size());
  if (const auto other = asked.find(id)) {
    if (!beyond)
      return enqueue(queued.body, std::move(*other));
    handle_refused(*other, id);
    refused_.push_back({other->request, beyond->reason, std::move(beyond->text),
                        std::move(other->topic), other->what == client_requests::kind::watch});
    return;
  }
  const auto request = asked.take_publish(id).value();
  if (beyond)
    refused_.push_back({request, beyond->reason, std::move(beyond->text), {}, false});
  else
    requests_.add_publish(push(queued.body, topic), request);
}

client_session::event client_session::poll_refused() {
  if (refused_.empty())
    return std::nullopt;
  told_ = std::move(refused_.front());
  refused_.pop_front();
  return client_event::request_failed{told_.request, told_.reason, told_.text, told_.topic,
                                      told_.of_watch};
}

} // namespace kodama
