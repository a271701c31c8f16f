#include "apps/password_file.hpp"
#include "apps/serve_config.hpp"
#include "apps/token_file.hpp"
#include "apps/whole_file.hpp"

#include <set>

namespace kodama::apps {
namespace {

class account_loader {
public:
  explicit account_loader(serve_config& config)
      : config_{config}
      , accounts_{config.server.accounts} {}

  config_mistakes load() {
    load_tokens();
    load_passwords();
    load_keys();
    judge_tokens();
    for (const auto& [name, user] : accounts_.users)
      judge_plan(user.plan, place_of(name));
    if (accounts_.anonymous)
      judge_plan(accounts_.anonymous->plan, config_.guest_place);
    for (std::size_t i = 0; i != accounts_.signers.size(); ++i)
      judge_plan(accounts_.signers[i].plan, config_.jwt_places[i]);
    return std::move(found_);
  }

private:
  [[nodiscard]] config_place place_of(const std::string& user) const {
    const auto at = config_.user_places.find(user);
    return at == config_.user_places.end() ? config_place{} : at->second;
  }

  void load_tokens() {
    if (config_.tokens_file.empty())
      return;
    if (auto tokens = read_tokens(config_.tokens_file))
      accounts_.tokens = std::move(*tokens);
    else
      found_.push_back({{}, tokens.error().reason});
  }

  /// Whoever stands in the file is a user, with the plan and rules of a [users.NAME] if there is
  /// one.
  void load_passwords() {
    if (config_.passwords_file.empty())
      return;
    const auto read = read_passwords(config_.passwords_file);
    if (!read) {
      found_.push_back({{}, read.error().reason});
      return;
    }
    if (read->empty())
      found_.push_back({{}, config_.passwords_file + ": holds no user; `kodama passwd` adds one"});
    for (const auto& [name, hash] : *read) {
      auto& user = accounts_.users[name];
      if (!user.password_hash.empty())
        found_.push_back({place_of(name), "has a password here and in " + config_.passwords_file});
      user.password_hash = hash;
    }
  }

  void load_keys() {
    for (std::size_t i = 0; i != accounts_.signers.size(); ++i) {
      auto& key = accounts_.signers[i].key;
      const auto& file = config_.jwt_files[i];
      const auto& place = config_.jwt_places[i];
      const bool shared = key.how == net::json_web_key::algorithm::hs256;
      if (file.empty() == key.key.empty()) {
        found_.push_back({place, "expected either key = FILE or secret = TEXT"});
      } else if (file.empty()) {
        if (!shared)
          found_.push_back({place, "a secret is for HS256; give key = FILE with the public key"});
      } else if (auto text = read_whole(file)) {
        key.key = std::move(*text);
        if (shared)
          while (!key.key.empty() && (key.key.back() == '\n' || key.key.back() == '\r'))
            key.key.pop_back();
      } else {
        found_.push_back({place, cannot_read(file)});
        continue;
      }
      if (const auto fault = net::fault_of(key); fault && !key.key.empty())
        found_.push_back({place, (file.empty() ? "secret" : file) + ": " + *fault});
    }
  }

  /// Each is one user's: nobody could tell whose it is otherwise.
  void judge_tokens() {
    std::set<std::string> known{accounts_.tokens.begin(), accounts_.tokens.end()};
    for (const auto& [name, user] : accounts_.users)
      for (const auto& token : user.tokens)
        if (!known.insert(token).second)
          found_.push_back({place_of(name), "has a token that stands elsewhere, too"});
  }

  void judge_plan(const std::string& plan, const config_place& place) {
    if (plan.empty() || accounts_.plans.contains(plan))
      return;
    std::string names;
    for (const auto& [name, each] : accounts_.plans)
      names += (names.empty() ? "" : ", ") + name;
    found_.push_back({place, "there is no [plans." + plan + "]" +
                                 (names.empty() ? "; write one" : "; there is " + names)});
  }

  serve_config& config_;
  net::account_options& accounts_;
  config_mistakes found_;
};

} // namespace

config_mistakes load_accounts(serve_config& config) {
  return account_loader{config}.load();
}

} // namespace kodama::apps
