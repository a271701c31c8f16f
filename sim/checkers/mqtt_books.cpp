#include "sim/checkers/mqtt_books.hpp"
#include "sim/witness.hpp"

#include <algorithm>
#include <charconv>

namespace kodama::sim::checkers {

bool mqtt_books::matches(std::string_view filter, std::string_view topic) {
  const auto level_of = [](std::string_view in) { return in.substr(0, in.find('/')); };
  // [MQTT-4.7.2-1]
  if (topic.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#')))
    return false;
  for (;;) {
    const auto wanted = level_of(filter);
    if (wanted == "#")
      return true;
    const auto level = level_of(topic);
    if (wanted != "+" && wanted != level)
      return false;
    filter.remove_prefix(wanted.size());
    topic.remove_prefix(level.size());
    if (topic.empty()) // "a/#" matches "a", too (4.7.1.2)
      return filter.empty() || filter == "/#";
    if (filter.empty())
      return false;
    filter.remove_prefix(1);
    topic.remove_prefix(1);
  }
}

std::string_view mqtt_books::shared_filter(std::string_view filter) {
  constexpr std::string_view prefix = "$share/";
  if (!filter.starts_with(prefix))
    return {};
  filter.remove_prefix(prefix.size());
  const auto end_of_name = filter.find('/');
  return end_of_name == std::string_view::npos ? std::string_view{}
                                               : filter.substr(end_of_name + 1);
}

void mqtt_books::add_message(message_tag tag, message what) {
  messages_.insert_or_assign(tag, std::move(what));
}

mqtt_books::message* mqtt_books::find(message_tag tag) {
  const auto at = messages_.find(tag);
  return at == messages_.end() ? nullptr : &at->second;
}

void mqtt_books::note_empty(std::string_view topic, bool retain) {
  auto& seen = at(empties_, topic);
  (retain ? seen.second : seen.first) = true;
}

void mqtt_books::note_sequenced_empty(instant now, std::string_view topic) {
  const auto seen = at(empties_, topic);
  if (seen.first && seen.second)
    forget_retained(topic);
  else if (seen.second)
    retain(now, topic, std::nullopt);
}

void mqtt_books::retain(instant now, std::string_view topic, std::optional<message_tag> tag) {
  auto& all = at(retained_, topic);
  if (!all.empty())
    all.back().until = now;
  all.push_back({tag, now});
}

const std::vector<mqtt_books::retained>& mqtt_books::retained_of(std::string_view topic) {
  return at(retained_, topic);
}

mqtt_books::connection* mqtt_books::find_connection(std::uint64_t link) {
  const auto at = connections_.find(link);
  return at == connections_.end() ? nullptr : &at->second;
}

mqtt_books::session* mqtt_books::find_session(user_id user) {
  const auto at = sessions_.find(user);
  return at == sessions_.end() ? nullptr : &at->second;
}

mqtt_books::session& mqtt_books::begin_session(user_id user) {
  session fresh;
  fresh.user = user;
  fresh.serial = ++last_serial_;
  return sessions_.insert_or_assign(user, std::move(fresh)).first->second;
}

void mqtt_books::forget_server() {
  sessions_.clear();
  connections_.clear();
  retained_.clear();
  unknowable_.clear();
}

void mqtt_books::note_publish(session& in, const mqtt::publish& given) {
  if (!given.retain)
    return;
  const auto tag = tag_of(given.payload).value_or(empty_message);
  if (tag == empty_message || given.qos == mqtt::qos::at_most_once)
    in.retained_by_itself.erase(std::string{given.topic}); // nobody can tell where it has its place
  else
    at(in.retained_by_itself, given.topic) = tag;
}

void mqtt_books::subscribe(session& in, instant now, const mqtt::subscribe& asked) {
  for (const auto& each : asked.subscriptions) {
    window made;
    made.filter = each.filter;
    made.qos = each.maximum_qos;
    made.no_local = each.no_local;
    made.as_published = each.retain_as_published;
    made.handling = each.retain_handling;
    made.identifier = asked.properties.subscription_identifier.value_or(0);
    made.request = asked.id;
    made.asked = now;
    made.retained_before = in.retained_by_itself;
    for (auto& other : in.windows) {
      if (other.filter != each.filter || other.ended != never)
        continue;
      made.surely_new = false;
      // It may be replaced at any time from now on; whether it was there yet is open where its own
      // SUBACK, or an UNSUBACK, is due.
      if (other.granted != never && other.leaving == never)
        made.is_new = false;
      other.leaving = std::min(other.leaving, now);
    }
    in.windows.push_back(std::move(made));
  }
}

void mqtt_books::unsubscribe(session& in, instant now, const mqtt::unsubscribe& asked) {
  for (const auto filter : asked.filters)
    for (auto& each : in.windows)
      if (each.filter == filter && each.ended == never) {
        each.leaving = std::min(each.leaving, now);
        each.leaving_request = asked.id;
      }
}

void mqtt_books::grant(session& in, instant now, const mqtt::suback& answer) {
  std::size_t index = 0;
  for (auto& each : in.windows) {
    if (each.request != answer.id || each.granted != never || each.ended != never)
      continue;
    const auto reason =
        index < answer.reasons.size() ? answer.reasons[index] : mqtt::reason_code::success;
    ++index;
    if (mqtt::is_failure(reason)) {
      each.ended = now;
      each.refused = true;
      continue;
    }
    each.granted = now;
    each.qos = static_cast<mqtt::qos>(reason);
    for (auto& other : in.windows)
      if (&other != &each && other.filter == each.filter && other.asked <= each.asked &&
          other.ended == never && other.leaving != never)
        other.ended = now;
  }
  // Those of long ago explain nothing any more.
  constexpr std::size_t windows_max = 64;
  if (in.windows.size() > windows_max)
    in.has_forgotten |= std::erase_if(in.windows, [&](const window& each) {
                          return each.ended != never && each.ended + std::chrono::minutes{2} < now;
                        }) != 0;
}

void mqtt_books::end(session& in, instant now, const mqtt::unsuback& answer) {
  for (auto& each : in.windows)
    if (each.leaving_request == answer.id && each.ended == never) {
      each.ended = now;
      each.leaving_request = 0;
    }
}

std::optional<user_id> mqtt_person_named(std::string_view client_identifier) {
  constexpr std::string_view prefix = "mqtt-";
  if (!client_identifier.starts_with(prefix))
    return std::nullopt;
  const auto digits = client_identifier.substr(prefix.size());
  user_id number = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (failed != std::errc{} || end != digits.data() + digits.size())
    return std::nullopt;
  return mqtt_user_base + number;
}

} // namespace kodama::sim::checkers
