#include "protocol/message.hpp"

#include <algorithm>

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

/// The version of a CONNECT TOKEN that is not of ours.
std::optional<std::uint32_t> other_version_of(byte_view connect_token) noexcept {
  const auto value = find_first(connect_token, section::protocol_version);
  if (!value || value->size() != sizeof(std::uint32_t))
    return std::nullopt;
  const auto version = load_big<std::uint32_t>(value->data());
  return version == protocol_version ? std::nullopt : std::optional{version};
}

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

/// SUBACK and UNSUBACK: `number` is the member for the sequence number, which a topic has and a
/// filter has not.
template <class Answer>
result<any> decode_answer(const section_index& sections, topic_sequence Answer::*number) {
  Answer m;
  return reader{sections}
      .id(section::message_id, m.id)
      .id(section::in_reply_to, m.in_reply_to)
      .text(section::topic, m.topic)
      .optional_id(section::topic_sequence, m.*number)
      .finish(m);
}

/// WATCHACK and UNWATCHACK.
template <class Answer>
result<any> decode_watch_answer(const section_index& sections, presence_sequence Answer::*number) {
  Answer m;
  return reader{sections}
      .id(section::message_id, m.id)
      .id(section::in_reply_to, m.in_reply_to)
      .text(section::topic, m.topic)
      .id(section::presence_sequence, m.*number)
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

} // namespace

result<any> decode(const message_header& header, byte_view sections, std::uint32_t sections_max) {
  if (header.type == message_type::connect_token)
    if (const auto other = other_version_of(sections))
      return any{connect_token{.version = *other}};
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
  case message_type::suback: return decode_answer(*index, &suback::first);
  case message_type::unsubscribe: return decode_request<unsubscribe>(*index);
  case message_type::unsuback: return decode_answer(*index, &unsuback::end);
  case message_type::publish: return decode_publish(*index);
  case message_type::ack: {
    ack m;
    return reader{*index}.u64(section::last_message_id, m.through).finish(m);
  }
  case message_type::request_failed: return decode_request_failed(*index);
  case message_type::watch: return decode_request<watch>(*index);
  case message_type::watchack: return decode_watch_answer(*index, &watchack::first);
  case message_type::unwatch: return decode_request<unwatch>(*index);
  case message_type::unwatchack: return decode_watch_answer(*index, &unwatchack::end);
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

} // namespace kodama::message
