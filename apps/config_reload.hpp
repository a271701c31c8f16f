#pragma once

#include "apps/serve_flags.hpp"
#include "net/server.hpp"

#include <map>
#include <optional>
#include <string>

namespace kodama::apps {

/// Reads a running server's configuration again. Certificates, tokens and the log level are taken
/// over; of everything else that has changed the log says that it takes a restart. A file with
/// mistakes changes nothing at all.
class config_reload {
public:
  /// `running` is what the server runs with; both outlive this.
  config_reload(const serve_flags& flags, const serve_config& running)
      : flags_{flags}
      , running_{running}
      , accepted_{running.server.accounts} {}

  [[nodiscard]] std::optional<net::reloaded> read();

private:
  void tell_what_waits(const serve_config& now);

  const serve_flags& flags_;
  const serve_config& running_;
  net::account_options accepted_; ///< last: what is kept where a reading has none
};

/// The keys that differ and that no reload takes over, in their order.
[[nodiscard]] std::vector<std::string>
keys_that_need_a_restart(const std::map<std::string, std::string, std::less<>>& before,
                         const std::map<std::string, std::string, std::less<>>& now);

} // namespace kodama::apps
