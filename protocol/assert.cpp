#include "protocol/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace kodama {

void assertion_failed(const char* expression, const char* file, int line) noexcept {
  std::fprintf(stderr, "kodama: assertion failed: %s (%s:%d)\n", expression, file, line);
  std::abort();
}

} // namespace kodama
