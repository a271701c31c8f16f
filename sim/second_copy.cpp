#include "sim/second_copy.hpp"

#include "protocol/message.hpp"

#include <utility>

namespace kodama::sim {

second_copy::second_copy(const context& world, network& wires, const server_host& server,
                         host_id from, std::string token, const session_id& secret,
                         duration keepalive, std::uint64_t draw)
    : world_{world}
    , token_{std::move(token)}
    , secret_{secret}
    , keepalive_{keepalive}
    , draw_{draw}
    , tcp_{wires.connect(from, wires.where(server.host(), server_port), *this)} {}

void second_copy::on_connected() {
  message::connect_token asked;
  asked.token = token_;
  asked.keepalive_ms = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(keepalive_).count());
  // What it believes to have received is drawn: often nonsense, sometimes plausible.
  asked.resume = message::resume_point{secret_, draw_ % 4};
  bytes out;
  message::encode(out, asked, to_timestamp(world_.queue.now()));
  tcp_->write(out);
}

} // namespace kodama::sim
