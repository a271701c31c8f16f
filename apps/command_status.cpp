#include "apps/command_status.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>

namespace kodama::apps {
namespace {

int fail(const char* command, const char* why, const char* detail) {
  std::fprintf(stderr, "kodama: %s: %s%s\n", command, why, detail);
  return 2;
}

} // namespace

int status_of(const char* command, const std::function<int()>& work) {
  try {
    const int status = work();
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0)
      return status;
    return fail(command, "cannot write to standard output: ", std::strerror(errno));
  } catch (const std::bad_alloc&) {
    return fail(command, "not enough memory", "");
  } catch (const std::exception& error) {
    return fail(command, error.what(), "");
  }
}

} // namespace kodama::apps
