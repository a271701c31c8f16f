#pragma once

#include "packet_text.hpp"
#include "protocol/mqtt/encode.hpp"
#include "protocol/mqtt/server_session.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kodama::mqtt {

using namespace std::chrono_literals;
using said = std::vector<std::string>;

/// A client, of 5.0 unless it says otherwise, that writes packets down, and a session that it talks
/// to.
class SessionOfAClient : public testing::Test {
protected:
  SessionOfAClient() {
    options.receive_maximum = 2;
    options.session_buffer_max = 4'000;
  }

  void attach(connect asked = {}) {
    asked.client_id = "me";
    asked.properties.session_expiry_interval = 60;
    stream.clear();
    speaks.version = asked.version;
    ASSERT_TRUE(encode(stream, asked, speaks));
    packet_reader reader{packet_size_limit};
    reader.feed(stream);
    const auto first = reader.next();
    ASSERT_TRUE(first && *first);
    session.handle_attach(now, std::get<connect>(**first), std::move(reader));
  }

  /// The client says it; what the owner is given: "publish ID ORDINAL", or what was broken.
  std::string hear(const packet& what) {
    bytes out;
    EXPECT_TRUE(encode(out, what, speaks));
    arrived.push_back(std::move(out));
    session.handle_bytes(now, arrived.back());
    packet place;
    const auto request = session.poll_request(now, place);
    if (!request)
      return request.error().text;
    if (!*request)
      return "";
    if (const auto* given = std::get_if<server_session::publish_request>(&**request))
      return "publish " + std::string{given->what->topic} + ' ' + std::to_string(given->what->id) +
             ' ' + std::to_string(given->ordinal);
    return "another";
  }

  static publish sending(packet_id id, qos how, std::string_view topic = "t") {
    publish what;
    what.topic = topic;
    what.qos = how;
    what.id = id;
    return what;
  }

  server_session::pushed owe(qos how, std::string_view payload, instant expires = never,
                             std::string_view topic = "t") {
    publish what;
    what.topic = topic;
    what.payload = as_bytes(payload);
    outgoing next;
    const auto forms = std::make_shared<publish_forms>();
    forms->add(what, expires);
    next.forms = forms;
    next.qos = how;
    return session.push(std::move(next));
  }

  /// What is written: "publish PAYLOAD ID", with "dup" where it was sent before; others "TYPE ID".
  said written(protocol_version version = protocol_version::v5, std::size_t size_max = 100'000) {
    bytes out;
    session.poll_transmit(now, out, size_max);
    return told_all(out, version);
  }

  /// What of it is written at once.
  said pushed_through(outgoing what, std::size_t size_max = 100'000) {
    bytes out;
    EXPECT_EQ(session.push(std::move(what), now, out, size_max), kept);
    return told_all(out, protocol_version::v5);
  }

  static said told_all(const bytes& out, protocol_version version) {
    packet_reader reader{packet_size_limit, version};
    reader.feed(out);
    said all;
    for (;;) {
      const auto next = reader.next();
      EXPECT_TRUE(next) << next.error().text;
      if (!next || !*next)
        return all;
      all.push_back(told(**next));
    }
  }

  /// Of the publishes that are written: "TOPIC = ALIAS", or the topic alone.
  said addressed() {
    bytes out;
    session.poll_transmit(now, out, 100'000);
    packet_reader reader{packet_size_limit, protocol_version::v5};
    reader.feed(out);
    said all;
    for (auto next = reader.next(); next && *next; next = reader.next()) {
      const auto& each = std::get<publish>(**next);
      const auto alias = each.properties.topic_alias;
      all.push_back(std::string{each.topic} + (alias ? " = " + std::to_string(*alias) : ""));
    }
    return all;
  }

  static std::string told(const packet& what) {
    if (const auto* given = std::get_if<publish>(&what))
      return (given->dup ? "dup " : "publish ") + std::string{as_text(given->payload)} + ' ' +
             std::to_string(given->id);
    return std::visit(
        [&what]<class Packet>(const Packet& each) {
          std::string text{name_of(type_of(what))};
          if constexpr (requires { each.id; })
            text += ' ' + std::to_string(each.id);
          if constexpr (requires { each.reason; })
            if (is_failure(each.reason))
              text += ' ' + std::string{name_of(each.reason)};
          return text;
        },
        what);
  }

  static constexpr server_session::pushed kept{}, dropped{1, false}, overflow{0, true};

  session_options options;
  encode_options speaks; ///< the client's version
  instant now{1h};
  server_session session{options};
  bytes stream;
  std::vector<bytes> arrived;
};

/// Messages of one topic, one after the other, that nobody waits for.
inline std::shared_ptr<const publish_forms>
forms_of(const std::vector<std::string>& payloads,
         protocol_version version = protocol_version::v5) {
  auto forms = std::make_shared<publish_forms>(version);
  for (const auto& each : payloads) {
    publish what;
    what.topic = "t";
    what.payload = as_bytes(each);
    forms->add(what, never);
  }
  return forms;
}

} // namespace kodama::mqtt
