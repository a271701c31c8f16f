#pragma once

#include "protocol/message.hpp"

#include <string>
#include <type_traits>
#include <variant>

/// The members of every message by name, for tests that treat all messages alike.
///
/// A visitor has one member function per kind of field: number (any value), id (never 0),
/// optional_id (0 means absent), text, optional_text (empty means absent), raw, clients, fixed,
/// reason, event, content_type, and optional(std::optional&, function). Each takes the field's
/// name first; the names are those of the golden vectors.
namespace kodama::message {

template <class Visitor>
void visit_fields(connect_token& m, Visitor& v) {
  v.number("version", m.version);
  v.optional_text("token", m.token);
  v.number("keepalive_ms", m.keepalive_ms);
  v.optional(m.resume, [&v](resume_point& resume) {
    v.fixed("resume_session", resume.session.value);
    v.number("resume_last_received", resume.last_received);
  });
  v.optional(m.random, [&v](datagram_random& random) { v.fixed("datagram_random", random); });
}

template <class Visitor>
void visit_fields(connack_success& m, Visitor& v) {
  v.id("client", m.client);
  v.fixed("session", m.session.value);
  v.number("last_received", m.last_received);
  v.number("keepalive_ms", m.keepalive_ms);
  v.number("message_size_max", m.limits.message_size_max);
  v.number("sections_max", m.limits.sections_max);
  v.number("topic_length_max", m.limits.topic_length_max);
  v.number("topics_max", m.limits.topics_max);
  v.number("unacknowledged_max", m.limits.unacknowledged_max);
  v.number("resume_window_ms", m.limits.resume_window_ms);
  v.optional(m.datagram, [&v](datagram_offer& offer) {
    v.fixed("datagram_random", offer.random);
    v.number("datagram_path", offer.path);
    v.number("datagram_port", offer.port);
  });
}

template <class Message, class Visitor>
requires std::is_same_v<Message, connack_failed> || std::is_same_v<Message, disconnect>
void visit_fields(Message& m, Visitor& v) {
  v.reason("reason", m.reason);
  v.optional_text("text", m.text);
}

template <class Message, class Visitor>
requires std::is_same_v<Message, subscribe> || std::is_same_v<Message, unsubscribe> ||
    std::is_same_v<Message, watch> || std::is_same_v<Message, unwatch> ||
    std::is_same_v<Message, subscriber_list_request>
void visit_fields(Message& m, Visitor& v) {
  v.id("id", m.id);
  v.text("topic", m.topic);
}

template <class Message, class Visitor>
requires std::is_same_v<Message, suback> || std::is_same_v<Message, watchack>
void visit_fields(Message& m, Visitor& v) {
  v.id("id", m.id);
  v.id("in_reply_to", m.in_reply_to);
  v.text("topic", m.topic);
  if constexpr (std::is_same_v<Message, suback>)
    v.optional_id("first", m.first);
  else
    v.id("first", m.first);
}

template <class Message, class Visitor>
requires std::is_same_v<Message, unsuback> || std::is_same_v<Message, unwatchack>
void visit_fields(Message& m, Visitor& v) {
  v.id("id", m.id);
  v.id("in_reply_to", m.in_reply_to);
  v.text("topic", m.topic);
  if constexpr (std::is_same_v<Message, unsuback>)
    v.optional_id("end", m.end);
  else
    v.id("end", m.end);
}

template <class Visitor>
void visit_fields(publish& m, Visitor& v) {
  v.optional_id("id", m.id);
  v.optional_id("unreliable", m.unreliable);
  v.text("topic", m.topic);
  v.optional_id("sequence", m.sequence);
  v.optional_id("sender", m.sender);
  v.content_type("content_type", m.content_type);
  v.raw("content", m.content);
}

template <class Visitor>
void visit_fields(ack& m, Visitor& v) {
  v.number("through", m.through);
}

template <class Visitor>
void visit_fields(request_failed& m, Visitor& v) {
  v.id("id", m.id);
  v.id("in_reply_to", m.in_reply_to);
  v.reason("reason", m.reason);
  v.optional_text("text", m.text);
}

template <class Visitor>
void visit_fields(presence& m, Visitor& v) {
  v.id("id", m.id);
  v.text("topic", m.topic);
  v.id("sequence", m.sequence);
  v.id("client", m.client);
  v.event("event", m.event);
}

template <class Visitor>
void visit_fields(subscriber_list& m, Visitor& v) {
  v.id("id", m.id);
  v.id("in_reply_to", m.in_reply_to);
  v.text("topic", m.topic);
  v.number("sequence", m.sequence);
  v.clients("clients", m.clients);
  v.number("remaining", m.remaining);
}

template <class Message, class Visitor>
requires std::is_same_v<Message, server_time_request> || std::is_same_v<Message, ping>
void visit_fields(Message&, Visitor&) {}

template <class Visitor>
void visit_fields(server_time& m, Visitor& v) {
  v.number("echo_timestamp", m.echo_timestamp);
  v.number("unix_micros", m.unix_micros);
}

template <class Visitor>
void visit_fields(pong& m, Visitor& v) {
  v.number("echo_timestamp", m.echo_timestamp);
}

template <class Visitor>
void visit_fields(udp_probe& m, Visitor& v) {
  v.number("probe", m.probe);
  v.size("padding", m.padding);
}

template <class Visitor>
void visit_fields(udp_probe_ack& m, Visitor& v) {
  v.number("probe", m.probe);
}

/// Every present field as a line "name = value" in the notation of vectors/README.md.
[[nodiscard]] std::string to_lines(const any& what);

[[nodiscard]] std::string to_hex(byte_view view);

} // namespace kodama::message
