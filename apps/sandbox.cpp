#include "apps/sandbox.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <utility>

namespace kodama::apps {
namespace {

std::string first_line_of(int file) {
  char text[1024];
  const auto size = ::pread(file, text, sizeof text, 0);
  const std::string whole{text, size > 0 ? static_cast<std::size_t>(size) : 0};
  return whole.substr(0, whole.find('\n'));
}

/// What the work throws ends here: further up it would come upon the parent's business.
[[noreturn]] void run_to_the_end(const std::function<void(int pipe)>& work, int pipe) {
  int status = 0;
  try {
    work(pipe);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    status = 1;
  }
  std::fflush(nullptr);
  std::_Exit(status);
}

boost::system::error_code last_error() {
  return {errno, boost::system::system_category()};
}

} // namespace

result<sandbox> sandbox::start(const std::function<void(int pipe)>& work) {
  sandbox made;
  made.complaints_ = ::memfd_create("stderr", MFD_CLOEXEC);
  if (made.complaints_ < 0)
    return last_error();
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return last_error();
  made.pipe_ = ends[0];
  std::fflush(nullptr); // else both processes would write what is buffered
  const auto parent = ::getpid();
  made.process_ = ::fork();
  if (made.process_ < 0) {
    const auto why = last_error();
    ::close(ends[1]);
    return why;
  }
  if (made.process_ == 0) {
    ::signal(SIGINT, SIG_IGN);
    ::signal(SIGTERM, SIG_IGN);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent)
      std::_Exit(1); // it ended before we asked to hear of that
    ::dup2(made.complaints_, STDERR_FILENO);
    ::close(ends[0]);
    run_to_the_end(work, ends[1]);
  }
  ::close(ends[1]);
  return made;
}

sandbox::~sandbox() {
  if (process_ >= 0) {
    ::kill(process_, SIGKILL);
    static_cast<void>(finish());
    return;
  }
  for (const int file : {pipe_, complaints_}) // one that was never started
    if (file >= 0)
      ::close(file);
}

sandbox::sandbox(sandbox&& other) noexcept {
  swap(other);
}

sandbox& sandbox::operator=(sandbox&& other) noexcept {
  sandbox{std::move(other)}.swap(*this);
  return *this;
}

void sandbox::swap(sandbox& other) noexcept {
  std::swap(process_, other.process_);
  std::swap(pipe_, other.pipe_);
  std::swap(complaints_, other.complaints_);
  std::swap(unread_, other.unread_);
}

bool sandbox::read() {
  char data[65536];
  const auto count = ::read(pipe_, data, sizeof data);
  if (count < 0 && errno == EINTR)
    return true;
  if (count <= 0)
    return false;
  unread_.append(data, static_cast<std::size_t>(count));
  return true;
}

std::optional<std::string> sandbox::finish() {
  int status = 0;
  while (::waitpid(process_, &status, 0) < 0 && errno == EINTR)
    continue;
  const auto said = first_line_of(complaints_);
  ::close(pipe_);
  ::close(complaints_);
  process_ = pipe_ = complaints_ = -1;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
    return std::nullopt;
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
    return "the run does not end";
  if (!said.empty())
    return said;
  return WIFSIGNALED(status)
             ? "the process ended with signal " + std::to_string(WTERMSIG(status))
             : "the process ended with exit status " + std::to_string(WEXITSTATUS(status));
}

} // namespace kodama::apps
