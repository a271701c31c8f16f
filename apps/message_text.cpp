#include "apps/message_text.hpp"

#include "protocol/utf8.hpp"

#include <cstdio>

namespace kodama::apps {
namespace {

void append_base64(std::string& to, byte_view content) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto at = [&](std::size_t i) {
    return i < content.size() ? std::to_integer<std::uint32_t>(content[i]) : 0;
  };
  for (std::size_t i = 0; i < content.size(); i += 3) {
    const auto group = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    to += digits[group >> 18 & 63];
    to += digits[group >> 12 & 63];
    to += i + 1 < content.size() ? digits[group >> 6 & 63] : '=';
    to += i + 2 < content.size() ? digits[group & 63] : '=';
  }
}

std::string with_replacements(std::string_view text) {
  std::string replaced;
  while (!text.empty()) {
    const auto before = text;
    std::uint32_t code_point = 0;
    if (take_code_point(text, code_point)) {
      replaced += before.substr(0, before.size() - text.size());
    } else {
      replaced += "\xef\xbf\xbd"; // U+FFFD
      text = before.substr(1);
    }
  }
  return replaced;
}

void append_member(std::string& to, std::string_view name, std::string_view value) {
  to += '"';
  to += name;
  to += "\":";
  append_json_string(to, value);
}

} // namespace

std::string content_type_text(std::uint16_t type) {
  char text[8];
  std::snprintf(text, sizeof text, "0x%04x", type);
  return text;
}

std::string printable(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const auto before = text;
    std::uint32_t code_point = 0;
    const bool well_formed = take_code_point(text, code_point);
    if (!well_formed)
      text = before.substr(1);
    const auto taken = before.substr(0, before.size() - text.size());
    if (well_formed && code_point >= 0x20 && (code_point < 0x7f || code_point > 0x9f)) {
      shown += taken;
      continue;
    }
    for (const char each : taken) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned char>(each));
      shown += escaped;
    }
  }
  return shown;
}

void append_json_string(std::string& to, std::string_view text) {
  if (!is_utf8(text))
    return append_json_string(to, with_replacements(text));
  to += '"';
  for (const char each : text) {
    switch (each) {
    case '"': to += "\\\""; break;
    case '\\': to += "\\\\"; break;
    case '\n': to += "\\n"; break;
    case '\r': to += "\\r"; break;
    case '\t': to += "\\t"; break;
    default:
      if (const auto byte = static_cast<unsigned char>(each); byte < 0x20) {
        char escaped[8];
        std::snprintf(escaped, sizeof escaped, "\\u%04x", byte);
        to += escaped;
      } else {
        to += each;
      }
    }
  }
  to += '"';
}

void append_json(std::string& to, const client_event::received& message) {
  to += '{';
  append_member(to, "topic", message.topic);
  to += ",\"sequence\":";
  to += message.sequence == 0 ? "null" : std::to_string(message.sequence);
  to += ",\"sender\":" + std::to_string(message.sender) + ',';
  append_member(to, "type", content_type_text(message.content_type));
  to += ',';
  append_member(to, "transport", message.via == client_event::transport::udp ? "udp" : "tcp");
  to += ',';
  if (is_utf8(as_text(message.content))) {
    append_member(to, "payload", as_text(message.content));
  } else {
    to += "\"payload_base64\":\"";
    append_base64(to, message.content);
    to += '"';
  }
  to += "}\n";
}

void append_json(std::string& to, const client_event::presence& change) {
  to += '{';
  append_member(to, "presence",
                change.event == message::presence_event::joined ? "joined" : "left");
  to += ',';
  append_member(to, "topic", change.topic);
  to += ",\"sequence\":" + std::to_string(change.sequence);
  to += ",\"client\":" + std::to_string(change.client) + "}\n";
}

} // namespace kodama::apps
