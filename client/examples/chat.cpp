// A small chat: rooms are topics, and who is in a room is the topic's presence.
//
//     kodama_chat NAME [HOST:PORT] [TOKEN]
//
//     /join ROOM    enter a room (and leave the present one)
//     /leave        leave it
//     /who          who else is here
//     /quit         or end the input
//     anything else is said in the room

#include "client/client.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>

#include <iostream>
#include <map>
#include <string>
#include <unistd.h>

namespace {

namespace asio = boost::asio;
using namespace kodama;

// The content types of this program: a receiver knows what a message is before it looks inside.
constexpr std::uint16_t said = 0x8001;       // text
constexpr std::uint16_t introduced = 0x8002; // the sender's name

class chat {
public:
  chat(std::string name, client::options chosen)
      : name_{std::move(name)}
      , server_{std::move(chosen)}
      , input_{server_.context(), dup(STDIN_FILENO)} {
    server_.on_connected([this](const client_event::connected& e) {
      me_ = e.client;
      note(e.resumed ? "back again; nothing was missed" : "connected");
    });
    server_.on_connection_lost(
        [](const auto& e) { note("connection lost: " + e.reason.message()); });
    server_.on_session_lost([](const auto& e) {
      note("session lost: " + e.reason.message() + "; something may have been missed");
    });
    // Also after a lost session: the others know us by a new number then.
    server_.on_subscribed([this](const auto& e) {
      if (e.topic == topic_)
        send(introduced, name_);
    });
    server_.on_stopped([this](const client_event::stopped& e) {
      note("stopped: " + e.reason.message() + " " + e.text);
      input_.close();
    });
    server_.connect();
    join("lobby");
    read_line();
  }

  void run() { server_.run(); }

private:
  static void note(const std::string& text) { std::cout << "* " << text << std::endl; }

  static void complain(const result<void>& outcome) {
    if (!outcome)
      note("not possible: " + outcome.error().message());
  }

  std::string name_of(client_id who) const {
    const auto known = names_.find(who);
    return known == names_.end() ? "#" + std::to_string(who) : known->second;
  }

  void join(const std::string& room) {
    leave();
    const auto topic = "chat/" + room;
    const auto watched = server_.watch(topic, [this](const auto& e) { notice(e); });
    const auto subscribed = server_.subscribe(
        topic, [this](const auto& e) { hear(e); },
        [room](auto error) {
          note(error ? "can't enter: " + error.message() : "you are in " + room);
        });
    complain(watched ? subscribed : watched);
    if (watched && subscribed)
      topic_ = topic;
  }

  void leave() {
    if (topic_.empty())
      return;
    complain(server_.unsubscribe(topic_));
    complain(server_.unwatch(topic_));
    topic_.clear();
  }

  void who() {
    complain(server_.subscribers(topic_, [this](const result<client_event::subscribers>& here) {
      if (!here)
        return note("not known: " + here.error().message());
      std::string text = "here:";
      for (const auto client : here->clients)
        text += " " + name_of(client);
      note(text);
    }));
  }

  void send(std::uint16_t type, const std::string& text) {
    complain(server_.publish(topic_, type, as_bytes(text)));
  }

  void hear(const client_event::received& message) {
    const std::string text{as_text(message.content)};
    if (message.content_type == introduced)
      names_[message.sender] = text;
    else if (message.content_type == said)
      std::cout << name_of(message.sender) << ": " << text << std::endl;
  }

  void notice(const client_event::presence& change) {
    if (change.client == me_)
      return;
    const bool joined = change.event == message::presence_event::joined;
    note(name_of(change.client) + (joined ? " came in" : " left"));
    // Whoever comes in does not know our name yet.
    if (joined && change.topic == topic_)
      send(introduced, name_);
  }

  void read_line() {
    asio::async_read_until(input_, asio::dynamic_buffer(typed_), '\n',
                           [this](boost::system::error_code error, std::size_t size) {
                             if (error)
                               return server_.disconnect();
                             obey(typed_.substr(0, size - 1));
                             typed_.erase(0, size);
                             read_line();
                           });
  }

  void obey(const std::string& line) {
    if (line.rfind("/join ", 0) == 0)
      join(line.substr(6));
    else if (line == "/leave")
      leave();
    else if (line == "/who")
      who();
    else if (line == "/quit")
      server_.disconnect();
    else if (!line.empty())
      send(said, line);
  }

  std::string name_;
  client server_;
  asio::posix::stream_descriptor input_;
  std::string typed_;
  std::string topic_; // of the room we are in
  client_id me_ = 0;
  std::map<client_id, std::string> names_;
};

} // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: kodama_chat NAME [HOST:PORT] [TOKEN]\n";
    return 2;
  }
  client::options options;
  if (argc > 2)
    options.server = argv[2];
  if (argc > 3)
    options.token = argv[3];
  chat{argv[1], options}.run();
}
