#include "actors/account.hpp"

#include "protocol/mqtt/topic_filter.hpp"

#include <algorithm>

namespace kodama::actors {
namespace {

using filters = std::vector<std::string>;

bool is_safe(std::string_view name) {
  return !name.empty() && name.find_first_of("/+#") == std::string_view::npos;
}

/// Empty where a name that has to be filled in is not one level of a topic.
std::optional<std::string> filled_in(std::string_view rule, std::string_view user,
                                     std::string_view client) {
  std::string text;
  for (std::size_t i = 0; i != rule.size(); ++i) {
    const bool placeholder = rule[i] == '%' && i + 1 < rule.size();
    if (placeholder && (rule[i + 1] == 'u' || rule[i + 1] == 'c')) {
      const auto name = rule[++i] == 'u' ? user : client;
      if (!is_safe(name))
        return std::nullopt;
      text += name;
    } else {
      text += rule[i];
    }
  }
  return text;
}

filters filled_in(const filters& rules, std::string_view user, std::string_view client) {
  filters all;
  for (const auto& each : rules)
    if (auto text = filled_in(each, user, client))
      all.push_back(std::move(*text));
  return all;
}

bool any_matches(const filters& rules, std::string_view topic) {
  return std::any_of(rules.begin(), rules.end(),
                     [&](const auto& each) { return mqtt::matches(each, topic); });
}

bool any_covers(const filters& rules, std::string_view filter) {
  return std::any_of(rules.begin(), rules.end(),
                     [&](const auto& each) { return mqtt::covers(each, filter); });
}

} // namespace

permissions::permissions(const account& who, std::string_view client) {
  const auto fill = [&](const filters& rules) { return filled_in(rules, who.name, client); };
  const auto& from = who.rules;
  if (from.publish)
    rules_.publish = fill(*from.publish);
  if (from.subscribe)
    rules_.subscribe = fill(*from.subscribe);
  rules_.publish_denied = fill(from.publish_denied);
  rules_.subscribe_denied = fill(from.subscribe_denied);
}

bool permissions::may_publish(std::string_view topic) const {
  return !any_matches(rules_.publish_denied, topic) &&
         (!rules_.publish || any_matches(*rules_.publish, topic));
}

bool permissions::may_subscribe(std::string_view filter) const {
  return !any_covers(rules_.subscribe_denied, filter) &&
         (!rules_.subscribe || any_covers(*rules_.subscribe, filter));
}

bool permissions::may_hear(std::string_view topic) const {
  return !any_matches(rules_.subscribe_denied, topic) &&
         (!rules_.subscribe || any_matches(*rules_.subscribe, topic));
}

std::unique_ptr<const permissions> permissions_of(const account& who, std::string_view client) {
  return who.rules.allow_everything() ? nullptr : std::make_unique<permissions>(who, client);
}

} // namespace kodama::actors
