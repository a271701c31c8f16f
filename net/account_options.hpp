#pragma once

#include "actors/account.hpp"
#include "net/json_web_token.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kodama::net {

/// Who shows nothing is called so, and nobody else.
inline constexpr const char* guest_name = "anonymous";

/// Who may come in, and what for, as the configuration says it.
struct account_options {
  struct user {
    std::string password_hash; ///< empty: no password
    std::vector<std::string> tokens;
    std::string plan; ///< empty: no limits
    actors::access_rules rules;
    std::string webhook_secret;
  };
  /// Whoever shows a token that this key has signed is who its "sub" says: a user of that name, or
  /// with the plan and the rules that stand here.
  struct signer {
    json_web_key key;
    std::string plan;
    actors::access_rules rules;
  };

  /// Whoever shows nothing at all, if they may come in.
  struct guest {
    std::string plan;
    actors::access_rules rules;
  };

  std::optional<guest> anonymous;
  std::vector<std::string> tokens; ///< without a name, each a holder of its own, without limits
  std::map<std::string, user, std::less<>> users;
  std::vector<signer> signers;
  std::map<std::string, actors::plan, std::less<>> plans;

  /// Nobody is named: everybody who reaches the server may come in.
  [[nodiscard]] bool empty() const noexcept {
    return !anonymous && tokens.empty() && users.empty() && signers.empty();
  }
};

} // namespace kodama::net
