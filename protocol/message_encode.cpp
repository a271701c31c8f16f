#include "protocol/message.hpp"

#include <type_traits>

namespace kodama::message {
namespace {

using section = section_type;

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
  void operator()(const suback& m) { answer(m.id, m.in_reply_to, m.topic, m.first); }
  void operator()(const unsubscribe& m) { request(m.id, m.topic); }
  void operator()(const unsuback& m) { answer(m.id, m.in_reply_to, m.topic, m.end); }
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
  void operator()(const watchack& m) { watch_answer(m.id, m.in_reply_to, m.topic, m.first); }
  void operator()(const unwatch& m) { request(m.id, m.topic); }
  void operator()(const unwatchack& m) { watch_answer(m.id, m.in_reply_to, m.topic, m.end); }
  void operator()(const presence& m) {
    out_.u64(section::message_id, m.id)
        .text(section::topic, m.topic)
        .u64(section::presence_sequence, m.sequence)
        .u64(section::client_id, m.client)
        .u32(section::presence_event, static_cast<std::uint32_t>(m.event));
  }
  void operator()(const subscriber_list_request& m) { request(m.id, m.topic); }
  void operator()(const subscriber_list& m) {
    watch_answer(m.id, m.in_reply_to, m.topic, m.sequence);
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
  void answer(message_id id, message_id in_reply_to, std::string_view topic) {
    out_.u64(section::message_id, id)
        .u64(section::in_reply_to, in_reply_to)
        .text(section::topic, topic);
  }
  void answer(message_id id, message_id in_reply_to, std::string_view topic,
              topic_sequence number) {
    answer(id, in_reply_to, topic);
    if (number != 0)
      out_.u64(section::topic_sequence, number);
  }
  void watch_answer(message_id id, message_id in_reply_to, std::string_view topic,
                    presence_sequence number) {
    answer(id, in_reply_to, topic);
    out_.u64(section::presence_sequence, number);
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
      []<class Message>(const Message& m) {
        if constexpr (std::is_same_v<Message, connack_failed>)
          return connack_failed_type(m.reason);
        else
          return Message::type;
      },
      what);
}

} // namespace

void encode(bytes& out, const any& what, std::uint32_t timestamp) {
  if (const auto* sent = std::get_if<publish>(&what))
    make_room(out, message_header_size + 5 * section_size(8) + section_size(sent->topic.size()) +
                       section_size(sent->content.size()));
  message_writer writer{out, type_of(what), timestamp};
  std::visit(section_writer{writer}, what);
  writer.finish();
}

} // namespace kodama::message
