#pragma once

namespace kodama {

/// Prints what was expected and where, then aborts. Never returns.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

} // namespace kodama

/// A claim about ourselves, checked in release builds too: a server that no longer knows its own
/// state must not go on acknowledging messages. Never used for what a peer sends.
#define KODAMA_ASSERT(expression)                                                                  \
  (__builtin_expect(static_cast<bool>(expression), 1)                                              \
       ? void()                                                                                    \
       : ::kodama::assertion_failed(#expression, __FILE__, __LINE__))
