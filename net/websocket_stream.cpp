#include "net/byte_stream.hpp"
#include "net/read_buffer.hpp"
#include "net/websocket_request.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <optional>
#include <type_traits>

namespace kodama::net {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::asio::ip::tcp;
using boost::system::error_code;
using tls = boost::asio::ssl::stream<tcp::socket>;

/// A browser's cookies and headers are a few KiB; more than this is nobody's honest request.
constexpr std::size_t request_size_max = 16 * 1024;

tcp::socket& lowest(tcp::socket& socket) {
  return socket;
}
tcp::socket& lowest(tls& stream) {
  return stream.next_layer();
}

/// Without permessage-deflate: our messages are small or compressed already, and its windows would
/// cost every connection up to 64 KiB.
template <class Below>
class websocket_stream final : public byte_stream {
public:
  websocket_stream(std::shared_ptr<tls_context> context,
                   std::shared_ptr<const websocket_options> options, user& user, auto&&... below)
      : context_{std::move(context)}
      , options_{std::move(options)}
      , user_{user}
      , stream_{std::forward<decltype(below)>(below)...} {
    stream_.binary(true);
    stream_.auto_fragment(false); // what a turn has to say is one frame
    stream_.read_message_max(options_->message_size_max);
  }

  tcp::socket& socket() override { return lowest(stream_.next_layer()); }

  void open() override {
    if constexpr (std::is_same_v<Below, tls>)
      stream_.next_layer().async_handshake(boost::asio::ssl::stream_base::server,
                                           then([this](error_code failure) {
                                             has_tls_ = !failure;
                                             if (failure)
                                               user_.on_opened(failure);
                                             else
                                               read_request();
                                           }));
    else
      read_request();
  }

  void read() override {
    const auto space = buffer_.prepare();
    stream_.async_read_some(boost::asio::buffer(space.data(), space.size()),
                            then([this](error_code failure, std::size_t count) {
                              if (!failure && stream_.got_text())
                                failure = websocket_fault::text_frame;
                              if (failure == websocket_fault::text_frame)
                                refused_with_ = websocket::close_code::unknown_data;
                              else if (failure == websocket::error::message_too_big)
                                refused_with_ = websocket::close_code::too_big;
                              const auto got = buffer_.take(count);
                              user_.on_read(failure, failure ? byte_view{} : got);
                            }));
  }

  void write(byte_view data) override {
    stream_.async_write(
        boost::asio::buffer(data.data(), data.size()),
        then([this](error_code failure, std::size_t) { user_.on_written(failure); }));
  }

  void end() override {
    if (stream_.is_open())
      stream_.async_close(refused_with_, then([this](error_code) { user_.on_ended(); }));
    else if constexpr (std::is_same_v<Below, tls>)
      end_tls();
    else
      user_.on_ended();
  }

  /// Where the peer breaks the rules while a close is being written, Beast's read waits for the
  /// write's turn and the close for the read's.
  bool may_hold_itself() const noexcept override { return true; }

private:
  /// What only the beginning of a connection needs.
  struct opening {
    beast::flat_buffer received{request_size_max};
    http::request_parser<http::empty_body> parser;
    http::response<http::string_body> refusal;
  };

  /// A handler that keeps the user alive, and so this.
  template <class Function>
  auto then(Function function) {
    return [self = user_.shared_from_this(),
            function = std::move(function)](auto... outcome) mutable { function(outcome...); };
  }

  void end_tls() {
    if (!has_tls_)
      user_.on_ended();
    else if constexpr (std::is_same_v<Below, tls>)
      stream_.next_layer().async_shutdown(then([this](error_code) { user_.on_ended(); }));
  }

  void read_request() {
    opening_ = std::make_unique<opening>();
    opening_->parser.header_limit(request_size_max);
    http::async_read_header(stream_.next_layer(), opening_->received, opening_->parser,
                            then([this](error_code failure, std::size_t) {
                              if (failure)
                                handle_broken_request(failure);
                              else
                                answer();
                            }));
  }

  void handle_broken_request(error_code failure) {
    // Of what is HTTP at all: the rest would not understand an answer in HTTP.
    const bool is_http = opening_->parser.got_some() &&
                         failure.category() == make_error_code(http::error::bad_value).category() &&
                         failure != http::error::end_of_stream &&
                         failure != http::error::partial_message;
    if (is_http)
      refuse(refusal_of_broken(failure == http::error::header_limit ||
                               failure == http::error::buffer_overflow),
             failure);
    else
      user_.on_opened(failure);
  }

  void answer() {
    const auto& request = opening_->parser.get();
    const bool is_early = opening_->received.size() != 0;
    if (auto refusal = judge(request, options_->subprotocol, is_early)) {
      refuse(std::move(*refusal), websocket_fault::no_upgrade);
      return;
    }
    const auto named = request[http::field::origin];
    const std::string_view origin{named.data(), named.size()};
    if (const auto& origins = options_->origins; !origins.admits(origin)) {
      refuse(refusal_of_origin(origins.refusal(origin)), websocket_fault::foreign_origin);
      return;
    }
    stream_.set_option(
        websocket::stream_base::decorator([options = options_](websocket::response_type& response) {
          response.set(http::field::server, "kodama");
          response.set(http::field::sec_websocket_protocol, options->subprotocol);
        }));
    stream_.async_accept(request, then([this](error_code failure) {
                           opening_.reset();
                           user_.on_opened(failure);
                         }));
  }

  void refuse(http::response<http::string_body> answer, error_code why) {
    opening_->refusal = std::move(answer);
    http::async_write(stream_.next_layer(), opening_->refusal,
                      then([this, why](error_code failure, std::size_t) {
                        user_.on_opened(failure ? failure : why);
                      }));
  }

  std::shared_ptr<tls_context> context_; ///< which chooses the certificate; outlives the stream
  std::shared_ptr<const websocket_options> options_;
  user& user_;
  websocket::stream<Below, /*deflateSupported=*/false> stream_;
  read_buffer buffer_;
  std::unique_ptr<opening> opening_;
  websocket::close_code refused_with_ = websocket::close_code::normal;
  bool has_tls_ = false;
};

} // namespace

std::unique_ptr<byte_stream> make_websocket_stream(tcp::socket socket,
                                                   std::shared_ptr<tls_context> context,
                                                   std::shared_ptr<const websocket_options> options,
                                                   byte_stream::user& user) {
  if (!context)
    return std::make_unique<websocket_stream<tcp::socket>>(nullptr, std::move(options), user,
                                                           std::move(socket));
  auto& native = context->native();
  return std::make_unique<websocket_stream<tls>>(std::move(context), std::move(options), user,
                                                 std::move(socket), native);
}

} // namespace kodama::net
