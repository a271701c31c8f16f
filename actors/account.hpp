#pragma once

#include "actors/usage.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kodama::actors {

/// Named limits that accounts are held to; 0 stands for none. What is beyond is refused, and the
/// refusal names the limit and its number.
struct plan {
  std::string name;
  std::uint64_t message_size_max = 0;   ///< bytes of a publish's payload
  std::uint64_t messages_per_month = 0; ///< publishes; by the calendar, in UTC
  std::uint64_t messages_per_second =
      0; ///< publishes, on average; a second's worth may come at once
  std::uint64_t connections_max = 0;
  std::uint64_t subscriptions_max = 0; ///< of one session
  std::uint64_t stored_bytes_max = 0;  ///< kept for sessions that are away, and retained
};

/// Which topics an account may use, as filters with the placeholders %u (account) and %c (Client
/// Identifier). A list that is absent allows everything; what is denied is denied all the same.
struct access_rules {
  std::optional<std::vector<std::string>> publish;
  std::optional<std::vector<std::string>> subscribe;
  std::vector<std::string> publish_denied;
  std::vector<std::string> subscribe_denied;

  [[nodiscard]] bool allow_everything() const noexcept {
    return !publish && !subscribe && publish_denied.empty() && subscribe_denied.empty();
  }
};

/// Who somebody is that has proven it. Immutable; shared by all of its sessions, which keep it for
/// as long as they live, whatever is loaded anew meanwhile.
struct account {
  /// Tells accounts apart: a session belongs to one. Never reused within a process.
  std::size_t holder = 0;
  std::string name; ///< for logs and %u; empty: a token without a name
  plan limits;
  access_rules rules;
  /// By which its webhooks are signed; empty: they are not.
  std::string webhook_secret;
  /// Unix microseconds; 0: what it was proven by is valid until it is asked for anew. A connection
  /// ends with it, the session does not.
  std::uint64_t valid_until = 0;
  std::shared_ptr<usage> used = std::make_shared<usage>();
};
using account_ptr = std::shared_ptr<const account>;

/// What the rules of an account say to one client: placeholders filled in.
///
/// A name that holds '/', '+' or '#' fills in nothing: a rule must not grow by what a client calls
/// itself. Such a rule allows nothing, and denies nothing.
class permissions {
public:
  permissions(const account& who, std::string_view client);

  [[nodiscard]] bool may_publish(std::string_view topic) const;
  /// `filter` without "$share/...": allowed as a whole, or not.
  [[nodiscard]] bool may_subscribe(std::string_view filter) const;
  /// What a wider filter matches may be denied all the same, and so may what a filter matches that
  /// was granted under rules of an earlier day.
  [[nodiscard]] bool may_hear(std::string_view topic) const;

private:
  access_rules rules_;
};

/// Null where everything is allowed, which costs nothing then.
[[nodiscard]] std::unique_ptr<const permissions> permissions_of(const account& who,
                                                                std::string_view client);

} // namespace kodama::actors
