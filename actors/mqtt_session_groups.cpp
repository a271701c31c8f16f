#include "actors/mqtt_session.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

/// What a session gets by shared subscriptions (5.0, 4.8.2), and gives back to them.
namespace kodama::actors {
namespace {

/// How much of what an ended session owed is handed back in one turn, as with its filters.
constexpr std::size_t hand_back_max = 500;
/// How long an ended session still declines turns: the directory has told the topics that it is
/// gone, behind what they have to deal out first.
constexpr auto linger = std::chrono::seconds{1};

} // namespace

void mqtt_session::handle(shared_publication& what) {
  const auto* asked = filters_.find(what.filter);
  if (!asked || !may_hear(what.what.batch->forms.topic(0))) {
    decline(std::move(what));
    return;
  }
  const auto batch = what.what.batch;
  const auto qos = std::min(asked->qos, what.what.qos);
  const bool as_published = asked->retain_as_published;
  const auto ids = mqtt_filters::ids_of(*asked);
  const auto share =
      std::make_shared<const mqtt::group_share>(mqtt::group_share{what.filter, what.what.qos});
  const bool is_passed_on = !what.declined.empty();
  std::vector<std::uint32_t> left;
  std::size_t bytes = 0;
  for (const auto i : what.indexes) {
    const bool retain = as_published && batch->forms.retain(i);
    // Nobody is to end for what another one could not keep, nor for what comes next of their own.
    const bool is_wanted =
        has_state_ && (!is_passed_on || has_room_to_spare(batch->forms.image(i).size()));
    if (is_wanted && try_to_owe(batch, {forms_of(batch), i, 1, qos, retain, ids, share})) {
      bytes += batch->forms.image(i).size();
      continue;
    }
    left.push_back(i);
    if (has_state_ && !is_passed_on)
      overflow_by_plan_or_buffer();
  }
  if (left.size() != what.indexes.size())
    world_.watching.on_delivered(spoken::mqtt, qos, what.indexes.size() - left.size(), bytes);
  if (!left.empty()) {
    what.indexes = std::move(left);
    decline(std::move(what));
  }
  pump();
}

bool mqtt_session::has_room_to_spare(std::size_t bytes) const {
  const auto stored_max = who_.account->limits.stored_bytes_max;
  const bool is_stored = !link_ && stored_max != 0;
  return core_.buffered_bytes() + bytes <= options_.mqtt.session_buffer_max / 2 &&
         (!is_stored || who_.account->used->stored_bytes() + bytes <= stored_max / 2);
}

void mqtt_session::decline(shared_publication&& what) {
  what.declined.push_back(who_.client);
  // Its topic may have closed meanwhile: then the directory opens it again, with its groups.
  const std::string topic{what.what.batch->forms.topic(0)};
  topics_.send(topic, std::move(what));
}

void mqtt_session::hand_back_unfinished() {
  for (std::size_t i = 0; i != hand_back_max && !unfinished_.empty(); ++i) {
    const auto& next = unfinished_.back();
    auto alone = std::make_shared<message_batch>();
    alone->forms = mqtt::publish_forms{next.forms->version()};
    alone->forms.add(*next.forms, next.first);
    decline({{std::move(alone), true, next.group->published, 0}, {0}, next.group->filter, {}});
    unfinished_.pop_back();
  }
  // By a message, not by the alarm: who has ended may be held by nobody else any more.
  if (!unfinished_.empty())
    send(caf::actor{this}, runtime::alarm_rang{});
}

void mqtt_session::tell_groups(bool away) {
  if (auto names = filters_.shared_names(); !names.empty())
    send(around_.directory, filters_away{who_.client, away, std::move(names)});
}

void mqtt_session::leave_groups() {
  was_in_groups_ = was_in_groups_ || !filters_.shared_names().empty();
  auto found = core_.unfinished_of_groups();
  // The first at the back, where they are taken from.
  unfinished_.insert(unfinished_.begin(), std::move_iterator{found.rbegin()},
                     std::move_iterator{found.rend()});
  hand_back_unfinished();
}

bool mqtt_session::has_left_its_groups() {
  if (!unfinished_.empty())
    return false;
  if (std::exchange(was_in_groups_, false)) {
    lingers_until_ = now() + linger;
    pump();
  }
  if (now() < lingers_until_ && lingers_until_ != never)
    return false;
  lingers_until_ = never;
  return true;
}

} // namespace kodama::actors
