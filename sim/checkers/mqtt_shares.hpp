#pragma once

#include "protocol/mqtt/packet.hpp"
#include "sim/checker.hpp"
#include "sim/checkers/mqtt_books.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kodama::sim::checkers {

/// What the checker `mqtt` keeps of shared subscriptions (5.0, 4.8.2): who of a group has been
/// given what, and what the group is still owed. Facts alone; what contradicts what is for
/// mqtt_rules to say. A group is named by its whole filter.
class mqtt_shares {
public:
  struct share {
    user_id user = 0;
    std::uint64_t session = 0; ///< mqtt_books::session::serial
    mqtt::qos qos{};
    mqtt::packet_id id = 0;
    bool certain = true;   ///< it can't have come by another subscription of the same person
    instant taken = never; ///< PUBACK or PUBREC came
    bool in_doubt = false; ///< … and may not have been heard
    instant ended = never; ///< the session did

    /// Its session ended before it had it, so that somebody else of the group may be given it.
    [[nodiscard]] bool may_go_on() const {
      return ended != never && (taken == never || in_doubt) && qos == mqtt::qos::at_least_once;
    }
  };
  struct debt {
    std::string group;
    message_tag tag;
    instant when;
    std::uint64_t ordinal = 0;
    std::vector<std::uint64_t> present; ///< sessions in the group that are connected for certain
    std::vector<std::uint64_t> away;    ///< … or are not
  };

  [[nodiscard]] const std::vector<share>& of(const std::string& group, message_tag tag) {
    return given_[group][tag];
  }
  /// `ordinal`: where the message has its place among all.
  void give(const std::string& group, message_tag tag, std::uint64_t ordinal, const share& what);
  /// The place of the latest message that this person was given by the group for certain.
  [[nodiscard]] std::uint64_t latest(const std::string& group, user_id user) {
    return latest_[{group, user}];
  }
  void owe(debt what) { owed_.push_back(std::move(what)); }
  [[nodiscard]] const std::vector<debt>& owed() const { return owed_; }
  /// Somebody of the group may be given anything without a guarantee, now or later.
  void note_unguarded(std::string_view group) { unguarded_.emplace(group); }
  [[nodiscard]] bool is_unguarded(const std::string& group) const {
    return unguarded_.contains(group);
  }
  /// Null where there is none, or the message was published twice.
  [[nodiscard]] const debt* find_debt(const std::string& group, message_tag tag) const;

  void note_taken(std::uint64_t session, mqtt::packet_id id, instant now);
  /// Its connection is gone: what had just come on it may not have been heard, nor what came behind
  /// a request that is not answered.
  void note_detached(const mqtt_books::session& in, instant now);
  void note_ended(const mqtt_books::session& in, instant now);
  /// When the last session ended that may have had to hand something on.
  [[nodiscard]] instant last_end(const std::string& group) { return last_end_[group]; }

  void clear() { *this = {}; }

private:
  template <class Visitor>
  void each_of(std::uint64_t session, Visitor&& visit);

  std::map<std::string, std::map<message_tag, std::vector<share>>> given_;
  /// Where in given_ those are that wait for PUBACK or PUBREC, by session and packet identifier.
  std::map<std::pair<std::uint64_t, mqtt::packet_id>,
           std::vector<std::pair<std::vector<share>*, std::size_t>>>
      under_way_;
  std::map<std::pair<std::string, user_id>, std::uint64_t> latest_;
  std::vector<debt> owed_;
  std::map<std::string, instant> last_end_;
  std::set<std::string> unguarded_;
};

} // namespace kodama::sim::checkers
