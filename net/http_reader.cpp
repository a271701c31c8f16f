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

/// RFC 9112, 6.1: what follows can't be told from a next request where the coding is not known.
std::optional<http_refusal> refuse_coding(const http::fields& from) {
  using http::field;
  const auto [first, last] = from.equal_range(field::transfer_encoding);
  if (first == last)
    return std::nullopt;
  if (from.find(field::content_length) != from.end())
    return http_refusal{400, "Transfer-Encoding and Content-Length exclude each other"};
  if (std::next(first) != last || !boost::beast::iequals(first->value(), "chunked"))
    return http_refusal{501, "Transfer-Encoding: only chunked is known here"};
  return std::nullopt;
}

std::string text_of(const http::fields& from, std::string_view name) {
  const auto at = from.find(boost::beast::string_view{name.data(), name.size()});
  return at == from.end() ? std::string{} : std::string{at->value()};
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
  rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(taken_));
  taken_ = 0;
  append(rest_, received);
}

bool http_reader::is_amid_request() const noexcept {
  return parser_ || taken_ != rest_.size();
}

bool http_reader::take_expectation() {
  return std::exchange(expects_, false);
}

boost::system::result<std::optional<http_request>, http_refusal> http_reader::next() {
  if (taken_ == rest_.size())
    return std::optional<http_request>{};
  if (!parser_) {
    parser_ = std::make_unique<parser>();
    parser_->eager(true);
    parser_->header_limit(header_size_max);
    parser_->body_limit(body_size_max_);
    expects_ = false;
  }
  boost::beast::error_code failure;
  const bool began_before = parser_->is_header_done();
  taken_ +=
      parser_->put(boost::asio::buffer(rest_.data() + taken_, rest_.size() - taken_), failure);
  if (parser_->is_header_done() && !began_before) {
    const auto& header = parser_->get();
    if (auto refused = refuse_coding(header))
      return *std::move(refused);
    expects_ = header.version() >= 11 && !parser_->is_done() &&
               boost::beast::iequals(header[http::field::expect], "100-continue");
  }
  if (failure == http::error::body_limit)
    return http_refusal{413, "the body may have " + std::to_string(body_size_max_) + " bytes"};
  if (failure == http::error::header_limit)
    return http_refusal{431, "the header may have " + std::to_string(header_size_max) + " bytes"};
  if (failure && failure != http::error::need_more)
    return http_refusal{400, "this is no HTTP request: " + failure.message()};
  if (!parser_->is_done()) {
    if (rest_.size() - taken_ > header_size_max)
      return http_refusal{431, "the header may have " + std::to_string(header_size_max) + " bytes"};
    return std::optional<http_request>{};
  }
  auto& message = parser_->get();
  http_request found;
  found.method = std::string{message.method_string()};
  take_target({message.target().data(), message.target().size()}, found);
  found.authorization = text_of(message, "Authorization");
  found.content_type = text_of(message, "Content-Type");
  found.signature = text_of(message, "X-Hub-Signature-256");
  found.keep_alive = message.keep_alive();
  found.body = std::move(message.body());
  parser_.reset();
  return std::optional{std::move(found)};
}

std::string_view http_continue() noexcept {
  return "HTTP/1.1 100 Continue\r\n\r\n";
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
