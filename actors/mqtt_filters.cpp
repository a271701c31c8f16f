#include "actors/mqtt_filters.hpp"

#include <algorithm>
#include <utility>

namespace kodama::actors {
namespace {

/// Below, trying one filter after the other is as fast as a tree, and needs no memory.
constexpr std::size_t tree_from = 16;
constexpr std::size_t cached_max = 64;

bool is_shared(std::string_view filter) {
  return filter.starts_with("$share/");
}

} // namespace

bool mqtt_filters::set(std::string_view filter, const subscription& what) {
  found_.clear();
  const auto [at, is_new] = all_.try_emplace(std::string{filter}, what);
  if (!is_new) {
    const auto since = at->second.since;
    at->second = what;
    at->second.since = since;
  }
  if (is_new && tree_) {
    if (!is_shared(at->first))
      tree_->insert(at->first, at->first);
  } else if (all_.size() >= tree_from && !tree_) {
    tree_ = std::make_unique<mqtt::topic_tree<std::string_view>>();
    for (const auto& [name, each] : all_)
      if (!is_shared(name))
        tree_->insert(name, name);
  }
  return is_new;
}

bool mqtt_filters::erase(std::string_view filter) {
  const auto at = all_.find(filter);
  if (at == all_.end())
    return false;
  found_.clear();
  if (tree_)
    tree_->erase(at->first, at->first);
  all_.erase(at);
  if (all_.empty())
    tree_.reset();
  return true;
}

const mqtt_filters::subscription* mqtt_filters::find(std::string_view filter) const {
  const auto at = all_.find(filter);
  return at == all_.end() ? nullptr : &at->second;
}

std::vector<std::string> mqtt_filters::shared_names() const {
  std::vector<std::string> names;
  for (auto at = all_.lower_bound("$share/"); at != all_.end() && is_shared(at->first); ++at)
    names.push_back(at->first);
  return names;
}

std::vector<std::string> mqtt_filters::take(std::size_t most) {
  found_.clear();
  std::vector<std::string> taken;
  while (!all_.empty() && taken.size() != most) {
    if (tree_)
      tree_->erase(all_.begin()->first, all_.begin()->first);
    taken.push_back(std::move(all_.extract(all_.begin()).key()));
  }
  if (all_.empty())
    tree_.reset();
  return taken;
}

const mqtt_filters::way& mqtt_filters::way_of(std::string_view topic, bool own) {
  auto at = found_.find(topic);
  if (at == found_.end()) {
    if (found_.size() >= cached_max)
      found_.clear();
    at = found_.emplace(std::string{topic}, find_ways(topic)).first;
  }
  return own ? at->second.own : at->second.others;
}

mqtt_filters::identifiers mqtt_filters::ids_of(const subscription& what) {
  return what.identifier == 0
             ? nullptr
             : std::make_shared<const std::vector<std::uint32_t>>(1, what.identifier);
}

template <class Visitor>
void mqtt_filters::each_match(std::string_view topic, Visitor&& visit) const {
  if (tree_) {
    tree_->match(topic, [&](std::string_view filter) { visit(all_.find(filter)->second); });
    return;
  }
  for (const auto& [filter, each] : all_)
    if (!is_shared(filter) && mqtt::matches(filter, topic))
      visit(each);
}

mqtt_filters::ways mqtt_filters::find_ways(std::string_view topic) const {
  ways found;
  std::vector<std::uint32_t> all_ids;
  std::vector<std::uint32_t> own_ids;
  const auto add = [](way& to, std::vector<std::uint32_t>& ids, const subscription& each) {
    to.qos = to.qos ? std::max(*to.qos, each.qos) : each.qos;
    to.retain_as_published = to.retain_as_published || each.retain_as_published;
    if (each.identifier != 0)
      ids.push_back(each.identifier);
  };
  each_match(topic, [&](const subscription& each) {
    add(found.others, all_ids, each);
    if (!each.no_local)
      add(found.own, own_ids, each);
  });
  const auto share = [](std::vector<std::uint32_t>& ids) -> identifiers {
    return ids.empty() ? nullptr
                       : std::make_shared<const std::vector<std::uint32_t>>(std::move(ids));
  };
  found.others.ids = share(all_ids);
  found.own.ids = share(own_ids);
  return found;
}

} // namespace kodama::actors
