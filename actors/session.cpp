#include "actors/session.hpp"

#include "actors/runtime/behavior_of.hpp"
#include "protocol/assert.hpp"
#include "protocol/mqtt/topic_filter.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

namespace kodama::actors {
namespace {

/// What one turn may write to one link; the rest follows when the link has drained.
constexpr std::size_t write_size_max = 256 * 1024;

} // namespace

session::session(caf::actor_config& config, identity who, neighbours around,
                 const node_options& options, const surroundings& world)
    : pinned_actor{config}
    , who_{std::move(who)}
    , registry_{std::move(around.registry)}
    , options_{options}
    , world_{world}
    , core_{options.session}
    , topics_{*this, std::move(around.directory), options.publish_topics_max}
    , allowed_{permissions_of(*who_.account, {})}
    , alarm_{*this} {}

caf::behavior session::make_behavior() {
  return runtime::behavior_of<const publication, const link_received, const publish_sequenced,
                              const runtime::alarm_rang, const link_drained, const link_closed,
                              const topic_answered, const topic_opened, const presence_changed,
                              const datagram_arrived, const path_transmit, const path_route,
                              const filtered_publication, const filters_answered, admission,
                              const shut_down, const session_forgotten>(
      [this](auto& what) { handle(what); });
}

void session::handle(const publication& what) {
  handle_publication(what);
  pump();
}

void session::handle(const filtered_publication& what) {
  if (filters_ && filters_->hear(what.topic, what.epoch) &&
      (!allowed_ || allowed_->may_hear(what.topic)))
    handle_publication(what.what);
  pump();
}

void session::handle(const link_received& received) {
  if (!link_ || received.link != link_->id())
    return; // a connection that has been taken over, or given up
  receive(received.link, received.data);
  pump();
}

void session::handle(const link_drained& drained) {
  if (link_ && drained.link == link_->id())
    pump();
}

void session::handle(const link_closed& closed) {
  if (link_ && closed.link == link_->id()) {
    if (is_holding_)
      is_lost_ = true; // what it had to say before comes first
    else
      lose_connection(errc::connection_lost);
  }
  pump();
}

void session::handle(const publish_sequenced& sequenced) {
  for (std::size_t i = 0; i != sequenced.count && !has_ended(); ++i)
    core_.complete(now(), sequenced.first + i);
  world_.watching.on_acknowledged(sequenced.at, sequenced.count);
  pump();
}

void session::handle(const topic_answered& answer) {
  handle_answer(answer);
  pump();
}

void session::handle(const filters_answered& answer) {
  const auto asked = filters_ ? filters_->handle_answered(answer) : std::nullopt;
  if (!asked || has_ended())
    return;
  if (asked->what == topic_request::subscribe)
    owe(message::suback{1, answer.request, asked->filter, 0});
  else
    owe(message::unsuback{1, answer.request, asked->filter, 0});
  if (!has_ended())
    core_.complete(now(), answer.request);
  if (is_holding_ && filters_->unanswered() <= options_.filters_under_way_max / 2)
    read();
  pump();
}

void session::handle(const presence_changed& changed) {
  owe(changed.notification);
  pump();
}

void session::handle(const topic_opened& opened) {
  topics_.handle_opened(opened, who_.client);
  if (forgotten_ && topics_.is_empty())
    quit();
}

void session::handle(admission& asking) {
  admit(asking);
  pump();
}

void session::handle(const datagram_arrived& arrived) {
  receive_datagram(arrived);
  pump();
}

void session::handle(const path_transmit& wanted) {
  transmit_on_path(wanted);
}

void session::handle(const path_route& found) {
  if (!path_ || path_->id != found.path)
    return;
  path_->route = found.route;
  world_.watching.on_route_changed(who_.client, found.route.has_value());
}

void session::handle(runtime::alarm_rang) {
  if (is_holding_) { // it is not the client who is silent
    core_.handle_bytes(now(), {});
    world_.watching.on_heard(who_.client, link_->id());
  }
  switch (core_.handle_timeout(now())) {
  case server_session::timeout::none: break;
  case server_session::timeout::connection_dead:
    core_.reply(now(),
                message::disconnect{errc::keepalive_timeout, "nothing heard for 1.5 keepalives"});
    lose_connection(errc::keepalive_timeout);
    break;
  case server_session::timeout::session_expired: end(errc::session_unknown, ""); break;
  }
  if (ends_at_ <= now()) {
    core_.reply(now(), message::disconnect{errc::bad_token, "the token has expired"});
    lose_connection(errc::bad_token);
  }
  pump();
}

void session::handle(const shut_down&) {
  end(errc::going_away, "the server is shutting down");
}

void session::handle(const session_forgotten&) {
  forgotten_ = true;
  if (topics_.is_empty())
    quit();
}

void session::on_exit() {
  alarm_.cancel();
  if (place_)
    place_->give_connection_back();
  if (told_bytes_ != 0)
    world_.watching.on_queued(spoken::native, -static_cast<std::ptrdiff_t>(told_bytes_));
  link_.reset();
  registry_ = nullptr;
  topics_.clear();
  if (selector_)
    send_exit(selector_, caf::exit_reason::kill);
  selector_ = nullptr;
}

// --- what the client asks for -----------------------------------------------------------------

void session::receive(link_id from, const bytes& data) {
  world_.watching.on_heard(who_.client, from);
  core_.handle_bytes(now(), data);
  if (is_holding_)
    core_.keep_rest();
  else
    read();
}

void session::read() {
  while (!waits_for_directory()) {
    const auto request = core_.poll_request(now());
    if (!request) {
      pass_collected();
      const auto reason = static_cast<errc>(request.error().value());
      end(reason, "limit or rule broken: " + request.error().message());
      return;
    }
    if (!*request) {
      pass_collected();
      hold_no_longer();
      return;
    }
    carry_out(**request);
    if (has_ended())
      return;
  }
  pass_collected();
  hold();
}

bool session::waits_for_directory() const {
  return filters_ && filters_->unanswered() >= options_.filters_under_way_max;
}

void session::hold() {
  core_.keep_rest();
  if (!std::exchange(is_holding_, true))
    link_->bind(caf::actor{this}, link::reading::off);
}

void session::hold_no_longer() {
  if (!std::exchange(is_holding_, false))
    return;
  if (is_lost_)
    return lose_connection(errc::connection_lost);
  core_.handle_bytes(now(), {}); // nobody has listened until now
  world_.watching.on_heard(who_.client, link_->id());
  link_->bind(caf::actor{this}, link::reading::on);
}

void session::carry_out(const message_reader::item& request) {
  std::visit(
      [&](const auto& m) {
        using Message = std::decay_t<decltype(m)>;
        if constexpr (std::is_same_v<Message, message::publish>) {
          collect(m);
        } else {
          pass_collected(); // requests take effect in the order in which they were made
          if constexpr (std::is_same_v<Message, message::subscribe>)
            ask_topic(topic_request::subscribe, m.id, m.topic);
          else if constexpr (std::is_same_v<Message, message::unsubscribe>)
            ask_topic(topic_request::unsubscribe, m.id, m.topic);
          else if constexpr (std::is_same_v<Message, message::watch>)
            ask_topic(topic_request::watch, m.id, m.topic);
          else if constexpr (std::is_same_v<Message, message::unwatch>)
            ask_topic(topic_request::unwatch, m.id, m.topic);
          else if constexpr (std::is_same_v<Message, message::subscriber_list_request>)
            ask_topic(topic_request::list, m.id, m.topic);
          else if constexpr (std::is_same_v<Message, message::server_time_request>)
            core_.reply(now(),
                        message::server_time{request.header.timestamp, world_.clock.unix_micros()});
          else if constexpr (std::is_same_v<Message, message::disconnect>)
            end(errc::normal, "");
          else
            KODAMA_ASSERT(!"poll_request hands out no other message");
        }
      },
      request.body);
}

void session::ask_topic(topic_request what, message_id request, std::string_view topic) {
  if (const auto refused = judge(what, topic)) {
    owe(message::request_failed{1, request, refused->reason, refused->text});
    if (!has_ended())
      core_.complete(now(), request);
    return;
  }
  if (mqtt::has_wildcard(topic))
    return ask_filter(what, request, topic);
  topics_.send(topic, topic_asked{what, who_.client, request});
  switch (what) {
  case topic_request::subscribe: topics_.set_subscribed(topic, true); break;
  case topic_request::unsubscribe: topics_.set_subscribed(topic, false); break;
  case topic_request::watch: topics_.set_watching(topic, true); break;
  case topic_request::unwatch: topics_.set_watching(topic, false); break;
  case topic_request::list: break;
  }
}

void session::ask_filter(topic_request what, message_id request, std::string_view filter) {
  if (!filters_)
    filters_ = std::make_unique<session_filters>();
  filters_->handle_asked(what, filter, request);
  if (what == topic_request::subscribe)
    send(topics_.directory(),
         filters_asked{who_.client, request, {{std::string{filter}, false}}, true});
  else
    send(topics_.directory(), filters_left{who_.client, request, {std::string{filter}}});
}

void session::collect(const message::publish& what) {
  if (!judge(what))
    return;
  if (!collected_)
    collected_ = std::make_unique<publish_collector>(who_.client);
  if (!collected_->continues(what))
    pass_collected();
  collected_->add(what, to_timestamp(now()));
}

void session::pass_collected() {
  if (collected_)
    collected_->pass_to(topics_, world_.watching, spoken::native, now());
}

// --- what topics answer -----------------------------------------------------------------------

void session::handle_answer(const topic_answered& answer) {
  if (has_ended())
    return;
  switch (answer.what) {
  case topic_request::subscribe:
    owe(message::suback{1, answer.request, answer.topic, answer.number});
    break;
  case topic_request::unsubscribe:
    owe(message::unsuback{1, answer.request, answer.topic, answer.number});
    break;
  case topic_request::watch:
    owe(message::watchack{1, answer.request, answer.topic, answer.number});
    break;
  case topic_request::unwatch:
    owe(message::unwatchack{1, answer.request, answer.topic, answer.number});
    break;
  case topic_request::list: push_list(answer); break;
  }
  if (!has_ended())
    core_.complete(now(), answer.request);
}

void session::push_list(const topic_answered& answer) {
  // What is left of a message when everything but the ids is in it.
  const auto frame = message_header_size + 3 * section_size(8) + section_size(4) +
                     section_size(answer.topic.size()) + section_size(0);
  const std::size_t ids_max = (options_.session.limits.message_size_max - frame) / 8;
  const auto batch = std::make_shared<message_batch>();
  std::size_t at = 0;
  do {
    const auto count = std::min(ids_max, answer.clients.size() - at);
    bytes ids(count * 8);
    for (std::size_t i = 0; i != count; ++i)
      store_big(ids.data() + 8 * i, answer.clients[at + i]);
    at += count;
    batch->add(message::subscriber_list{1, answer.request, answer.topic, answer.number, ids,
                                        static_cast<std::uint32_t>(answer.clients.size() - at)},
               to_timestamp(now()));
  } while (at != answer.clients.size());
  owe(batch);
}

void session::handle_publication(const publication& what) {
  if (has_ended())
    return;
  world_.watching.on_delivered(spoken::native,
                               what.reliable ? mqtt::qos::exactly_once : mqtt::qos::at_most_once,
                               what.batch->count(), what.batch->image.size());
  if (what.reliable)
    owe(what.batch);
  else
    send_unreliable(*what.batch);
}

void session::owe(shared_batch batch) {
  if (has_ended())
    return;
  if (core_.push(std::move(batch)))
    world_.watching.on_backlog(who_.client, core_.buffered_bytes());
  else
    end(errc::slow_reader,
        "session_buffer_max is " + std::to_string(options_.session.session_buffer_max) + " bytes");
}

void session::pump() {
  if (link_ && link_->writable())
    core_.poll_transmit(now(), link_->output(), write_size_max);
  tell_queue();
  arm_alarm();
}

void session::tell_queue() {
  if (const auto bytes = core_.buffered_bytes(); bytes != told_bytes_) {
    world_.watching.on_queued(spoken::native, static_cast<std::ptrdiff_t>(bytes) -
                                                  static_cast<std::ptrdiff_t>(told_bytes_));
    told_bytes_ = bytes;
  }
}

void session::arm_alarm() {
  // Later is left alone: when the alarm rings too early it is set anew, which costs less than
  // moving it with every message.
  // Of an ended session nothing is due any more: a time that has passed would ring again and again
  // while the registry and the directory have yet to let go of it.
  const auto due = forgotten_asked_ ? never : core_.poll_timeout();
  const auto wanted = std::min(due, ends_at_);
  if (!alarm_.armed() || wanted < alarm_.at())
    alarm_.arm_at(wanted);
}

} // namespace kodama::actors
