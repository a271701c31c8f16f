#pragma once

#include "protocol/bytes.hpp"
#include "protocol/time.hpp"
#include "sim/random.hpp"

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kodama::sim {

/// A machine of the invented world, numbered in the order of its creation.
enum class host_id : std::uint32_t {};

/// What sort of thing happened. Made once per site as a constant: the hash of the name is then a
/// constant too. The name must outlive the trace (a literal does).
class trace_kind {
public:
  consteval explicit trace_kind(const char* name)
      : name_{name}
      , hash_{hash_of(name_)} {}

  [[nodiscard]] constexpr std::string_view name() const noexcept { return name_; }
  [[nodiscard]] constexpr std::uint64_t hash() const noexcept { return hash_; }

private:
  std::string_view name_;
  std::uint64_t hash_;
};

/// The content as one number, so that a note can tell two contents apart without keeping them.
[[nodiscard]] std::uint64_t digest(byte_view content) noexcept;

/// Something that an event is about: {"message", "0#12"}. What a story is filtered by. The name
/// must outlive the trace (a literal does).
struct fact {
  std::string_view name;
  std::string value;

  bool operator==(const fact&) const = default;
};

/// What a reader learns of an event: half a sentence whose subject is the host, and what it is
/// about.
struct telling {
  telling() = default;
  telling(std::string said, std::vector<fact> about = {})
      : text{std::move(said)}
      , facts{std::move(about)} {}
  telling(const char* said)
      : text{said} {}

  std::string text;
  std::vector<fact> facts;
};

/// The history of a run.
///
/// Always a hash over the numbers of every note, equal for equal runs on every machine, compiler
/// and build; on demand the notes themselves, for `replay` and for naming the first event in which
/// two runs differ. Texts are made only when they are kept, and never reach the hash; nor does what
/// is merely told, so that a story may grow without a change of the histories.
class trace {
public:
  enum class keep { hash, numbers, text };

  struct record {
    instant when;
    host_id host;
    std::string_view kind;
    std::array<std::uint64_t, 3> numbers;
    std::string text;
    std::vector<fact> facts;

    bool operator==(const record&) const = default;
    /// Empty where there is no such fact.
    [[nodiscard]] std::string_view about(std::string_view name) const noexcept;
  };

  explicit trace(keep what = keep::hash)
      : keep_{what} {}

  void name_host(host_id host, std::string_view name);

  void note(instant when, host_id host, const trace_kind& kind, std::uint64_t a = 0,
            std::uint64_t b = 0, std::uint64_t c = 0) {
    absorb(when, host, kind, a, b, c);
    if (keep_ != keep::hash)
      records_.push_back({when, host, kind.name(), {a, b, c}, {}, {}});
  }

  /// `tell` returns what a reader wants to know (a telling, or its text alone); called only when
  /// texts are kept.
  template <std::invocable Tell>
  void note(instant when, host_id host, const trace_kind& kind, std::uint64_t a, std::uint64_t b,
            std::uint64_t c, Tell&& tell) {
    note(when, host, kind, a, b, c);
    if (tells())
      explain(telling{tell()});
  }

  /// What belongs into a story only: nothing of it reaches the hash, and where texts are not kept
  /// nothing happens.
  template <std::invocable Tell>
  void tell(instant when, host_id host, const trace_kind& kind, Tell&& tell) {
    if (!tells())
      return;
    records_.push_back({when, host, kind.name(), {}, {}, {}});
    explain(telling{tell()});
  }
  [[nodiscard]] bool tells() const noexcept { return keep_ == keep::text; }

  [[nodiscard]] std::uint64_t hash() const noexcept { return mix(state_); }
  [[nodiscard]] std::uint64_t notes() const noexcept { return notes_; }
  [[nodiscard]] const std::vector<record>& records() const noexcept { return records_; }
  /// By host_id.
  [[nodiscard]] const std::vector<std::string>& host_names() const noexcept { return names_; }

  /// "   12.345678 client-3  tcp.bytes      512 bytes from server"
  [[nodiscard]] std::string line(const record& of) const;

private:
  void explain(telling&& said) {
    records_.back().text = std::move(said.text);
    records_.back().facts = std::move(said.facts);
  }
  void absorb(instant when, host_id host, const trace_kind& kind, std::uint64_t a, std::uint64_t b,
              std::uint64_t c) noexcept {
    ++notes_;
    fold(static_cast<std::uint64_t>(when.time_since_epoch().count()));
    fold(kind.hash() + static_cast<std::uint64_t>(host));
    fold(a);
    fold(b);
    fold(c);
  }
  void fold(std::uint64_t number) noexcept {
    state_ = (state_ ^ number) * 0x9fb21c651e98df25;
    state_ ^= state_ >> 32;
  }

  keep keep_;
  std::uint64_t state_ = 0x2545f4914f6cdd1d;
  std::uint64_t notes_ = 0;
  std::vector<record> records_;
  std::vector<std::string> names_;
};

/// The index of the first record that differs, or is missing in one; empty when none does.
[[nodiscard]] std::optional<std::size_t> first_difference(const trace& a, const trace& b);

} // namespace kodama::sim
