#include "tests/bench/allocations.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

std::uint64_t kodama::allocations() noexcept {
  return 0;
}

#else

#include <cstdlib>
#include <new>

namespace {

std::uint64_t count = 0; // the benchmarks have one thread

void* allocate(std::size_t size) {
  ++count;
  if (auto* block = std::malloc(size == 0 ? 1 : size))
    return block;
  throw std::bad_alloc{};
}

} // namespace

std::uint64_t kodama::allocations() noexcept {
  return count;
}

void* operator new(std::size_t size) {
  return allocate(size);
}
void* operator new[](std::size_t size) {
  return allocate(size);
}
void operator delete(void* block) noexcept {
  std::free(block);
}
void operator delete[](void* block) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  std::free(block);
}
void operator delete[](void* block, std::size_t) noexcept {
  std::free(block);
}

#endif
