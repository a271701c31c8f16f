#include "net/proxy_reader.hpp"

#include <boost/asio/buffer.hpp>

#include <memory>
#include <utility>

namespace kodama::net {
namespace {

using boost::asio::ip::tcp;

struct reading : std::enable_shared_from_this<reading> {
  tcp::socket& socket;
  std::function<void(const proxy_answer&)> answer;
  bytes received;

  reading(tcp::socket& from, std::function<void(const proxy_answer&)> to)
      : socket{from}
      , answer{std::move(to)} {}

  void go_on() {
    const auto size = proxy_header_size(received);
    if (!size) {
      answer(std::string{to_string(size.error())});
      return;
    }
    const auto had = received.size();
    received.resize(*size);
    socket.async_read_some(
        boost::asio::buffer(received.data() + had, *size - had),
        [self = shared_from_this(), had](boost::system::error_code failure, std::size_t count) {
          if (failure == boost::asio::error::operation_aborted)
            return;
          self->received.resize(had + count);
          self->take(failure);
        });
  }

  void take(boost::system::error_code failure) {
    if (failure) {
      answer("it ended before its PROXY header did: " + failure.message());
      return;
    }
    byte_view input{received};
    const auto header = read_proxy_header(input);
    if (!header)
      answer(std::string{to_string(header.error())});
    else if (*header)
      answer(**header);
    else
      go_on();
  }
};

} // namespace

void async_read_proxy_header(tcp::socket& socket, std::function<void(const proxy_answer&)> answer) {
  std::make_shared<reading>(socket, std::move(answer))->go_on();
}

} // namespace kodama::net
