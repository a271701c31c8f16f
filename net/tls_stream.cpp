#include "net/byte_stream.hpp"
#include "net/read_buffer.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

namespace kodama::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

class tls_stream final : public byte_stream {
public:
  tls_stream(tcp::socket socket, std::shared_ptr<tls_context> context, user& user)
      : context_{std::move(context)}
      , stream_{std::move(socket), context_->native()}
      , user_{user} {}

  tcp::socket& socket() override { return stream_.next_layer(); }

  void open() override {
    stream_.async_handshake(boost::asio::ssl::stream_base::server,
                            [this, self = user_.shared_from_this()](error_code failure) {
                              is_open_ = !failure;
                              user_.on_opened(failure);
                            });
  }

  void read() override {
    const auto space = buffer_.prepare();
    stream_.async_read_some(
        boost::asio::buffer(space.data(), space.size()),
        [this, self = user_.shared_from_this()](error_code failure, std::size_t count) {
          user_.on_read(failure, buffer_.take(count));
        });
  }

  void write(byte_view data) override {
    boost::asio::async_write(stream_, boost::asio::buffer(data.data(), data.size()),
                             [this, self = user_.shared_from_this()](
                                 error_code failure, std::size_t) { user_.on_written(failure); });
  }

  void end() override {
    if (!is_open_) {
      user_.on_ended();
      return;
    }
    stream_.async_shutdown(
        [this, self = user_.shared_from_this()](error_code) { user_.on_ended(); });
  }

private:
  std::shared_ptr<tls_context> context_; ///< which chooses the certificate; outlives the stream
  boost::asio::ssl::stream<tcp::socket> stream_;
  user& user_;
  read_buffer buffer_;
  bool is_open_ = false;
};

} // namespace

std::unique_ptr<byte_stream> make_tls_stream(tcp::socket socket, std::shared_ptr<tls_context> tls,
                                             byte_stream::user& user) {
  return std::make_unique<tls_stream>(std::move(socket), std::move(tls), user);
}

} // namespace kodama::net
