#include "net/http_reader.hpp"

#include <boost/beast/http.hpp>

#include <algorithm>
#include <sstream>
#include <utility>

namespace kodama::net {
namespace {

namespace http = boost::beast::http;

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9')
    return digit - '0';
  const char lower = static_cast<char>(digit | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// RFC 3986, 2.1; a '%' that begins no such thing stands for itself. `plus`: "+" is a space, as in
/// queries.
std::string percent_decoded(std::string_view text, bool plus) {
  std::string out;
  for (std::size_t i = 0; i != text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += plus && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

void take_target(std::string_view target, http_request& to) {
  const auto mark =
      static_cast<std::size_t>(std::find(target.begin(), target.end(), '?') - target.begin());
  to.path = percent_decoded(target.substr(0, mark), false);
  if (mark == target.size())
    return;
  auto rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const auto end = std::min(rest.find('&'), rest.size());
    const auto pair = rest.substr(0, end);
    const auto equals = std::min(pair.find('='), pair.size());
    to.query.emplace_back(percent_decoded(pair.substr(0, equals), true),
                          percent_decoded(pair.substr(std::min(equals + 1, pair.size())), true));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

std::string text_of(const http::fields& from, std::string_view name) {
  const auto at = from.find(boost::beast::string_view{name.data(), name.size()});
  return at == from.end() ? std::string{} : std::string{at->value()};
}

/// Which host is meant takes one Host line from HTTP/1.1 on (RFC 9112, 3.2); where the target is a
/// whole address, that names it (3.2.2).
std::optional<http_refusal> take_host(const http::request<http::string_body>& from,
                                      std::string_view& target, http_request& to) {
  const auto lines = from.count(http::field::host);
  if (lines > 1 || (lines == 0 && from.version() >= 11))
    return http_refusal{400,
                        "Host: expected once, and it is there " + std::to_string(lines) + " times"};
  to.host = text_of(from, "Host");
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!boost::beast::iequals(target.substr(0, scheme.size()), scheme))
      continue;
    target.remove_prefix(scheme.size());
    const auto end = std::min(target.find_first_of("/?"), target.size());
    to.host = std::string{target.substr(0, end)};
    target.remove_prefix(end);
    break;
  }
  return std::nullopt;
}

/// Why the end of a body can't be told. Beast decodes what it knows and takes no notice of the
/// rest, which whoever stands before this server may read otherwise (RFC 9112, 6.1 and 6.3).
std::optional<http_refusal> check_framing(const http::request<http::string_body>& from) {
  std::string codings;
  const auto all = from.equal_range(http::field::transfer_encoding);
  if (all.first == all.second)
    return std::nullopt;
  for (auto at = all.first; at != all.second; ++at)
    codings += (codings.empty() ? "" : ",") + std::string{at->value()};
  if (from.version() < 11)
    return http_refusal{400, "Transfer-Encoding takes HTTP/1.1"};
  if (from.count(http::field::content_length) != 0)
    return http_refusal{400, "Transfer-Encoding and Content-Length exclude each other"};
  const auto last = codings.substr(codings.rfind(',') + 1);
  const auto begin = last.find_first_not_of(" \t");
  const auto end = last.find_last_not_of(" \t");
  if (begin == std::string::npos ||
      !boost::beast::iequals(std::string_view{last}.substr(begin, end - begin + 1), "chunked"))
    return http_refusal{400, "Transfer-Encoding: the last coding has to be chunked"};
  if (last.size() != codings.size())
    return http_refusal{501, "Transfer-Encoding: only chunked is understood"};
  return std::nullopt;
}

} // namespace

std::string_view http_request::parameter(std::string_view name) const noexcept {
  const auto at = std::find_if(query.begin(), query.end(),
                               [name](const auto& each) { return each.first == name; });
  return at == query.end() ? std::string_view{} : std::string_view{at->second};
}

struct http_reader::parser : http::request_parser<http::string_body> {};

http_reader::http_reader(std::size_t body_size_max)
    : body_size_max_{body_size_max} {}
http_reader::~http_reader() = default;
http_reader::http_reader(http_reader&&) noexcept = default;
http_reader& http_reader::operator=(http_reader&&) noexcept = default;

void http_reader::feed(byte_view received) {
  rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(used_));
  used_ = 0;
  append(rest_, received);
}

bool http_reader::is_amid_request() const noexcept {
  return parser_ || used_ != rest_.size();
}

boost::system::result<std::optional<http_request>, http_refusal> http_reader::next() {
  if (used_ == rest_.size()) {
    rest_ = {}; // an idle connection holds nothing
    used_ = 0;
    return std::optional<http_request>{};
  }
  if (!parser_) {
    parser_ = std::make_unique<parser>();
    parser_->eager(true);
    parser_->header_limit(header_size_max);
    parser_->body_limit(body_size_max_);
    header_seen_ = expects_ = false;
  }
  boost::beast::error_code failure;
  used_ += parser_->put(boost::asio::buffer(rest_.data() + used_, rest_.size() - used_), failure);
  // Also where the parser has found a mistake itself: this names it better.
  if (parser_->is_header_done() || (failure && failure != http::error::need_more))
    if (const auto refused = check_framing(parser_->get()))
      return *refused;
  if (failure == http::error::body_limit)
    return http_refusal{413, "the body may have " + std::to_string(body_size_max_) +
                                 " bytes (mqtt_limits.packet_size_max)"};
  if (failure == http::error::header_limit)
    return http_refusal{431, "the header may have " + std::to_string(header_size_max) + " bytes"};
  if (failure && failure != http::error::need_more)
    return http_refusal{400, "this is no HTTP request: " + failure.message()};
  if (!parser_->is_done()) {
    if (rest_.size() - used_ > header_size_max)
      return http_refusal{431, "the header may have " + std::to_string(header_size_max) + " bytes"};
    if (parser_->is_header_done() && !std::exchange(header_seen_, true)) {
      const auto& begun = parser_->get();
      expects_ = begun.version() >= 11 && begun.body().empty() &&
                 boost::beast::iequals(text_of(begun, "Expect"), "100-continue");
    }
    return std::optional<http_request>{};
  }
  expects_ = false; // the body came without
  auto& message = parser_->get();
  http_request found;
  found.method = std::string{message.method_string()};
  std::string_view target{message.target().data(), message.target().size()};
  if (auto refused = take_host(message, target, found))
    return std::move(*refused);
  take_target(target, found);
  found.authorization = text_of(message, "Authorization");
  found.origin = text_of(message, "Origin");
  found.content_type = text_of(message, "Content-Type");
  found.signature = text_of(message, "X-Hub-Signature-256");
  found.keep_alive = message.keep_alive();
  found.body = std::move(message.body());
  parser_.reset();
  return std::optional{std::move(found)};
}

std::string http_response(const http_answer& what) {
  const auto shown = [](std::string_view text) {
    return boost::beast::string_view{text.data(), text.size()};
  };
  http::response<http::string_body> answer{static_cast<http::status>(what.status), 11};
  answer.set(http::field::server, "kodama");
  answer.set(http::field::content_type, shown(what.content_type));
  if (what.status == 401)
    answer.set(http::field::www_authenticate, "Bearer realm=\"kodama\"");
  if (!what.allowed.empty())
    answer.set(http::field::allow, shown(what.allowed));
  answer.body() = std::string{what.body};
  answer.keep_alive(what.keep_alive);
  answer.prepare_payload();
  if (what.without_body)
    answer.body().clear();
  std::ostringstream text;
  text << answer;
  return std::move(text).str();
}

} // namespace kodama::net
