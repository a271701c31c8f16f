#pragma once

#include "protocol/address.hpp"
#include "protocol/bytes.hpp"
#include "protocol/ids.hpp"

#include <caf/actor.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <string>

namespace kodama::actors {

/// Tells the connections of one node apart; never reused.
using link_id = std::uint64_t;

/// Whatever carries bytes to one peer: a TCP connection in production, an invented one in the
/// simulator. This is the seam between the two worlds.
///
/// A link belongs to one actor at a time and is called on that actor's home unit alone. Towards its
/// owner it speaks messages (actors/messages.hpp): link_received, link_drained, link_closed. From
/// its owner it takes the calls below. link_closed comes once, last; after close() nothing comes.
class link {
public:
  virtual ~link() = default;

  [[nodiscard]] virtual link_id id() const noexcept = 0;
  /// For logs: "192.0.2.1:50123".
  [[nodiscard]] virtual std::string peer() const = 0;

  /// `off`: nothing is read any more; what had been read, and that the link is closed, still comes.
  /// `once`: one link_received and then silence until the next bind(), so that nothing is under
  /// way while a link changes its owner. `on`: all that comes.
  enum class reading { off, once, on };

  /// Everything from now on goes to `owner`, which lives on the caller's home unit, and is read as
  /// `how` says. A link that belonged to another home unit moves here.
  virtual void bind(const caf::actor& owner, reading how) = 0;

  /// The buffer to append to; whatever is in it when the home unit's turn ends is written with one
  /// system call. Only valid within the owner's turn.
  [[nodiscard]] virtual bytes& output() = 0;

  /// False while more than a write's worth waits for a slow peer: then leave the rest in the
  /// windows; link_drained will come.
  [[nodiscard]] virtual bool writable() const noexcept = 0;

  /// Writes what output() holds if it goes without waiting, then closes.
  virtual void close() = 0;
};

using link_ptr = std::shared_ptr<link>;

/// To which address of the host a datagram came. The network's own affair: who is told it only says
/// whether datagrams may leave from there.
struct local_address {
  std::array<std::byte, 16> ip{};
  std::uint32_t interface = 0;

  bool operator==(const local_address&) const = default;
};

/// Where the datagrams of a node leave and arrive. One per node. Its number is that of the TCP port
/// of the first listener: so whoever forwards the one under another number (a translator, a proxy)
/// can forward the other likewise, and clients need not be told.
class datagram_port {
public:
  virtual ~datagram_port() = default;

  /// datagram_arrived messages that claim `path` go to `session`, until unbind().
  virtual void bind(path_id path, const caf::actor& session) = 0;
  virtual void unbind(path_id path) = 0;
  /// An authentic datagram of `path` came to this address: those of the path leave from there,
  /// since from another one they would be a stranger's. Nothing to do where the host has one alone.
  virtual void answer_from(path_id /*path*/, const local_address&) {}
  /// Queues one datagram; all queued in a turn leave together. Loss is not reported.
  virtual void send(const address& to, byte_view datagram) = 0;
};

} // namespace kodama::actors
