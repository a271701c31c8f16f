#include "apps/config_keys.hpp"
#include "net/password.hpp"
#include "protocol/mqtt/topic_filter.hpp"

#include <algorithm>
#include <cctype>

namespace kodama::apps {
namespace {

constexpr std::uint64_t most = std::uint64_t{1} << 39; // what the count of a month has room for

using judge_of_rules = std::string (*)(const std::string& rule);

/// Empty where nothing is wrong. What looks like a placeholder and is none would be taken as it
/// stands, and hardly ever match a topic.
std::string fault_of_rule(const std::string& rule) {
  const auto judged = mqtt::parse_topic_filter(rule, mqtt::protocol_version::v3_1_1);
  if (!judged)
    return '"' + rule + "\" " + judged.error().text;
  for (auto at = rule.find('%'); at != std::string::npos; at = rule.find('%', at + 1)) {
    const char name = at + 1 < rule.size() ? rule[at + 1] : '/';
    if (std::isalpha(static_cast<unsigned char>(name)) != 0 && name != 'u' && name != 'c')
      return '"' + rule + "\" has a placeholder that is none, %" + name +
             "; expected %u, the account's name, or %c, the Client Identifier";
  }
  return "";
}

std::string fault_of_subscribe_rule(const std::string& rule) {
  return rule.starts_with("$share/")
             ? '"' + rule +
                   "\" would match no subscription: a shared one is judged by its filter alone; "
                   "leave \"$share/NAME/\" out"
             : fault_of_rule(rule);
}

setter filters_setter(std::vector<std::string>& to, judge_of_rules judge) {
  return [&to, judge](const toml::node& value) -> parsed<void> {
    if (auto read = texts_setter(to, "a filter")(value); !read)
      return read.error();
    return judge_each(to, judge);
  };
}

setter filters_setter(std::optional<std::vector<std::string>>& to, judge_of_rules judge) {
  return
      [&to, judge](const toml::node& value) { return filters_setter(to.emplace(), judge)(value); };
}

/// Whoever shows nothing would come in by an empty one.
setter tokens_setter(std::vector<std::string>& to) {
  return [&to](const toml::node& value) -> parsed<void> {
    if (auto read = texts_setter(to, "a token")(value); !read)
      return read.error();
    if (std::find(to.begin(), to.end(), "") != to.end())
      return refusal{"a token is not empty"};
    return boost::system::in_place_value;
  };
}

setter hash_setter(std::string& to) {
  return [&to](const toml::node& value) -> parsed<void> {
    const auto text = value.value_or(std::string{});
    if (!net::is_password_hash(text))
      return refusal{std::string{"expected a whole hash, as `kodama passwd` writes it, "
                                 "\"$argon2id$v=19$...\", "} +
                     net::password_bounds};
    to = text;
    return boost::system::in_place_value;
  };
}

setter algorithm_setter(net::json_web_key::algorithm& to) {
  return [&to](const toml::node& value) -> parsed<void> {
    using algorithm = net::json_web_key::algorithm;
    const auto text = value.value_or(std::string{});
    if (text != "HS256" && text != "RS256" && text != "ES256")
      return refusal{"expected \"HS256\", \"RS256\" or \"ES256\""};
    to = text == "HS256" ? algorithm::hs256 : text == "RS256" ? algorithm::rs256 : algorithm::es256;
    return boost::system::in_place_value;
  };
}

void add_rules(setters& to, actors::access_rules& rules) {
  to.emplace("publish", filters_setter(rules.publish, fault_of_rule));
  to.emplace("subscribe", filters_setter(rules.subscribe, fault_of_subscribe_rule));
  to.emplace("publish_denied", filters_setter(rules.publish_denied, fault_of_rule));
  to.emplace("subscribe_denied", filters_setter(rules.subscribe_denied, fault_of_subscribe_rule));
}

} // namespace

setters keys_of(actors::plan& plan) {
  return {
      {"message_size_max", size_setter(plan.message_size_max, 1)},
      {"messages_per_month", number_setter(plan.messages_per_month, 1, most)},
      {"messages_per_second", number_setter(plan.messages_per_second, 1, 1'000'000)},
      {"connections_max", number_setter(plan.connections_max, 1, 10'000'000)},
      {"subscriptions_max", number_setter(plan.subscriptions_max, 1, 10'000'000)},
      {"stored_bytes_max", size_setter(plan.stored_bytes_max, 1)},
  };
}

setters keys_of(net::account_options::user& user) {
  setters keys{
      {"password", hash_setter(user.password_hash)},
      {"tokens", tokens_setter(user.tokens)},
      {"plan", text_setter(user.plan)},
      {"webhook_secret", text_setter(user.webhook_secret)},
  };
  add_rules(keys, user.rules);
  return keys;
}

setters keys_of(net::account_options::guest& guest) {
  setters keys{{"plan", text_setter(guest.plan)}};
  add_rules(keys, guest.rules);
  return keys;
}

setters keys_of(net::account_options::signer& signer, std::string& key_file) {
  setters keys{
      {"algorithm", algorithm_setter(signer.key.how)}, {"key", text_setter(key_file)},
      {"secret", text_setter(signer.key.key)},         {"issuer", text_setter(signer.key.issuer)},
      {"audience", text_setter(signer.key.audience)},  {"plan", text_setter(signer.plan)},
  };
  add_rules(keys, signer.rules);
  return keys;
}

} // namespace kodama::apps
