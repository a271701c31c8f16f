#pragma once

#include "protocol/bytes.hpp"

#include <boost/system/result.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kodama::net {

/// One request of HTTP/1.1 (RFC 9112), as far as the gateway cares.
struct http_request {
  std::string method;
  std::string path; ///< percent-decoded, without the query
  std::vector<std::pair<std::string, std::string>> query;
  std::string authorization;
  std::string origin;
  std::string host;
  std::string content_type;
  std::string signature; ///< X-Hub-Signature-256
  std::string body;
  bool keep_alive = true;

  /// The value of the first parameter of this name; empty where there is none.
  [[nodiscard]] std::string_view parameter(std::string_view name) const noexcept;
};

/// Why a request can't be served: a status, and a sentence for its sender.
struct http_refusal {
  unsigned status = 400;
  std::string text;
};

/// Cuts a stream into requests; sans-IO. Built on Beast's parser.
class http_reader {
public:
  static constexpr std::size_t header_size_max = 16 * 1024;

  explicit http_reader(std::size_t body_size_max);
  ~http_reader();
  http_reader(http_reader&&) noexcept;
  http_reader& operator=(http_reader&&) noexcept;

  void feed(byte_view received);
  /// Whole ones, one after the other; empty: more bytes are needed. After a refusal the connection
  /// is good for nothing more.
  [[nodiscard]] boost::system::result<std::optional<http_request>, http_refusal> next();
  /// Once for a request whose sender keeps the body back until it is told 100 Continue (RFC 9110,
  /// 10.1.1), when its header has come and is no reason to refuse it.
  [[nodiscard]] bool take_expectation() noexcept { return std::exchange(expects_, false); }
  /// Something of a request is there, but not all.
  [[nodiscard]] bool is_amid_request() const noexcept;

private:
  struct parser;

  std::size_t body_size_max_;
  std::unique_ptr<parser> parser_; ///< while a request comes in
  bool header_seen_ = false;       ///< of that request
  bool expects_ = false;           ///< to be told to go on
  bytes rest_;
  std::size_t used_ = 0; ///< of rest_
};

struct http_answer {
  unsigned status = 200;
  std::string_view content_type;
  std::string_view body;
  bool keep_alive = false;
  bool without_body = false; ///< to HEAD: its length is told all the same (RFC 9110, 9.3.2)
  std::string_view allowed;  ///< methods; where one is refused (RFC 9110, 15.5.6)
};
/// A whole response.
[[nodiscard]] std::string http_response(const http_answer& what);

} // namespace kodama::net
