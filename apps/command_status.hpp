#pragma once

namespace kodama::apps {

/// To be asked when all is said: the status to exit with. It is 2 where standard output did not
/// take everything (a full disk), which is told on standard error in the command's name; else
/// `status`.
[[nodiscard]] int after_output(const char* command, int status);

} // namespace kodama::apps
