#pragma once

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/system/error_code.hpp>

#include <optional>
#include <string_view>

namespace kodama::net {

/// Why a WebSocket connection ends that neither Beast nor the network ended.
enum class websocket_fault {
  no_upgrade = 1, ///< the request was answered with an HTTP error
  foreign_origin, ///< the request was made by a page that may not come in
  text_frame,     ///< both protocols speak in binary frames (MQTT 5.0, 6.0.0-1)
};
[[nodiscard]] boost::system::error_code make_error_code(websocket_fault fault) noexcept;

using http_request = boost::beast::http::request<boost::beast::http::empty_body>;
using http_response = boost::beast::http::response<boost::beast::http::string_body>;

/// The answer to a request that is not to become a WebSocket connection, naming the reason; nothing
/// for one that is. `has_more`: there was something behind the request, which a client may not send
/// before it is answered (RFC 6455, 4.1).
[[nodiscard]] std::optional<http_response> judge(const http_request& request,
                                                 std::string_view subprotocol, bool has_more);

[[nodiscard]] http_response refusal_of_broken(bool too_long);
/// With the sentence that its sender is to read.
[[nodiscard]] http_response refusal_of_origin(std::string text);

} // namespace kodama::net

template <>
struct boost::system::is_error_code_enum<kodama::net::websocket_fault> : std::true_type {};
