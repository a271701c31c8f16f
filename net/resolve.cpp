#include "net/resolve.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>

namespace kodama::net {

using boost::asio::ip::tcp;

result<tcp::endpoint> resolve(const std::string& host, std::uint16_t port) {
  boost::system::error_code error;
  if (const auto number = boost::asio::ip::make_address(host, error); !error)
    return tcp::endpoint{number, port};
  boost::asio::io_context context;
  tcp::resolver resolver{context};
  const auto found = resolver.resolve(host, "", error);
  if (error)
    return error;
  if (found.empty())
    return make_error_code(boost::asio::error::host_not_found);
  const auto v4 = std::find_if(found.begin(), found.end(), [](const auto& entry) {
    return entry.endpoint().address().is_v4();
  });
  const auto chosen = v4 != found.end() ? v4 : found.begin();
  return tcp::endpoint{chosen->endpoint().address(), port};
}

} // namespace kodama::net
