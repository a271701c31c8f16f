#include "actors/directory.hpp"
#include "protocol/assert.hpp"

#include <string_view>
#include <utility>
#include <variant>

/// The directory's work for filters: who has which, and which topics are told.
namespace kodama::actors {
namespace {

// What something costs, in topics that could be compared with a filter meanwhile.
constexpr std::int64_t filter_cost = 50;
constexpr std::int64_t idle_filter_cost =
    6; // of one that changes nothing and of which nobody hears
constexpr std::int64_t message_cost = 10;

// So many of those may go ahead of what others ask for: someone who has left a hundred thousand
// behind should not wait as often for their turn.
constexpr std::size_t idle_filters_max = 64;

/// What topics are matched with: the filter without its "$share/{ShareName}/".
std::string_view plain_filter(std::string_view text) {
  const auto parsed = mqtt::parse_topic_filter(text, mqtt::protocol_version::v5);
  KODAMA_ASSERT(parsed); // the session has judged it before
  return parsed->filter;
}

/// The whole filter where it is a shared one, else empty.
std::string shared_name(const std::string& text) {
  return plain_filter(text).size() == text.size() ? std::string{} : text;
}

} // namespace

void directory::take(client_id client, filter_request what) {
  if (const auto* left = std::get_if<filters_left>(&what.what); left && left->is_over)
    requests_.strike_out(client, walk_.has_value());
  requests_.push(client, std::move(what), walk_.has_value());
  work();
}

void directory::work() {
  if (worked_at_ != now()) { // else the same turn
    worked_at_ = now();
    work_left_ = options_.filter_work_max;
  }
  while (!requests_.empty() && rests_until_ == never) {
    carry_on(requests_.front());
    if (work_left_ <= 0 && !requests_.empty())
      rests_until_ = now() + options_.filter_rest;
  }
  arm_alarm();
}

void directory::carry_on(filter_request& request) {
  const auto count = request.count();
  bool any = true;
  if (request.done != count) {
    if (!walk_) {
      walk_ = std::visit([&](const auto& each) { return set_out(each, request); }, request.what);
      request.epoch = walk_->epoch;
      any = !walk_->told.empty() || !walk_->wanted.empty();
      work_left_ -= any ? filter_cost : idle_filter_cost;
    }
    if (!walk_on())
      return;
    walk_.reset();
    ++request.done;
  } else {
    --work_left_;
  }
  if (request.done == count) {
    finish(request);
    requests_.pop();
  } else if (any || request.done % idle_filters_max == 0) {
    requests_.pass_on();
  }
}

directory::walk directory::set_out(const filters_asked& asked, const filter_request& request) {
  const auto& each = asked.filters[request.done];
  auto& found = listeners_[asked.client];
  found.session = request.session;
  found.away = false; // as it was in a former life of which not all filters have left yet
  found.native = asked.native;
  walk out{filter_walk{plain_filter(each.text)}, ++epoch_, {}, {}, {}};
  if (insert(each.text, asked.client)) {
    ++found.filters;
    out.told = caf::make_message(joined_by(asked.client, found, shared_name(each.text)));
  }
  if (each.wants_retained)
    out.wanted = caf::make_message(retained_wanted{request.session, each.text, asked.request});
  return out;
}

directory::walk directory::set_out(const filters_left& left, const filter_request& request) {
  const auto& each = left.filters[request.done];
  walk out{filter_walk{plain_filter(each)}, ++epoch_, {}, {}, {}};
  if (erase(each, left.client)) {
    --listeners_.at(left.client).filters;
    out.told = caf::make_message(topic_parted{left.client, shared_name(each)});
  }
  return out;
}

directory::walk directory::set_out(const filters_away& told, const filter_request& request) {
  const auto& each = told.filters[request.done];
  walk out{filter_walk{plain_filter(each)}, ++epoch_, {}, {}, {}};
  if (const auto at = listeners_.find(told.client); at != listeners_.end()) {
    at->second.away = told.away;
    out.told = caf::make_message(topic_member_away{told.client, each, told.away});
  }
  return out;
}

bool directory::walk_on() {
  if (walk_->told.empty() && walk_->wanted.empty())
    return true;
  const auto may_go_on = [this] { return --work_left_ > 0; };
  const auto meets = [this](auto& at) {
    if (!walk_->born_ahead.contains(at.first))
      meet(at.second);
  };
  const retained_messages::table none;
  const auto& kept = walk_->wanted.empty() ? none : retained_.by_topic();
  return walk_->way.pass(entries_, kept, meets, may_go_on);
}

void directory::meet(entry& open) {
  const auto& told = walk_->told;
  const auto& wanted = walk_->wanted;
  if (!open.topic) {
    // The next topic of this name will know of the filter; what this one has retained comes here.
    if (wanted.empty())
      return;
    if (!open.curious)
      open.curious = std::make_unique<std::vector<retained_wanted>>();
    open.curious->push_back(wanted.get_as<retained_wanted>(0));
    return;
  }
  for (const auto* each : {&told, &wanted})
    if (!each->empty()) {
      send(open.topic, *each);
      work_left_ -= message_cost;
    }
}

void directory::meet(const retained_message& kept) {
  if (walk_->wanted.empty() || kept.expires_at() <= now())
    return;
  const auto& by = walk_->wanted.get_as<retained_wanted>(0);
  send(by.session, retained_found{by.filter, kept, by.request});
  work_left_ -= message_cost;
}

void directory::finish(const filter_request& request) {
  const auto* left = std::get_if<filters_left>(&request.what);
  const auto* asked = std::get_if<filters_asked>(&request.what);
  if (!left && !asked)
    return;
  const auto client = left ? left->client : asked->client;
  if (const auto at = listeners_.find(client); at != listeners_.end()) {
    tell(client, at->second);
    if (at->second.filters == 0)
      listeners_.erase(at);
  }
  if (const auto number = left ? left->request : asked->request; number != 0)
    send(request.session, filters_answered{number, request.epoch});
}

void directory::tell(client_id client, const listener& who) const {
  watching_.on_filters(who.native ? spoken::native : spoken::mqtt, client, who.filters);
}

topic_joined directory::joined_by(client_id client, const listener& who, std::string shared) const {
  return {client, who.session, std::move(shared), who.away, who.native, epoch_};
}

bool directory::insert(const std::string& text, client_id client) {
  const auto plain = plain_filter(text);
  if (plain.size() == text.size())
    return filters_.insert(text, {client, 0});
  const auto [at, is_new] = shares_.try_emplace(text);
  if (is_new) {
    at->second.number = ++last_share_;
    share_names_.emplace(last_share_, at->first);
  }
  const bool inserted = filters_.insert(plain, {client, at->second.number});
  at->second.members += inserted ? 1 : 0;
  return inserted;
}

bool directory::erase(const std::string& text, client_id client) {
  const auto plain = plain_filter(text);
  if (plain.size() == text.size())
    return filters_.erase(text, {client, 0});
  const auto at = shares_.find(text);
  if (at == shares_.end() || !filters_.erase(plain, {client, at->second.number}))
    return false;
  if (--at->second.members == 0) {
    share_names_.erase(at->second.number);
    shares_.erase(at);
  }
  return true;
}

} // namespace kodama::actors
