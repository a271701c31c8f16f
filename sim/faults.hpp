#pragma once

#include "protocol/result.hpp"
#include "protocol/time.hpp"
#include "sim/random.hpp"
#include "sim/trace.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kodama::sim {

/// Every kind of trouble, by the name that plans, traces and coverage reports use.
enum class fault_kind : std::uint8_t {
  // What both TCP and UDP suffer from.
  latency,
  jitter,
  bandwidth,
  new_address,
  black_hole,
  black_hole_to_host,
  black_hole_from_host,
  tcp_segmentation,
  tcp_reset,
  tcp_close,
  tcp_half_open,
  tcp_late_delivery,
  tcp_refused,
  tcp_slow_accept,
  udp_loss,
  udp_duplication,
  udp_reordering,
  udp_delay,
  udp_mtu,
  udp_blocked_from_start,
  udp_blocked,
  udp_blocked_to_host,
  udp_blocked_from_host,
  udp_nat_port,
  udp_nat_address,
  udp_replay,
  udp_forgery,
  // Executed by the world: machines.
  server_pause,
  server_restart,
  client_pause,
  client_kill,
  client_kill_forget,
  clock_drift,
  clock_jump,
  clock_leap,
  // Executed by the world: misbehaving clients.
  client_slow_reader,
  client_never_reads,
  client_flood,
  client_malformed,
  client_wrong_token,
  client_expired_token,
  client_second_copy,
  reconnect_storm,
};

inline constexpr std::size_t fault_kind_count =
    static_cast<std::size_t>(fault_kind::reconnect_storm) + 1;

/// "udp_loss"; the same names are the keys of a plan's text.
[[nodiscard]] std::string_view to_string(fault_kind kind) noexcept;

/// How often each kind really struck: a plan that asks for resets proves nothing when no connection
/// was open.
class fault_counters {
public:
  void strike(fault_kind kind) noexcept { ++struck_[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] std::uint64_t struck(fault_kind kind) const noexcept {
    return struck_[static_cast<std::size_t>(kind)];
  }
  void add(const fault_counters& other) noexcept;

private:
  std::array<std::uint64_t, fault_kind_count> struck_{};
};

/// More often would be a different fault, and the list of strikes without end.
inline constexpr duration spell_every_min = std::chrono::milliseconds{1};

/// Of a clock, in parts per million: more than twice that of the worst plan. With 200,000 a correct
/// server breaks promises, since its own timeouts are no longer those that were agreed on.
inline constexpr std::uint64_t deviation_max = 50'000;

/// Strikes each of its targets about once per `every`, for [shortest, longest]. Off when `every` is
/// zero.
struct spell {
  duration every{0};
  duration shortest{0};
  duration longest{0};

  bool operator==(const spell&) const = default;
};

/// Holds up a share of the cases, each for up to `longest`.
struct slowness {
  probability odds;
  duration longest{0};

  bool operator==(const slowness&) const = default;
};

/// A capacity; 0: unlimited. Smaller is worse.
struct ceiling {
  std::uint64_t value = 0;

  bool operator==(const ceiling&) const = default;
};

/// A deviation of at most deviation_max; 0: none. Larger is worse.
struct deviation {
  std::uint64_t value = 0;

  bool operator==(const deviation&) const = default;
};

enum class fault_profile { none, lossy, mobile, hostile, swarm };

/// All the trouble of one run. Plain data: a scenario keeps it, a person edits it, the shrinker
/// zeroes one field after the other. A zero field is a fault that is off.
///
/// Faults strike in [0, heal_at) of the run. "Host" means a client's machine, unless said
/// otherwise. for_each_fault() in sim/fault_fields.hpp names the kind of each field.
struct fault_plan {
  duration heal_at{0};

  duration latency{0}; ///< each host is further away by up to this, one way
  duration jitter{0};  ///< each packet takes up to this longer; one in 32 up to 8 times this
  ceiling bandwidth;   ///< bytes per second of the slowest host's access link, each way
  spell new_address;   ///< another network: old connections dangle, both sides unaware or one
  spell black_hole;    ///< nothing passes to or from the host; TCP resends afterwards
  spell black_hole_to_host;
  spell black_hole_from_host;

  struct tcp_faults {
    probability segmentation; ///< of connections: their bytes arrive cut anywhere
    spell reset;              ///< both sides are told, bytes in flight are lost
    spell close;              ///< an orderly end out of nowhere, as proxies do
    spell half_open;          ///< one side is told, the other never
    spell late_delivery;      ///< the host is told; what it had sent arrives up to `longest` later
    probability refused;      ///< of attempts to connect
    slowness slow_accept;

    bool operator==(const tcp_faults&) const = default;
  } tcp;

  struct udp_faults {
    probability loss;
    probability duplication;
    slowness reordering;            ///< a few packets are overtaken
    slowness delay;                 ///< long enough to arrive in another epoch
    ceiling mtu;                    ///< of some hosts: longer datagrams vanish
    probability blocked_from_start; ///< of hosts
    spell blocked;
    spell blocked_to_host;
    spell blocked_from_host;
    spell nat_port;      ///< the host's external ports change, and change back afterwards
    spell nat_address;   ///< the same for its external address
    probability replay;  ///< after a datagram, an older one that has arrived comes again
    probability forgery; ///< after a datagram, a made-up one with the same first bytes comes

    bool operator==(const udp_faults&) const = default;
  } udp;

  struct process_faults {
    spell server_pause;   ///< a stopped virtual machine: time goes on without it
    spell server_restart; ///< down for the length of the spell
    spell client_pause;
    spell client_kill;        ///< comes back with its state
    spell client_kill_forget; ///< comes back as a stranger
    deviation clock_drift;    ///< parts per million, either way, of every host
    slowness clock_jump;      ///< the server's wall clock jumps once, and how far
    spell clock_leap; ///< of every host: its monotonic clock goes ahead by the spell's length

    bool operator==(const process_faults&) const = default;
  } process;

  struct client_faults {
    spell slow_reader;       ///< stops reading for a while
    probability never_reads; ///< of clients
    spell flood;
    spell malformed;
    probability wrong_token;   ///< of attempts to connect
    probability expired_token; ///< of attempts to connect
    spell second_copy;         ///< a second process resumes the session while the first lives
    spell reconnect_storm;     ///< everybody's connection dies at once

    bool operator==(const client_faults&) const = default;
  } client;

  bool operator==(const fault_plan&) const = default;

  /// Each seed switches a random subset on, each with a random intensity up to worst(); one seed in
  /// eight has no faults at all. Many faults at once hide each other; few find what they alone can.
  [[nodiscard]] static fault_plan draw(std::uint64_t seed);
  /// Everything at once, as bad as draw() ever makes it.
  [[nodiscard]] static fault_plan worst();
  [[nodiscard]] static fault_plan of(fault_profile profile, std::uint64_t seed);
};

/// "none", "lossy", "mobile", "hostile", "swarm"; anything else is an invalid_argument.
[[nodiscard]] result<fault_profile> parse_fault_profile(std::string_view name);
[[nodiscard]] std::string_view to_string(fault_profile profile) noexcept;

/// One line per fault that is on, such as "tcp_reset every 4s for 0s to 2s"; parse is its inverse.
[[nodiscard]] std::string to_text(const fault_plan& plan);
[[nodiscard]] result<fault_plan> parse_fault_plan(std::string_view text);

/// One fault that strikes one host at one moment: what remains of a plan's spells once a run is
/// drawn. Plain data too: the shrinker removes them one by one.
struct timed_fault {
  fault_kind kind;
  host_id host;
  duration at; ///< since the start of the run
  duration lasts;
  std::uint64_t draw; ///< decides whatever else there is to decide about it

  bool operator==(const timed_fault&) const = default;
};

/// "black_hole for 6000 ms", with the facts "fault" and, where it has a length, "lasts" in
/// milliseconds.
[[nodiscard]] telling tell_fault(const timed_fault& struck);

/// Whom spells may strike. `key` is what decisions about the host are keyed by.
struct fault_target {
  host_id host;
  std::uint64_t key;
  bool server = false;
};

/// Draws all strikes of all spells, ordered by time. Those of one host and kind depend on nothing
/// but the seed and the plan's field. A reconnect storm is drawn for the servers, a leap of the
/// clock for everybody, other kinds that don't say "server" for the clients.
[[nodiscard]] std::vector<timed_fault> draw_timed_faults(const fault_plan& plan, std::uint64_t seed,
                                                         std::span<const fault_target> targets);

} // namespace kodama::sim
