#include "sim/tcp.hpp"

#include "sim/tcp_connection.hpp"

namespace kodama::sim {

std::string_view to_string(close_reason reason) noexcept {
  switch (reason) {
  case close_reason::local: return "local";
  case close_reason::peer: return "peer";
  case close_reason::reset: return "reset";
  case close_reason::refused: return "refused";
  case close_reason::timed_out: return "timed_out";
  }
  return "unknown";
}

tcp_endpoint::~tcp_endpoint() {
  connection_.abandon(side_);
}
void tcp_endpoint::bind(tcp_handler& handler) {
  connection_.bind(side_, handler);
}
void tcp_endpoint::write(byte_view data) {
  connection_.write(side_, data);
}
bool tcp_endpoint::writable() const {
  return connection_.writable(side_);
}
void tcp_endpoint::close() {
  connection_.close(side_);
}
void tcp_endpoint::reset() {
  connection_.reset(side_);
}
void tcp_endpoint::pause_reading() {
  connection_.pause(side_);
}
void tcp_endpoint::resume_reading() {
  connection_.resume(side_);
}
std::uint64_t tcp_endpoint::id() const {
  return connection_.id();
}
host_id tcp_endpoint::host() const {
  return connection_.host(side_);
}
address tcp_endpoint::local() const {
  return connection_.where(side_);
}
address tcp_endpoint::peer() const {
  return connection_.where(1 - side_);
}

} // namespace kodama::sim
