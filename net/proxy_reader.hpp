#pragma once

#include "net/proxy_header.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <string>

namespace kodama::net {

/// The header, or a sentence that says why there is none.
using proxy_answer = boost::system::result<proxy_header, std::string>;

/// Reads the header that a connection begins with, and not one byte of what follows. `answer` is
/// called once, unless the socket is closed before; `socket` stays where it is until then, and so
/// does whatever `answer` keeps alive. Whoever calls bounds the time.
void async_read_proxy_header(boost::asio::ip::tcp::socket& socket,
                             std::function<void(const proxy_answer&)> answer);

} // namespace kodama::net
