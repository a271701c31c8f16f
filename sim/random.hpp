#pragma once

#include "protocol/assert.hpp"
#include "protocol/time.hpp"

#include <compare>
#include <cstdint>
#include <string_view>

namespace kodama::sim {

/// FNV-1a: turns the name of a site or a host into a number, the same on every machine.
[[nodiscard]] constexpr std::uint64_t hash_of(std::string_view name) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char letter : name)
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3;
  return hash;
}

/// The finalizer of splitmix64 (Steele, Lea, Flood, 2014): every bit of the input reaches every bit
/// of the output.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

/// One key for a pair, such as "the third connection of this host". Not symmetric.
[[nodiscard]] constexpr std::uint64_t entity_of(std::uint64_t whose, std::uint64_t which) noexcept {
  return mix(whose + 0x9e3779b97f4a7c15 * (which + 1));
}

/// A share of all cases, in 1/65536: an integer, so that no compiler rounds it differently.
struct probability {
  std::uint32_t of_65536 = 0;

  [[nodiscard]] static constexpr probability percent(std::uint32_t n) noexcept {
    return {n * 65536 / 100};
  }
  [[nodiscard]] static constexpr probability per_mille(std::uint32_t n) noexcept {
    return {n * 65536 / 1000};
  }

  auto operator<=>(const probability&) const = default;
};

/// The decisions made at one site about one entity.
///
/// Every draw is a function of (seed, site, entity, ordinal) alone. Draws of other sites and other
/// entities, however many, change nothing here: that is why an old failure still reproduces after
/// an unrelated change of the code. A value; cheap to make and to copy.
class decision_stream {
public:
  constexpr decision_stream(std::uint64_t seed, std::string_view site,
                            std::uint64_t entity) noexcept
      : key_{mix(seed ^ mix(hash_of(site) ^ mix(entity + step)))} {}

  /// The draw number `ordinal`, wherever next() stands: for decisions about numbered things.
  [[nodiscard]] constexpr std::uint64_t at(std::uint64_t ordinal) const noexcept {
    return mix(key_ + (ordinal + 1) * step);
  }

  constexpr std::uint64_t next() noexcept { return at(ordinal_++); }

  /// Uniform in [0, bound); `bound` is at least 1.
  constexpr std::uint64_t below(std::uint64_t bound) noexcept { return scale(next(), bound); }

  constexpr bool happens(probability odds) noexcept { return is_hit(next(), odds); }

  /// Uniform in [least, most].
  constexpr duration duration_between(duration least, duration most) noexcept {
    KODAMA_ASSERT(least <= most);
    return least + scale_to(next(), most - least);
  }

  /// What one raw draw means; for users of at().
  [[nodiscard]] static constexpr bool is_hit(std::uint64_t draw, probability odds) noexcept {
    return (draw >> 48) < odds.of_65536;
  }
  [[nodiscard]] static constexpr std::uint64_t scale(std::uint64_t draw,
                                                     std::uint64_t bound) noexcept {
    return static_cast<std::uint64_t>((static_cast<wide>(draw) * bound) >> 64);
  }
  /// Uniform in [0, most].
  [[nodiscard]] static constexpr duration scale_to(std::uint64_t draw, duration most) noexcept {
    return duration{
        static_cast<duration::rep>(scale(draw, static_cast<std::uint64_t>(most.count()) + 1))};
  }

private:
  __extension__ using wide = unsigned __int128;
  static constexpr std::uint64_t step = 0x9e3779b97f4a7c15; // 2^64 / golden ratio, as splitmix64

  std::uint64_t key_;
  std::uint64_t ordinal_ = 0;
};

} // namespace kodama::sim
