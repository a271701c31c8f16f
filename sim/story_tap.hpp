#pragma once

#include "protocol/message_reader.hpp"
#include "sim/context.hpp"
#include "sim/story_mqtt.hpp"
#include "sim/wires.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kodama::sim {

/// Reads along on every wire, for a story: which messages departed, and what became of each.
///
/// The network owns one where a story is told, and none otherwise: it is for readers alone,
/// changes nothing and reaches no hash. Each message gets a transmission number, under which it
/// departs ("wire.sent") and then either arrives ("wire.arrived") or is lost ("wire.lost"). What is
/// still under way when the run ends does neither.
///
/// Datagrams are sealed; their keys follow from what passed in the clear on TCP, as for everybody
/// who can read that (protocol/datagram_channel.hpp).
class story_tap {
public:
  story_tap(const context& world, const wires& links)
      : world_{world}
      , links_{links} {}

  /// One direction of a connection.
  struct way {
    std::uint64_t connection;
    host_id from;
    host_id to;
    unsigned side; ///< of the connection, from which it leads away
  };
  void handle_written(const way& along, byte_view data);
  /// Bytes have reached the receiver's machine; it has not read them yet.
  void handle_landed(const way& along, std::size_t size);
  void handle_read(const way& along, std::size_t size);
  /// What has not landed never will.
  void handle_cut(const way& along, std::string_view why);
  /// What has not been read never will be.
  void handle_deaf(const way& along, std::string_view why);

  enum class nature { genuine, duplicate, replayed, forged };
  /// The number of the transmission.
  [[nodiscard]] std::uint64_t handle_datagram(host_id from, host_id to, byte_view data,
                                              nature what);
  void handle_datagram_arrived(std::uint64_t transmission);
  void handle_datagram_lost(std::uint64_t transmission, std::string_view why);

private:
  struct under_way {
    std::uint64_t transmission = 0;
    std::uint64_t end = 0; ///< in its stream
    host_id from{};
    host_id to{};
    instant departed{};
    telling what;
  };
  struct stream {
    message_reader reader{decode_limits{1 << 20, 1024}};
    mqtt_story_reader mqtt; ///< instead, where that is spoken
    bool broken = false;
    std::uint64_t read_in = 0; ///< by the reader: whole messages
    std::uint64_t written = 0;
    std::uint64_t landed = 0;
    std::uint64_t read = 0;
    std::deque<under_way> messages;
  };
  struct secrets {
    message::datagram_random client{};
    message::datagram_random server{};
  };

  stream& stream_of(const way& along) { return streams_[{along.connection, along.side}]; }
  void depart(under_way& leaving);
  void arrive(const under_way& arrived);
  void lose(const under_way& lost, std::string_view why);
  void learn_secrets(std::uint64_t connection, const message::any& body);
  /// One of the two has an MQTT client.
  [[nodiscard]] bool speaks_mqtt(const way& along) const {
    return links_.name(along.from).starts_with("mqtt-") ||
           links_.name(along.to).starts_with("mqtt-");
  }
  [[nodiscard]] telling read_datagram(byte_view data) const;
  [[nodiscard]] std::string name(host_id host) const { return std::string{links_.name(host)}; }

  const context& world_;
  const wires& links_;
  std::uint64_t transmissions_ = 0;
  std::map<std::pair<std::uint64_t, unsigned>, stream> streams_;
  std::map<std::uint64_t, mqtt_story_reader::version> versions_;  ///< by connection
  std::map<std::uint64_t, under_way> datagrams_;                  ///< by transmission
  std::map<std::uint64_t, message::datagram_random> half_agreed_; ///< by connection
  std::map<path_id, secrets> secrets_;
};

} // namespace kodama::sim
