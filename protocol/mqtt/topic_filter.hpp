#pragma once

#include "protocol/mqtt/error.hpp"
#include "protocol/mqtt/packet.hpp"

#include <cstddef>
#include <string_view>

/// Topic names and topic filters (MQTT 5.0, 4.7 and 4.8.2; 3.1.1, 4.7). All take strings that are
/// well-formed UTF-8; where a string comes from a packet, the decoder has seen to that.
namespace kodama::mqtt {

/// Whether '+' or '#' occurs anywhere. A topic name may hold neither [MQTT-3.3.2-2].
[[nodiscard]] bool has_wildcard(std::string_view text) noexcept;

/// Levels are what '/' separates, and may be empty (4.7.1.1): "/a" has two.
[[nodiscard]] std::size_t level_count(std::string_view text) noexcept;

/// A filter taken apart. `$share/{ShareName}/{filter}` is a shared subscription (5.0, 4.8.2).
struct topic_filter {
  std::string_view share_name; ///< empty: not shared
  std::string_view filter;     ///< what topics are matched with

  [[nodiscard]] bool is_shared() const noexcept { return !share_name.empty(); }
};

/// Takes `text` apart and judges it; the error's text does not name the field.
///
/// '#' stands alone or after a '/', and last [MQTT-4.7.1-1]; '+' takes up a whole level
/// [MQTT-4.7.1-2]; nothing is empty [MQTT-4.7.3-1]; a share name has at least one character
/// [MQTT-4.8.2-1], no wildcard, and a filter after it [MQTT-4.8.2-2]. The reason is always
/// topic_filter_invalid.
///
/// 3.1.1 knows no shared subscriptions: "$share/..." is a filter like others there. A server that
/// offers them to its clients of 3.1.1 too parses by 5.0.
[[nodiscard]] outcome<topic_filter> parse_topic_filter(std::string_view text,
                                                       protocol_version version);

/// Whether a valid filter, not shared, matches a topic name. A wildcard in the first level does not
/// match a topic that begins with '$' [MQTT-4.7.2-1]; "a/#" matches "a" as well (4.7.1.2).
[[nodiscard]] bool matches(std::string_view filter, std::string_view topic) noexcept;

/// What every topic that the filter matches begins with: the filter itself where it has no
/// wildcard. "a/#" matches "a" as well.
[[nodiscard]] std::string_view literal_prefix(std::string_view filter) noexcept;

/// Whether every topic that `asked` matches is matched by `allowed` too. Both are valid filters and
/// not shared: what may be subscribed to by a rule.
[[nodiscard]] bool covers(std::string_view allowed, std::string_view asked) noexcept;

/// Takes the first level off `rest`; false where it was the last, and then `rest` is empty.
bool take_level(std::string_view& rest, std::string_view& level) noexcept;

} // namespace kodama::mqtt
