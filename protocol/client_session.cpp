#include "protocol/client_session.hpp"

#include "protocol/assert.hpp"
#include "protocol/mqtt/topic_filter.hpp"
#include "protocol/topic_name.hpp"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>

namespace kodama {
namespace {

using kind = client_requests::kind;

/// Memory of acknowledged messages is given back by the batch, so a batch must not grow for ever.
constexpr std::size_t batch_size_max = 64 * 1024;

/// The largest subscriber list put together from parts: 8 MiB of ids.
constexpr std::size_t subscribers_max = 1'048'576;

/// Before a server has told its limits, everything may be asked for that any server allows: a topic
/// as long as MQTT can say it, a message of which a batch of ours can still hold the offsets.
constexpr session_limits widest_limits() noexcept {
  session_limits limits;
  limits.topic_length_max = 65'535;
  limits.message_size_max = std::numeric_limits<std::uint32_t>::max() - batch_size_max;
  return limits;
}

constexpr std::size_t publish_size(std::size_t topic, std::size_t content) noexcept {
  return message_header_size + section_size(sizeof(message_id)) + section_size(topic) +
         section_size(content);
}

} // namespace

client_session::client_session(options chosen)
    : options_{chosen}
    , limits_{widest_limits()}
    // Our own limit is can_publish(): the subscriptions of a renewed session must always fit.
    , sent_{std::numeric_limits<std::size_t>::max()}
    , received_{chosen.acknowledge} {}

result<request_id> client_session::subscribe(std::string_view topic) {
  return ask<message::subscribe>(topic, kind::subscribe);
}

result<request_id> client_session::unsubscribe(std::string_view topic) {
  return ask<message::unsubscribe>(topic, kind::unsubscribe);
}

result<request_id> client_session::watch(std::string_view topic) {
  return ask<message::watch>(topic, kind::watch);
}

result<request_id> client_session::unwatch(std::string_view topic) {
  return ask<message::unwatch>(topic, kind::unwatch);
}

result<request_id> client_session::request_subscribers(std::string_view topic) {
  return ask<message::subscriber_list_request>(topic, kind::subscribers);
}

template <class Message>
result<request_id> client_session::ask(std::string_view topic, client_requests::kind what) {
  if (const auto allowed = check_request(topic, what); !allowed)
    return allowed.error();
  const auto request = new_request();
  enqueue(Message{.id = 1, .topic = topic}, {what, request, std::string{topic}, {}, false});
  check();
  return request;
}

result<request_id> client_session::publish(std::string_view topic, std::uint16_t content_type,
                                           byte_view content) {
  if (const auto allowed = check_publish(topic, content_type, content.size()); !allowed)
    return allowed.error();
  if (!can_publish())
    return errc::too_many_unacknowledged;
  const auto id = push(
      message::publish{.id = 1, .topic = topic, .content_type = content_type, .content = content},
      topic);
  const auto request = new_request();
  requests_.add_publish(id, request);
  check();
  return request;
}

result<void> client_session::write_unreliable(bytes& out, std::string_view topic,
                                              std::uint16_t content_type, byte_view content,
                                              std::uint32_t timestamp) {
  if (const auto allowed = check_publish(topic, content_type, content.size()); !allowed)
    return allowed.error();
  message::encode(out,
                  message::publish{.unreliable = next_unreliable_++,
                                   .topic = topic,
                                   .content_type = content_type,
                                   .content = content},
                  timestamp);
  return {};
}

bool client_session::can_publish() const noexcept {
  const auto buffered =
      sent_.buffered_bytes() + pushed_.image.size() + pushed_.count() * send_window::message_cost;
  return unacknowledged() < limits_.unacknowledged_max && buffered < options_.send_buffer_max;
}

std::uint64_t client_session::unacknowledged() const noexcept {
  return sent_.unacknowledged() + pushed_.count();
}

std::optional<message::resume_point> client_session::resume_point() const {
  if (!id_)
    return std::nullopt;
  return message::resume_point{*id_, received_.received()};
}

result<void> client_session::handle_connack(instant now, const message::connack_success& m) {
  if (id_ && *id_ != m.session)
    return errc::unexpected_message;
  // In a new session nothing was transmitted yet, so this also refuses a server that claims to have
  // received something.
  if (const auto agreed = sent_.handle_resume_received(m.last_received); !agreed)
    return agreed;
  if (!id_)
    refuse_excess(m.limits);
  if (id_)
    received_.handle_resume(now);
  id_ = m.session;
  limits_ = m.limits;
  check();
  return {};
}

result<void> client_session::handle(const message::ack& m) {
  if (const auto agreed = sent_.handle_ack(m.through); !agreed)
    return agreed;
  requests_.handle_ack(m.through);
  check();
  return {};
}

result<client_session::event> client_session::handle(instant now, const message::publish& m,
                                                     client_event::transport via) {
  using client_event::received;
  if (mqtt::has_wildcard(m.topic))
    return errc::unexpected_message;
  if (!m.reliable()) {
    // It may have overtaken SUBACK, or have been overtaken by UNSUBACK, on another transport.
    if (!topics_.is_subscribed(m.topic) || !latest_.accept(m.topic, m.sender, m.unreliable))
      return event{};
    return event{received{m.topic, 0, m.sender, m.content_type, m.content, via}};
  }
  return once(now, m.id, [&]() -> result<event> {
    const auto topic = topics_.find_subscribed(m.topic, m.sequence);
    if (topic == nullptr || m.sequence < topic->first || m.sequence <= topic->last)
      return errc::unexpected_message;
    topic->last = m.sequence;
    return event{received{m.topic, m.sequence, m.sender, m.content_type, m.content, via}};
  });
}

result<client_session::event> client_session::handle(instant now, const message::suback& m) {
  return answer(now, m, kind::subscribe);
}

result<client_session::event> client_session::handle(instant now, const message::unsuback& m) {
  return answer(now, m, kind::unsubscribe);
}

result<client_session::event> client_session::handle(instant now, const message::watchack& m) {
  return answer(now, m, kind::watch);
}

result<client_session::event> client_session::handle(instant now, const message::unwatchack& m) {
  return answer(now, m, kind::unwatch);
}

result<client_session::event> client_session::handle(instant now, const message::presence& m) {
  return once(now, m.id, [&]() -> result<event> {
    if (!topics_.is_watched(m.topic))
      return errc::unexpected_message;
    return event{client_event::presence{m.topic, m.sequence, m.client, m.event}};
  });
}

result<client_session::event> client_session::handle(instant now,
                                                     const message::subscriber_list& m) {
  return once(now, m.id, [&]() -> result<event> {
    const auto asked = requests_.find(m.in_reply_to);
    if (asked == nullptr || asked->what != kind::subscribers)
      return errc::unexpected_message;
    const auto ids = m.client_ids();
    if (asked->clients.size() + ids.size() > subscribers_max) {
      asked->too_many = true;
      asked->clients = {};
    }
    if (!asked->too_many)
      asked->clients.insert(asked->clients.end(), ids.begin(), ids.end());
    if (m.remaining != 0)
      return event{};
    answered_ = std::move(*asked);
    requests_.erase(m.in_reply_to);
    if (answered_.too_many)
      return event{client_event::request_failed{answered_.request, errc::message_too_long,
                                                "too many subscribers for one list",
                                                answered_.topic}};
    return event{client_event::subscribers{answered_.request, std::string{m.topic}, m.sequence,
                                           std::move(answered_.clients)}};
  });
}

result<client_session::event> client_session::handle(instant now,
                                                     const message::request_failed& m) {
  return once(now, m.id, [&]() -> result<event> {
    if (m.in_reply_to > sent_.last_pushed())
      return errc::unexpected_message;
    answered_ = {};
    if (const auto asked = requests_.find(m.in_reply_to)) {
      answered_ = std::move(*asked);
      requests_.erase(m.in_reply_to);
      handle_refused(answered_, m.in_reply_to);
    } else {
      // Still 0 where the publish has been reported as acknowledged: a server's contradiction,
      // which is not for us to hide.
      answered_.request = requests_.take_publish(m.in_reply_to).value_or(0);
    }
    return event{
        client_event::request_failed{answered_.request, m.reason, m.text, answered_.topic,
                                     !answered_.topic.empty() && answered_.what == kind::watch}};
  });
}

void client_session::handle_refused(const client_requests::entry& what, message_id request) {
  if (what.what == kind::subscribe)
    topics_.handle_refused(what.topic, &client_topics::topic::subscription, request);
  else if (what.what == kind::watch)
    topics_.handle_refused(what.topic, &client_topics::topic::watch, request);
}

void client_session::poll_transmit(bytes& out, std::size_t size_max, std::uint32_t timestamp) {
  flush();
  const auto pace = limits_.unacknowledged_max;
  if (sent_.unacknowledged() <= pace) {
    sent_.poll_transmit(out, size_max, timestamp);
    return;
  }
  // More is waiting than the server allows: it was asked for under other limits, or renewed.
  while (out.size() < size_max && sent_.last_transmitted() - sent_.acknowledged() < pace &&
         sent_.poll_transmit(out, out.size() + 1, timestamp) != 0) {
  }
}

bool client_session::has_open_requests() const {
  return !requests_.unconfirmed().empty() || !requests_.abandoned().empty();
}

client_event::session_lost client_session::lose(boost::system::error_code reason,
                                                std::string_view text) {
  client_event::session_lost lost{reason, std::string{text}, requests_.unconfirmed(),
                                  requests_.abandoned(), topics_.gaps()};
  id_.reset();
  sent_ = send_window{std::numeric_limits<std::size_t>::max()};
  pushed_ = {};
  received_ = receive_window{options_.acknowledge};
  requests_ = {};
  latest_ = latest_filter{latest_keys_max};
  next_unreliable_ = 1;
  topics_.end_session();
  for (const auto& topic : topics_.wanted(&client_topics::topic::subscription))
    renew<message::subscribe>(topic, kind::subscribe);
  for (const auto& topic : topics_.wanted(&client_topics::topic::watch))
    renew<message::watch>(topic, kind::watch);
  check();
  return lost;
}

template <class Message>
void client_session::renew(const std::string& topic, client_requests::kind what) {
  enqueue(Message{.id = 1, .topic = topic}, {what, 0, topic, {}, false});
}

void client_session::enqueue(const message::any& what, client_requests::entry asked) {
  const auto id = push(what, asked.topic);
  if (asked.what == kind::subscribe || asked.what == kind::unsubscribe)
    topics_.handle_asked(asked.topic, &client_topics::topic::subscription,
                         asked.what == kind::subscribe, id);
  else if (asked.what == kind::watch || asked.what == kind::unwatch)
    topics_.handle_asked(asked.topic, &client_topics::topic::watch, asked.what == kind::watch, id);
  requests_.add(id, std::move(asked));
}

result<void> client_session::check_request(std::string_view topic,
                                           client_requests::kind what) const {
  const auto valid = what == kind::subscribe || what == kind::unsubscribe
                         ? check_topic_filter(topic, limits_.topic_length_max)
                         : check_topic_name(topic, limits_.topic_length_max);
  if (!valid)
    return valid;
  if (!can_publish())
    return errc::too_many_unacknowledged;
  return {};
}

result<void> client_session::check_publish(std::string_view topic, std::uint16_t content_type,
                                           std::size_t content_size) const {
  if (const auto valid = check_topic_name(topic, limits_.topic_length_max); !valid)
    return valid;
  if (content_type < user_section_first)
    return errc::malformed_message;
  if (publish_size(topic.size(), content_size) > limits_.message_size_max)
    return errc::message_too_long;
  return {};
}

/// Every message gets its number by where it stands; the image holds a placeholder.
message_id client_session::push(const message::any& what, std::string_view topic) {
  pushed_.add(what, 0);
  if (!id_)
    longest_ = {std::max<std::size_t>(longest_.message, pushed_.size_of(pushed_.count() - 1)),
                std::max(longest_.topic, topic.size())};
  const auto id = sent_.last_pushed() + pushed_.count();
  if (pushed_.image.size() >= batch_size_max)
    flush();
  return id;
}

void client_session::flush() {
  if (pushed_.count() == 0)
    return;
  const auto pushed = sent_.push(std::make_shared<const message_batch>(std::exchange(pushed_, {})));
  KODAMA_ASSERT(pushed.has_value());
}

/// SUBACK, UNSUBACK, WATCHACK and UNWATCHACK have one shape; so has what they mean.
template <class Message>
result<client_session::event> client_session::answer(instant now, const Message& m,
                                                     client_requests::kind what) {
  return once(now, m.id, [&]() -> result<event> {
    const auto asked = requests_.find(m.in_reply_to);
    if (asked == nullptr || asked->what != what || asked->topic != m.topic)
      return errc::unexpected_message;
    const auto request = asked->request;
    requests_.erase(m.in_reply_to);
    if constexpr (std::is_same_v<Message, message::suback>) {
      if ((m.first == 0) != mqtt::has_wildcard(m.topic))
        return errc::malformed_message;
      topics_.handle_subscribed(m.topic, m.first);
      return event{client_event::subscribed{request, m.topic, m.first}};
    } else if constexpr (std::is_same_v<Message, message::unsuback>) {
      if ((m.end == 0) != mqtt::has_wildcard(m.topic))
        return errc::malformed_message;
      topics_.handle_ended(m.topic, &client_topics::topic::subscription);
      return event{client_event::unsubscribed{request, m.topic, m.end}};
    } else if constexpr (std::is_same_v<Message, message::watchack>) {
      topics_.handle_watching(m.topic);
      return event{client_event::watching{request, m.topic, m.first}};
    } else {
      static_assert(std::is_same_v<Message, message::unwatchack>);
      topics_.handle_ended(m.topic, &client_topics::topic::watch);
      return event{client_event::unwatched{request, m.topic, m.end}};
    }
  });
}

/// Runs `action` for a message that has not been here before. It counts as completed although the
/// user gets the event only when this call returns: nothing lies between the two.
template <class Action>
result<client_session::event> client_session::once(instant now, message_id id, Action action) {
  switch (received_.handle_message(id)) {
  case receive_window::verdict::duplicate: return event{};
  case receive_window::verdict::gap: return errc::message_id_gap;
  case receive_window::verdict::fresh: break;
  }
  received_.complete(now, id);
  return action();
}

void client_session::check() const {
  KODAMA_ASSERT(id_ || sent_.last_transmitted() == 0);
  KODAMA_ASSERT(next_request_ != 0 && next_unreliable_ != 0);
}

} // namespace kodama
