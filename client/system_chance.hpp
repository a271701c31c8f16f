#pragma once

#include "protocol/chance.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace kodama {

/// The operating system's chance, fetched in small portions.
class system_chance final : public chance {
public:
  [[nodiscard]] std::uint64_t next() override;

private:
  std::array<std::uint64_t, 32> fetched_{};
  std::size_t used_ = fetched_.size();
};

} // namespace kodama
