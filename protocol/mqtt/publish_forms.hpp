#pragma once

#include "protocol/bytes.hpp"
#include "protocol/message.hpp"
#include "protocol/mqtt/packet.hpp"
#include "protocol/mqtt/publish_image.hpp"
#include "protocol/time.hpp"

#include <boost/container/small_vector.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace kodama::mqtt {

/// The messages of a batch as MQTT says them, encoded once for all their subscribers.
///
/// They lie end to end as the packets that a subscriber of one version gets who needs nothing of
/// its own, at QoS 0: to that one a whole batch is one piece of bytes. All others take from them
/// what is the same for everybody (publish_image).
class publish_forms {
public:
  publish_forms() noexcept = default;
  /// `version`: of the packets, best that of whoever publishes.
  explicit publish_forms(protocol_version version) noexcept
      : version_{version} {}

  [[nodiscard]] protocol_version version() const noexcept { return version_; }

  /// A message of an MQTT client. The packets of 3.1.1 take no properties.
  void add(const publish& what, instant expires_at);
  /// A native message as MQTT says it.
  void add(const message::publish& what);
  /// The same as a message of others.
  void add(const publish_forms& others, std::size_t index);

  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  /// The size() that the image of `what` has.
  [[nodiscard]] static std::size_t size_of(const publish& what);
  /// Bytes of the images, without what each subscriber gets of its own.
  [[nodiscard]] std::size_t bytes_in_all() const noexcept { return size_; }

  /// Borrows the bytes.
  [[nodiscard]] publish_image image(std::size_t index) const noexcept;
  [[nodiscard]] std::string_view topic(std::size_t index) const noexcept {
    return image(index).topic();
  }
  [[nodiscard]] instant expires_at(std::size_t index) const noexcept {
    return entries_[index].expires_at;
  }
  void set_expires_at(std::size_t index, instant at);
  /// Which the payload is to a native subscriber.
  [[nodiscard]] std::uint16_t user_section(std::size_t index) const noexcept {
    return entries_[index].user_section;
  }
  /// As its publisher said it.
  [[nodiscard]] bool retain(std::size_t index) const noexcept { return entries_[index].retain; }
  /// What a native subscriber gets; the numbers and the sender are for others to fill in.
  [[nodiscard]] message::publish to_native(std::size_t index) const;

  /// Whether a subscriber of this version can take the packets as they lie.
  [[nodiscard]] bool lie_ready_for(protocol_version version,
                                   std::uint32_t packet_size_max) const noexcept {
    return version == version_ && !expire_ && largest_ <= packet_size_max;
  }
  /// `count` of them from `first` on.
  [[nodiscard]] byte_view packets(std::size_t first, std::size_t count) const noexcept;
  /// How many of the `count` from `first` on it takes to fill `room`; all where they do not.
  [[nodiscard]] std::size_t count_to_fill(std::size_t first, std::size_t count,
                                          std::size_t room) const noexcept;

private:
  struct entry {
    instant expires_at = never;
    std::uint32_t start = 0;       ///< of the packet
    std::uint32_t topic = 0;       ///< of its topic, with the length
    std::uint32_t tail = 0;        ///< of the shared properties, which the payload follows
    std::uint32_t topic_size = 0;  ///< with the length
    std::uint32_t shared_size = 0; ///< of the shared properties
    std::uint16_t user_section = 0;
    bool retain = false;
  };

  [[nodiscard]] std::uint32_t end_of(std::size_t index) const noexcept;

  protocol_version version_ = protocol_version::v5;
  bool expire_ = false;       ///< some of them
  std::uint32_t largest_ = 0; ///< packet
  std::size_t size_ = 0;
  boost::container::small_vector<entry, 1> entries_; ///< most batches are of one
  bytes bytes_;
};

/// How a user section's type and a Content Type stand for each other: type 0x8001 is
/// "kodama/8001"; 0x8000, which means nothing in particular, is no Content Type at all.
[[nodiscard]] std::string to_content_type(std::uint16_t user_section);
/// 0x8000 for a Content Type that is not one of ours, and for none.
[[nodiscard]] std::uint16_t to_user_section(std::string_view content_type) noexcept;

} // namespace kodama::mqtt
