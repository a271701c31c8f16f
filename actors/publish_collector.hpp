#pragma once

#include "actors/messages.hpp"
#include "actors/observer.hpp"
#include "actors/topic_handles.hpp"
#include "protocol/message.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace kodama::actors {

/// Gathers consecutive publishes of one session to one topic into one batch, so that a whole read's
/// worth of them costs one actor message. Encodes each as its subscribers will receive it.
class publish_collector {
public:
  explicit publish_collector(client_id sender)
      : sender_{sender} {}

  /// Whether `what` continues the present batch; if not, take() first.
  [[nodiscard]] bool continues(const message::publish& what) const {
    return !pending_.batch ||
           (topic_ == what.topic && (pending_.first != 0) == what.reliable() &&
            (!what.reliable() || what.id == pending_.first + pending_.batch->count()));
  }

  void add(const message::publish& what, std::uint32_t timestamp) {
    if (!pending_.batch) {
      topic_ = what.topic;
      pending_ = publish_batch{std::make_shared<message_batch>(), sender_, what.id,
                               mqtt::qos::exactly_once};
    }
    auto relayed = what;
    relayed.sender = sender_;
    // The places of the numbers; each who has to fill one in patches it there.
    relayed.id = what.reliable() ? 1 : 0;
    relayed.unreliable = what.reliable() ? 0 : 1;
    relayed.sequence = what.reliable() ? 1 : 0;
    pending_.batch->add(relayed, timestamp);
  }

  // The same for the publishes of an MQTT client. `ordinal` is 0 with QoS 0.

  [[nodiscard]] bool continues(const mqtt::publish& what, message_id ordinal) const {
    return !pending_.batch ||
           (topic_ == what.topic && pending_.qos == what.qos &&
            (ordinal == 0 || ordinal == pending_.first + pending_.batch->count()));
  }

  /// `version`: the client's. `room`: null where `what` takes none of retained_quota.
  void add(const mqtt::publish& what, mqtt::protocol_version version, message_id ordinal,
           instant expires_at, retained_room_ptr room) {
    if (!pending_.batch) {
      topic_ = what.topic;
      pending_ = publish_batch{std::make_shared<message_batch>(), sender_, ordinal, what.qos};
      pending_.batch->forms = mqtt::publish_forms{version};
    }
    pending_.batch->forms.add(what, expires_at);
    if (what.retain) // in the place of what the batch has retained before
      pending_.room = std::move(room);
  }

  /// Sends what there is to its topic.
  void pass_to(topic_handles& topics, observer& watching, spoken by, instant now) {
    if (empty())
      return;
    const auto& batch = *pending_.batch;
    const bool reliable = pending_.first != 0;
    watching.on_published(by, reliable ? pending_.qos : mqtt::qos::at_most_once, batch.count(),
                          batch.size());
    pending_.at = now;
    topics.send(topic_, take());
  }

  [[nodiscard]] bool empty() const noexcept { return !pending_.batch; }
  /// Of the present batch, or of the last one.
  [[nodiscard]] const std::string& topic() const noexcept { return topic_; }
  [[nodiscard]] publish_batch take() { return std::exchange(pending_, {}); }

private:
  client_id sender_;
  std::string topic_;
  publish_batch pending_;
};

} // namespace kodama::actors
