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
  append(rest_, received);
}

bool http_reader::is_amid_request() const noexcept {
  return parser_ || !rest_.empty();
}

boost::system::result<std::optional<http_request>, http_refusal> http_reader::next() {
  if (rest_.empty())
    return std::optional<http_request>{};
  if (!parser_) {
    parser_ = std::make_unique<parser>();
    parser_->eager(true);
    parser_->header_limit(header_size_max);
    parser_->body_limit(body_size_max_);
  }
  boost::beast::error_code failure;
  const auto used = parser_->put(boost::asio::buffer(rest_.data(), rest_.size()), failure);
  rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(used));
  if (failure == http::error::body_limit)
    return http_refusal{413, "the body may have " + std::to_string(body_size_max_) + " bytes"};
  if (failure == http::error::header_limit)
    return http_refusal{431, "the header may have " + std::to_string(header_size_max) + " bytes"};
  if (failure && failure != http::error::need_more)
    return http_refusal{400, "this is no HTTP request: " + failure.message()};
  if (!parser_->is_done()) {
    if (rest_.size() > header_size_max)
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

std::string http_response(unsigned status, std::string_view content_type, std::string_view body,
                          bool keep_alive) {
  http::response<http::string_body> answer{static_cast<http::status>(status), 11};
  answer.set(http::field::server, "kodama");
  answer.set(http::field::content_type,
             boost::beast::string_view{content_type.data(), content_type.size()});
  if (status == 401)
    answer.set(http::field::www_authenticate, "Bearer realm=\"kodama\"");
  answer.body() = std::string{body};
  answer.keep_alive(keep_alive);
  answer.prepare_payload();
  std::ostringstream text;
  text << answer;
  return std::move(text).str();
}

} // namespace kodama::net
