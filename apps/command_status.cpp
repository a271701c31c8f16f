#include "apps/standard_output.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace kodama::apps {

int after_output(const char* command, int status) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0)
    return status;
  std::fprintf(stderr, "kodama: %s: cannot write to standard output: %s\n", command,
               std::strerror(errno));
  return 2;
}

} // namespace kodama::apps
