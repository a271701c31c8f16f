#include "client/driver.hpp"

#include "client/endpoints.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

namespace kodama {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// How long a connection may take to write its last words.
constexpr std::chrono::seconds linger_max{1};

} // namespace

driver::driver(client_connection& connection, std::string_view server, event_handler on_event,
               std::function<void()> on_settled)
    : connection_{connection}
    , lookup_{context_, split_server(server)}
    , on_event_{std::move(on_event)}
    , on_settled_{std::move(on_settled)} {}

instant driver::now() {
  return instant{std::chrono::steady_clock::now().time_since_epoch()};
}

void driver::wake() {
  all_told_ = false;
  wake_up();
}

void driver::wake_up() {
  if (in_turn_ || std::exchange(awake_, true))
    return;
  asio::post(context_, [this] {
    awake_ = false;
    take_turn();
  });
}

void driver::connect() {
  if (ending_)
    connect_asked_ = true;
  else
    connection_.connect(now());
  wake();
}

void driver::disconnect() {
  disconnect_asked_ = ending_ = true;
  connect_asked_ = false;
  wake_up();
}

void driver::take_turn() noexcept {
  in_turn_ = true;
  while (take_step()) {
  }
  in_turn_ = false;
  arm_timer();
}

/// False when the connection wants nothing more for now.
bool driver::take_step() {
  bool busy = false;
  const auto present = now();
  while (const auto event = connection_.poll_event(present)) {
    hand_out(*event);
    busy = true;
  }
  on_settled_();
  if (std::exchange(disconnect_asked_, false)) {
    end_session(present);
    busy = true;
  }
  if (connection_.poll_connect()) {
    close();
    open();
  }
  busy = write() || busy;
  if (connection_.poll_close())
    close();
  while (const auto datagram = connection_.poll_datagram(present))
    send(*datagram);
  return busy;
}

void driver::hand_out(const client_event::any& event) {
  // A session can be lost by a word of the server's alone: that is an answer, too.
  if (present_ && (std::holds_alternative<client_event::connected>(event) ||
                   std::holds_alternative<client_event::session_lost>(event)))
    present_->answered = true;
  const bool stopped = std::holds_alternative<client_event::stopped>(event);
  if (stopped) {
    all_told_ = true;
    disconnect_asked_ = ending_ = false;
  }
  on_event_(event);
  if (stopped && std::exchange(connect_asked_, false))
    connection_.connect(now());
}

void driver::end_session(instant present) {
  if (connection_.idle() && all_told_) {
    ending_ = false;
    if (std::exchange(connect_asked_, false))
      connection_.connect(present);
    return;
  }
  // What is idle does not end: it begins, so that whoever waits is told.
  connection_.connect(present);
  connection_.disconnect(present);
}

void driver::arm_timer() {
  const auto at = connection_.poll_timeout();
  if (at == timer_at_)
    return;
  timer_at_ = at;
  if (at == never) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(asio::steady_timer::time_point{
      std::chrono::duration_cast<asio::steady_timer::duration>(at.time_since_epoch())});
  timer_.async_wait([this](error_code error) {
    if (error)
      return; // set to another time
    timer_at_ = never;
    connection_.handle_timeout(now());
    take_turn();
  });
}

void driver::open() {
  present_ = std::make_shared<transport>(context_);
  lookup_.start([this, opened = present_](error_code error, std::vector<tcp::endpoint> found) {
    if (!is_present(opened))
      return;
    if (error)
      return fail(opened, error);
    try_endpoints(opened, std::move(found));
  });
}

/// One after the other, all in the time of one attempt. An address that swallows everything, or
/// takes connections and never answers, would take all that time, so the next attempt begins with
/// the one after it.
void driver::try_endpoints(const transport_ptr& opened, std::vector<tcp::endpoint> found) {
  if (!found.empty())
    std::rotate(found.begin(),
                found.begin() + static_cast<std::ptrdiff_t>(preferred_ % found.size()),
                found.end());
  asio::async_connect(opened->stream, found,
                      [this, opened](error_code error, const tcp::endpoint&) {
                        if (!is_present(opened))
                          return;
                        if (error)
                          return fail(opened, error);
                        handle_connected(opened);
                      });
}

void driver::handle_connected(const transport_ptr& opened) {
  error_code ignored;
  // We coalesce by turns; to wait for more would only add delay.
  opened->stream.set_option(tcp::no_delay{true}, ignored);
  opened->connected = true;
  const auto server = opened->stream.remote_endpoint(ignored);
  open_datagrams(opened);
  connection_.handle_connected(now(), to_address(server.address(), server.port()));
  read(opened);
  take_turn();
}

void driver::close() {
  const auto closed = std::exchange(present_, nullptr);
  if (!closed)
    return;
  if (!closed->answered)
    ++preferred_;
  error_code ignored;
  lookup_.cancel();
  closed->datagrams.close(ignored);
  if (!closed->writing)
    return hang_up(*closed);
  // It may be DISCONNECT that is being written; but a dead peer takes no more bytes at all.
  closed->closing = true;
  closed->linger.expires_after(linger_max);
  closed->linger.async_wait([this, closed](error_code) { hang_up(*closed); });
}

void driver::hang_up(transport& closed) {
  error_code ignored;
  closed.linger.cancel();
  closed.stream.shutdown(tcp::socket::shutdown_send, ignored);
  closed.stream.close(ignored);
}

void driver::fail(const transport_ptr& failed, error_code reason) {
  if (!is_present(failed))
    return;
  close();
  connection_.handle_closed(now(), reason);
  take_turn();
}

void driver::read(const transport_ptr& from) {
  from->stream.async_read_some(
      asio::buffer(from->input), [this, from](error_code error, std::size_t size) {
        if (!is_present(from))
          return;
        if (error)
          return fail(from, error);
        connection_.handle_bytes(now(), byte_view{from->input}.first(size));
        take_turn();
        if (is_present(from))
          read(from);
      });
}

/// Whether something was written. While one write is under way everything else waits in the
/// connection, which knows what may be dropped and what may not.
bool driver::write() {
  const auto to = present_;
  if (!to || !to->connected || to->writing)
    return false;
  to->output.clear();
  connection_.poll_write(now(), to->output, write_size_max);
  if (to->output.empty())
    return false;
  to->writing = true;
  asio::async_write(to->stream, asio::buffer(to->output),
                    [this, to](error_code error, std::size_t) {
                      to->writing = false;
                      if (to->closing) {
                        hang_up(*to);
                      } else if (error) {
                        fail(to, error);
                      } else if (is_present(to)) {
                        take_turn();
                      }
                    });
  return true;
}

void driver::open_datagrams(const transport_ptr& beside) {
  error_code error;
  const auto local = beside->stream.local_endpoint(error);
  auto& socket = beside->datagrams;
  // Without datagrams the path is never proven, which is no error.
  if (socket.open(local.address().is_v4() ? udp::v4() : udp::v6(), error) ||
      socket.non_blocking(true, error))
    return;
  forbid_fragments(socket);
  read_datagrams(beside);
}

void driver::read_datagrams(const transport_ptr& from) {
  from->datagrams.async_wait(udp::socket::wait_read, [this, from](error_code error) {
    if (error || !is_present(from))
      return;
    std::array<std::byte, 2048> input;
    for (int i = 0; i != 64; ++i) { // then TCP's turn
      udp::endpoint sender;
      const auto size = from->datagrams.receive_from(asio::buffer(input), sender, 0, error);
      if (error == asio::error::would_block)
        break;
      if (!error) // an ICMP error of an earlier datagram proves nothing
        connection_.handle_datagram(now(), to_address(sender.address(), sender.port()),
                                    byte_view{input}.first(size));
    }
    take_turn();
    if (is_present(from))
      read_datagrams(from);
  });
}

void driver::send(const client_connection::datagram& what) {
  if (!present_ || !present_->datagrams.is_open())
    return;
  auto& socket = present_->datagrams;
  error_code error;
  const auto local = present_->stream.local_endpoint(error);
  socket.send_to(asio::buffer(what.data), to_endpoint(what.to, local.address().is_v6()), 0, error);
  if (error == asio::error::message_size)
    connection_.handle_datagram_too_long(now(), what.data.size());
}

} // namespace kodama
