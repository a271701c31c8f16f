#include "protocol/datagram_channel.hpp"

#include "protocol/assert.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>

namespace kodama {
namespace {

constexpr std::size_t key_size = 16;
constexpr std::size_t salt_size = 4;
constexpr std::size_t nonce_size = 12; // SP 800-38D, 8.2.1: a fixed field, then a counter

// The labels keep the two directions apart: with one key for both, a datagram reflected to its
// sender would be authentic, and both sides would use the same nonces.
constexpr std::string_view client_label = "kodama datagram client to server v1";
constexpr std::string_view server_label = "kodama datagram server to client v1";

// What a UDP datagram over IPv4 can hold at most; keeps lengths within OpenSSL's int.
constexpr std::size_t datagram_size_max = 65'507;

struct cipher_free {
  void operator()(EVP_CIPHER* what) const noexcept { EVP_CIPHER_free(what); }
};
struct digest_free {
  void operator()(EVP_MD* what) const noexcept { EVP_MD_free(what); }
};
struct context_free {
  void operator()(EVP_CIPHER_CTX* what) const noexcept { EVP_CIPHER_CTX_free(what); }
};
using context_ptr = std::unique_ptr<EVP_CIPHER_CTX, context_free>;

/// Looked up once: OpenSSL 3 otherwise searches its providers, under a lock, for every new key.
const EVP_CIPHER* aes_128_gcm() {
  static const std::unique_ptr<EVP_CIPHER, cipher_free> fetched{
      EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr)};
  KODAMA_ASSERT(fetched != nullptr);
  return fetched.get();
}

const EVP_MD* sha_256() {
  static const std::unique_ptr<EVP_MD, digest_free> fetched{
      EVP_MD_fetch(nullptr, "SHA256", nullptr)};
  KODAMA_ASSERT(fetched != nullptr);
  return fetched.get();
}

const unsigned char* raw(const std::byte* from) noexcept {
  return reinterpret_cast<const unsigned char*>(from);
}
unsigned char* raw(std::byte* from) noexcept {
  return reinterpret_cast<unsigned char*>(from);
}

constexpr std::size_t hash_size = 32;
using hash = std::array<std::byte, hash_size>;

/// Both random values, the client's first: exactly one block of SHA-256.
using secret = std::array<std::byte, 64>;

/// One of the two hashes of HMAC (RFC 2104, 2): H((key XOR pad), text).
hash hash_keyed(const secret& key, std::byte pad, byte_view text) {
  constexpr std::size_t text_size_max = 64;
  std::array<std::byte, std::tuple_size_v<secret> + text_size_max> input{};
  KODAMA_ASSERT(text.size() <= text_size_max);
  std::transform(key.begin(), key.end(), input.begin(), [pad](std::byte b) { return b ^ pad; });
  std::copy(text.begin(), text.end(), input.begin() + key.size());
  hash out{};
  KODAMA_ASSERT(EVP_Digest(input.data(), key.size() + text.size(), raw(out.data()), nullptr,
                           sha_256(), nullptr) == 1);
  return out;
}

/// HMAC-SHA256. Spelled out, since OpenSSL 3's HMAC() looks up algorithms by name in every call,
/// four times the cost of the hashing; a key of one block needs neither hashing nor filling up.
hash derive(const secret& key, std::string_view label) {
  const auto inner = hash_keyed(key, std::byte{0x36}, as_bytes(label));
  return hash_keyed(key, std::byte{0x5c}, inner);
}

/// One direction: a context that keeps its expanded key, and the nonce's fixed part.
class half {
public:
  enum class use { decrypt = 0, encrypt = 1 };

  half(const secret& shared, std::string_view label, use chosen)
      : context_{EVP_CIPHER_CTX_new()} {
    KODAMA_ASSERT(context_ != nullptr);
    const auto derived = derive(shared, label);
    KODAMA_ASSERT(EVP_CipherInit_ex2(context_.get(), aes_128_gcm(), raw(derived.data()), nullptr,
                                     static_cast<int>(chosen), nullptr) == 1);
    std::copy_n(derived.begin() + key_size, salt_size, nonce_.begin());
  }

  /// Starts the next datagram; `header` is authenticated, not encrypted.
  void start(std::uint64_t number, const std::byte* header) {
    store_big(nonce_.data() + salt_size, number);
    // No cipher, no key, and -1 for the direction: everything but the nonce stays as it is.
    KODAMA_ASSERT(
        EVP_CipherInit_ex2(context_.get(), nullptr, nullptr, raw(nonce_.data()), -1, nullptr) == 1);
    int length = 0;
    KODAMA_ASSERT(EVP_CipherUpdate(context_.get(), nullptr, &length, raw(header),
                                   static_cast<int>(datagram_channel::header_size)) == 1);
  }

  void transform(std::byte* to, byte_view from) {
    if (from.empty()) // an empty update means "finish" to OpenSSL
      return;
    int length = 0;
    KODAMA_ASSERT(EVP_CipherUpdate(context_.get(), raw(to), &length, raw(from.data()),
                                   static_cast<int>(from.size())) == 1);
    KODAMA_ASSERT(static_cast<std::size_t>(length) == from.size());
  }

  void finish_sealing(std::byte* tag) {
    KODAMA_ASSERT(finish());
    KODAMA_ASSERT(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG,
                                      datagram_channel::tag_size, tag) == 1);
  }

  /// False when the datagram is not authentic: what transform() produced must not be looked at.
  [[nodiscard]] bool finish_opening(const std::byte* tag) {
    std::array<std::byte, datagram_channel::tag_size> expected{}; // OpenSSL wants it mutable
    std::copy_n(tag, expected.size(), expected.begin());
    KODAMA_ASSERT(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG,
                                      datagram_channel::tag_size, expected.data()) == 1);
    return finish();
  }

private:
  [[nodiscard]] bool finish() {
    std::array<unsigned char, EVP_MAX_BLOCK_LENGTH> nothing{}; // GCM has no last block to flush
    int length = 0;
    return EVP_CipherFinal_ex(context_.get(), nothing.data(), &length) == 1;
  }

  context_ptr context_;
  std::array<std::byte, nonce_size> nonce_{};
};

secret join(const message::datagram_random& client, const message::datagram_random& server) {
  secret shared{};
  std::copy(server.begin(), server.end(), std::copy(client.begin(), client.end(), shared.begin()));
  return shared;
}

} // namespace

struct datagram_channel::cipher {
  cipher(side ours, const secret& shared)
      : sealing{shared, ours == side::client ? client_label : server_label, half::use::encrypt}
      , opening{shared, ours == side::client ? server_label : client_label, half::use::decrypt} {}

  half sealing;
  half opening;
};

datagram_channel::datagram_channel(side ours, path_id path, const message::datagram_random& client,
                                   const message::datagram_random& server)
    : path_{path}
    , cipher_{std::make_unique<cipher>(ours, join(client, server))} {}

datagram_channel::~datagram_channel() = default;
datagram_channel::datagram_channel(datagram_channel&&) noexcept = default;
datagram_channel& datagram_channel::operator=(datagram_channel&&) noexcept = default;

void datagram_channel::seal(bytes& out, byte_view plaintext) {
  KODAMA_ASSERT(plaintext.size() <= datagram_size_max - overhead);
  // A nonce used twice would give away the key that authenticates (SP 800-38D, 8).
  KODAMA_ASSERT(next_number_ != 0);
  const auto number = next_number_++;
  const auto start = out.size();
  out.resize(start + plaintext.size() + overhead);
  std::byte* header = out.data() + start;
  store_big(header, path_);
  store_big(header + 8, number);
  std::byte* body = header + header_size;
  auto& half = cipher_->sealing;
  half.start(number, header);
  half.transform(body, plaintext);
  half.finish_sealing(body + plaintext.size());
}

std::optional<datagram_channel::opened> datagram_channel::open(byte_view datagram) {
  if (datagram.size() < overhead || datagram.size() > datagram_size_max ||
      peek_path(datagram) != path_)
    return std::nullopt;
  const auto number = load_big<std::uint64_t>(datagram.data() + 8);
  // Before the costly part; the window itself only moves once the datagram is known to be
  // authentic, else one forged number would shut out everything that the peer really sends.
  if (is_replay(number))
    return std::nullopt;
  const auto body = datagram.subspan(header_size, datagram.size() - overhead);
  plaintext_.resize(body.size());
  auto& half = cipher_->opening;
  half.start(number, datagram.data());
  half.transform(plaintext_.data(), body);
  if (!half.finish_opening(datagram.data() + datagram.size() - tag_size))
    return std::nullopt;
  const bool newest = number > newest_;
  mark_seen(number);
  return opened{plaintext_, newest};
}

std::optional<path_id> datagram_channel::peek_path(byte_view datagram) noexcept {
  if (datagram.size() < overhead)
    return std::nullopt;
  return load_big<path_id>(datagram.data());
}

bool datagram_channel::is_replay(std::uint64_t number) const noexcept {
  if (number == 0) // numbers start at 1
    return true;
  if (number > newest_)
    return false;
  if (newest_ - number > replay_window)
    return true;
  return (seen_[number / 64 % seen_.size()] >> (number % 64) & 1U) != 0;
}

void datagram_channel::mark_seen(std::uint64_t number) noexcept {
  if (number > newest_) {
    const auto words = std::min<std::uint64_t>(number / 64 - newest_ / 64, seen_.size());
    for (std::uint64_t i = 0; i != words; ++i)
      seen_[(number / 64 - i) % seen_.size()] = 0;
    newest_ = number;
  }
  seen_[number / 64 % seen_.size()] |= std::uint64_t{1} << (number % 64);
}

} // namespace kodama
