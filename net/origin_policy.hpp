#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kodama::net {

/// Which web pages may make their visitors' browsers come in by WebSocket or HTTP: those of these
/// origins (RFC 6454, 7; RFC 6455, 10.2). For a WebSocket and for what changes something a browser
/// names the origin of the page, and the page cannot choose another.
class origin_policy {
public:
  /// Of what is not listed: all pages, or those that come from a loopback address themselves.
  enum class others { all, local };

  /// Each as is_origin() has it. Where any are listed, nobody else is let in.
  origin_policy(const std::vector<std::string>& listed, others unlisted);

  /// `origin`: the value of the header. Empty, where there is none, is let in: programs that are no
  /// browsers name none.
  [[nodiscard]] bool admits(std::string_view origin) const;
  /// `host`: what a request by HTTP calls this server. A page reads from its own address without
  /// naming an origin, and its owner can make that address lead here (DNS rebinding).
  [[nodiscard]] bool admits_host(std::string_view host) const;
  /// Whose origin it does not admit is told this; or whose host, as an origin.
  [[nodiscard]] std::string refusal(std::string_view origin) const;

  /// "https://app.example.net", "http://localhost:3000"; "null", which is how browsers name pages
  /// out of files and sandboxes; "*" for all.
  [[nodiscard]] static bool is_origin(std::string_view text);

private:
  std::vector<std::string> listed_;
  others unlisted_;
};

} // namespace kodama::net
