#pragma once

#include "protocol/bytes.hpp"
#include "protocol/message.hpp"
#include "protocol/mqtt/publish_form.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace kodama {

/// Numbered messages, encoded once and end to end, shared by every session they are sent to.
///
/// Each begins with a MESSAGE_ID or UNRELIABLE_ID section of any value: whoever sends it copies the
/// image and patches its own number at message::number_offset. So a message costs every further
/// subscriber one copy of its bytes and eight bytes of number, whatever its content.
struct message_batch {
  bytes image;
  std::vector<std::uint32_t> starts; ///< offset of each message in the image, ascending
  /// The same messages for MQTT subscribers: all of them or none. Where an MQTT client sent them
  /// they are there from the start; else the topic adds them when it has such subscribers.
  std::vector<mqtt::publish_form> forms;

  [[nodiscard]] std::size_t count() const noexcept { return starts.size(); }
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
};

/// Immutable from the moment it is shared.
using shared_batch = std::shared_ptr<const message_batch>;

/// A batch of one: acknowledgements of requests, presence, everything that is not fanned out.
[[nodiscard]] inline shared_batch make_batch(const message::any& what, std::uint32_t timestamp) {
  auto batch = std::make_shared<message_batch>();
  batch->add(what, timestamp);
  return batch;
}

} // namespace kodama
