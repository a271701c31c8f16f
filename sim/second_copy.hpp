#pragma once

#include "sim/network.hpp"
#include "sim/server_host.hpp"

#include <string>

namespace kodama::sim {

/// A second process with a client's secrets: resumes its session once while the first still uses
/// it, and never says another word. So the first loses its connection to a stranger that looks just
/// like itself.
class second_copy final : private tcp_handler {
public:
  second_copy(const context& world, network& wires, const server_host& server, host_id from,
              std::string token, const session_id& secret, duration keepalive, std::uint64_t draw);

private:
  void on_connected() override;
  void on_bytes(byte_view) override {}
  void on_closed(close_reason) override {}

  const context& world_;
  std::string token_;
  session_id secret_;
  duration keepalive_;
  std::uint64_t draw_;
  tcp_endpoint_ptr tcp_;
};

} // namespace kodama::sim
