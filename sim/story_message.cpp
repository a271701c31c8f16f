#include "sim/story_message.hpp"

#include "sim/witness.hpp"

#include <string>
#include <type_traits>

namespace kodama::sim {
namespace {

std::string numbered(message_id id) {
  return " (#" + std::to_string(id) + ')';
}

/// Says what a message has besides its name.
class teller {
public:
  explicit teller(std::string name)
      : said_{name, {{"name", name}}} {}

  void operator()(const message::connect_token& m) {
    if (m.resume)
      add(", resumes a session, has everything through #" +
          std::to_string(m.resume->last_received));
  }
  void operator()(const message::connack_success& m) {
    add(": client " + std::to_string(m.client) + ", server has everything through #" +
        std::to_string(m.last_received));
    about("client", std::to_string(m.client));
  }
  void operator()(const message::connack_failed& m) { reason(m.reason); }
  void operator()(const message::publish& m) {
    if (const auto tag = tag_of(m.content)) {
      add(" " + name_of(*tag));
      about("message", name_of(*tag));
    }
    add(m.sender != 0 ? " of " : " to ");
    topic(m.topic);
    if (m.sequence != 0) {
      add(", number " + std::to_string(m.sequence));
      about("number", std::to_string(m.sequence));
    }
    if (m.reliable())
      id(m.id);
    else
      add(", without a guarantee");
  }
  void operator()(const message::ack& m) { add(" through #" + std::to_string(m.through)); }
  void operator()(const message::request_failed& m) {
    add(" to #" + std::to_string(m.in_reply_to));
    reason(m.reason);
    id(m.id);
  }
  void operator()(const message::presence& m) {
    add(" ");
    topic(m.topic);
    add(": client " + std::to_string(m.client) +
        (m.event == message::presence_event::joined ? " joined" : " left") + ", presence number " +
        std::to_string(m.sequence));
    id(m.id);
  }
  void operator()(const message::subscriber_list& m) {
    add(" ");
    topic(m.topic);
    add(" as of presence number " + std::to_string(m.sequence));
    id(m.id);
  }
  void operator()(const message::disconnect& m) { reason(m.reason); }

  /// The requests about a topic and their answers; what has neither has said all by its name.
  template <class Message>
  void operator()(const Message& m) {
    if constexpr (requires { m.topic; }) {
      add(" ");
      topic(m.topic);
    }
    if constexpr (requires { m.first; })
      add(" from number " + std::to_string(m.first) + " on");
    if constexpr (requires { m.end; })
      add(" before number " + std::to_string(m.end));
    if constexpr (requires { m.id; })
      id(m.id);
  }

  [[nodiscard]] telling take() { return std::move(said_); }

private:
  void add(std::string_view text) { said_.text += text; }
  void about(std::string_view name, std::string value) {
    said_.facts.push_back({name, std::move(value)});
  }
  void topic(std::string_view name) {
    add(name);
    about("topic", std::string{name});
  }
  void id(message_id number) {
    add(numbered(number));
    about("id", std::to_string(number));
  }
  void reason(errc why) { add(": " + std::string{kodama::to_string(why)}); }

  telling said_;
};

} // namespace

telling tell_message(const message_header& header, const message::any& body) {
  teller all{std::string{message::name_of(header.type)}};
  std::visit(all, body);
  return all.take();
}

} // namespace kodama::sim
