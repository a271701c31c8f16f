#pragma once

#include "protocol/mqtt/client_session.hpp"
#include "protocol/mqtt/server_session.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kodama::mqtt {

using namespace std::chrono_literals;
using event = client_session::event;

inline client_session::options options_of(protocol_version version) {
  client_session::options chosen;
  chosen.version = version;
  chosen.client_id = "me";
  chosen.keep_alive = 4;
  chosen.session_expiry = 60;
  return chosen;
}

inline client_session::message message_of(std::string text, qos how, std::string topic = "t") {
  const auto payload = as_bytes(text);
  return {std::move(topic), bytes{payload.begin(), payload.end()}, how, false, std::nullopt};
}

/// A client and a server of the same session, and between them a pipe that cuts the stream into
/// pieces and breaks, so that what is under way is lost.
class lossy_pair {
public:
  explicit lossy_pair(protocol_version version)
      : client_{options_of(version)} {
    if (version == protocol_version::v5) // 3.1.1 has no word for it
      options_.receive_maximum = 3;
    server_ = std::make_unique<server_session>(options_);
  }

  void act(unsigned dice) {
    now_ += 10ms;
    const auto how = static_cast<qos>(dice / 8 % 3);
    switch (dice % 8) {
    case 0:
      sent_up_.push_back({client_.publish(message_of(std::to_string(sent_up_.size()), how)), how});
      break;
    case 1: push(how); break;
    case 2: break_link(); break;
    case 3: carry(up_, dice % 7, true); break;
    case 4: carry(down_, dice % 7, false); break;
    default: carry(up_, 1'000, true); carry(down_, 1'000, false);
    }
    settle();
  }

  void finish() {
    for (int i = 0; i != 300; ++i)
      act(5);
  }

  struct sent {
    client_session::request_id request;
    qos how;
  };
  std::vector<sent> sent_up_;
  std::vector<qos> sent_down_;
  std::map<int, int> came_up_, came_down_, completed_;
  std::vector<int> order_up_, order_down_;
  std::string broken_;

private:
  void push(qos how) {
    const auto text = std::to_string(sent_down_.size());
    publish what;
    what.topic = "t";
    what.payload = as_bytes(text);
    what.qos = how;
    const auto forms = std::make_shared<publish_forms>();
    forms->add(what, never);
    (void)server_->push({forms, 0, 1, how, false, nullptr});
    sent_down_.push_back(how);
  }

  void break_link() {
    if (!open_)
      return;
    open_ = false;
    up_.clear();
    down_.clear();
    door_.clear();
    client_.handle_closed(now_);
    if (server_->attached())
      server_->handle_detach(now_);
  }

  void settle() {
    if (!open_) {
      open_ = true;
      client_.handle_connected(now_, false);
    }
    client_.poll_transmit(now_, up_, 1 << 20);
    if (server_->attached())
      server_->poll_transmit(now_, down_, 1 << 20);
    while (auto happened = client_.poll_event()) {
      if (const auto* got = std::get_if<event::received>(&*happened)) {
        const auto number = std::stoi(std::string{as_text(got->what.payload)});
        if (came_down_[number]++ == 0 && got->what.qos != qos::at_most_once)
          order_down_.push_back(number);
      } else if (const auto* done = std::get_if<event::completed>(&*happened)) {
        ++completed_[static_cast<int>(done->request)];
      } else if (const auto* why = std::get_if<event::broken>(&*happened)) {
        broken_ = why->why.text;
      }
    }
  }

  void carry(bytes& pipe, std::size_t most, bool up) {
    const auto size = std::min(most, pipe.size());
    const bytes piece{pipe.begin(), pipe.begin() + static_cast<std::ptrdiff_t>(size)};
    pipe.erase(pipe.begin(), pipe.begin() + static_cast<std::ptrdiff_t>(size));
    if (piece.empty())
      return;
    if (!up)
      client_.handle_bytes(now_, piece);
    else if (server_->attached())
      server_->handle_bytes(now_, piece), serve();
    else
      open_door(piece);
  }

  void open_door(const bytes& piece) {
    append(door_, piece);
    packet_reader reader{packet_size_limit};
    const auto whole = std::exchange(door_, {});
    reader.feed(whole);
    const auto first = reader.next();
    if (!first || !*first) {
      door_ = whole;
      return;
    }
    const auto asked = std::get<connect>(**first);
    server_->handle_attach(now_, asked, std::move(reader));
    connack answer;
    answer.session_present = std::exchange(known_, true);
    answer.properties.receive_maximum = options_.receive_maximum;
    server_->reply(answer);
    serve();
  }

  void serve() {
    packet place;
    for (;;) {
      const auto request = server_->poll_request(now_, place);
      if (!request) {
        broken_ = request.error().text;
        return;
      }
      if (!*request)
        return;
      const auto& given = std::get<server_session::publish_request>(**request);
      const auto number = std::stoi(std::string{as_text(given.what->payload)});
      if (came_up_[number]++ == 0 && given.ordinal != 0)
        order_up_.push_back(number);
      if (given.ordinal != 0)
        server_->complete(given.ordinal);
    }
  }

  instant now_{};
  session_options options_;
  client_session client_;
  std::unique_ptr<server_session> server_;
  bytes up_, down_, door_;
  bool open_ = false;
  bool known_ = false;
};

} // namespace kodama::mqtt
