#include "net/websocket_request.hpp"

#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <string>

namespace kodama::net {
namespace {

namespace http = boost::beast::http;

class fault_category final : public boost::system::error_category {
public:
  const char* name() const noexcept override { return "kodama.websocket"; }
  std::string message(int value) const override {
    switch (static_cast<websocket_fault>(value)) {
    case websocket_fault::no_upgrade:
      return "the request was no WebSocket upgrade as it is expected here";
    case websocket_fault::foreign_origin: return "a page of an origin that may not come in";
    case websocket_fault::text_frame: return "a text frame; both protocols speak in binary ones";
    }
    return "unknown";
  }
};

http_response error(http::status status, std::string text) {
  http_response answer{status, 11};
  answer.set(http::field::server, "kodama");
  answer.set(http::field::content_type, "text/plain; charset=utf-8");
  answer.set(http::field::connection, "close");
  answer.body() = std::move(text) + '\n';
  answer.prepare_payload();
  return answer;
}

} // namespace

boost::system::error_code make_error_code(websocket_fault fault) noexcept {
  static const fault_category category;
  return {static_cast<int>(fault), category};
}

std::optional<http_response> judge(const http_request& request, std::string_view subprotocol,
                                   bool has_more) {
  const std::string wanted{subprotocol};
  if (request.method() != http::verb::get) {
    auto answer =
        error(http::status::method_not_allowed, "This is a WebSocket address (subprotocol " +
                                                    wanted + "); it takes GET with an upgrade.");
    answer.set(http::field::allow, "GET");
    return answer;
  }
  if (!boost::beast::websocket::is_upgrade(request)) {
    auto answer = error(http::status::upgrade_required,
                        "This is a WebSocket address (subprotocol " + wanted +
                            "). The request is no upgrade: it needs HTTP/1.1, Connection: "
                            "Upgrade, Upgrade: websocket and a Sec-WebSocket-Key.");
    answer.set(http::field::connection, "close, upgrade");
    answer.set(http::field::upgrade, "websocket");
    return answer;
  }
  if (request[http::field::sec_websocket_version] != "13") {
    auto answer = error(http::status::upgrade_required, "Sec-WebSocket-Version has to be 13.");
    answer.set(http::field::connection, "close, upgrade");
    answer.set(http::field::upgrade, "websocket");
    answer.set(http::field::sec_websocket_version, "13");
    return answer;
  }
  // 16 bytes in base64 (RFC 6455, 4.1).
  if (const auto key = request[http::field::sec_websocket_key];
      key.size() != 24 || !key.ends_with("=="))
    return error(http::status::bad_request, "Sec-WebSocket-Key has to be 16 bytes in base64.");
  // In as many headers as they like (11.3.4), and with capitals of their own these are others.
  std::string offered;
  bool is_offered = false;
  const auto [first, end] = request.equal_range(http::field::sec_websocket_protocol);
  for (auto at = first; at != end; ++at) {
    offered += at->value();
    for (const auto& each : http::token_list{at->value()})
      is_offered = is_offered || each == wanted;
  }
  if (!is_offered)
    return error(http::status::bad_request,
                 "Sec-WebSocket-Protocol has to offer \"" + wanted + "\"" +
                     (offered.empty() ? "; it is missing." : "; it does not."));
  if (has_more)
    return error(http::status::bad_request,
                 "Data came before the upgrade was answered (RFC 6455, 4.1).");
  return std::nullopt;
}

http_response refusal_of_origin(std::string text) {
  return error(http::status::forbidden, std::move(text));
}

http_response refusal_of_broken(bool too_long) {
  return too_long ? error(http::status::request_header_fields_too_large,
                          "The request's header is too large; 16 KiB is the limit.")
                  : error(http::status::bad_request, "This is not HTTP as RFC 7230 has it.");
}

} // namespace kodama::net
