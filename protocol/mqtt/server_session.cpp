#include "protocol/mqtt/server_session.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace kodama::mqtt {
namespace {

using std::chrono::seconds;

/// Bookkeeping charged for each publish owed, so that a flood of tiny ones is bounded too.
constexpr std::size_t publish_cost = 128;
constexpr std::uint32_t expiry_never = 0xffff'ffff;

/// What may wait for a client that asks and does not read. More than all answers to one read.
constexpr std::size_t replies_max = 1024 * 1024;

error wrong_answer(std::string_view packet, packet_id id, std::string_view to) {
  return {reason_code::protocol_error, std::string{packet} + ": " + std::to_string(id) + " is " +
                                           std::string{to} + " [MQTT-4.13.1-1]"};
}

} // namespace

server_session::server_session(const session_options& options, std::uint64_t first_ordinal)
    : options_{&options}
    , first_ordinal_{first_ordinal} {}

void server_session::handle_attach(instant now, const connect& asked, packet_reader reader) {
  reader_ = std::move(reader);
  version_ = asked.version;
  peer_.version = asked.version;
  peer_.packet_size_max = asked.properties.maximum_packet_size.value_or(packet_size_limit);
  peer_.problem_information = asked.properties.request_problem_information.value_or(true);
  peer_receive_maximum_ = asked.properties.receive_maximum.value_or(65'535);
  peer_alias_maximum_ =
      std::min(asked.properties.topic_alias_maximum.value_or(0), options_->topic_alias_out_max);
  aliases_.reset();
  keep_alive_ = asked.keep_alive;
  if (const auto most = options_->keep_alive_max;
      most != 0 && (keep_alive_ == 0 || keep_alive_ > most))
    keep_alive_ = most;
  // 3.1.1 has no number for it: a session that is to be kept is kept as long as any (3.1.2.4).
  const auto wanted = version_ == protocol_version::v5
                          ? asked.properties.session_expiry_interval.value_or(0)
                          : (asked.clean_start ? 0 : expiry_never);
  session_expiry_ = std::min(wanted, options_->session_expiry_max);
  has_unsayable_ = false;
  has_said_goodbye_ = false;
  last_heard_ = now;
  expires_at_ = never;
  transmitted_ = 0; // all that is owed goes out again, in its order [MQTT-4.4.0-1]
}

void server_session::handle_detach(instant now) {
  reader_.reset();
  replies_ = {};
  aliases_.reset();
  transmitted_ = 0;
  expires_at_ = session_expiry_ == expiry_never ? never : now + seconds{session_expiry_};
  if (inbound_) {
    inbound_->aliases.clear();
    // The client repeats a QoS 1 publish that was not answered.
    for (auto& each : inbound_->answers)
      each.stale = each.qos == qos::at_least_once;
    inbound_->unanswered = 0;
  }
  if (owed_)
    for (auto at = owed_->begin(); at != owed_->end();) {
      const auto kept = at->what.qos != qos::at_most_once;
      if (!kept)
        bytes_ -= at->cost;
      at = kept ? at + 1 : owed_->erase(at);
    }
}

// --- what the client says -----------------------------------------------------------------------

void server_session::handle_bytes(instant now, byte_view received) {
  KODAMA_ASSERT(attached());
  last_heard_ = now;
  reader_->feed(received);
}

void server_session::keep_rest() {
  if (reader_)
    reader_->keep_rest();
}

bool server_session::asks_about_filters_next() const noexcept {
  const auto next = reader_ ? reader_->next_type() : std::nullopt;
  return next == packet_type::subscribe || next == packet_type::unsubscribe;
}

outcome<std::optional<server_session::request>>
server_session::poll_request(instant now, packet& place, filters are) {
  last_heard_ = now;
  while (attached() && (are == filters::wanted || !asks_about_filters_next())) {
    if (replies_.size() > replies_max)
      return error{reason_code::quota_exceeded,
                   "the answers that the client does not read are more than " +
                       std::to_string(replies_max) + " bytes"};
    const auto is_there = reader_->next_into(place);
    if (!is_there)
      return is_there.error();
    if (!*is_there)
      break;
    if (auto* given = std::get_if<publish>(&place)) {
      const auto handled = handle(*given);
      if (!handled || *handled)
        return handled;
    } else if (const auto* asked = std::get_if<subscribe>(&place)) {
      return std::optional<request>{asked};
    } else if (const auto* left = std::get_if<unsubscribe>(&place)) {
      return std::optional<request>{left};
    } else if (const auto* last = std::get_if<disconnect>(&place)) {
      return std::optional<request>{last};
    } else if (const auto* taken = std::get_if<puback>(&place)) {
      if (const auto agreed = handle(*taken); !agreed)
        return agreed.error();
    } else if (const auto* received = std::get_if<pubrec>(&place)) {
      if (const auto agreed = handle(*received); !agreed)
        return agreed.error();
    } else if (const auto* released = std::get_if<pubrel>(&place)) {
      handle(*released);
    } else if (const auto* completed = std::get_if<pubcomp>(&place)) {
      if (const auto agreed = handle(*completed); !agreed)
        return agreed.error();
    } else if (std::holds_alternative<pingreq>(place)) {
      reply(pingresp{});
    } else {
      return error{reason_code::protocol_error,
                   "AUTH: this connection began without an authentication method "
                   "[MQTT-4.12.0-7]"};
    }
  }
  return std::optional<request>{};
}

outcome<std::optional<server_session::request>> server_session::handle(publish& what) {
  if (auto resolved = resolve_alias(what); !resolved)
    return resolved.error();
  if (what.qos == qos::at_most_once)
    return std::optional<request>{publish_request{&what, 0}};
  auto& from = incoming();
  if (what.qos == qos::exactly_once) {
    if (const auto known = from.unreleased.find(what.id); known != from.unreleased.end()) {
      // Handed out before [MQTT-4.3.3-10]; the answer, if it was due, may have been lost.
      if (known->second)
        reply(pubrec{what.id, reason_code::success, {}});
      return std::optional<request>{};
    }
  }
  const auto waiting = from.unanswered + from.unreleased.size();
  // A client of 3.1.1 is told of no maximum: it may have as many as there are identifiers.
  const auto most = version_ == protocol_version::v5 ? options_->receive_maximum
                                                     : std::numeric_limits<packet_id>::max();
  if (waiting >= most)
    return error{reason_code::receive_maximum_exceeded,
                 "PUBLISH: Receive Maximum is " + std::to_string(most) + " [MQTT-3.3.4-9]"};
  if (what.qos == qos::exactly_once)
    from.unreleased.emplace(what.id, false);
  else
    ++from.unanswered;
  const auto ordinal = from.first + from.answers.size();
  from.answers.push_back({what.id, what.qos, false, false, reason_code::success});
  return std::optional<request>{publish_request{&what, ordinal}};
}

outcome<void> server_session::resolve_alias(publish& what) {
  const auto alias = what.properties.topic_alias;
  if (!alias)
    return boost::system::in_place_value; // the decoder demands a topic then
  if (*alias > options_->topic_alias_maximum)
    return error{reason_code::topic_alias_invalid,
                 "PUBLISH: Topic Alias " + std::to_string(*alias) + " is above the maximum of " +
                     std::to_string(options_->topic_alias_maximum) + " [MQTT-3.3.2-9]"};
  auto& known = incoming().aliases;
  if (!what.topic.empty()) {
    if (known.size() < *alias)
      known.resize(*alias);
    known[*alias - 1U] = what.topic;
    return boost::system::in_place_value;
  }
  if (known.size() < *alias || known[*alias - 1U].empty())
    return error{reason_code::protocol_error,
                 "PUBLISH: Topic Alias " + std::to_string(*alias) +
                     " was given no topic on this connection (3.3.2.3.4)"};
  what.topic = known[*alias - 1U];
  return boost::system::in_place_value;
}

outcome<void> server_session::handle(const puback& what) {
  const auto at = find_owed(what.id);
  if (!owed_ || at == owed_->end())
    return boost::system::in_place_value;
  if (at->what.qos != qos::at_least_once)
    return wrong_answer("PUBACK", what.id, "a PUBLISH of QoS 2");
  forget(at);
  return boost::system::in_place_value;
}

outcome<void> server_session::handle(const pubrec& what) {
  const auto at = find_owed(what.id);
  if (!owed_ || at == owed_->end()) {
    if (!is_failure(what.reason)) // else the client is done with it (4.3.3)
      reply(pubrel{what.id, reason_code::packet_identifier_not_found, {}});
    return boost::system::in_place_value;
  }
  if (at->what.qos != qos::exactly_once)
    return wrong_answer("PUBREC", what.id, "a PUBLISH of QoS 1");
  if (is_failure(what.reason)) {
    forget(at);
    return boost::system::in_place_value;
  }
  at->released = true;
  at->what.forms = nullptr; // from here on the client has it [MQTT-4.3.3-4]
  bytes_ -= at->cost - publish_cost;
  at->cost = publish_cost;
  reply(pubrel{what.id, reason_code::success, {}});
  return boost::system::in_place_value;
}

outcome<void> server_session::handle(const pubcomp& what) {
  const auto at = find_owed(what.id);
  if (!owed_ || at == owed_->end())
    return boost::system::in_place_value;
  if (!at->released)
    return wrong_answer("PUBCOMP", what.id, "a PUBLISH");
  forget(at);
  return boost::system::in_place_value;
}

void server_session::handle(const pubrel& what) {
  const bool known = inbound_ && inbound_->unreleased.erase(what.id) != 0;
  reply(pubcomp{
      what.id, known ? reason_code::success : reason_code::packet_identifier_not_found, {}});
}

// --- what the owner says ------------------------------------------------------------------------

void server_session::complete(std::uint64_t ordinal, reason_code reason, std::string text) {
  if (!inbound_ || ordinal < inbound_->first ||
      ordinal - inbound_->first >= inbound_->answers.size())
    return;
  auto& found = inbound_->answers[ordinal - inbound_->first];
  found.done = true;
  found.reason = reason;
  if (!text.empty())
    inbound_->texts.insert_or_assign(ordinal, std::move(text));
}

void server_session::reply(const packet& what) {
  if (attached() && !has_said_goodbye_ && !encode(replies_, what, peer_))
    has_unsayable_ = true;
}

void server_session::say_goodbye(reason_code reason, std::string_view text) {
  write_answers(); // nothing follows a DISCONNECT [MQTT-3.14.4-1]
  if (version_ != protocol_version::v5)
    return;
  disconnect last;
  last.reason = reason;
  if (!text.empty())
    last.properties.reason_string = text;
  reply(last);
  has_said_goodbye_ = true;
}

std::size_t server_session::kept_bytes() const {
  std::size_t all = 0;
  if (owed_)
    for (const auto& each : *owed_)
      if (each.what.qos != qos::at_most_once && each.what.forms)
        all += each.what.forms->image(each.what.first).size();
  return all;
}

server_session::pushed server_session::push(outgoing what) {
  const bool is_kept = what.qos != qos::at_most_once;
  KODAMA_ASSERT(!is_kept || what.count == 1);
  if (!is_kept && !attached())
    return {what.count, false};
  const auto cost = cost_of(*what.forms, what.first, what.count);
  if (bytes_ + cost > options_->session_buffer_max) {
    if (is_kept)
      return {0, true};
    return what.count == 1 ? pushed{1, false} : push_each(what);
  }
  if (!owed_)
    owed_ = std::make_unique<std::deque<owed>>();
  bytes_ += cost;
  owed_->push_back({std::move(what), 0, false, cost});
  return {};
}

server_session::pushed server_session::push_each(const outgoing& what) {
  pushed all;
  for (std::uint32_t i = 0; i != what.count; ++i) {
    auto one = what;
    one.first += i;
    one.count = 1;
    all.dropped += push(std::move(one)).dropped;
  }
  return all;
}

std::size_t server_session::cost_of(const publish_forms& forms, std::size_t first,
                                    std::size_t count) {
  auto cost = count * publish_cost;
  if (count == forms.size())
    return cost + forms.bytes_in_all();
  for (std::size_t i = 0; i != count; ++i)
    cost += forms.image(first + i).size();
  return cost;
}

instant server_session::poll_timeout() const {
  if (!attached())
    return expires_at_;
  return keep_alive_ == 0 ? never : last_heard_ + duration{seconds{keep_alive_}} * 3 / 2;
}

server_session::timeout server_session::handle_timeout(instant now) const {
  if (poll_timeout() > now)
    return timeout::none;
  return attached() ? timeout::keep_alive : timeout::session_expired;
}

outcome<void> server_session::set_session_expiry(std::uint32_t wanted) {
  if (session_expiry_ == 0 && wanted != 0)
    return error{reason_code::protocol_error, "DISCONNECT: Session Expiry Interval " +
                                                  std::to_string(wanted) +
                                                  ", but it was 0 in CONNECT [MQTT-3.14.2-2]"};
  session_expiry_ = std::min(wanted, options_->session_expiry_max);
  return boost::system::in_place_value;
}

// --- bookkeeping --------------------------------------------------------------------------------

server_session::inbound& server_session::incoming() {
  if (!inbound_)
    inbound_ = std::make_unique<inbound>(inbound{{}, first_ordinal_, 0, {}, {}, {}});
  return *inbound_;
}

std::deque<server_session::owed>::iterator server_session::find_owed(packet_id id) {
  if (!owed_)
    return {};
  // Identifiers are given in order: behind the first without one there is none.
  const auto at = std::find_if(owed_->begin(), owed_->end(),
                               [id](const owed& each) { return each.id == id || each.id == 0; });
  return at != owed_->end() && at->id == id ? at : owed_->end();
}

void server_session::forget(std::deque<owed>::iterator at) {
  if (at - owed_->begin() < static_cast<std::ptrdiff_t>(transmitted_))
    --transmitted_;
  bytes_ -= at->cost;
  owed_->erase(at);
  if (owed_->empty())
    owed_.reset();
}

packet_id server_session::next_id() {
  // They grow until they have all been used once; from then on some may still be under way, but
  // window() leaves most of them free.
  do {
    id_wrapped_ = id_wrapped_ || last_id_ == std::numeric_limits<packet_id>::max();
    last_id_ = last_id_ == std::numeric_limits<packet_id>::max()
                   ? packet_id{1}
                   : static_cast<packet_id>(last_id_ + 1);
  } while (id_wrapped_ && find_owed(last_id_) != owed_->end());
  return last_id_;
}

std::size_t server_session::window() const noexcept {
  return std::min(peer_receive_maximum_, options_->in_flight_max);
}

} // namespace kodama::mqtt
