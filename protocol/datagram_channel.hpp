#pragma once

#include "protocol/bytes.hpp"
#include "protocol/ids.hpp"
#include "protocol/message.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace kodama {

/// Seals and opens the datagrams of one session (docs/protocol.md, "Datagrams").
///
///     datagram = path_id:8 packet_number:8 ciphertext tag:16
///
/// AES-128-GCM (NIST SP 800-38D) with one key per direction, derived by HMAC-SHA256 from the two
/// random values exchanged on the session's TCP connection; the 16 bytes before the ciphertext are
/// authenticated too, and the packet number is the nonce. The key is as secret as that connection:
/// over plain TCP it keeps out whoever cannot read it, over TLS everybody.
///
/// A packet number is accepted once and not when it is more than 1,024 behind the newest
/// (RFC 6479's sliding window).
class datagram_channel {
public:
  enum class side { client, server };

  static constexpr std::size_t header_size = 16;
  static constexpr std::size_t tag_size = 16;
  static constexpr std::size_t overhead = header_size + tag_size;
  static constexpr std::uint64_t replay_window = 1024;

  datagram_channel(side ours, path_id path, const message::datagram_random& client,
                   const message::datagram_random& server);
  ~datagram_channel();
  datagram_channel(datagram_channel&&) noexcept;
  datagram_channel& operator=(datagram_channel&&) noexcept;

  /// Appends one datagram with `plaintext` in it to `out`; `plaintext` must not lie in `out`.
  void seal(bytes& out, byte_view plaintext);

  struct opened {
    byte_view plaintext; ///< valid until the next call
    bool newest; ///< its packet number is the highest so far: its sender's address is current
  };
  /// Empty for what is forged, replayed, damaged, too old or not for this path.
  [[nodiscard]] std::optional<opened> open(byte_view datagram);

  [[nodiscard]] path_id path() const noexcept { return path_; }
  /// To whom a datagram claims to belong; empty when it is too short to say so.
  [[nodiscard]] static std::optional<path_id> peek_path(byte_view datagram) noexcept;

private:
  struct cipher;

  path_id path_;
  std::unique_ptr<cipher> cipher_;
  std::uint64_t next_number_ = 1;
  std::uint64_t newest_ = 0;
  // One word more than the window: whole words are cleared as it moves (RFC 6479, 2.2).
  std::array<std::uint64_t, replay_window / 64 + 1> seen_{};
  bytes plaintext_;

  [[nodiscard]] bool is_replay(std::uint64_t number) const noexcept;
  void mark_seen(std::uint64_t number) noexcept;
};

} // namespace kodama
