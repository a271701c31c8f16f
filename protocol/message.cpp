#include "protocol/message.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <type_traits>

namespace kodama::message {
namespace {

using section = section_type;

/// Collects the first error while a struct's members are filled one after the other, so that a
/// decoder reads like the table in the document.
class reader {
public:
  explicit reader(const section_index& sections)
      : sections_{sections} {}

  template <class Number>
  reader& u32(section type, Number& to) {
    if (const auto value = take(sections_.u32(type)))
      to = static_cast<Number>(*value);
    return *this;
  }
  reader& u64(section type, std::uint64_t& to) {
    if (const auto value = take(sections_.u64(type)))
      to = *value;
    return *this;
  }
  /// A number that counts from 1: zero is as wrong as a missing section.
  reader& id(section type, std::uint64_t& to) {
    u64(type, to);
    if (to == 0)
      fail(errc::malformed_message);
    return *this;
  }
  /// Absent means 0; present means at least 1.
  reader& optional_id(section type, std::uint64_t& to) {
    return sections_.has(type) ? id(type, to) : *this;
  }
  reader& text(section type, std::string_view& to) {
    if (const auto value = take(sections_.text(type)))
      to = *value;
    return *this;
  }
  reader& optional_text(section type, std::string_view& to) {
    return sections_.has(type) ? text(type, to) : *this;
  }
  reader& raw(section type, byte_view& to) {
    if (const auto value = take(sections_.value(type)))
      to = *value;
    return *this;
  }
  template <std::size_t Size>
  reader& fixed(section type, std::array<std::byte, Size>& to) {
    if (const auto value = take(sections_.value(type))) {
      if (value->size() != Size)
        fail(errc::malformed_message);
      else
        std::copy(value->begin(), value->end(), to.begin());
    }
    return *this;
  }

  void fail(errc reason) {
    if (!error_)
      error_ = reason;
  }

  template <class Message>
  [[nodiscard]] result<any> finish(const Message& what) const {
    if (error_)
      return error_;
    return any{what};
  }

private:
  template <class Value>
  std::optional<Value> take(const result<Value>& value) {
    if (value)
      return *value;
    if (!error_)
      error_ = value.error();
    return std::nullopt;
  }

  const section_index& sections_;
  boost::system::error_code error_;
};

result<any> decode_connect(const section_index& sections) {
  connect_token m;
  reader in{sections};
  in.u32(section::protocol_version, m.version)
      .optional_text(section::token, m.token)
      .u32(section::keepalive, m.keepalive_ms);
  if (sections.has(section::session_id)) {
    m.resume.emplace();
    in.fixed(section::session_id, m.resume->session.value)
        .u64(section::last_message_id, m.resume->last_received);
  }
  if (sections.has(section::datagram_random))
    in.fixed(section::datagram_random, m.random.emplace());
  return in.finish(m);
}

result<any> decode_connack_success(const section_index& sections) {
  connack_success m;
  reader in{sections};
  in.id(section::client_id, m.client)
      .fixed(section::session_id, m.session.value)
      .u64(section::last_message_id, m.last_received)
      .u32(section::keepalive, m.keepalive_ms)
      .u32(section::message_size_max, m.limits.message_size_max)
      .u32(section::sections_max, m.limits.sections_max)
      .u32(section::topic_length_max, m.limits.topic_length_max)
      .u32(section::topics_max, m.limits.topics_max)
      .u32(section::unacknowledged_max, m.limits.unacknowledged_max)
      .u32(section::resume_window, m.limits.resume_window_ms);
  if (sections.has(section::datagram_random)) {
    auto& offer = m.datagram.emplace();
    std::uint32_t port = 0;
    in.fixed(section::datagram_random, offer.random)
        .u64(section::path_id, offer.path)
        .u32(section::datagram_port, port);
    if (port > 0xffff)
      in.fail(errc::malformed_message);
    offer.port = static_cast<std::uint16_t>(port);
  }
  return in.finish(m);
}

result<any> decode_publish(const section_index& sections) {
  publish m;
  reader in{sections};
  in.optional_id(section::message_id, m.id)
      .optional_id(section::unreliable_id, m.unreliable)
      .text(section::topic, m.topic)
      .optional_id(section::topic_sequence, m.sequence)
      .optional_id(section::client_id, m.sender);
  if (!sections.user() || (m.id == 0) == (m.unreliable == 0)) {
    in.fail(errc::malformed_message);
  } else {
    m.content_type = sections.user()->type;
    m.content = sections.user()->value;
  }
  return in.finish(m);
}

result<any> decode_presence(const section_index& sections) {
  presence m;
  reader in{sections};
  in.id(section::message_id, m.id)
      .text(section::topic, m.topic)
      .id(section::presence_sequence, m.sequence)
      .id(section::client_id, m.client)
      .u32(section::presence_event, m.event);
  if (m.event != presence_event::joined && m.event != presence_event::left)
    in.fail(errc::malformed_message);
  return in.finish(m);
}

result<any> decode_subscriber_list(const section_index& sections) {
  subscriber_list m;
  reader in{sections};
  in.id(section::message_id, m.id)
      .id(section::in_reply_to, m.in_reply_to)
      .text(section::topic, m.topic)
      .u64(section::presence_sequence, m.sequence)
      .raw(section::client_id_list, m.clients)
      .u32(section::remaining, m.remaining);
  if (m.clients.size() % 8 != 0)
    in.fail(errc::malformed_message);
  return in.finish(m);
}

/// SUBSCRIBE, UNSUBSCRIBE, WATCH, UNWATCH and SUBSCRIBER LIST REQUEST have one shape.
template <class Request>
result<any> decode_request(const section_index& sections) {
  Request m;
  return reader{sections}.id(section::message_id, m.id).text(section::topic, m.topic).finish(m);
}

/// SUBACK, UNSUBACK, WATCHACK and UNWATCHACK have one shape; `number` is the member in which they
/// carry the sequence number that lies in section `type`.
template <class Answer>
result<any> decode_answer(const section_index& sections, section type,
                          std::uint64_t Answer::*number) {
  Answer m;
  return reader{sections}
      .id(section::message_id, m.id)
      .id(section::in_reply_to, m.in_reply_to)
      .text(section::topic, m.topic)
      .id(type, m.*number)
      .finish(m);
}

result<any> decode_request_failed(const section_index& sections) {
  request_failed m;
  return reader{sections}
      .id(section::message_id, m.id)
      .id(section::in_reply_to, m.in_reply_to)
      .u32(section::reason_code, m.reason)
      .optional_text(section::reason_text, m.text)
      .finish(m);
}

/// CONNACK FAILED … and DISCONNECT: a reason and its text.
template <class Ending>
result<any> decode_ending(const section_index& sections) {
  Ending m;
  return reader{sections}
      .u32(section::reason_code, m.reason)
      .optional_text(section::reason_text, m.text)
      .finish(m);
}

/// Writes the sections of each message; the order is that of the document's tables.
class section_writer {
public:
  explicit section_writer(message_writer& out)
      : out_{out} {}

  void operator()(const connect_token& m) {
    out_.u32(section::protocol_version, m.version);
    if (!m.token.empty())
      out_.text(section::token, m.token);
    out_.u32(section::keepalive, m.keepalive_ms);
    if (m.resume)
      out_.raw(section::session_id, m.resume->session.value)
          .u64(section::last_message_id, m.resume->last_received);
    if (m.random)
      out_.raw(section::datagram_random, *m.random);
  }
  void operator()(const connack_success& m) {
    out_.u64(section::client_id, m.client)
        .raw(section::session_id, m.session.value)
        .u64(section::last_message_id, m.last_received)
        .u32(section::keepalive, m.keepalive_ms)
        .u32(section::message_size_max, m.limits.message_size_max)
        .u32(section::sections_max, m.limits.sections_max)
        .u32(section::topic_length_max, m.limits.topic_length_max)
        .u32(section::topics_max, m.limits.topics_max)
        .u32(section::unacknowledged_max, m.limits.unacknowledged_max)
        .u32(section::resume_window, m.limits.resume_window_ms);
    if (m.datagram)
      out_.raw(section::datagram_random, m.datagram->random)
          .u64(section::path_id, m.datagram->path)
          .u32(section::datagram_port, m.datagram->port);
  }
  void operator()(const connack_failed& m) { ending(m.reason, m.text); }
  void operator()(const subscribe& m) { request(m.id, m.topic); }
  void operator()(const suback& m) {
    answer(m.id, m.in_reply_to, m.topic, section::topic_sequence, m.first);
  }
  void operator()(const unsubscribe& m) { request(m.id, m.topic); }
  void operator()(const unsuback& m) {
    answer(m.id, m.in_reply_to, m.topic, section::topic_sequence, m.end);
  }
  void operator()(const publish& m) {
    if (m.id != 0)
      out_.u64(section::message_id, m.id);
    if (m.unreliable != 0)
      out_.u64(section::unreliable_id, m.unreliable);
    if (m.sequence != 0)
      out_.u64(section::topic_sequence, m.sequence);
    if (m.sender != 0)
      out_.u64(section::client_id, m.sender);
    out_.text(section::topic, m.topic).user(m.content_type, m.content);
  }
  void operator()(const ack& m) { out_.u64(section::last_message_id, m.through); }
  void operator()(const request_failed& m) {
    out_.u64(section::message_id, m.id).u64(section::in_reply_to, m.in_reply_to);
    ending(m.reason, m.text);
  }
  void operator()(const watch& m) { request(m.id, m.topic); }
  void operator()(const watchack& m) {
    answer(m.id, m.in_reply_to, m.topic, section::presence_sequence, m.first);
  }
  void operator()(const unwatch& m) { request(m.id, m.topic); }
  void operator()(const unwatchack& m) {
    answer(m.id, m.in_reply_to, m.topic, section::presence_sequence, m.end);
  }
  void operator()(const presence& m) {
    out_.u64(section::message_id, m.id)
        .text(section::topic, m.topic)
        .u64(section::presence_sequence, m.sequence)
        .u64(section::client_id, m.client)
        .u32(section::presence_event, static_cast<std::uint32_t>(m.event));
  }
  void operator()(const subscriber_list_request& m) { request(m.id, m.topic); }
  void operator()(const subscriber_list& m) {
    answer(m.id, m.in_reply_to, m.topic, section::presence_sequence, m.sequence);
    out_.raw(section::client_id_list, m.clients).u32(section::remaining, m.remaining);
  }
  void operator()(const server_time_request&) {}
  void operator()(const server_time& m) {
    out_.u32(section::echo_timestamp, m.echo_timestamp).u64(section::unix_time, m.unix_micros);
  }
  void operator()(const ping&) {}
  void operator()(const pong& m) { out_.u32(section::echo_timestamp, m.echo_timestamp); }
  void operator()(const udp_probe& m) {
    out_.u64(section::probe_id, m.probe);
    if (m.padding != 0)
      out_.raw(section::padding, bytes(m.padding));
  }
  void operator()(const udp_probe_ack& m) { out_.u64(section::probe_id, m.probe); }
  void operator()(const disconnect& m) { ending(m.reason, m.text); }

private:
  void request(message_id id, std::string_view topic) {
    out_.u64(section::message_id, id).text(section::topic, topic);
  }
  void answer(message_id id, message_id in_reply_to, std::string_view topic, section type,
              std::uint64_t number) {
    out_.u64(section::message_id, id)
        .u64(section::in_reply_to, in_reply_to)
        .text(section::topic, topic)
        .u64(type, number);
  }
  void ending(errc reason, std::string_view text) {
    out_.u32(section::reason_code, static_cast<std::uint32_t>(reason));
    if (!text.empty())
      out_.text(section::reason_text, text);
  }

  message_writer& out_;
};

message_type type_of(const any& what) {
  return std::visit(
      [](const auto& m) {
        using Message = std::decay_t<decltype(m)>;
        using type = message_type;
        if constexpr (std::is_same_v<Message, connack_failed>)
          return connack_failed_type(m.reason);
        else if constexpr (std::is_same_v<Message, connect_token>)
          return type::connect_token;
        else if constexpr (std::is_same_v<Message, connack_success>)
          return type::connack_success;
        else if constexpr (std::is_same_v<Message, subscribe>)
          return type::subscribe;
        else if constexpr (std::is_same_v<Message, suback>)
          return type::suback;
        else if constexpr (std::is_same_v<Message, unsubscribe>)
          return type::unsubscribe;
        else if constexpr (std::is_same_v<Message, unsuback>)
          return type::unsuback;
        else if constexpr (std::is_same_v<Message, publish>)
          return type::publish;
        else if constexpr (std::is_same_v<Message, ack>)
          return type::ack;
        else if constexpr (std::is_same_v<Message, request_failed>)
          return type::request_failed;
        else if constexpr (std::is_same_v<Message, watch>)
          return type::watch;
        else if constexpr (std::is_same_v<Message, watchack>)
          return type::watchack;
        else if constexpr (std::is_same_v<Message, unwatch>)
          return type::unwatch;
        else if constexpr (std::is_same_v<Message, unwatchack>)
          return type::unwatchack;
        else if constexpr (std::is_same_v<Message, presence>)
          return type::presence;
        else if constexpr (std::is_same_v<Message, subscriber_list_request>)
          return type::subscriber_list_request;
        else if constexpr (std::is_same_v<Message, subscriber_list>)
          return type::subscriber_list;
        else if constexpr (std::is_same_v<Message, server_time_request>)
          return type::server_time_request;
        else if constexpr (std::is_same_v<Message, server_time>)
          return type::server_time;
        else if constexpr (std::is_same_v<Message, ping>)
          return type::ping;
        else if constexpr (std::is_same_v<Message, pong>)
          return type::pong;
        else if constexpr (std::is_same_v<Message, udp_probe>)
          return type::udp_probe;
        else if constexpr (std::is_same_v<Message, udp_probe_ack>)
          return type::udp_probe_ack;
        else {
          static_assert(std::is_same_v<Message, disconnect>);
          return type::disconnect;
        }
      },
      what);
}

} // namespace

std::vector<client_id> subscriber_list::client_ids() const {
  std::vector<client_id> ids;
  for (auto rest = clients; rest.size() >= 8; rest = rest.subspan(8))
    ids.push_back(load_big<std::uint64_t>(rest.data()));
  return ids;
}

result<any> decode(const message_header& header, byte_view sections, std::uint32_t sections_max) {
  const auto index = section_index::parse(sections, sections_max);
  if (!index)
    return index.error();
  switch (header.type) {
  case message_type::connect_token: return decode_connect(*index);
  case message_type::connack_success: return decode_connack_success(*index);
  case message_type::connack_failed:
  case message_type::connack_failed_token_error:
  case message_type::connack_failed_protocol_version:
  case message_type::connack_failed_limit_reached:
  case message_type::connack_failed_session_unknown:
  case message_type::connack_failed_resume_impossible:
  case message_type::connack_failed_going_away:
  case message_type::connack_failed_timeout:
  case message_type::connack_failed_malformed: return decode_ending<connack_failed>(*index);
  case message_type::subscribe: return decode_request<subscribe>(*index);
  case message_type::suback: return decode_answer(*index, section::topic_sequence, &suback::first);
  case message_type::unsubscribe: return decode_request<unsubscribe>(*index);
  case message_type::unsuback:
    return decode_answer(*index, section::topic_sequence, &unsuback::end);
  case message_type::publish: return decode_publish(*index);
  case message_type::ack: {
    ack m;
    return reader{*index}.u64(section::last_message_id, m.through).finish(m);
  }
  case message_type::request_failed: return decode_request_failed(*index);
  case message_type::watch: return decode_request<watch>(*index);
  case message_type::watchack:
    return decode_answer(*index, section::presence_sequence, &watchack::first);
  case message_type::unwatch: return decode_request<unwatch>(*index);
  case message_type::unwatchack:
    return decode_answer(*index, section::presence_sequence, &unwatchack::end);
  case message_type::presence: return decode_presence(*index);
  case message_type::subscriber_list_request:
    return decode_request<subscriber_list_request>(*index);
  case message_type::subscriber_list: return decode_subscriber_list(*index);
  case message_type::server_time_request: return any{server_time_request{}};
  case message_type::server_time: {
    server_time m;
    return reader{*index}
        .u32(section::echo_timestamp, m.echo_timestamp)
        .u64(section::unix_time, m.unix_micros)
        .finish(m);
  }
  case message_type::ping: return any{ping{}};
  case message_type::pong: {
    pong m;
    return reader{*index}.u32(section::echo_timestamp, m.echo_timestamp).finish(m);
  }
  case message_type::udp_probe: {
    udp_probe m;
    if (const auto padding = index->value(section::padding))
      m.padding = padding->size();
    return reader{*index}.u64(section::probe_id, m.probe).finish(m);
  }
  case message_type::udp_probe_ack: {
    udp_probe_ack m;
    return reader{*index}.u64(section::probe_id, m.probe).finish(m);
  }
  case message_type::disconnect: return decode_ending<disconnect>(*index);
  }
  return errc::unexpected_message;
}

void encode(bytes& out, const any& what, std::uint32_t timestamp) {
  if (const auto* sent = std::get_if<publish>(&what))
    make_room(out, message_header_size + 5 * section_size(8) + section_size(sent->topic.size()) +
                       section_size(sent->content.size()));
  message_writer writer{out, type_of(what), timestamp};
  std::visit(section_writer{writer}, what);
  writer.finish();
}

message_type connack_failed_type(errc reason) noexcept {
  switch (reason) {
  case errc::bad_token: return message_type::connack_failed_token_error;
  case errc::unsupported_version: return message_type::connack_failed_protocol_version;
  case errc::too_many_connections:
  case errc::too_many_sessions:
  case errc::too_many_unauthenticated: return message_type::connack_failed_limit_reached;
  case errc::session_unknown: return message_type::connack_failed_session_unknown;
  case errc::slow_reader:
  case errc::resume_impossible: return message_type::connack_failed_resume_impossible;
  case errc::going_away: return message_type::connack_failed_going_away;
  case errc::connect_timeout: return message_type::connack_failed_timeout;
  case errc::malformed_message:
  case errc::message_too_long:
  case errc::too_many_sections:
  case errc::unexpected_message: return message_type::connack_failed_malformed;
  default: return message_type::connack_failed;
  }
}

std::string_view name_of(message_type type) noexcept {
  switch (type) {
  case message_type::connect_token: return "CONNECT TOKEN";
  case message_type::connack_success: return "CONNACK SUCCESS";
  case message_type::connack_failed: return "CONNACK FAILED";
  case message_type::connack_failed_token_error: return "CONNACK FAILED TOKEN ERROR";
  case message_type::connack_failed_protocol_version: return "CONNACK FAILED PROTOCOL VERSION";
  case message_type::connack_failed_limit_reached: return "CONNACK FAILED LIMIT REACHED";
  case message_type::connack_failed_session_unknown: return "CONNACK FAILED SESSION UNKNOWN";
  case message_type::connack_failed_resume_impossible: return "CONNACK FAILED RESUME IMPOSSIBLE";
  case message_type::connack_failed_going_away: return "CONNACK FAILED GOING AWAY";
  case message_type::connack_failed_timeout: return "CONNACK FAILED TIMEOUT";
  case message_type::connack_failed_malformed: return "CONNACK FAILED MALFORMED";
  case message_type::subscribe: return "SUBSCRIBE";
  case message_type::suback: return "SUBACK";
  case message_type::unsubscribe: return "UNSUBSCRIBE";
  case message_type::unsuback: return "UNSUBACK";
  case message_type::publish: return "PUBLISH";
  case message_type::ack: return "ACK";
  case message_type::request_failed: return "REQUEST FAILED";
  case message_type::watch: return "WATCH";
  case message_type::watchack: return "WATCHACK";
  case message_type::unwatch: return "UNWATCH";
  case message_type::unwatchack: return "UNWATCHACK";
  case message_type::presence: return "PRESENCE";
  case message_type::subscriber_list_request: return "SUBSCRIBER LIST REQUEST";
  case message_type::subscriber_list: return "SUBSCRIBER LIST";
  case message_type::server_time_request: return "SERVER TIME REQUEST";
  case message_type::server_time: return "SERVER TIME";
  case message_type::ping: return "PING";
  case message_type::pong: return "PONG";
  case message_type::udp_probe: return "UDP PROBE";
  case message_type::udp_probe_ack: return "UDP PROBE ACK";
  case message_type::disconnect: return "DISCONNECT";
  }
  return "unknown message";
}

} // namespace kodama::message
