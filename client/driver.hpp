#pragma once

#include "client/name_lookup.hpp"
#include "protocol/client_connection.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace kodama {

/// Drives one client_connection on real sockets and the real clock.
///
/// It reports what the sockets did, then asks the connection until it wants nothing more: that is a
/// turn. Calls of the user are answered by a turn of their own, once per round of the event loop,
/// so that everything published in one round leaves with one system call. Runs on the io_context's
/// thread alone, and owns it, so that no handler outlives the driver.
class driver {
public:
  using event_handler = std::function<void(const client_event::any&)>;

  /// `on_settled` is called when the events of a step have been handed out.
  driver(client_connection& connection, std::string_view server, event_handler on_event,
         std::function<void()> on_settled);

  [[nodiscard]] static instant now();
  [[nodiscard]] boost::asio::io_context& context() noexcept { return context_; }
  /// The user has asked the connection for something: take a turn soon.
  void wake();
  /// Begins; where the session is being ended, when that is told.
  void connect();
  /// Ends the session, which `stopped` tells; not before the present turn's events have all been
  /// handed out. Also what was asked for before connect() ends. Nothing is told where nothing was
  /// asked for since the last `stopped`.
  void disconnect();

private:
  using tcp = boost::asio::ip::tcp;
  using udp = boost::asio::ip::udp;

  static constexpr std::size_t read_size = 64 * 1024;
  static constexpr std::size_t write_size_max = 256 * 1024;

  /// One TCP connection, or the attempt at one, with the UDP socket beside it. Handlers that find
  /// that it is no longer the present one do nothing.
  struct transport {
    explicit transport(boost::asio::io_context& context)
        : stream{context}
        , datagrams{context}
        , linger{context} {}

    tcp::socket stream;
    udp::socket datagrams;
    boost::asio::steady_timer linger;
    bool connected = false;
    bool answered = false; // as a Kodama server does
    bool writing = false;
    bool closing = false; // once the present write is done, or `linger` is over
    std::array<std::byte, read_size> input;
    bytes output;
  };
  using transport_ptr = std::shared_ptr<transport>;

  void wake_up();
  /// An event that a callback threw out of would be half told, and the turn half taken.
  void take_turn() noexcept;
  [[nodiscard]] bool take_step();
  void end_session(instant present);
  void hand_out(const client_event::any& event);
  void arm_timer();

  void open();
  void try_endpoints(const transport_ptr& opened, std::vector<tcp::endpoint> found);
  void handle_connected(const transport_ptr& opened);
  void close();
  void hang_up(transport& closed);
  void fail(const transport_ptr& failed, boost::system::error_code reason);

  void read(const transport_ptr& from);
  [[nodiscard]] bool write();
  void open_datagrams(const transport_ptr& beside);
  void read_datagrams(const transport_ptr& from);
  void send(const client_connection::datagram& what);

  [[nodiscard]] bool is_present(const transport_ptr& which) const noexcept {
    return which == present_;
  }

  boost::asio::io_context context_{1};
  client_connection& connection_;
  name_lookup lookup_;
  event_handler on_event_;
  std::function<void()> on_settled_;
  boost::asio::steady_timer timer_{context_};
  instant timer_at_ = never;
  transport_ptr present_;
  std::size_t preferred_ = 0; // which of the resolved addresses is tried first
  bool awake_ = false;        // a turn has been posted
  bool in_turn_ = false;
  bool disconnect_asked_ = false; // and the connection not told so yet
  bool ending_ = false;           // disconnect() was called, `stopped` is to come
  bool connect_asked_ = false;    // meanwhile
  bool all_told_ = false;         // nothing was asked for since `stopped`
};

} // namespace kodama
