#pragma once

#include "protocol/bytes.hpp"
#include "protocol/ids.hpp"
#include "protocol/message.hpp"
#include "protocol/mqtt/publish_forms.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace kodama {

/// Numbered messages, encoded once and end to end, shared by every session they are sent to.
///
/// As their sender's protocol says them they are there from the start; as the other one does from
/// when the topic finds a subscriber of it, so that nothing is encoded, nor kept, for nobody.
struct message_batch {
  /// For native subscribers. Each begins with a MESSAGE_ID or UNRELIABLE_ID section of any value:
  /// whoever sends it copies the image and patches its own number at message::number_offset. So a
  /// message costs every further subscriber one copy of its bytes and eight bytes of number,
  /// whatever its content.
  bytes image;
  std::vector<std::uint32_t> starts; ///< offset of each message in the image, ascending
  /// For MQTT subscribers, the same messages.
  mqtt::publish_forms forms;

  [[nodiscard]] std::size_t count() const noexcept {
    return starts.empty() ? forms.size() : starts.size();
  }
  [[nodiscard]] std::uint32_t end_of(std::size_t index) const noexcept {
    return index + 1 < starts.size() ? starts[index + 1] : static_cast<std::uint32_t>(image.size());
  }
  [[nodiscard]] std::uint32_t size_of(std::size_t index) const noexcept {
    return end_of(index) - starts[index];
  }
  void add(const message::any& what, std::uint32_t timestamp) {
    starts.push_back(static_cast<std::uint32_t>(image.size()));
    message::encode(image, what, timestamp);
  }
  /// Adds the MQTT forms of native publishes, if they are not there.
  void add_forms();
  /// Adds the image of an MQTT client's publishes, if it is not there.
  void add_image(client_id sender, bool reliable, std::uint32_t timestamp);
  /// Patches the topic's numbers into the image, if there is one: `first` and those that follow.
  void set_sequence(topic_sequence first) noexcept;
  /// Bytes of the messages as their sender's protocol says them.
  [[nodiscard]] std::size_t size() const noexcept {
    return image.empty() ? forms.bytes_in_all() : image.size();
  }
};

/// Immutable from the moment it is shared.
using shared_batch = std::shared_ptr<const message_batch>;

/// Of the batch, which they keep alive.
[[nodiscard]] inline std::shared_ptr<const mqtt::publish_forms>
forms_of(const shared_batch& batch) {
  return {batch, &batch->forms};
}

/// A batch of one: acknowledgements of requests, presence, everything that is not fanned out.
[[nodiscard]] inline shared_batch make_batch(const message::any& what, std::uint32_t timestamp) {
  auto batch = std::make_shared<message_batch>();
  batch->add(what, timestamp);
  return batch;
}

} // namespace kodama
