#pragma once

#include "actors/link.hpp"
#include "net/shard.hpp"
#include "net/stream_pump.hpp"

#include <memory>

namespace kodama::net {

/// A connection through TLS, WebSocket or a PROXY header as an actors::link: the half that lives
/// where its owner does. It collects a turn's output and hands it to the pump in one piece.
class stream_link final : public actors::link,
                          public flushable,
                          public std::enable_shared_from_this<stream_link> {
public:
  /// Takes over `descriptor`, a connected socket that does not block; counted in `counts` already.
  /// The layers' handshakes begin at once, on `home`.
  stream_link(actors::link_id id, int descriptor, stream_layers layers, shard& home,
              connection_counts& counts);
  ~stream_link() override;

  // actors::link
  actors::link_id id() const noexcept override { return id_; }
  std::string peer() const override { return pump_->peer(); }
  void bind(const caf::actor& owner, reading how) override;
  bytes& output() override;
  bool writable() const noexcept override;
  void close() override;

  // flushable
  void flush() override;

private:
  actors::link_id id_;
  std::shared_ptr<stream_pump> pump_;
  shard* home_ = nullptr; ///< the owner's
  bytes output_;
  bool dirty_ = false;
  bool closing_ = false;
};

} // namespace kodama::net
