#pragma once

#include "protocol/assert.hpp"

#include <concepts>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace kodama::sim {

/// A move-only `void()`; up to 48 bytes of captures live inside it, so that an ordinary event costs
/// no allocation. (std::function keeps 16 and wants copies.)
class callback {
public:
  static constexpr std::size_t inside_max = 48;

  callback() = default;

  template <class Function>
  requires(!std::same_as<std::remove_cvref_t<Function>, callback> &&
           std::invocable<std::remove_cvref_t<Function>&>)
      callback(Function&& function) { // implicit: schedule(when, lambda) is the point
    using kept = std::remove_cvref_t<Function>;
    if constexpr (fits<kept>) {
      ::new (static_cast<void*>(storage_)) kept(std::forward<Function>(function));
      kind_ = &kind_of<kept>;
    } else {
      auto boxed = [inner = std::make_unique<kept>(std::forward<Function>(function))] {
        (*inner)();
      };
      ::new (static_cast<void*>(storage_)) decltype(boxed)(std::move(boxed));
      kind_ = &kind_of<decltype(boxed)>;
    }
  }

  callback(callback&& other) noexcept { take(other); }
  callback& operator=(callback&& other) noexcept {
    if (this != &other) {
      clear();
      take(other);
    }
    return *this;
  }
  ~callback() { clear(); }

  void operator()() {
    KODAMA_ASSERT(kind_ != nullptr);
    kind_->call(storage_);
  }

  /// Destroys what was captured; the callback is then empty.
  void clear() noexcept {
    if (kind_ != nullptr)
      std::exchange(kind_, nullptr)->destroy(storage_);
  }

private:
  struct kind {
    void (*call)(void*);
    void (*relocate)(void* to, void* from) noexcept;
    void (*destroy)(void*) noexcept;
  };

  template <class Kept>
  static constexpr bool
      fits = sizeof(Kept) <= inside_max &&
             alignof(Kept) <= alignof(void*) && std::is_nothrow_move_constructible_v<Kept>;

  template <class Kept>
  static constexpr kind kind_of{[](void* at) { (*static_cast<Kept*>(at))(); },
                                [](void* to, void* from) noexcept {
                                  ::new (to) Kept(std::move(*static_cast<Kept*>(from)));
                                  static_cast<Kept*>(from)->~Kept();
                                },
                                [](void* at) noexcept { static_cast<Kept*>(at)->~Kept(); }};

  void take(callback& other) noexcept {
    kind_ = std::exchange(other.kind_, nullptr);
    if (kind_ != nullptr)
      kind_->relocate(storage_, other.storage_);
  }

  const kind* kind_ = nullptr;
  alignas(void*) std::byte storage_[inside_max];
};

} // namespace kodama::sim
