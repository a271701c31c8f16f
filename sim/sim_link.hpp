#pragma once

#include "actors/link.hpp"
#include "sim/mqtt_ear.hpp"
#include "sim/tcp.hpp"

#include <memory>
#include <optional>

namespace kodama::sim {

/// An invented TCP connection as an actors::link: the simulator's side of the seam.
///
/// Output is collected while actors run and written when none can run any more, as the server's
/// shards do it. Kept alive by its server_host until the connection is over.
class sim_link final : public actors::link, public tcp_handler {
public:
  /// `ear`: where MQTT is spoken.
  sim_link(actors::link_id id, tcp_endpoint_ptr endpoint, std::unique_ptr<mqtt_ear> ear = nullptr);

  // actors::link
  actors::link_id id() const noexcept override { return id_; }
  std::string peer() const override;
  void bind(const caf::actor& owner, reading how) override;
  bytes& output() override { return output_; }
  bool writable() const noexcept override;
  void close() override;

  // tcp_handler
  void on_bytes(byte_view data) override;
  void on_drained() override;
  void on_closed(close_reason reason) override;

  /// Writes what was collected; closes if that was asked for.
  void flush();
  [[nodiscard]] bool is_over() const noexcept { return over_; }

private:
  void tell_closed(close_reason reason);

  actors::link_id id_;
  tcp_endpoint_ptr endpoint_;
  std::unique_ptr<mqtt_ear> ear_;
  caf::actor owner_;
  reading reading_ = reading::once;
  bytes output_;
  std::optional<close_reason> untold_; ///< that it is closed: before it had an owner
  bool closing_ = false;
  bool over_ = false;
};

} // namespace kodama::sim
