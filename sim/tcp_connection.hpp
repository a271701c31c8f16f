#pragma once

#include "sim/story_tap.hpp"
#include "sim/tcp.hpp"
#include "sim/tcp_pipe.hpp"
#include "sim/wires.hpp"

#include <array>
#include <cstdint>

namespace kodama::sim {

/// Who answers at the far end of a connection that is being made; tcp_network is.
class tcp_gate {
public:
  virtual ~tcp_gate() = default;
  [[nodiscard]] virtual bool answers(const tcp_connection& asking) = 0;
  /// How long the listener lets the connection wait after the handshake.
  [[nodiscard]] virtual duration accept_delay(const tcp_connection& accepted) = 0;
  virtual void accept(tcp_connection& accepted) = 0;
};

/// Both ends of one TCP connection and the two pipes between them; side 0 has connected, side 1
/// accepted.
///
/// Its network owns it until the end of the run, for events refer to it. Faults are done to it by
/// the calls named after them.
class tcp_connection {
public:
  static constexpr unsigned client = 0;
  static constexpr unsigned server = 1;

  struct end {
    host_id host;
    address where;
  };
  struct surroundings {
    const context& world;
    wires& links;
    tcp_gate& gate;
    bytes& scratch; ///< shared by all connections: callbacks never nest
    story_tap* tap; ///< none where no story is told
  };

  /// `key`: what decisions about this connection are keyed by.
  tcp_connection(const surroundings& around, std::uint64_t id, std::uint64_t key,
                 const tcp_pipe::options& buffers, const end& from, const end& to);

  /// Sends the SYN; where nobody is, only the timeout will answer.
  void begin(duration timeout, bool somebody_there);

  // For tcp_endpoint.
  void bind(unsigned side, tcp_handler& handler);
  void abandon(unsigned side);
  void write(unsigned side, byte_view data);
  [[nodiscard]] bool writable(unsigned side) const;
  void close(unsigned side);
  void reset(unsigned side);
  void pause(unsigned side) { sides_[side].paused = true; }
  void resume(unsigned side);

  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  [[nodiscard]] std::uint64_t key() const noexcept { return key_; }
  [[nodiscard]] host_id host(unsigned side) const { return sides_[side].at.host; }
  [[nodiscard]] const address& where(unsigned side) const { return sides_[side].at.where; }
  /// An end that nobody has told anything yet.
  [[nodiscard]] bool is_open(unsigned side) const { return sides_[side].open; }
  [[nodiscard]] bool is_established() const noexcept { return stage_ == stage::established; }
  /// Nothing will ever happen here again.
  [[nodiscard]] bool is_over() const;

  /// Both ends are told within moments; what is in flight is lost.
  void break_with_resets(std::uint64_t draw);
  /// Both ends see an orderly end; what `first` has written still arrives, the rest does not.
  void end_in_order(unsigned first);
  /// Nothing passes any more, for ever, and nobody is told.
  void sever();
  /// Nothing passes any more, for ever; `told` is told at once, the other end never.
  void half_open(unsigned told);
  /// `told` is told of a reset; what it has written arrives after `wait` nevertheless.
  void deliver_late(unsigned told, duration wait);
  /// The machine at `side` dies without a word to its owner. `resets`: its kernel lives on and
  /// tells the peer.
  void kill(unsigned side, bool resets);
  /// Whatever stood before a black hole tries again after `wait`.
  void retransmit(duration wait);

private:
  enum class stage : std::uint8_t { syn, syn_ack, ack, established };

  struct side_state {
    end at;
    tcp_pipe out;
    timed_draws jitter;
    tcp_handler* handler = nullptr;
    event_token arrival;  ///< of the first segment in flight from here
    bool open = true;     ///< neither closed here nor told that it is over
    bool told = false;    ///< on_closed() has been called
    bool sending = false; ///< its end of the handshake is done
    bool paused = false;
    bool end_landed = false;
    bool stalled = false; ///< the first segment stands before a black hole
    bool held = false;    ///< …and no retransmission helps
    bool mute = false;    ///< its machine takes nothing and answers nothing
    close_reason reason = close_reason::local;
  };

  void schedule_step(duration wait);
  void step();
  void refuse();
  void connected();
  void accepted();
  void pump(unsigned from);
  void schedule_arrival(unsigned from);
  void arrive(unsigned from);
  void deliver(unsigned to);
  void send_reset(unsigned from);
  /// What has not landed of what `from` has sent never will.
  void lose_unlanded(unsigned from, std::string_view why);
  /// …and nobody will read what has.
  void tell_deaf(unsigned to, std::string_view why);
  [[nodiscard]] story_tap::way way_from(unsigned side) const;
  void shut(unsigned side, close_reason reason);
  void tell_closed(unsigned side);
  [[nodiscard]] bool passes(unsigned from) const;
  [[nodiscard]] duration travel(unsigned from);
  void note(unsigned side, const trace_kind& kind, std::uint64_t a = 0, std::uint64_t b = 0) const;
  void check() const;

  surroundings around_;
  std::uint64_t id_;
  std::uint64_t key_;
  std::array<side_state, 2> sides_;
  stage stage_ = stage::syn;
  event_token timeout_;
  bool handshake_stalled_ = false;
  bool severed_ = false;
};

} // namespace kodama::sim
