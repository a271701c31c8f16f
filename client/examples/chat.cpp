// A small chat: a room is a topic, and who is in the room is the topic's presence.
// docs/chat.md walks through it.

#include "client/client.hpp"
#include "client/examples/input_lines.hpp"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace {

namespace asio = boost::asio;
using namespace kodama;

constexpr std::string_view usage = R"(Usage: kodama_chat NAME [HOST:PORT]

A chat on a Kodama server, by default the one at localhost:7400. A token is taken from KODAMA_TOKEN.

  /join ROOM    enter a room and leave the present one; you begin in the lobby
  /leave        leave the room
  /who          who is in the room
  /wave         wave; where the network is bad, nobody sees it
  /quit         leave when all you said is confirmed; so do Ctrl-C and the end of the input
  anything else is said in the room

Exit code: 0 when all that was said is confirmed, 1 when it is not or the server refuses,
2 for wrong usage.
)";

// The content types of this program: a receiver knows what a message is before it looks inside.
constexpr std::uint16_t said = 0x8001;       // text
constexpr std::uint16_t introduced = 0x8002; // the sender's name
constexpr std::uint16_t waved = 0x8003;      // nothing

constexpr std::chrono::seconds farewell_max{5}; // for what is not confirmed when we want to go

void show(const std::string& line) {
  std::cout << line << std::endl;
}

void note(const std::string& line) {
  show("* " + line);
}

/// What others send is shown on a terminal, which obeys control characters.
std::string printable(byte_view content) {
  std::string text{as_text(content)};
  std::replace_if(
      text.begin(), text.end(), [](char c) { return (c >= '\0' && c < ' ') || c == '\x7f'; }, '?');
  return text;
}

/// One user of the chat, in one room at a time.
class chat {
public:
  chat(std::string name, client::options chosen)
      : name_{std::move(name)}
      , server_{std::move(chosen)}
      , input_{server_.context(), [this](const auto& line) { obey(line); }, [this] { quit(); }} {
    server_.on_connected([this](const auto& e) { handle_connected(e); });
    server_.on_connection_lost([this](const auto& e) { handle_connection_lost(e); });
    server_.on_session_lost([this](const auto& e) { handle_session_lost(e); });
    server_.on_stopped([this](const auto& e) { handle_stopped(e); });
    signals_.async_wait([this](auto error, int) {
      signals_.clear(); // a second Ctrl-C ends the process, whatever is confirmed
      if (!error)
        quit();
    });
    server_.connect();
    join("lobby");
  }

  /// Until the user has left; false where something went wrong.
  bool run() {
    server_.run();
    return all_well_;
  }

private:
  // What the user wants.

  void obey(const std::string& line) {
    if (line.starts_with("/join ") && line.size() > 6)
      join(line.substr(6));
    else if (line == "/quit")
      quit();
    else if (room_.empty())
      note("you are in no room; /join ROOM");
    else if (line == "/leave")
      leave();
    else if (line == "/who")
      who();
    else if (line == "/wave")
      wave();
    else if (line.starts_with("/"))
      note("there are /join ROOM, /leave, /who, /wave and /quit");
    else if (!line.empty())
      say(line);
  }

  void join(const std::string& room) {
    if (room == room_)
      return;
    // Watched first, so that nobody comes in after us unseen.
    const auto watched = server_.watch(topic_of(room), [this](const auto& e) { notice(e); });
    if (!watched)
      return note("no room can have that name: " + watched.error().message());
    leave();
    room_ = room;
    expect(server_.subscribe(
        topic_of(room), [this](const auto& e) { hear(e); },
        [this, room](auto error) {
          if (!error)
            note("you are in " + room);
          else if (!quitting_)
            note("can't enter " + room + ": " + error.message());
        }));
    introduce(); // carried out in this order: whoever hears our words knows our name
  }

  void leave() {
    if (room_.empty())
      return;
    expect(server_.unsubscribe(topic_of(room_)));
    expect(server_.unwatch(topic_of(room_)));
    note("you left " + room_);
    room_.clear();
    names_.clear();
  }

  void who() {
    expect(server_.subscribers(topic_of(room_), [this](const auto& present) {
      if (!present)
        return note("not known: " + present.error().message());
      std::string line = "here:";
      for (const auto guest : present->clients)
        line += " " + name_of(guest);
      note(line);
    }));
  }

  void say(const std::string& text) {
    const auto sent =
        server_.publish(topic_of(room_), said, as_bytes(text), [this, text](auto error) {
          --unconfirmed_;
          if (error) {
            all_well_ = false;
            note("not confirmed, it may have been heard or not: " + text);
          } else {
            show(name_ + ": " + text);
          }
          quit_when_confirmed();
        });
    if (sent) {
      ++unconfirmed_;
    } else {
      all_well_ = false;
      note("not sent (" + sent.error().message() + "): " + text);
    }
  }

  void wave() { expect(server_.publish_unreliable(topic_of(room_), waved, {})); }

  void quit() {
    if (std::exchange(quitting_, true))
      return;
    input_.stop();
    farewell_.expires_after(farewell_max);
    farewell_.async_wait([this](auto error) {
      if (!error)
        server_.disconnect();
    });
    quit_when_confirmed();
  }

  void quit_when_confirmed() {
    if (quitting_ && unconfirmed_ == 0)
      server_.disconnect();
  }

  // What happens in the room.

  void hear(const client_event::received& message) {
    if (message.sender == me_)
      return; // our own words are shown when they are acknowledged
    const auto text = printable(message.content);
    if (message.content_type == introduced)
      meet(message.sender, text);
    else if (message.content_type == said)
      show(name_of(message.sender) + ": " + text);
    else if (message.content_type == waved)
      note(name_of(message.sender) + " waves");
  }

  void notice(const client_event::presence& change) {
    if (change.client == me_)
      return;
    if (change.event == message::presence_event::joined) {
      names_.try_emplace(change.client); // the name comes with the introduction
      introduce();
    } else {
      note(name_of(change.client) + " left");
      names_.erase(change.client);
    }
  }

  /// Everybody introduces himself again whenever somebody comes in, so most of it is known.
  void meet(client_id guest, const std::string& name) {
    const auto [known, was_here_before_us] = names_.try_emplace(guest);
    if (known->second.empty())
      note(name + (was_here_before_us ? " is here" : " came in"));
    known->second = name;
  }

  void introduce() { expect(server_.publish(topic_of(room_), introduced, as_bytes(name_))); }

  std::string name_of(client_id who) const {
    if (who == me_)
      return name_;
    const auto known = names_.find(who);
    const bool nameless = known == names_.end() || known->second.empty();
    return nameless ? "#" + std::to_string(who) : known->second;
  }

  // What happens to the connection and the session.

  void handle_connected(const client_event::connected& e) {
    me_ = e.client;
    away_ = false;
    note(e.resumed ? "back again, nothing was missed" : "connected");
  }

  void handle_connection_lost(const client_event::connection_lost& e) {
    if (!std::exchange(away_, true)) // not at every attempt
      note("no connection (" + e.reason.message() + "), trying again");
  }

  /// What was not confirmed has been told by say() already; the library enters the room again.
  void handle_session_lost(const client_event::session_lost& e) {
    if (quitting_)
      return;
    if (me_ != 0) // else there was none yet
      note("the session is lost (" + e.reason.message() + ")");
    for (const auto& gap : e.gaps)
      note("something may be missing here in " + gap.topic.substr(topic_of("").size()));
    // All numbers are of that session. The others know us by a new one from now on, and if the
    // server was started again, we know nobody's.
    names_.clear();
    if (!room_.empty())
      introduce();
  }

  void handle_stopped(const client_event::stopped& e) {
    if (e.reason != errc::normal) {
      all_well_ = false;
      note("the server refuses: " + e.reason.message() + (e.text.empty() ? "" : ", " + e.text));
    }
    // Then nothing is left to wait for, and run() returns.
    input_.stop();
    signals_.cancel();
    farewell_.cancel();
  }

  static std::string topic_of(const std::string& room) { return "chat/" + room; }

  static void expect(const result<void>& outcome) {
    if (!outcome)
      note("not possible: " + outcome.error().message());
  }

  const std::string name_;
  client server_;
  input_lines input_;
  asio::signal_set signals_{server_.context(), SIGINT, SIGTERM};
  asio::steady_timer farewell_{server_.context()};
  client_id me_ = 0;
  std::string room_; // empty: in none
  std::map<client_id, std::string> names_;
  std::size_t unconfirmed_ = 0;
  bool away_ = false;
  bool quitting_ = false;
  bool all_well_ = true;
};

} // namespace

int main(int argc, char** argv) {
  if (argc == 2 && argv[1] == std::string_view{"--help"}) {
    std::cout << usage;
    return 0;
  }
  if (argc < 2 || argc > 3 || argv[1][0] == '-' || argv[1][0] == '\0') {
    std::cerr << usage;
    return 2;
  }
  client::options options;
  if (argc == 3)
    options.server = argv[2];
  if (const char* token = std::getenv("KODAMA_TOKEN"))
    options.token = token;
  return chat{argv[1], options}.run() ? 0 : 1;
}
