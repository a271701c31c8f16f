#pragma once

#include "sim/checker.hpp"
#include "sim/checkers/by_topic.hpp"

#include <boost/container/flat_map.hpp>
#include <boost/container/flat_set.hpp>

#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

namespace kodama::sim::checkers {

/// What the server owes to each session and what of it has come: what checkers have in common that
/// ask at the end whether anything is missing.
///
/// A session is owed every message that its topic sequenced between the server's SUBSCRIBE and
/// UNSUBSCRIBE; by a filter with wildcards every one that was published after SUBACK came and
/// sequenced before its user asked to unsubscribe. Lives of the server that are over stay in the
/// books, since bytes that they sent may still arrive. Whoever derives from it and overrides one of
/// these members calls it too.
class delivery_ledger : public checker {
public:
  void on_connected(instant, user_id, session_key who, bool resumed, duration keepalive) override;
  void on_session_lost(instant, user_id, session_key who, errc reason,
                       const std::vector<message_tag>& unconfirmed,
                       const std::vector<topic_gap>& gaps) override;
  void on_stopped(instant, user_id, session_key who, errc reason) override;
  void on_forgot(instant, user_id, session_key who) override;
  void on_received(instant, user_id, session_key who, std::string_view topic,
                   topic_sequence sequence, client_id sender, message_tag, bool by_udp) override;
  void on_session_ended(instant, session_key, errc reason) override;
  void on_server_stopped(instant, std::uint32_t life) override;
  void on_published(instant, user_id, session_key who, std::string_view topic, message_tag,
                    bool reliable) override;
  void on_mqtt_published(instant, user_id, const mqtt_message&, std::uint32_t expiry) override;
  void on_subscribed(instant, user_id, session_key, std::string_view topic,
                     topic_sequence first) override;
  void on_unsubscribing(instant, user_id, session_key, std::string_view topic) override;
  void on_unsubscribed(instant, user_id, session_key, std::string_view topic,
                       topic_sequence end) override;
  void on_server_subscribed(instant, std::string_view topic, session_key,
                            topic_sequence first) override;
  void on_server_unsubscribed(instant, std::string_view topic, session_key,
                              topic_sequence end) override;
  void on_sequenced(instant, std::string_view topic, session_key sender, topic_sequence,
                    message_tag) override;

protected:
  struct sequenced {
    message_tag tag;
    instant when;
  };
  struct owed {
    std::string_view topic; ///< valid until the next event
    topic_sequence sequence;
    message_tag tag;
    instant when;
    std::string why; ///< "it is subscribed …"
  };

  /// The session that the user believes in and that the server has not ended.
  [[nodiscard]] std::optional<session_key> session_of(user_id user) const;
  [[nodiscard]] const sequenced* find_sequenced(std::uint32_t life, std::string_view topic,
                                                topic_sequence sequence);
  /// What the session has not received although it is owed to it, by topic and number.
  [[nodiscard]] std::vector<owed> missing(user_id user, session_key session) const;

private:
  struct interval {
    topic_sequence first;
    std::optional<topic_sequence> end;
  };
  struct subscription {
    std::vector<interval> intervals;
    boost::container::flat_set<topic_sequence> received;
  };
  /// By a filter, as the user knows it.
  struct hearing {
    instant since;
    instant until = never;
  };
  struct filter {
    std::vector<hearing> times;
    bool active = false;
    unsigned leaving = 0; ///< UNSUBSCRIBE that are not answered yet
  };
  // Numbers come in rising order, so that each goes to the end.
  using messages = boost::container::flat_map<topic_sequence, sequenced>;

  static void add_missing(std::vector<owed>& to, std::string_view topic, const messages& of,
                          const subscription& subscribed);
  /// By a filter; `subscribed`: what came of the topic, null for nothing.
  void add_missing(std::vector<owed>& to, std::string_view topic, const messages& of,
                   const subscription* subscribed, std::string_view filter_text,
                   const filter& by) const;

  std::map<user_id, session_key> current_;
  std::set<session_key> ended_;
  std::set<std::uint32_t> lives_over_;
  std::map<std::uint32_t, by_topic<messages>> sequenced_;
  std::map<session_key, by_topic<subscription>> subscriptions_;
  std::map<user_id, by_topic<filter>> filters_;
  boost::container::flat_map<message_tag, instant> published_; ///< where anybody has a filter
};

} // namespace kodama::sim::checkers
