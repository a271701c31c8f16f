#include "sim/server_host.hpp"

#include "actors/messages.hpp"

/// What the node decides, passed on to the checkers and the trace.
namespace kodama::sim {
namespace {

constexpr trace_kind opened_kind{"session.opened"};
constexpr trace_kind attached_kind{"session.attached"};
constexpr trace_kind resumed_kind{"session.resumed"};
constexpr trace_kind detached_kind{"session.detached"};
constexpr trace_kind ended_kind{"session.ended"};
constexpr trace_kind subscribed_kind{"topic.subscribed"};
constexpr trace_kind unsubscribed_kind{"topic.unsubscribed"};
constexpr trace_kind sequenced_kind{"topic.sequenced"};
constexpr trace_kind presence_kind{"topic.presence"};
constexpr trace_kind route_kind{"session.route"};
constexpr trace_kind mqtt_attached_kind{"mqtt.attached"};
constexpr trace_kind mqtt_detached_kind{"mqtt.detached"};
constexpr trace_kind mqtt_ended_kind{"mqtt.ended"};
constexpr trace_kind no_member_kind{"mqtt.no_member"};

/// Of one message, as its sender's protocol says it.
byte_view content_of(const message_batch& batch, std::size_t index) {
  if (!batch.forms.empty())
    return batch.forms.image(index).payload();
  const auto whole = byte_view{batch.image}.subspan(batch.starts[index], batch.size_of(index));
  const auto header = read_header(whole, {1U << 30, 1024});
  const auto body = message::decode(**header, whole.subspan(message_header_size), 1024);
  return std::get<message::publish>(*body).content;
}

std::string reason_text(errc reason) {
  return ": " + std::string{kodama::to_string(reason)};
}

} // namespace

telling server_host::tell_topic(std::string_view verb, client_id client, std::string_view joint,
                                std::string_view topic, std::string_view rest) const {
  auto told = tell_session(verb, client, "", "");
  for (const auto piece : {joint, topic, rest})
    told.text += piece;
  told.facts.push_back({"topic", std::string{topic}});
  return told;
}

telling server_host::tell_session(std::string_view verb, client_id client, std::string_view rest,
                                  std::string_view state) const {
  const auto name = name_of(key_of(client));
  telling told{std::string{verb} + ' ' + name + std::string{rest}, {{"session", name}}};
  if (!state.empty())
    told.facts.push_back({"state", std::string{state}});
  return told;
}

void server_host::on_mqtt_attached(client_id client, std::string_view name, mqtt::protocol_version,
                                   bool present, actors::link_id link) {
  const auto user = find_mqtt_person(name);
  if (!user)
    return;
  mqtt_people_.insert_or_assign(client, *user);
  world_.history.note(now(), host_, mqtt_attached_kind, client, present ? 1 : 0, 0, [&] {
    return tell_session(present ? "resumes" : "opens", client,
                        " of " + std::string{name} + " (link " + std::to_string(link) + ")",
                        "attached");
  });
  witness_.tell(&checker::on_mqtt_attached, now(), *user, link, present);
}

void server_host::on_mqtt_detached(client_id client, mqtt::reason_code reason) {
  const auto at = mqtt_people_.find(client);
  if (at == mqtt_people_.end())
    return;
  world_.history.note(now(), host_, mqtt_detached_kind, client, static_cast<std::uint64_t>(reason),
                      0, [&] {
                        return tell_session("sees no connection of", client,
                                            ": " + std::string{mqtt::name_of(reason)}, "detached");
                      });
  witness_.tell(&checker::on_mqtt_detached, now(), at->second, reason);
}

void server_host::on_mqtt_ended(client_id client, mqtt::reason_code) {
  const auto at = mqtt_people_.find(client);
  if (at == mqtt_people_.end())
    return;
  world_.history.note(now(), host_, mqtt_ended_kind, client, 0, 0,
                      [&] { return tell_session("ends", client, "", "ended"); });
  witness_.tell(&checker::on_mqtt_ended, now(), at->second);
}

void server_host::on_dropped(client_id client, actors::drop why, std::size_t count) {
  const auto at = mqtt_people_.find(client);
  if (why != actors::drop::no_member || at == mqtt_people_.end())
    return;
  world_.history.note(now(), host_, no_member_kind, client, count, 0, [&] {
    return tell_session("finds nobody else of its group for what is declined by", client,
                        ": " + std::to_string(count), "");
  });
  witness_.tell(&checker::on_mqtt_dropped, now(), at->second, count);
}

std::optional<user_id> server_host::find_mqtt_person(std::string_view name) const {
  for (user_id i = 0; i != plan_.mqtt.size(); ++i)
    if (user_host(mqtt_user_base + i) == name)
      return mqtt_user_base + i;
  return std::nullopt;
}

void server_host::on_session_opened(client_id client, const session_id& session) {
  secrets_.emplace(client, session);
  world_.history.note(now(), host_, opened_kind, client, 0, 0,
                      [&] { return tell_session("opens", client, "", "attached"); });
  witness_.tell(&checker::on_session_opened, now(), key_of(client));
}

void server_host::on_session_resumed(client_id client) {
  world_.history.note(now(), host_, resumed_kind, client, 0, 0,
                      [&] { return tell_session("resumes", client, "", "attached"); });
}

void server_host::on_attached(client_id client, actors::link_id link, std::uint32_t keepalive_ms) {
  world_.history.tell(now(), host_, attached_kind, [&] {
    return tell_session("gives a connection to", client, " (link " + std::to_string(link) + ")",
                        "attached");
  });
  witness_.tell(&checker::on_attached, now(), key_of(client), link,
                duration{std::chrono::milliseconds{keepalive_ms}});
}

void server_host::on_heard(client_id client, actors::link_id link) {
  witness_.tell(&checker::on_heard, now(), key_of(client), link);
}

void server_host::on_backlog(client_id client, std::size_t bytes) {
  witness_.tell(&checker::on_backlog, now(), key_of(client), bytes);
}

void server_host::on_filters(actors::spoken by, client_id client, std::size_t count) {
  if (by == actors::spoken::native)
    witness_.tell(&checker::on_filters, now(), key_of(client), count);
}

void server_host::on_session_detached(client_id client, errc reason) {
  world_.history.note(
      now(), host_, detached_kind, client, static_cast<std::uint64_t>(reason), 0, [&] {
        return tell_session("sees no connection of", client, reason_text(reason), "detached");
      });
  witness_.tell(&checker::on_session_detached, now(), key_of(client), reason);
}

void server_host::on_session_ended(client_id client, errc reason) {
  secrets_.erase(client);
  world_.history.note(now(), host_, ended_kind, client, static_cast<std::uint64_t>(reason), 0,
                      [&] { return tell_session("ends", client, reason_text(reason), "ended"); });
  witness_.tell(&checker::on_session_ended, now(), key_of(client), reason);
}

void server_host::on_subscribed(std::string_view topic, client_id client, topic_sequence first) {
  world_.history.note(now(), host_, subscribed_kind, client, hash_of(topic), first, [&] {
    return tell_topic("subscribes", client, " to ", topic,
                      " from number " + std::to_string(first) + " on");
  });
  witness_.tell(&checker::on_server_subscribed, now(), topic, key_of(client), first);
}

void server_host::on_unsubscribed(std::string_view topic, client_id client, topic_sequence end) {
  world_.history.note(now(), host_, unsubscribed_kind, client, hash_of(topic), end, [&] {
    return tell_topic("unsubscribes", client, " from ", topic,
                      " before number " + std::to_string(end));
  });
  witness_.tell(&checker::on_server_unsubscribed, now(), topic, key_of(client), end);
}

void server_host::on_sequenced(std::string_view topic, client_id sender, topic_sequence first,
                               const message_batch& batch) {
  for (std::size_t i = 0; i != batch.count(); ++i) {
    const auto tag = tag_of(content_of(batch, i)).value_or(message_tag{});
    world_.history.note(now(), host_, sequenced_kind, hash_of(topic), first + i, tag.number, [&] {
      const auto number = std::to_string(first + i);
      return telling{"gives " + name_of(tag) + " the number " + number + " of " +
                         std::string{topic},
                     {{"topic", std::string{topic}},
                      {"message", name_of(tag)},
                      {"number", number},
                      {"session", name_of(key_of(sender))}}};
    });
    witness_.tell(&checker::on_sequenced, now(), topic, key_of(sender), first + i, tag);
  }
}

void server_host::on_presence(std::string_view topic, presence_sequence sequence, client_id client,
                              message::presence_event event) {
  world_.history.note(now(), host_, presence_kind, hash_of(topic), sequence, client, [&] {
    return tell_topic("announces that", client,
                      event == message::presence_event::joined ? " joined " : " left ", topic,
                      ", presence number " + std::to_string(sequence));
  });
  witness_.tell(&checker::on_server_presence, now(), topic, life_, sequence, client, event);
}

void server_host::on_route_changed(client_id client, bool udp) {
  world_.history.note(now(), host_, route_kind, client, udp ? 1 : 0, 0, [&] {
    return tell_session("sends unreliable messages to", client, udp ? " by UDP" : " by TCP", "");
  });
  witness_.tell(&checker::on_route_changed, now(), key_of(client), udp);
}

} // namespace kodama::sim
