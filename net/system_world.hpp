#pragma once

#include "actors/world.hpp"

#include <shared_mutex>
#include <string>
#include <vector>

namespace kodama::net {

/// The operating system's time of day.
class system_clock final : public actors::wall_clock {
public:
  std::uint64_t unix_micros() const override;
};

/// The operating system's random numbers (getrandom(2)), fetched in batches by each thread.
class system_chance final : public chance {
public:
  std::uint64_t next() override;
};

/// The tokens that a server accepts; with none, everybody may come in.
///
/// Sessions belong to holders by their number, so a token that stays keeps its number when others
/// come and go, and no number is given twice.
class token_list final : public actors::token_check {
public:
  explicit token_list(const std::vector<std::string>& tokens) { replace(tokens); }

  std::size_t identify(std::string_view token) const override;
  /// Only these from now on; who is connected stays. From any thread. A list that was empty stays
  /// so, and one that was not never becomes so.
  void replace(const std::vector<std::string>& tokens);

private:
  struct known {
    std::string token;
    std::size_t holder;
  };

  mutable std::shared_mutex mutex_;
  std::vector<known> tokens_;
  std::size_t last_holder_ = 0;
};

} // namespace kodama::net
