#pragma once

#include <functional>

namespace kodama::apps {

/// The exit status of a command for which 1 is an answer ("a promise was broken"): that of `work`.
/// It is 2 where something else kept the answer back, and then told on standard error in the
/// command's name: there was no memory left, or standard output did not take everything (a full
/// disk).
[[nodiscard]] int status_of(const char* command, const std::function<int()>& work);

} // namespace kodama::apps
