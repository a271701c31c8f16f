#pragma once

#include "protocol/address.hpp"
#include "protocol/bytes.hpp"
#include "sim/story_tap.hpp"
#include "sim/udp_flow.hpp"
#include "sim/wires.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace kodama::sim {

class udp_network;

/// Told of datagrams, out of event_queue::run_next() alone; may send and destroy sockets meanwhile.
class udp_handler {
public:
  virtual ~udp_handler() = default;
  /// `data` is valid until the call returns. `from` may be forged.
  virtual void on_datagram(const address& from, byte_view data) = 0;
};

enum class udp_send_result {
  sent,     ///< which promises nothing
  too_long, ///< the interface refuses it, as EMSGSIZE tells on a real one
};

/// A datagram socket of one host; its owner holds it, destroying it closes it. It must not outlive
/// the network.
class udp_socket {
public:
  ~udp_socket();
  udp_socket(const udp_socket&) = delete;
  udp_socket& operator=(const udp_socket&) = delete;

  udp_send_result send(const address& to, byte_view data);
  /// The port that the host itself knows.
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// Where the rest of the world sees it just now, translated.
  [[nodiscard]] const address& external() const noexcept { return external_; }

private:
  friend class udp_network;
  udp_socket(udp_network& network, host_id host, std::uint16_t port, udp_handler& handler)
      : network_{network}
      , host_{host}
      , port_{port}
      , handler_{&handler} {}

  udp_network& network_;
  host_id host_;
  std::uint16_t port_;
  udp_handler* handler_; ///< none after a crash of the host
  address home_;         ///< where it is without disturbance
  address external_;
};

using udp_socket_ptr = std::unique_ptr<udp_socket>;

struct udp_options {
  /// An Ethernet frame without its IPv6 and UDP headers.
  std::size_t interface_datagram_max = 1452;
};

/// All datagram sockets, their translated addresses, and what is under way between them.
class udp_network {
public:
  /// `tap`: none where no story is told.
  udp_network(const context& world, wires& links, story_tap* tap, const udp_options& chosen)
      : world_{world}
      , links_{links}
      , tap_{tap}
      , options_{chosen} {}

  /// Port 0: any. The handler must live as long as the socket.
  [[nodiscard]] udp_socket_ptr open(host_id host, std::uint16_t port, udp_handler& handler);

  /// The translator forgets the host's sockets: other external ports, or another address.
  void rebind(host_id host, bool address_too);
  /// …and comes back to where they were.
  void rebind_home(host_id host);
  /// The host itself has moved (wires::move_to_new_address).
  void follow_host(host_id host);
  /// No socket of the host hears anything any more.
  void crash(host_id host);

private:
  friend class udp_socket;
  struct packet {
    address from;
    address to;
    host_id sender;
    bytes data;
    bool genuine = true;
    std::uint64_t transmission = 0; ///< the tap's number
  };

  udp_send_result send(udp_socket& socket, const address& to, byte_view data);
  void close(udp_socket& socket);
  void launch(const address& from, const address& to, host_id sender, byte_view data,
              instant arrives, story_tap::nature what = story_tap::nature::genuine);
  /// For a story: one that does not even leave.
  void tell_lost(host_id from, host_id to, byte_view data, std::string_view why);
  void arrive(std::uint32_t index);
  void relocate(udp_socket& socket, const address& external);
  [[nodiscard]] bool is_too_long(udp_flow& flow, host_id from, host_id to, byte_view data);
  [[nodiscard]] bool is_swallowed(udp_flow& flow, host_id from, host_id to, byte_view data);
  void attack(udp_flow& flow, const udp_socket& sender, const address& to, instant arrives);
  [[nodiscard]] udp_flow& flow_between(host_id from, host_id to);

  const context& world_;
  wires& links_;
  story_tap* tap_;
  udp_options options_;
  std::vector<udp_socket*> sockets_; ///< by age
  /// The port first: in an invented world it nearly always decides, and costs one comparison.
  struct by_port {
    bool operator()(const address& a, const address& b) const noexcept {
      return a.port != b.port ? a.port < b.port : a.ip < b.ip;
    }
  };
  std::map<address, udp_socket*, by_port> routes_;
  std::map<std::pair<host_id, host_id>, udp_flow> flows_;
  std::vector<packet> packets_; ///< under way; slots and their buffers are used again
  std::vector<std::uint32_t> free_;
};

} // namespace kodama::sim
